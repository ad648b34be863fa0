//! What is known of a job while its output is expected or waits.
//! It does not know in which order jobs are printed.

use super::held::Held;
use super::printer::Voice;
use super::results::Open;

/// A job that output is expected from, or held of.
#[derive(Debug)]
pub(super) enum Place {
    Runs(Box<Job>),
    /// With what it has printed, where that is something.
    Ended(Option<Box<Job>>),
}

impl Place {
    pub(super) fn job(&mut self) -> Option<&mut Job> {
        match self {
            Place::Runs(job) => Some(job),
            Place::Ended(job) => job.as_deref_mut(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Job {
    pub(super) voice: Voice,
    pub(super) held: [Held; 2],
    pub(super) may_repeat: bool,
    /// In a box, because most jobs have none, and many may wait.
    pub(super) files: Option<Box<Open>>,
    pub(super) names: bool,
}
