//! What jobs share: slots and memory. It does not know which jobs there are.

use std::collections::BTreeSet;

use crate::config::units::format_bytes;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::Needs;
use crate::limits::Limit;

/// What is free.
#[derive(Debug)]
pub(super) struct Slots {
    all: usize,
    free: BTreeSet<u16>,
    memory: Limit,
    /// Bytes that are set aside for jobs that run.
    reserved: u64,
}

/// What one job has taken.
#[derive(Debug)]
pub(super) struct Taken {
    slots: Vec<u16>,
    memory: u64,
}

impl Taken {
    /// The lowest of its slots, from 0.
    pub(super) fn first(&self) -> u16 {
        self.slots.first().copied().unwrap_or(0)
    }

    /// How many slots it has.
    pub(super) fn cores(&self) -> u32 {
        self.slots.len() as u32
    }
}

impl Slots {
    pub(super) fn new(all: usize, memory: Limit) -> Slots {
        Slots { all, free: (0..all as u16).collect(), memory, reserved: 0 }
    }

    pub(super) fn all(&self) -> usize {
        self.all
    }

    pub(super) fn busy(&self) -> usize {
        self.all - self.free.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// Fails where a job could not run if it were alone.
    ///
    /// # Errors
    /// More slots, or more memory, than there are.
    pub(super) fn check(&self, needs: Needs) -> Result<()> {
        let (cores, memory) = (needs.cores as usize, needs.memory.unwrap_or(0));
        if cores > self.all {
            let message = format!(
                "it needs {cores} cores at a time, and the run has {}: give the run more, or the job \
                 less",
                self.all
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        if memory > self.memory.value {
            let message = format!(
                "it needs {} of memory, and the run may use {} ({})",
                format_bytes(memory),
                format_bytes(self.memory.value),
                self.memory.source
            );
            return Err(Error::new(ErrorKind::MemoryBudget, message));
        }
        Ok(())
    }

    /// Takes what a job needs, where there is so much: the lowest slots.
    pub(super) fn take(&mut self, needs: Needs) -> Option<Taken> {
        let (cores, memory) = (needs.cores.max(1) as usize, needs.memory.unwrap_or(0));
        let fits = self.reserved.checked_add(memory).is_some_and(|sum| sum <= self.memory.value);
        if cores > self.free.len() || !fits {
            return None;
        }
        self.reserved += memory;
        let slots = (0..cores).filter_map(|_| self.free.pop_first()).collect();
        Some(Taken { slots, memory })
    }

    /// Gives back what a job had.
    pub(super) fn give_back(&mut self, taken: Taken) {
        self.free.extend(taken.slots);
        self.reserved -= taken.memory;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_than_there_is() {
        let limit = Limit { value: 100, source: "a test".into() };
        let mut slots = Slots::new(3, limit);
        let needs = |cores, memory| Needs { cores, memory, ..Needs::default() };
        let a = slots.take(needs(2, Some(60))).expect("room");
        assert_eq!((a.first(), slots.busy()), (0, 2));
        assert!(slots.take(needs(2, None)).is_none());
        assert!(slots.take(needs(1, Some(41))).is_none());
        let b = slots.take(needs(1, Some(40))).expect("room");
        assert!(slots.is_full());
        slots.give_back(a);
        assert_eq!(slots.take(needs(1, Some(60))).expect("room").first(), 0);
        assert_eq!(b.first(), 2);
        assert_eq!(slots.check(needs(4, None)).unwrap_err().kind(), ErrorKind::Config);
        assert_eq!(slots.check(needs(1, Some(101))).unwrap_err().kind(), ErrorKind::MemoryBudget);
        assert!(slots.check(needs(3, Some(100))).is_ok());
    }
}
