//! The tasks that bring data into a run, walked in static order by one shared cursor.
//! It does not know who walks, or whether a source has been run: its state word says that.
//!
//! *Open* sources have no inputs, or nothing but the cursor keeps them back. *Gated* sources hang
//! on one task with many successors (reads behind one `open`): their cursor waits at the first that
//! is not ready, so that they too start in static order.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::region::{Carver, Slab};

/// A run of open sources, by index: `from` included, `to` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl Range {
    pub(crate) const EMPTY: Range = Range { from: 0, to: 0 };

    pub(crate) fn to_bits(self) -> u64 {
        u64::from(self.from) | u64::from(self.to) << 32
    }

    pub(crate) fn from_bits(bits: u64) -> Range {
        Range { from: bits as u32, to: (bits >> 32) as u32 }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.from >= self.to
    }
}

/// Both lists and their cursors.
#[derive(Debug)]
pub(crate) struct Sources {
    tasks: Slab<AtomicU32>,
    /// 0: cursor of the open ones; 16: of the gated ones; 32: how many are open.
    words: Slab<AtomicU64>,
}

const OPEN: usize = 0;
const GATED: usize = 16;
const COUNT: usize = 32;

impl Sources {
    pub(super) fn new(carver: &mut Carver, n: usize) -> Self {
        Sources { tasks: carver.slab(n), words: carver.slab(48) }
    }

    pub(super) fn fill(&self, open: &[u32], gated: &[u32]) {
        for (cell, task) in self.tasks.iter().zip(open.iter().chain(gated)) {
            cell.store(*task, Ordering::Relaxed);
        }
        self.words[COUNT].store(open.len() as u64, Ordering::Relaxed);
        self.words[GATED].store(open.len() as u64, Ordering::Relaxed);
    }

    fn open_count(&self) -> u32 {
        self.words[COUNT].load(Ordering::Relaxed) as u32
    }

    /// Where a cursor stands. One that no source can be at, because a task has written where it should
    /// not, is behind the end: nobody would ever move it.
    fn cursor(&self, which: usize) -> u32 {
        u32::try_from(self.words[which].load(Ordering::SeqCst)).unwrap_or(u32::MAX)
    }

    /// The task of source `i`; `None` behind the end.
    pub(crate) fn task(&self, i: u32) -> Option<u32> {
        self.tasks.get(i as usize).map(|t| t.load(Ordering::Relaxed))
    }

    /// The next open sources, at most `n` and at most a fair share of what is left; not yet taken.
    pub(crate) fn peek(&self, n: u32, workers: u32) -> Range {
        let from = self.cursor(OPEN);
        let left = self.open_count().saturating_sub(from);
        let share = (left / (4 * workers)).max(1).min(left);
        Range { from, to: from + n.min(share) }
    }

    /// Takes what `peek` returned; false where somebody else was faster.
    pub(crate) fn take(&self, range: Range) -> bool {
        let (old, new) = (u64::from(range.from), u64::from(range.to));
        let cursor = &self.words[OPEN];
        cursor.compare_exchange(old, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// The gated sources that the cursor has not passed.
    pub(crate) fn gated(&self) -> Range {
        let from = self.cursor(GATED);
        Range { from, to: self.tasks.len() as u32 }
    }

    /// Moves the cursor of the gated sources behind `i`, where it stands at `i`.
    pub(crate) fn pass_gated(&self, i: u32) {
        let (old, new) = (u64::from(i), u64::from(i) + 1);
        let cursor = &self.words[GATED];
        let _ = cursor.compare_exchange(old, new, Ordering::SeqCst, Ordering::Relaxed);
    }

    /// Its words, for a test that damages them.
    #[cfg(test)]
    pub(super) fn words(&self) -> (&Slab<AtomicU64>, &Slab<AtomicU32>) {
        (&self.words, &self.tasks)
    }

    /// Whether open sources are left.
    pub(crate) fn has_open(&self) -> bool {
        self.cursor(OPEN) < self.open_count()
    }
}
