//! Ends as functions: a state that takes elements, or looks at them, and what becomes of it.
//! They do not know what the functions are for.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use tine_collection::Input;
use tine_scheduler::{Error, ErrorKind, Result, Value};

use super::opening::{Opening, Reading};
use super::program::{End, Opened};
use super::sink::{Counts, Flow, Sink};

/// How a state begins, what it does with an element, and what becomes of it.
struct Functions<I, F, D> {
    name: &'static str,
    inputs: Vec<Input>,
    begin: I,
    run: F,
    done: D,
}

/// An end that takes elements as its own.
pub(crate) struct TakeEnd<T, S, R, I, F, D>(Functions<I, F, D>, PhantomData<fn(T, S) -> R>);

/// An end that looks at elements.
pub(crate) struct LookEnd<T, S, R, I, F, D>(Functions<I, F, D>, PhantomData<fn(T, S) -> R>);

/// The state of an end, where whoever takes the result out finds it.
type Kept<S> = Rc<RefCell<Option<S>>>;

impl<T, S, R, I, F, D> TakeEnd<T, S, R, I, F, D>
where
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, T, &Reading) -> Flow + Send + Sync + 'static,
    D: Fn(S) -> Result<R> + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str, begin: I, run: F, done: D) -> Self {
        TakeEnd(Functions { name, inputs: Vec::new(), begin, run, done }, PhantomData)
    }
}

impl<T, S, R, I, F, D> LookEnd<T, S, R, I, F, D>
where
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, &T, &Reading) -> Flow + Send + Sync + 'static,
    D: Fn(S) -> Result<R> + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str, begin: I, run: F, done: D) -> Self {
        LookEnd(Functions { name, inputs: Vec::new(), begin, run, done }, PhantomData)
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Corrupt, "the end of a chain was not reached")
}

impl<T, S, R, I, F, D> End for TakeEnd<T, S, R, I, F, D>
where
    T: Clone + 'static,
    S: 'static,
    R: Value,
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, T, &Reading) -> Flow + Send + Sync + 'static,
    D: Fn(S) -> Result<R> + Send + Sync + 'static,
{
    type In = T;
    type Out = R;

    fn name(&self) -> &'static str {
        self.0.name
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.0.inputs.clone()
    }

    fn open(self: &Arc<Self>, opening: &Opening<'_>) -> Result<Opened<T, R>> {
        let (end, kept) = (self.clone(), Kept::default());
        let state = Some((self.0.begin)(opening)?);
        let reading = opening.reading.clone();
        let sink = Taking { end: self.clone(), state, kept: kept.clone(), reading };
        let taken = move || (end.0.done)(kept.take().ok_or_else(gone)?);
        Ok((Box::new(sink), Box::new(taken)))
    }
}

struct Taking<T, S, R, I, F, D> {
    end: Arc<TakeEnd<T, S, R, I, F, D>>,
    state: Option<S>,
    kept: Kept<S>,
    reading: Rc<Reading>,
}

impl<T, S, R, I, F, D> Sink<T> for Taking<T, S, R, I, F, D>
where
    T: Clone,
    F: Fn(&mut S, T, &Reading) -> Flow,
{
    fn push(&mut self, value: T) -> Flow {
        match &mut self.state {
            Some(state) => (self.end.0.run)(state, value, &self.reading),
            None => super::STOP,
        }
    }

    fn look(&mut self, value: &T) -> Flow {
        self.push(value.clone())
    }

    fn owns(&self) -> bool {
        true
    }

    fn finish(&mut self) -> Result<()> {
        *self.kept.borrow_mut() = self.state.take();
        Ok(())
    }
}

impl<T, S, R, I, F, D> End for LookEnd<T, S, R, I, F, D>
where
    T: Clone + 'static,
    S: 'static,
    R: Value,
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, &T, &Reading) -> Flow + Send + Sync + 'static,
    D: Fn(S) -> Result<R> + Send + Sync + 'static,
{
    type In = T;
    type Out = R;

    fn name(&self) -> &'static str {
        self.0.name
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.0.inputs.clone()
    }

    fn open(self: &Arc<Self>, opening: &Opening<'_>) -> Result<Opened<T, R>> {
        let (end, kept) = (self.clone(), Kept::default());
        let state = Some((self.0.begin)(opening)?);
        let reading = opening.reading.clone();
        let sink = Looking { end: self.clone(), state, kept: kept.clone(), reading };
        let taken = move || (end.0.done)(kept.take().ok_or_else(gone)?);
        Ok((Box::new(sink), Box::new(taken)))
    }
}

struct Looking<T, S, R, I, F, D> {
    end: Arc<LookEnd<T, S, R, I, F, D>>,
    state: Option<S>,
    kept: Kept<S>,
    reading: Rc<Reading>,
}

impl<T, S, R, I, F, D> Sink<T> for Looking<T, S, R, I, F, D>
where
    F: Fn(&mut S, &T, &Reading) -> Flow,
{
    fn push(&mut self, value: T) -> Flow {
        self.look(&value)
    }

    fn look(&mut self, value: &T) -> Flow {
        match &mut self.state {
            Some(state) => (self.end.0.run)(state, value, &self.reading),
            None => super::STOP,
        }
    }

    fn owns(&self) -> bool {
        false
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
