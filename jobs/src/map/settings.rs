//! What is around the jobs of a map: what holds them back, what is kept of them, what they share.
//! It does not know the jobs.

use tine_scheduler::OutputStream;
use tine_scheduler::jobs::Needs;

use super::TimeShare;
use crate::gates::{Forecast, Gates};
use crate::jobserver::Jobserver;
use crate::log::{Log, Past};

/// What of an earlier run is not run again.
#[derive(Clone, Debug)]
pub enum Resume {
    /// Jobs that its log has a line of.
    Ended(Past),
    /// Jobs that its log says have ended well.
    Succeeded(Past),
    /// Jobs whose files of results are there.
    Files,
}

/// What is around the jobs of a map; the defaults do nothing.
#[derive(Debug, Default)]
pub struct Settings {
    /// What holds jobs back, and what ends the run.
    pub gates: Gates,
    /// The limit to the time of each, by what the others took.
    pub time: Option<TimeShare>,
    /// The log.
    pub log: Option<Log>,
    /// What is taken up again.
    pub resume: Option<Resume>,
    /// The stream on which each command is printed before it runs.
    pub shown: Option<OutputStream>,
    /// How often a job that fails is run again.
    pub retries: u32,
    /// What each takes.
    pub needs: Option<Needs>,
    /// What is known of the memory that they take.
    pub memory: Forecast,
    /// Whether somebody who interrupts the run is told what comes of it.
    pub answers: bool,
    /// The cores that are shared with what jobs start, or with make.
    pub jobserver: Option<Jobserver>,
    /// Whether jobs are called by their arguments in what is recorded of them: it keeps those, as
    /// far as they fit some megabytes.
    pub names: bool,
}
