//! Steps as functions: what takes elements, what looks at them, what sifts them.
//! They do not know what the functions are for.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use tine_collection::Input;
use tine_scheduler::Result;

use super::link::Stage;
use super::opening::{Opening, Reading};
use super::sink::{Flow, GO_ON, STOP, Sink};

/// A step: how its state begins, and what it does with an element.
pub(crate) struct Step<T, U, S, I, R> {
    name: &'static str,
    inputs: Vec<Input>,
    begin: I,
    run: R,
    types: PhantomData<fn(T, S) -> U>,
}

/// The beginning of a step without state.
type Stateless = fn(&Opening<'_>) -> Result<()>;

/// How a function is given elements.
pub(crate) trait Run<T, S, U>: Send + Sync + 'static {
    /// Whether it needs elements as its own.
    const OWNS: bool;

    /// An element that nobody else needs.
    fn push(&self, state: &mut S, value: T, down: &mut dyn Sink<U>, reading: &Reading) -> Flow;

    /// An element that is lent.
    fn look(&self, state: &mut S, value: &T, down: &mut dyn Sink<U>, reading: &Reading) -> Flow;
}

/// A function that takes elements as its own.
pub(crate) struct Taking<F>(F);

/// A function that looks at elements, and gives something else on.
pub(crate) struct Looking<F>(F);

/// A function that lets some elements pass, as they are.
pub(crate) struct Sifting<F>(F);

/// A step that takes elements as its own.
pub(crate) type Take<T, U, S, I, F> = Step<T, U, S, I, Taking<F>>;

/// A step that looks at elements, and gives something else on.
pub(crate) type Look<T, U, S, I, F> = Step<T, U, S, I, Looking<F>>;

/// A step that lets some elements pass, as they are.
pub(crate) type Sift<T, S, I, F> = Step<T, T, S, I, Sifting<F>>;

impl<T, U, F> Take<T, U, (), Stateless, F>
where
    F: Fn(&mut (), T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str, run: F) -> Self {
        Take::with(name, Vec::new(), |_: &Opening<'_>| Ok(()), run)
    }
}

impl<T, U, S, I, F> Take<T, U, S, I, F>
where
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    /// With a state for each partition, made of `inputs`.
    pub(crate) fn with(name: &'static str, inputs: Vec<Input>, begin: I, run: F) -> Self {
        Step { name, inputs, begin, run: Taking(run), types: PhantomData }
    }
}

impl<T, U, F> Look<T, U, (), Stateless, F>
where
    F: Fn(&mut (), &T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str, run: F) -> Self {
        Look::with(name, Vec::new(), |_: &Opening<'_>| Ok(()), run)
    }
}

impl<T, U, S, I, F> Look<T, U, S, I, F>
where
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, &T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    /// With a state for each partition, made of `inputs`.
    pub(crate) fn with(name: &'static str, inputs: Vec<Input>, begin: I, run: F) -> Self {
        Step { name, inputs, begin, run: Looking(run), types: PhantomData }
    }
}

impl<T, F> Sift<T, (), Stateless, F>
where
    F: Fn(&mut (), &T, &Reading) -> Sifted + Send + Sync + 'static,
{
    pub(crate) fn new(name: &'static str, run: F) -> Self {
        Sift::with(name, |_: &Opening<'_>| Ok(()), run)
    }
}

impl<T, S, I, F> Sift<T, S, I, F>
where
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, &T, &Reading) -> Sifted + Send + Sync + 'static,
{
    /// With a state for each partition.
    pub(crate) fn with(name: &'static str, begin: I, run: F) -> Self {
        Step { name, inputs: Vec::new(), begin, run: Sifting(run), types: PhantomData }
    }
}

impl<T: Clone, S, U, F> Run<T, S, U> for Taking<F>
where
    F: Fn(&mut S, T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    const OWNS: bool = true;

    fn push(&self, state: &mut S, value: T, down: &mut dyn Sink<U>, reading: &Reading) -> Flow {
        (self.0)(state, value, down, reading)
    }

    fn look(&self, state: &mut S, value: &T, down: &mut dyn Sink<U>, reading: &Reading) -> Flow {
        (self.0)(state, value.clone(), down, reading)
    }
}

impl<T, S, U, F> Run<T, S, U> for Looking<F>
where
    F: Fn(&mut S, &T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    const OWNS: bool = false;

    fn push(&self, state: &mut S, value: T, down: &mut dyn Sink<U>, reading: &Reading) -> Flow {
        (self.0)(state, &value, down, reading)
    }

    fn look(&self, state: &mut S, value: &T, down: &mut dyn Sink<U>, reading: &Reading) -> Flow {
        (self.0)(state, value, down, reading)
    }
}

impl<T, S, F> Run<T, S, T> for Sifting<F>
where
    F: Fn(&mut S, &T, &Reading) -> Sifted + Send + Sync + 'static,
{
    // What it drops need not be copied: it is better lent to.
    const OWNS: bool = false;

    fn push(&self, state: &mut S, value: T, down: &mut dyn Sink<T>, reading: &Reading) -> Flow {
        match (self.0)(state, &value, reading) {
            Sifted::Kept => down.push(value),
            Sifted::Dropped => GO_ON,
            Sifted::Stopped => STOP,
        }
    }

    fn look(&self, state: &mut S, value: &T, down: &mut dyn Sink<T>, reading: &Reading) -> Flow {
        match (self.0)(state, value, reading) {
            Sifted::Kept => down.look(value),
            Sifted::Dropped => GO_ON,
            Sifted::Stopped => STOP,
        }
    }
}

/// What becomes of an element that is sifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sifted {
    Kept,
    Dropped,
    /// Dropped, and no more are wanted.
    Stopped,
}

impl From<bool> for Sifted {
    fn from(kept: bool) -> Self {
        if kept { Sifted::Kept } else { Sifted::Dropped }
    }
}

impl<T, U, S, I, R> Stage for Step<T, U, S, I, R>
where
    T: Clone + 'static,
    U: Clone + 'static,
    S: 'static,
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    R: Run<T, S, U>,
{
    type In = T;
    type Out = U;

    fn name(&self) -> &'static str {
        self.name
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.inputs.clone()
    }

    fn open(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        down: Box<dyn Sink<U>>,
    ) -> Result<Box<dyn Sink<T>>> {
        let (state, reading) = ((self.begin)(opening)?, opening.reading.clone());
        Ok(Box::new(AtWork { step: self.clone(), state, down, reading }))
    }
}

/// A step at work.
struct AtWork<T, U, S, I, R> {
    step: Arc<Step<T, U, S, I, R>>,
    state: S,
    down: Box<dyn Sink<U>>,
    reading: Rc<Reading>,
}

impl<T, U, S, I, R: Run<T, S, U>> Sink<T> for AtWork<T, U, S, I, R> {
    fn push(&mut self, value: T) -> Flow {
        self.step.run.push(&mut self.state, value, &mut *self.down, &self.reading)
    }

    fn look(&mut self, value: &T) -> Flow {
        self.step.run.look(&mut self.state, value, &mut *self.down, &self.reading)
    }

    fn owns(&self) -> bool {
        R::OWNS
    }

    fn finish(&mut self) -> Result<()> {
        self.down.finish()
    }
}
