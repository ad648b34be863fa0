//! What a log says of one job.
//! It does not know how it is written down.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tine_scheduler::jobs::{Ended, Exit, Job, Reason};

/// How a log is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Columns with tabs between them, below a line with their names.
    #[default]
    Table,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// What a file of this name holds: JSON where it ends with `.json`, `.jsonl` or `.ndjson`.
    ///
    /// ```
    /// use tine_jobs::log::Format;
    /// assert_eq!(Format::of("jobs.jsonl".as_ref()), Format::Json);
    /// assert_eq!(Format::of("jobs.log".as_ref()), Format::Table);
    /// ```
    pub fn of(path: &Path) -> Format {
        match path.extension().and_then(OsStr::to_str) {
            Some("json" | "jsonl" | "ndjson") => Format::Json,
            _ => Format::Table,
        }
    }
}

/// A job that has ended, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its number, from 1.
    pub seq: u64,
    /// The command, as a shell would be given it.
    pub command: &'a OsStr,
    /// Its name, where it has one.
    pub name: Option<&'a str>,
    /// Which attempt this was, from 1.
    pub attempt: u32,
    /// The slot that it ran in, from 1.
    pub slot: usize,
    /// When it started.
    pub start: SystemTime,
    /// Bytes of standard input that it was given.
    pub sent: u64,
    /// How it ended.
    pub ended: &'a Ended,
}

impl<'a> Entry<'a> {
    /// What there is to say of `job`, number `seq`, of a run that began at `began`.
    pub fn new(
        seq: u64,
        command: &'a OsStr,
        job: &Job<'_>,
        began: SystemTime,
        ended: &'a Ended,
    ) -> Entry<'a> {
        Entry {
            seq,
            command,
            name: None,
            attempt: job.attempt,
            slot: job.slot,
            start: began + ended.started,
            sent: 0,
            ended,
        }
    }

    /// The same with the name of the job.
    #[must_use]
    pub fn named(self, name: &'a str) -> Entry<'a> {
        Entry { name: Some(name), ..self }
    }

    /// The same with the number of bytes that it was given.
    #[must_use]
    pub fn sent(self, sent: u64) -> Entry<'a> {
        Entry { sent, ..self }
    }

    /// How long it ran.
    pub(super) fn runtime(&self) -> Duration {
        self.ended.ended.saturating_sub(self.ended.started)
    }

    /// Seconds since 1970.
    pub(super) fn since_epoch(&self) -> f64 {
        self.start.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    /// Exit code and signal, never both 0 where the job did not end well: that is how logs are read.
    pub(super) fn exit(&self) -> (i32, i32) {
        match self.ended.exit {
            Exit::Code(0) if self.ended.reason.is_some() => (-1, 0),
            Exit::Code(code) => (code, 0),
            Exit::Signal(signal) => (0, signal),
            // As shells have it.
            Exit::NotStarted(errno) if errno == nix::errno::Errno::ENOENT as i32 => (127, 0),
            Exit::NotStarted(_) => (126, 0),
        }
    }

    /// Who ended it.
    pub(super) fn reason(&self) -> Option<&'static str> {
        self.ended.reason.map(|reason| match reason {
            Reason::Timeout(_) => "timeout",
            Reason::Memory(_) => "memory",
            Reason::Stopped => "stopped",
            Reason::GaveWay => "gave-way",
        })
    }
}
