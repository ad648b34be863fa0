//! Progress for programs: one JSON object a line.
//! It does not know where the lines go.
//!
//! Every object has `event` and `elapsed`, in seconds since the run began; [`Event`] has the rest.

use std::time::Duration;

use serde::Serialize;

/// Something that happened in a run.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    /// An attempt of a job has started.
    Started {
        /// The job.
        job: &'a str,
        /// Its group.
        group: &'a str,
        /// From 1.
        attempt: u32,
        /// From 1.
        slot: usize,
        /// The number of its process.
        pid: u32,
    },
    /// Nothing more will become of a job.
    Closed {
        /// The job.
        job: &'a str,
        /// Its group.
        group: &'a str,
        /// `done`, `up to date`, `failed`, `skipped`, `canceled` or `not run`.
        status: &'a str,
        /// How long its last attempt took, in seconds, where it had one.
        seconds: Option<f64>,
        /// Why it failed.
        error: Option<&'a str>,
    },
    /// A job has run for a minute, or for twice the time that was told before.
    Slow {
        /// The job.
        job: &'a str,
        /// How long it has run.
        seconds: f64,
    },
    /// How it stands, once in a while.
    Progress(Counts),
    /// The run has ended.
    Finished(Counts),
}

/// Numbers of jobs.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    pub(super) total: usize,
    /// Whether there may be more than `total`.
    pub(super) open: bool,
    pub(super) running: usize,
    pub(super) done: usize,
    pub(super) up_to_date: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    pub(super) canceled: usize,
    /// Seconds that it will take, as far as that can be told.
    pub(super) left: Option<f64>,
}

#[derive(Serialize)]
struct Line<'a> {
    elapsed: f64,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

/// The line of an event, without a newline.
pub(super) fn line(event: &Event<'_>, elapsed: Duration) -> String {
    let line = Line { elapsed: seconds(elapsed), event };
    serde_json::to_string(&line).expect("strings and numbers are JSON")
}

/// Seconds to the millisecond.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e3).round() / 1e3
}
