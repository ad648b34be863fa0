//! Rare facts on their way from one worker to the supervisor; when full, losses are counted.
//! It does not know what the facts say, and the worker never waits.

use super::RING as CAPACITY;
use crate::observer::{RareFact, RareKind};
use crate::region::{Carver, Slab};
use crate::sync::atomic::{AtomicU64, Ordering};

const HEAD: usize = 0;
const TAIL: usize = 16;
const LOST: usize = 17;

/// One worker's ring.
#[derive(Debug)]
pub(crate) struct Ring {
    ends: Slab<AtomicU64>,
    entries: Slab<AtomicU64>,
}

impl Ring {
    pub(super) fn new(carver: &mut Carver) -> Self {
        Ring { ends: carver.slab(32), entries: carver.slab(2 * CAPACITY as usize) }
    }

    fn entry(&self, at: u64) -> (&AtomicU64, &AtomicU64) {
        let i = 2 * (at % CAPACITY) as usize;
        (&self.entries[i], &self.entries[i + 1])
    }

    /// Adds a fact, or counts it as lost. The worker only.
    pub(crate) fn push(&self, fact: RareFact) {
        let head = self.ends[HEAD].load(Ordering::Relaxed);
        if head.wrapping_sub(self.ends[TAIL].load(Ordering::Acquire)) >= CAPACITY {
            self.ends[LOST].fetch_add(1, Ordering::Relaxed);
            return;
        }
        let (who, value) = self.entry(head);
        who.store(u64::from(fact.task) << 16 | fact.kind as u64, Ordering::Relaxed);
        value.store(fact.value, Ordering::Relaxed);
        self.ends[HEAD].store(head.wrapping_add(1), Ordering::Release);
    }

    /// Takes all facts that are there. The supervisor only.
    pub(crate) fn drain(&self, into: &mut Vec<RareFact>) {
        let head = self.ends[HEAD].load(Ordering::Acquire);
        let mut tail = self.ends[TAIL].load(Ordering::Relaxed);
        let there = head.wrapping_sub(tail);
        if there > CAPACITY {
            // A task has written over it: what is in it may be anything.
            self.ends[LOST].fetch_add(CAPACITY, Ordering::Relaxed);
            self.ends[TAIL].store(head, Ordering::Release);
            return;
        }
        while tail != head {
            let (who, value) = self.entry(tail);
            let who = who.load(Ordering::Relaxed);
            let kind = match who & 0xffff {
                1 => RareKind::MemoryBefore,
                2 => RareKind::MemoryAfter,
                3 => RareKind::MemoryPeak,
                4 => RareKind::MinorFaults,
                5 => RareKind::MajorFaults,
                6 => RareKind::Spilled,
                _ => RareKind::Waits,
            };
            let value = value.load(Ordering::Relaxed);
            into.push(RareFact { task: (who >> 16) as u32, kind, value });
            tail = tail.wrapping_add(1);
        }
        self.ends[TAIL].store(tail, Ordering::Release);
    }

    /// How many facts were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.ends[LOST].load(Ordering::Relaxed)
    }
}
