//! Who is told what happens in a run: what is printed, logged and drawn is theirs.
//! It decides nothing.

use tine_scheduler::OutputStream;
use tine_scheduler::Result;
use tine_scheduler::jobs::{Ended, Standing};

use super::journal::State;
use super::reason::Verdict;
use crate::gates::Shortage;

/// A job of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Its number in the run, from 1, in the order in which jobs are planned.
    pub seq: u64,
    /// The number of its entry in the job file, from 0.
    pub group: usize,
    /// What it is called.
    pub name: &'a str,
}

/// An attempt of a job.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    /// Which, from 1.
    pub attempt: u32,
    /// How many there may be.
    pub of: u32,
    /// The slot that it has, from 1.
    pub slot: usize,
    /// Its command, as a line.
    pub command: &'a str,
}

/// Why an attempt counts as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed<'a> {
    /// The reason, for people.
    pub why: &'a str,
    /// Whether another attempt may follow.
    pub again: bool,
}

/// What is told of a run. All methods may do nothing.
pub trait Audience {
    /// It has been decided whether a job runs. Where it does, [`starts`](Self::starts) follows.
    ///
    /// # Errors
    /// End the run.
    fn judged(&mut self, _job: &Subject<'_>, _verdict: &Verdict) -> Result<()> {
        Ok(())
    }

    /// An attempt is about to start.
    ///
    /// # Errors
    /// The attempt fails.
    fn starts(&mut self, _job: &Subject<'_>, _attempt: &Try<'_>) -> Result<()> {
        Ok(())
    }

    /// The program of an attempt runs, as the process with this number.
    fn started(&mut self, _job: &Subject<'_>, _attempt: &Try<'_>, _pid: u32) {}

    /// A job has printed something.
    ///
    /// # Errors
    /// End the run.
    fn prints(&mut self, _seq: u64, _stream: OutputStream, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    /// An attempt has ended, well or with a failure.
    ///
    /// # Errors
    /// End the run.
    fn ended(
        &mut self,
        _job: &Subject<'_>,
        _attempt: &Try<'_>,
        _ended: &Ended,
        _failure: Option<&Failed<'_>>,
    ) -> Result<()> {
        Ok(())
    }

    /// Nothing more will become of a job; `why` says what became of it, where it is not done.
    ///
    /// # Errors
    /// End the run.
    fn closed(&mut self, _job: &Subject<'_>, _state: State, _why: &str) -> Result<()> {
        Ok(())
    }

    /// How the run stands, about ten times a second.
    fn tick(&mut self, _standing: &Standing, _counts: &Counts) {}

    /// Jobs of the entry with this number and name have waited for memory for a while; told once in
    /// a minute at most.
    fn waits(&mut self, _group: usize, _name: &str, _shortage: &Shortage) {}

    /// The user has asked, for the `level`th time, that the run end.
    fn interrupted(&mut self, _level: u32) {}
}

/// An audience that does not listen.
impl Audience for () {}

/// How many jobs of a run have come to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs in all.
    pub total: u64,
    /// Those that ran and succeeded.
    pub done: u64,
    /// Those that had nothing to do: up to date, or done before.
    pub fresh: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that the user ended.
    pub canceled: u64,
    /// Those that did not run because another failed.
    pub skipped: u64,
}

impl Counts {
    /// Those that nothing was decided about.
    pub fn unstarted(&self) -> u64 {
        let Counts { total, done, fresh, failed, canceled, skipped } = self;
        total - (done + fresh + failed + canceled + skipped).min(*total)
    }

    pub(crate) fn count(&mut self, state: State) {
        match state {
            State::Done => self.done += 1,
            State::Failed => self.failed += 1,
            State::Canceled => self.canceled += 1,
            State::Skipped => self.skipped += 1,
        }
    }
}
