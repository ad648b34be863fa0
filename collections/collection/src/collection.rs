//! `trait Collection`: what every lazy value of its own kind can do.
//! It does not know how any of them is built.

use tine_scheduler::{Graph, Result, Scheduler, current};

use crate::answer::{Answer, Request};
use crate::compute::{Compute, compute, compute_with};

/// A lazy value of its own kind: Delayed, Bag, Array, DataFrame.
pub trait Collection: Compute + Sized {
    /// The same collection, held: it takes its results by [`Answer::hold`], as many as it asked
    /// for and in the same order.
    ///
    /// # Errors
    /// A result that cannot be read.
    fn held(&self, answer: &mut Answer) -> Result<Self>;

    /// Computes the value, by the scheduler in force here.
    ///
    /// # Errors
    /// As [`compute`].
    fn compute(&self) -> Result<Self::Output> {
        compute(self)
    }

    /// Computes the value with this scheduler.
    ///
    /// # Errors
    /// As [`compute`].
    fn compute_with(&self, scheduler: &dyn Scheduler) -> Result<Self::Output> {
        compute_with(self, scheduler)
    }

    /// Computes the value and leaves it where it is: the same collection, of the same type and
    /// keys, of which nothing is left to do. Whatever is built on it starts from there.
    ///
    /// # Errors
    /// As [`compute`].
    fn persist(&self) -> Result<Self> {
        self.persist_with(&*current()?)
    }

    /// As [`persist`](Self::persist), with this scheduler.
    ///
    /// # Errors
    /// As [`compute`].
    fn persist_with(&self, scheduler: &dyn Scheduler) -> Result<Self> {
        let mut request = Request::default();
        self.ask(&mut request);
        self.held(&mut request.run(scheduler)?)
    }

    /// The graph that `compute` would run, to look at.
    ///
    /// # Errors
    /// The error that the value carries.
    fn graph(&self) -> Result<Graph> {
        let mut request = Request::default();
        self.ask(&mut request);
        Ok(request.assemble()?.graph)
    }

    /// Returns the error that the value carries, if it was built wrongly; runs nothing.
    ///
    /// # Errors
    /// That error, with the place where it was built.
    fn check(&self) -> Result<()> {
        self.graph().map(drop)
    }
}
