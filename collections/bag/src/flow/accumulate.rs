//! Ends as functions: a state that takes elements, or looks at them, and what becomes of it.
//! They do not know what the functions are for.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use tine_scheduler::{Error, ErrorKind, Result, Value};

use super::opening::{Opening, Reading};
use super::program::{End, Opened};
use super::sink::{Counts, Flow, Sink};

/// An end: how its state begins, what it does with an element, and what becomes of it.
pub(crate) struct Accumulate<T, S, R, I, G, D> {
    name: &'static str,
    begin: I,
    gather: G,
    done: D,
    types: PhantomData<fn(T, S) -> R>,
}

/// How a function is given elements.
pub(crate) trait Gather<T, S>: Send + Sync + 'static {
    /// Whether it needs elements as its own.
    const OWNS: bool;

    /// An element that nobody else needs.
    fn push(&self, state: &mut S, value: T, reading: &Reading) -> Flow;

    /// An element that is lent.
    fn look(&self, state: &mut S, value: &T, reading: &Reading) -> Flow;
}

/// A function that takes elements as its own.
pub(crate) struct Taking<F>(F);

/// A function that looks at elements.
pub(crate) struct Looking<F>(F);

/// An end that takes elements as its own.
pub(crate) type TakeEnd<T, S, R, I, F, D> = Accumulate<T, S, R, I, Taking<F>, D>;

/// An end that looks at elements.
pub(crate) type LookEnd<T, S, R, I, F, D> = Accumulate<T, S, R, I, Looking<F>, D>;

/// The state of an end, where whoever takes the result out finds it.
type Kept<S> = Rc<RefCell<Option<S>>>;

impl<T, S, R, I, F, D> TakeEnd<T, S, R, I, F, D>
where
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, T, &Reading) -> Flow + Send + Sync + 'static,
    D: Fn(S) -> Result<R> + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str, begin: I, take: F, done: D) -> Self {
        Accumulate { name, begin, gather: Taking(take), done, types: PhantomData }
    }
}

impl<T, S, R, I, F, D> LookEnd<T, S, R, I, F, D>
where
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, &T, &Reading) -> Flow + Send + Sync + 'static,
    D: Fn(S) -> Result<R> + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str, begin: I, look: F, done: D) -> Self {
        Accumulate { name, begin, gather: Looking(look), done, types: PhantomData }
    }
}

impl<T: Clone, S, F> Gather<T, S> for Taking<F>
where
    F: Fn(&mut S, T, &Reading) -> Flow + Send + Sync + 'static,
{
    const OWNS: bool = true;

    fn push(&self, state: &mut S, value: T, reading: &Reading) -> Flow {
        (self.0)(state, value, reading)
    }

    fn look(&self, state: &mut S, value: &T, reading: &Reading) -> Flow {
        (self.0)(state, value.clone(), reading)
    }
}

impl<T, S, F> Gather<T, S> for Looking<F>
where
    F: Fn(&mut S, &T, &Reading) -> Flow + Send + Sync + 'static,
{
    const OWNS: bool = false;

    fn push(&self, state: &mut S, value: T, reading: &Reading) -> Flow {
        (self.0)(state, &value, reading)
    }

    fn look(&self, state: &mut S, value: &T, reading: &Reading) -> Flow {
        (self.0)(state, value, reading)
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Corrupt, "the end of a chain was not reached")
}

impl<T, S, R, I, G, D> End for Accumulate<T, S, R, I, G, D>
where
    T: Clone + 'static,
    S: 'static,
    R: Value,
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    G: Gather<T, S>,
    D: Fn(S) -> Result<R> + Send + Sync + 'static,
{
    type In = T;
    type Out = R;

    fn name(&self) -> &'static str {
        self.name
    }

    fn open(self: &Arc<Self>, opening: &Opening<'_>) -> Result<Opened<T, R>> {
        let (end, kept) = (self.clone(), Kept::default());
        let state = Some((self.begin)(opening)?);
        let reading = opening.reading.clone();
        let sink = AtWork { end: self.clone(), state, kept: kept.clone(), reading };
        let taken = move || (end.done)(kept.take().ok_or_else(gone)?);
        Ok((Box::new(sink), Box::new(taken)))
    }
}

/// An end at work.
struct AtWork<T, S, R, I, G, D> {
    end: Arc<Accumulate<T, S, R, I, G, D>>,
    state: Option<S>,
    kept: Kept<S>,
    reading: Rc<Reading>,
}

impl<T, S, R, I, G: Gather<T, S>, D> Sink<T> for AtWork<T, S, R, I, G, D> {
    fn push(&mut self, value: T) -> Flow {
        match &mut self.state {
            Some(state) => self.end.gather.push(state, value, &self.reading),
            None => super::STOP,
        }
    }

    fn look(&mut self, value: &T) -> Flow {
        match &mut self.state {
            Some(state) => self.end.gather.look(state, value, &self.reading),
            None => super::STOP,
        }
    }

    fn owns(&self) -> bool {
        G::OWNS
    }

    fn finish(&mut self) -> Result<()> {
        *self.kept.borrow_mut() = self.state.take();
        Ok(())
    }
}

/// Counts elements, and asks for no more than their number.
pub(crate) struct CountEnd<T>(pub(crate) PhantomData<fn(T)>);

impl<T: Clone + 'static> End for CountEnd<T> {
    type In = T;
    type Out = u64;

    fn name(&self) -> &'static str {
        "count-partial"
    }

    fn open(self: &Arc<Self>, _opening: &Opening<'_>) -> Result<Opened<T, u64>> {
        let kept = Kept::default();
        let sink = Counting { n: 0, kept: kept.clone() };
        Ok((Box::new(sink), Box::new(move || kept.take().ok_or_else(gone))))
    }
}

struct Counting {
    n: u64,
    kept: Kept<u64>,
}

impl<T> Sink<T> for Counting {
    fn push(&mut self, _value: T) -> Flow {
        self.n += 1;
        super::GO_ON
    }

    fn look(&mut self, _value: &T) -> Flow {
        self.n += 1;
        super::GO_ON
    }

    fn owns(&self) -> bool {
        false
    }

    fn counts(&self) -> Counts {
        Counts::Only
    }

    fn count(&mut self, n: u64) {
        self.n += n;
    }

    fn finish(&mut self) -> Result<()> {
        *self.kept.borrow_mut() = Some(self.n);
        Ok(())
    }
}
