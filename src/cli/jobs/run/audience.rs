//! Says what happens in a run: what jobs print, what failed, and how it ended; and keeps the log.
//! It decides nothing.

use std::ffi::OsStr;
use std::time::{Duration, Instant, SystemTime};

use tine_jobs::file::Jobs;
use tine_jobs::log::{self, Log};
use tine_jobs::output::{Begin, Bounds, Output, Streams};
use tine_jobs::run::{Audience, Counts, Selection, State, Subject, Try, Verdict};
use tine_scheduler::config::units::format_time;
use tine_scheduler::jobs::{Ended, Standing};
use tine_scheduler::{Error, ErrorKind, OutputStream, Result};

use crate::cli::failure::Failure;
use crate::cli::{high, note};

/// Names of failed jobs that the last message lists.
const LISTED: usize = 5;

/// Tells the user what happens.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    job: &'a high::Run,
    output: Output<Streams>,
    logs: Vec<Log>,
    began: (Instant, SystemTime),
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        job: &'a high::Run,
        _jobs: &Jobs<'_>,
        _selection: &Selection,
        logs: Vec<Log>,
    ) -> std::result::Result<Self, Failure> {
        let streams = Streams::new()
            .map_err(|e| Failure::new(format!("standard output cannot be used: {e}")))?;
        let output = Output::new(streams, job.mode, Bounds::default());
        Ok(Teller { job, output, logs, began: (Instant::now(), SystemTime::now()) })
    }

    /// Shows what is left to be shown.
    pub(super) fn finish(self, counts: &Counts) -> std::result::Result<(), Failure> {
        let elapsed = self.began.0.elapsed();
        self.output.finish().map_err(|e| Failure::new(e.to_string()))?;
        if !self.job.quiet {
            note(&format!("tine: {}", summary(counts, elapsed)));
        }
        Ok(())
    }

    fn end(&mut self, seq: u64) -> Result<()> {
        self.output.end(seq).map_err(Error::from)
    }
}

fn summary(counts: &Counts, elapsed: Duration) -> String {
    let named = [
        (counts.done, "done"),
        (counts.fresh, "up to date"),
        (counts.failed, "failed"),
        (counts.aborted, "not run because another failed"),
        (counts.canceled, "canceled"),
        (counts.unstarted(), "not started"),
    ];
    let parts: Vec<String> =
        named.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    format!("{} in {}", parts.join(", "), format_time(elapsed))
}

impl Audience for Teller<'_> {
    fn judged(&mut self, job: &Subject<'_>, verdict: &Verdict) -> Result<()> {
        if verdict.runs() { Ok(()) } else { self.end(job.seq) }
    }

    fn starts(&mut self, job: &Subject<'_>, attempt: &Try<'_>) -> Result<()> {
        let begin = Begin {
            tag: self.job.tagged.then_some(job.name.as_bytes()),
            may_repeat: attempt.attempt < attempt.of,
            ..Begin::default()
        };
        self.output.begin(job.seq, &begin).map_err(Error::from)
    }

    fn prints(&mut self, seq: u64, stream: OutputStream, bytes: &[u8]) -> Result<()> {
        self.output.output(seq, stream, bytes).map_err(Error::from)
    }

    fn ended(
        &mut self,
        job: &Subject<'_>,
        attempt: &Try<'_>,
        ended: &Ended,
        failure: Option<&str>,
        again: bool,
    ) -> Result<()> {
        for log in &mut self.logs {
            let entry = log::Entry {
                seq: job.seq,
                command: OsStr::new(attempt.command),
                name: Some(job.name),
                attempt: attempt.attempt,
                slot: attempt.slot,
                start: self.began.1 + ended.started,
                sent: 0,
                ended,
            };
            log.add(&entry).map_err(|e| Error::new(ErrorKind::Os, e.to_string()))?;
        }
        if again {
            self.output.retract(job.seq);
            let (n, of) = (attempt.attempt, attempt.of);
            if let (Some(why), false) = (failure, self.job.quiet) {
                note(&format!(
                    "tine: {} failed and is tried again: {why} (attempt {n} of {of})",
                    job.name
                ));
            }
        }
        Ok(())
    }

    fn closed(&mut self, job: &Subject<'_>, state: State, why: &str) -> Result<()> {
        self.end(job.seq)?;
        match state {
            State::Failed => note(&format!("tine: {} failed: {why}", job.name)),
            State::Canceled if !self.job.quiet => {
                note(&format!("tine: {} canceled: {why}", job.name))
            }
            State::Done | State::Canceled | State::Aborted => {}
        }
        Ok(())
    }

    fn tick(&mut self, _standing: &Standing, _counts: &Counts) {}

    fn interrupted(&mut self, level: u32) {
        let text = match level {
            1 => "no more jobs start; Ctrl-C again ends those that run",
            2 => "jobs that run are ended; Ctrl-C again kills them",
            _ => "jobs that run are killed",
        };
        note(&format!("tine: {text}"));
    }
}

/// How the command ends: a failure where not all jobs are done.
pub(super) fn verdict(counts: &Counts) -> Option<Failure> {
    let _ = LISTED;
    if counts.failed == 0 {
        return None;
    }
    Some(Failure::new(format!("{} of {} jobs failed", counts.failed, counts.total)))
}
