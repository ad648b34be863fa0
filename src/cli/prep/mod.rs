//! `tine prep`: plans what is missing, has it written by workers, says what there is.
//! It does not know what the data look like: see `tine_datasets`.

mod report;

use std::sync::Arc;
use std::time::Instant;

use tine::compute_with;
use tine_datasets::{Error, Job};
use tine_scheduler::observe;

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::progress::Bar;
use crate::cli::workers;
use report::Report;

/// Does the job, and returns what is to be printed.
pub(crate) fn run(prep: &high::Prep) -> Result<String, Failure> {
    let started = Instant::now();
    let job = Job::plan(prep.order.clone())?;
    let tasks = job.tasks();
    let workers = workers::local(prep.workers, None)?;
    let sizes = match (tasks.is_empty(), prep.progress) {
        (true, _) => Vec::new(),
        (_, false) => compute_with(&tasks, &*workers).map_err(explained)?,
        (_, true) => {
            let bar = Arc::new(Bar::new("writing files", prep.colour));
            observe(bar, || compute_with(&tasks, &*workers)).map_err(explained)?
        }
    };
    let rows = job.finish(&sizes)?;
    let seconds = started.elapsed().as_secs_f64();
    let report = Report { order: &prep.order, rows, seconds };
    Ok(if prep.json { report.json() } else { report.text() })
}

/// What a task could not do, it could not do for want of room or of permission.
fn explained(error: tine_scheduler::Error) -> Failure {
    match error.kind() {
        tine_scheduler::ErrorKind::Task => {
            Failure::new(error.message()).help("make room, or name another folder")
        }
        _ => error.into(),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Failure::new(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
