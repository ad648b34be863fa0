//! A larger table takes over from a smaller one of the same run, whose tasks have the same ranks.
//! It does not know why more room was needed.

use std::sync::atomic::Ordering;

use super::Table;
use crate::error::Result;

impl Table {
    /// Takes over how the first `known` tasks stand. Only for tasks without edges, of a process that
    /// is alone with both tables.
    ///
    /// # Errors
    /// An impossible state word.
    pub(crate) fn adopt(&self, smaller: &Table, known: u32) -> Result<()> {
        for task in 0..known.min(smaller.last()) {
            self.cell(task).state.store(smaller.state(task)?);
            if let (Some(to), Some(from)) = (self.times(task), smaller.times(task)) {
                to.store(from.load());
            }
            if let (Some(to), Some(from)) = (self.tries(task), smaller.tries(task)) {
                to.failed.store(from.failed.load(Ordering::SeqCst), Ordering::SeqCst);
                to.due.store(from.due.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        }
        Ok(())
    }
}
