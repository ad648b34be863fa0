//! How a map ended, and the exit code that follows from it.
//! It does not know how its jobs did: they are counted.

use crate::gates::Halted;

/// How a map ended, as far as its jobs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Jobs that failed.
    pub failed: usize,
    /// Jobs that were done, those of earlier runs included.
    pub done: usize,
    /// Jobs that are known of: all, unless the run ended before its input did.
    pub known: usize,
    /// What the run was ended for.
    pub halted: Option<Halted>,
    /// Whether nobody read the output any more.
    pub unread: bool,
}

impl Outcome {
    /// The exit code: that of what the run was ended for, or the number of failures, up to 101.
    pub fn code(&self) -> u8 {
        match self.halted {
            Some(halted) => halted.code,
            None => self.failed.min(101) as u8,
        }
    }
}
