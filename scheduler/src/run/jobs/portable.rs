//! Jobs where there is no Linux: none can be run, and whoever asks is told so.
//! It knows nothing of what stands in their place.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::jobs::{Foreman, Tally};
use crate::observer::Observer;

/// Runs programs, on Linux. There is no value of it elsewhere: [`prepare`](Jobs::prepare) says so.
#[derive(Debug)]
pub struct Jobs(Infallible);

impl Jobs {
    /// Says that jobs need Linux.
    ///
    /// # Errors
    /// Always [`ErrorKind::Unsupported`].
    pub fn prepare() -> Result<Jobs> {
        let message = "programs are run on Linux only: their ends are told by descriptors of \
                       processes (pidfd), which no other system has";
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// How many cores jobs may take at a time.
    #[must_use]
    pub fn slots(self, _slots: usize) -> Self {
        match self.0 {}
    }

    /// How much memory may be set aside for jobs that run.
    #[must_use]
    pub fn memory(self, _memory: impl ToString) -> Self {
        match self.0 {}
    }

    /// How long a program that is ended has to go by itself.
    #[must_use]
    pub fn grace(self, _grace: Duration) -> Self {
        match self.0 {}
    }

    /// Ends a run that takes longer than this.
    #[must_use]
    pub fn timeout(self, _limit: Duration) -> Self {
        match self.0 {}
    }

    /// Runs a job that failed up to this many times more.
    #[must_use]
    pub fn retries(self, _retries: u32) -> Self {
        match self.0 {}
    }

    /// Waits this long before the first retry.
    #[must_use]
    pub fn backoff(self, _first: Duration) -> Self {
        match self.0 {}
    }

    /// Lets each attempt of a job run for this long.
    #[must_use]
    pub fn task_timeout(self, _limit: Duration) -> Self {
        match self.0 {}
    }

    /// Runs the jobs of `foreman`.
    ///
    /// # Errors
    /// None: nobody has a value to call it on.
    pub fn run(
        &mut self,
        _foreman: &mut dyn Foreman,
        _observers: &[Arc<dyn Observer>],
    ) -> Result<Tally> {
        match self.0 {}
    }
}
