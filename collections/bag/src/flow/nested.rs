//! Chains of other bags, run inside of a step or a source: what `zip` and `concat` are made of.
//! They do not know why.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use tine_scheduler::{Error, ErrorKind, Result};

use super::link::Link;
use super::opening::Opening;
use super::program::run_nested;
use super::sink::{AnySink, Counts, Flow, GO_ON, STOP, Sink};

/// Gives the elements of a partition of another chain to `down`, whose inputs begin at
/// `opening.base`; returns whether `down` wants more. It is not told of the end.
///
/// # Errors
/// What the chain cannot read.
pub(crate) fn pour<T: 'static>(
    link: &Arc<dyn Link>,
    opening: &Opening<'_>,
    block: u32,
    down: &mut Box<dyn Sink<T>>,
) -> Result<Flow> {
    let own: Box<dyn Sink<T>> = std::mem::replace(down, Box::new(Nowhere(PhantomData)));
    let owns = (own.owns(), own.counts());
    let shared = Rc::new(RefCell::new((own, GO_ON)));
    let relay = Relay { to: shared.clone(), owns };
    run_nested(link, opening, block, AnySink::new::<T>(Box::new(relay)))?;
    let (own, flow) = Rc::try_unwrap(shared)
        .map_err(|_| Error::new(ErrorKind::Corrupt, "a chain has ended and goes on"))?
        .into_inner();
    *down = own;
    Ok(flow)
}

/// All elements of a partition of another chain, whose inputs begin at `opening.base`.
///
/// # Errors
/// What the chain cannot read.
pub(crate) fn gather<T: Clone + 'static>(
    link: &Arc<dyn Link>,
    opening: &Opening<'_>,
    block: u32,
) -> Result<Vec<T>> {
    let all = Rc::new(RefCell::new(Vec::new()));
    run_nested(link, opening, block, AnySink::new::<T>(Box::new(Gathering(all.clone()))))?;
    Ok(all.take())
}

/// A sink that is needed again, and whether it wants more.
type Shared<T> = Rc<RefCell<(Box<dyn Sink<T>>, Flow)>>;

/// Gives on to a sink that is needed again, and remembers whether it wants more.
struct Relay<T> {
    to: Shared<T>,
    owns: (bool, Counts),
}

impl<T> Sink<T> for Relay<T> {
    fn push(&mut self, value: T) -> Flow {
        let (sink, flow) = &mut *self.to.borrow_mut();
        *flow = sink.push(value);
        *flow
    }

    fn look(&mut self, value: &T) -> Flow {
        let (sink, flow) = &mut *self.to.borrow_mut();
        *flow = sink.look(value);
        *flow
    }

    fn owns(&self) -> bool {
        self.owns.0
    }

    fn counts(&self) -> Counts {
        self.owns.1
    }

    fn count(&mut self, n: u64) {
        self.to.borrow_mut().0.count(n);
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Stands where a sink was taken away.
struct Nowhere<T>(PhantomData<fn(T)>);

impl<T> Sink<T> for Nowhere<T> {
    fn push(&mut self, _value: T) -> Flow {
        STOP
    }

    fn look(&mut self, _value: &T) -> Flow {
        STOP
    }

    fn owns(&self) -> bool {
        false
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

struct Gathering<T>(Rc<RefCell<Vec<T>>>);

impl<T: Clone> Sink<T> for Gathering<T> {
    fn push(&mut self, value: T) -> Flow {
        self.0.borrow_mut().push(value);
        GO_ON
    }

    fn look(&mut self, value: &T) -> Flow {
        self.push(value.clone())
    }

    fn owns(&self) -> bool {
        true
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}
