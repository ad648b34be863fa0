//! Where elements go: a sink, its type erased and back, and several sinks as one.
//! It does not know what a sink does with an element.

use std::any::Any;
use std::ops::ControlFlow;

use tine_scheduler::{Error, ErrorKind, Result};

/// Whether a sink wants more elements.
pub(crate) type Flow = ControlFlow<()>;

/// More.
pub(crate) const GO_ON: Flow = ControlFlow::Continue(());

/// Nothing any more.
pub(crate) const STOP: Flow = ControlFlow::Break(());

/// What a sink can do with elements that are only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// It needs the elements.
    No,
    /// It needs to know how many there are, and nothing else.
    Only,
}

/// Takes the elements of one partition, one after the other.
pub(crate) trait Sink<T> {
    /// Takes an element as its own.
    fn push(&mut self, value: T) -> Flow;

    /// Takes a look at an element.
    fn look(&mut self, value: &T) -> Flow;

    /// Whether it makes a copy of what it is lent, so that a source does better to give it away.
    fn owns(&self) -> bool;

    /// Whether it could be told how many elements there are, by [`count`](Self::count), instead of
    /// being given them.
    fn counts(&self) -> Counts {
        Counts::No
    }

    /// There are `n` elements. Called only where [`counts`](Self::counts) allows it.
    fn count(&mut self, _n: u64) {}

    /// There are no more elements, or no more are wanted. Called once.
    fn finish(&mut self) -> Result<()>;
}

/// A sink whose type of elements is not known here.
pub(crate) struct AnySink(Box<dyn Any>);

impl AnySink {
    pub(crate) fn new<T: 'static>(sink: Box<dyn Sink<T>>) -> Self {
        AnySink(Box::new(sink))
    }
}

/// The sinks of all that read one step, as one.
pub(crate) fn join<T: Clone + 'static>(sinks: Vec<AnySink>) -> Result<Box<dyn Sink<T>>> {
    let typed = |s: AnySink| match s.0.downcast::<Box<dyn Sink<T>>>() {
        Ok(sink) => Ok(*sink),
        Err(_) => Err(Error::new(ErrorKind::Corrupt, "a step of a bag is given another type")),
    };
    let mut sinks: Vec<_> = sinks.into_iter().map(typed).collect::<Result<_>>()?;
    Ok(match sinks.len() {
        1 => sinks.remove(0),
        _ => {
            // The last one gets the elements themselves: best one that needs them.
            sinks.sort_by_key(|s| s.owns());
            let wants = vec![true; sinks.len()];
            Box::new(Tee { sinks, wants })
        }
    })
}

/// Several sinks of the same elements.
struct Tee<T> {
    sinks: Vec<Box<dyn Sink<T>>>,
    wants: Vec<bool>,
}

impl<T> Tee<T> {
    fn flow(&self) -> Flow {
        if self.wants.contains(&true) { GO_ON } else { STOP }
    }

    fn lend(&mut self, to: usize, value: &T) -> Flow {
        let mut flow = GO_ON;
        for (sink, wants) in self.sinks.iter_mut().zip(&mut self.wants).take(to) {
            if *wants && sink.look(value).is_break() {
                *wants = false;
                flow = STOP;
            }
        }
        flow
    }
}

impl<T> Sink<T> for Tee<T> {
    fn push(&mut self, value: T) -> Flow {
        let last = self.sinks.len().saturating_sub(1);
        let mut flow = self.lend(last, &value);
        if let (Some(sink), Some(wants)) = (self.sinks.last_mut(), self.wants.last_mut())
            && *wants
            && sink.push(value).is_break()
        {
            *wants = false;
            flow = STOP;
        }
        if flow.is_break() { self.flow() } else { GO_ON }
    }

    fn look(&mut self, value: &T) -> Flow {
        let all = self.sinks.len();
        if self.lend(all, value).is_break() { self.flow() } else { GO_ON }
    }

    fn owns(&self) -> bool {
        self.sinks.last().is_some_and(|s| s.owns())
    }

    fn counts(&self) -> Counts {
        match self.sinks.iter().all(|s| s.counts() == Counts::Only) {
            true => Counts::Only,
            false => Counts::No,
        }
    }

    fn count(&mut self, n: u64) {
        self.sinks.iter_mut().for_each(|s| s.count(n));
    }

    fn finish(&mut self) -> Result<()> {
        self.sinks.iter_mut().try_for_each(|s| s.finish())
    }
}
