//! What a writer knows of jobs: how often each was begun, and which number it has in the file.
//! It does not know files.

use std::collections::{BTreeMap, BTreeSet};

use crate::log::Past;

/// What is known of jobs that were in the file before, or may be begun again.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) attempts: BTreeMap<u64, u32>,
    pub(super) numbers: BTreeMap<Box<[u8]>, u64>,
    /// Numbers that stand for another job than the one that has it in this run.
    pub(super) taken: BTreeSet<u64>,
    pub(super) highest: u64,
    pub(super) past: Past,
}

impl Known {
    /// The number of a job with a name, in the file.
    pub(super) fn number(&mut self, seq: u64, name: &[u8]) -> u64 {
        let number = match self.numbers.get(name) {
            Some(&number) => return number,
            None if self.taken.contains(&seq) => self.highest + 1,
            None => seq,
        };
        self.highest = self.highest.max(number);
        if number != seq {
            self.taken.insert(number);
            self.numbers.insert(name.into(), number);
        }
        number
    }
}
