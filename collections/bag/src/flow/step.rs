//! Steps as functions: what takes elements, what looks at them, what sifts them.
//! They do not know what the functions are for.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use tine_collection::Input;
use tine_scheduler::Result;

use super::link::Stage;
use super::opening::{Opening, Reading};
use super::sink::{Flow, GO_ON, Sink};

/// What a step does: how its state begins, and what it does with an element.
pub(crate) struct Step<I, F> {
    pub(crate) name: &'static str,
    pub(crate) inputs: Vec<Input>,
    begin: I,
    run: F,
}

/// The beginning of a step without state.
type Stateless = fn(&Opening<'_>) -> Result<()>;

/// A step that takes elements as its own.
pub(crate) struct Take<T, U, S, I, F>(Step<I, F>, PhantomData<fn(T, S) -> U>);

/// A step that looks at elements, and gives something else on.
pub(crate) struct Look<T, U, S, I, F>(Step<I, F>, PhantomData<fn(T, S) -> U>);

/// A step that lets some elements pass, as they are.
pub(crate) struct Sift<T, S, I, F>(Step<I, F>, PhantomData<fn(T, S)>);

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
        Take(Step { name, inputs, begin, run }, PhantomData)
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
        Look(Step { name, inputs, begin, run }, PhantomData)
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
        Sift(Step { name, inputs: Vec::new(), begin, run }, PhantomData)
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

/// A step at work.
struct Taking<T, U, S, I, F> {
    step: Arc<Take<T, U, S, I, F>>,
    state: S,
    down: Box<dyn Sink<U>>,
    reading: Rc<Reading>,
}

impl<T, U, S, I, F> Stage for Take<T, U, S, I, F>
where
    T: Clone + 'static,
    U: Clone + 'static,
    S: 'static,
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    type In = T;
    type Out = U;

    fn name(&self) -> &'static str {
        self.0.name
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.0.inputs.clone()
    }

    fn open(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        down: Box<dyn Sink<U>>,
    ) -> Result<Box<dyn Sink<T>>> {
        let (state, reading) = ((self.0.begin)(opening)?, opening.reading.clone());
        Ok(Box::new(Taking { step: self.clone(), state, down, reading }))
    }
}

impl<T, U, S, I, F> Sink<T> for Taking<T, U, S, I, F>
where
    T: Clone,
    F: Fn(&mut S, T, &mut dyn Sink<U>, &Reading) -> Flow,
{
    fn push(&mut self, value: T) -> Flow {
        (self.step.0.run)(&mut self.state, value, &mut *self.down, &self.reading)
    }

    fn look(&mut self, value: &T) -> Flow {
        self.push(value.clone())
    }

    fn owns(&self) -> bool {
        true
    }

    fn finish(&mut self) -> Result<()> {
        self.down.finish()
    }
}

struct Looking<T, U, S, I, F> {
    step: Arc<Look<T, U, S, I, F>>,
    state: S,
    down: Box<dyn Sink<U>>,
    reading: Rc<Reading>,
}

impl<T, U, S, I, F> Stage for Look<T, U, S, I, F>
where
    T: Clone + 'static,
    U: Clone + 'static,
    S: 'static,
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, &T, &mut dyn Sink<U>, &Reading) -> Flow + Send + Sync + 'static,
{
    type In = T;
    type Out = U;

    fn name(&self) -> &'static str {
        self.0.name
    }

    fn inputs(&self, _block: u32) -> Vec<Input> {
        self.0.inputs.clone()
    }

    fn open(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        down: Box<dyn Sink<U>>,
    ) -> Result<Box<dyn Sink<T>>> {
        let (state, reading) = ((self.0.begin)(opening)?, opening.reading.clone());
        Ok(Box::new(Looking { step: self.clone(), state, down, reading }))
    }
}

impl<T, U, S, I, F> Sink<T> for Looking<T, U, S, I, F>
where
    F: Fn(&mut S, &T, &mut dyn Sink<U>, &Reading) -> Flow,
{
    fn push(&mut self, value: T) -> Flow {
        self.look(&value)
    }

    fn look(&mut self, value: &T) -> Flow {
        (self.step.0.run)(&mut self.state, value, &mut *self.down, &self.reading)
    }

    fn owns(&self) -> bool {
        false
    }

    fn finish(&mut self) -> Result<()> {
        self.down.finish()
    }
}

struct Sifting<T, S, I, F> {
    step: Arc<Sift<T, S, I, F>>,
    state: S,
    down: Box<dyn Sink<T>>,
    reading: Rc<Reading>,
}

impl<T, S, I, F> Stage for Sift<T, S, I, F>
where
    T: Clone + 'static,
    S: 'static,
    I: Fn(&Opening<'_>) -> Result<S> + Send + Sync + 'static,
    F: Fn(&mut S, &T, &Reading) -> Sifted + Send + Sync + 'static,
{
    type In = T;
    type Out = T;

    fn name(&self) -> &'static str {
        self.0.name
    }

    fn open(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        down: Box<dyn Sink<T>>,
    ) -> Result<Box<dyn Sink<T>>> {
        let (state, reading) = ((self.0.begin)(opening)?, opening.reading.clone());
        Ok(Box::new(Sifting { step: self.clone(), state, down, reading }))
    }
}

impl<T, S, I, F> Sifting<T, S, I, F>
where
    F: Fn(&mut S, &T, &Reading) -> Sifted,
{
    fn sift(&mut self, value: &T) -> Sifted {
        (self.step.0.run)(&mut self.state, value, &self.reading)
    }
}

impl<T, S, I, F> Sink<T> for Sifting<T, S, I, F>
where
    F: Fn(&mut S, &T, &Reading) -> Sifted,
{
    fn push(&mut self, value: T) -> Flow {
        match self.sift(&value) {
            Sifted::Kept => self.down.push(value),
            Sifted::Dropped => GO_ON,
            Sifted::Stopped => super::STOP,
        }
    }

    fn look(&mut self, value: &T) -> Flow {
        match self.sift(value) {
            Sifted::Kept => self.down.look(value),
            Sifted::Dropped => GO_ON,
            Sifted::Stopped => super::STOP,
        }
    }

    // What it drops need not be copied: it is better lent to.
    fn owns(&self) -> bool {
        false
    }

    fn finish(&mut self) -> Result<()> {
        self.down.finish()
    }
}
