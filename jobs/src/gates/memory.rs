//! How much memory must be free for a job to start, where somebody has said so.
//! It does not know what jobs do with it: see `forecast`.

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

    pub(crate) fn admit(
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
