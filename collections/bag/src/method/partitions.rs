//! `map_partitions`: what is made of whole partitions.
//! It does not know what they hold.

use std::error::Error as StdError;
use std::marker::PhantomData;
use std::sync::Arc;

use tine_scheduler::{Error, Result};

use crate::bag::Bag;
use crate::flow::{Flow, GO_ON, Opening, Sink, Stage};

impl<T: Clone + 'static> Bag<T> {
    /// The bag of all that `f` makes of each partition, which it gets as a vector.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let sorted = bag::from_sequence([3, 1, 2]).repartition(1).map_partitions(|mut all| {
    ///     all.sort();
    ///     all
    /// });
    /// assert_eq!(sorted.compute()?, [1, 2, 3]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn map_partitions<I, F>(&self, f: F) -> Bag<I::Item>
    where
        I: IntoIterator + 'static,
        I::Item: Clone + 'static,
        F: Fn(Vec<T>) -> I + Send + Sync + 'static,
    {
        self.then(Whole { f: move |all| Ok(f(all)), of: PhantomData })
    }

    /// As [`map_partitions`](Self::map_partitions), where an error of `f` is the error of the task.
    ///
    /// ```
    /// use tine::prelude::*;
    /// let b = bag::range(4, 2).try_map_partitions(|all| match all.len() {
    ///     2 => Ok([all.iter().sum::<u64>()]),
    ///     n => Err(format!("a partition of {n}")),
    /// });
    /// assert_eq!(b.compute()?, [1, 5]);
    /// # Ok::<(), tine::Error>(())
    /// ```
    #[track_caller]
    pub fn try_map_partitions<I, E, F>(&self, f: F) -> Bag<I::Item>
    where
        I: IntoIterator + 'static,
        I::Item: Clone + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
        F: Fn(Vec<T>) -> std::result::Result<I, E> + Send + Sync + 'static,
    {
        self.then(Whole { f: move |all| f(all).map_err(Error::from_task), of: PhantomData })
    }
}

/// A step that waits for all elements.
struct Whole<T, I, F> {
    f: F,
    of: PhantomData<fn(T) -> I>,
}

impl<T, I, F> Stage for Whole<T, I, F>
where
    T: Clone + 'static,
    I: IntoIterator + 'static,
    I::Item: Clone + 'static,
    F: Fn(Vec<T>) -> Result<I> + Send + Sync + 'static,
{
    type In = T;
    type Out = I::Item;

    fn name(&self) -> &'static str {
        "map_partitions"
    }

    fn open(
        self: &Arc<Self>,
        _opening: &Opening<'_>,
        down: Box<dyn Sink<I::Item>>,
    ) -> Result<Box<dyn Sink<T>>> {
        Ok(Box::new(Waiting { step: self.clone(), all: Vec::new(), down }))
    }
}

struct Waiting<T, I: IntoIterator, F> {
    step: Arc<Whole<T, I, F>>,
    all: Vec<T>,
    down: Box<dyn Sink<I::Item>>,
}

impl<T, I, F> Sink<T> for Waiting<T, I, F>
where
    T: Clone,
    I: IntoIterator,
    F: Fn(Vec<T>) -> Result<I>,
{
    fn push(&mut self, value: T) -> Flow {
        self.all.push(value);
        GO_ON
    }

    fn look(&mut self, value: &T) -> Flow {
        self.push(value.clone())
    }

    fn owns(&self) -> bool {
        true
    }

    fn finish(&mut self) -> Result<()> {
        let made = (self.step.f)(std::mem::take(&mut self.all))?;
        let _flow = made.into_iter().try_for_each(|value| self.down.push(value));
        self.down.finish()
    }
}
