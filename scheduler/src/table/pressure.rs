//! What a run that is short of memory does not begin: sources, and tasks beside one that runs alone.
//! It does not know how much memory there is: see `governor`.

use std::sync::atomic::Ordering;

use super::{ALONE, BRAKE, Phase, Range, SOURCE, Table};
use crate::error::Result;

impl Table {
    /// `BRAKE` and `ALONE`, whatever else a stray write may have left beside them.
    #[inline]
    pub(crate) fn pressure(&self) -> u32 {
        self.header().pressure.load(Ordering::Relaxed) & (BRAKE | ALONE)
    }

    /// The task that must run alone, if there is one.
    pub(crate) fn alone(&self) -> Option<u32> {
        if self.pressure() & ALONE == 0 {
            return None;
        }
        self.header().alone.load(Ordering::SeqCst).checked_sub(1)
    }

    /// Says that no other task may be begun before `task` has ended. The first one to be said wins.
    pub(crate) fn let_run_alone(&self, task: u32) {
        let alone = &self.header().alone;
        let _ = alone.compare_exchange(0, task + 1, Ordering::SeqCst, Ordering::SeqCst);
        self.header().pressure.fetch_or(ALONE, Ordering::SeqCst);
    }

    /// Takes the mark away that a task must run alone, where there is none: who said so lost its turn
    /// to another that has ended since.
    pub(crate) fn settle_alone(&self) {
        let header = self.header();
        if header.alone.load(Ordering::SeqCst) == 0 {
            header.pressure.fetch_and(!ALONE, Ordering::SeqCst);
            if header.alone.load(Ordering::SeqCst) != 0 {
                header.pressure.fetch_or(ALONE, Ordering::SeqCst);
            }
        }
    }

    /// Whether somebody else than `worker` runs a task.
    pub(crate) fn others_in_body(&self, worker: usize) -> bool {
        (0..self.workers).any(|w| w != worker && self.slot(w).in_body())
    }

    /// `task` has ended: where it had to run alone, others may go on.
    pub(crate) fn end_alone(&self, task: u32) {
        let alone = &self.header().alone;
        // The mark goes first: whoever sets both in between sees the number taken, and only loses
        // its turn.
        if alone.load(Ordering::SeqCst) == task + 1 {
            self.header().pressure.fetch_and(!ALONE, Ordering::SeqCst);
            alone.store(0, Ordering::SeqCst);
            self.wake_all();
        }
    }

    /// Whether `task` is taken through a cursor.
    pub(crate) fn is_source(&self, task: u32) -> bool {
        self.cell(task).flags.load(Ordering::Relaxed) & SOURCE != 0
    }

    /// Whether there are sources to be taken: at a cursor, or in the batch of a worker.
    ///
    /// # Errors
    /// An impossible state word.
    pub(crate) fn sees_sources(&self) -> Result<bool> {
        let batched =
            |w: usize| !Range::from_bits(self.slot(w).range.load(Ordering::SeqCst)).is_empty();
        if self.sources.has_open() || (0..self.workers).any(batched) {
            return Ok(true);
        }
        let gated = self.sources.gated();
        for task in (gated.from..gated.to).map_while(|i| self.sources.task(i)) {
            if self.state(task)?.phase == Phase::Ready {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
