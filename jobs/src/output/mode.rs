//! How output is to be treated: that of all jobs, and that of one.
//! It does not know how that is done.

use super::results::Files;

/// How the output of several jobs becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What a job prints is seen as a whole, its standard output before its standard error.
    Whole {
        /// In the order of the jobs' numbers, not in that of their ends.
        in_order: bool,
    },
    /// Whole lines as they come; lines of several jobs alternate.
    Lines {
        /// One job after the other, in the order of their numbers.
        in_order: bool,
    },
    /// Every byte as it comes.
    Raw,
    /// Nothing is seen. Files of results are written nevertheless.
    Silent,
}

impl Default for Mode {
    fn default() -> Self {
        Mode::Whole { in_order: false }
    }
}

impl Mode {
    /// Whether jobs are printed by their numbers.
    pub(super) fn in_order(self) -> bool {
        matches!(self, Mode::Whole { in_order: true } | Mode::Lines { in_order: true })
    }
}

/// How an attempt of a job is begun.
#[derive(Clone, Debug, Default)]
pub struct Begin<'a> {
    /// What the job is called in a [stream file](super::stream).
    pub name: &'a [u8],
    /// What stands before each of its lines, with a tab behind it; `None` for nothing.
    pub tag: Option<&'a [u8]>,
    /// Whether another attempt may follow, so that [`Output::retract`](super::Output::retract) must find everything still
    /// unseen. In whole groups nothing goes straight through then; lines and raw bytes are seen
    /// nevertheless.
    pub may_repeat: bool,
    /// The files that its output goes to.
    pub files: Option<&'a Files>,
    /// Whether, when it ends, the name of the file of its standard output is printed.
    pub names: bool,
}
