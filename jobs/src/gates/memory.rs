//! Memory: how much must be free for a job to start, and how much of it is set aside for those that
//! run.
//! It does not know what jobs do with it.

use std::time::Duration;

use tine_scheduler::Result;
use tine_scheduler::jobs::Admit;

use super::{FRESH, Readings, parse_size};

/// How long after a job gave way the memory is looked at again: it takes some time to be free.
const SETTLED: Duration = Duration::from_secs(1);

/// How much memory must be free for a job to start. When less than half of it is, the youngest job
/// gives way, and is run again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeMemory {
    least: u64,
    read: Option<(Duration, u64)>,
}

impl FreeMemory {
    /// A limit in bytes.
    pub fn new(least: u64) -> FreeMemory {
        FreeMemory { least, read: None }
    }

    /// Reads a [size](parse_size).
    ///
    /// # Errors
    /// Text that is no size.
    pub fn parse(text: &str) -> Result<FreeMemory> {
        parse_size(text).map(FreeMemory::new)
    }

    pub(super) fn admit(
        &mut self,
        now: Duration,
        running: usize,
        machine: &mut dyn Readings,
    ) -> Admit {
        let (when, free) = match self.read {
            Some(read) if now < read.0 + FRESH => read,
            _ => {
                let fresh = (now, machine.available().unwrap_or(u64::MAX));
                let new = *self.read.insert(fresh);
                // The last one gives back what it has, but to whom, if it is the only one?
                if new.1 < self.least / 2 && running > 1 {
                    return Admit::Retreat(SETTLED);
                }
                new
            }
        };
        if free >= self.least {
            return Admit::Now;
        }
        Admit::After((when + FRESH).saturating_sub(now).max(Duration::from_millis(1)))
    }
}

/// Memory that is set aside for jobs while they run, within a budget.
///
/// ```
/// use tine_jobs::gates::Reserved;
/// let mut reserved = Reserved::new(100);
/// assert!(reserved.take(60));
/// assert!(!reserved.take(50), "110 is more than there is");
/// reserved.give(60);
/// assert!(reserved.take(500), "alone, every job may run: it may need less than it asks for");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    budget: u64,
    taken: u64,
    jobs: usize,
}

impl Reserved {
    /// Nothing is taken of so many bytes.
    pub fn new(budget: u64) -> Reserved {
        Reserved { budget, taken: 0, jobs: 0 }
    }

    /// Sets memory aside for a job. Returns whether there is enough, in which case the job may
    /// start; it may too where no other has anything.
    pub fn take(&mut self, bytes: u64) -> bool {
        let fits = self.taken.checked_add(bytes).is_some_and(|sum| sum <= self.budget);
        if fits || self.jobs == 0 {
            self.taken = self.taken.saturating_add(bytes);
            self.jobs += 1;
            return true;
        }
        false
    }

    /// A job has ended that so much was set aside for.
    pub fn give(&mut self, bytes: u64) {
        self.taken = self.taken.saturating_sub(bytes);
        self.jobs = self.jobs.saturating_sub(1);
    }

    /// Bytes that are set aside.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes that there are.
    pub fn budget(&self) -> u64 {
        self.budget
    }
}
