//! Computes a lazy value under a clock, a recorder, and a progress bar where one is wanted.
//! It does not know what is computed.

use std::sync::Arc;
use std::time::Instant;

use tine::{Compute, compute_with};
use tine_profiler::{Recording, Trace, profile};
use tine_scheduler::{Scheduler, observe};

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::progress::Bar;

/// A value, and how it came about.
#[derive(Debug)]
pub(crate) struct Measured<T> {
    /// The value.
    pub(crate) value: T,
    /// From the call to its return: graph, workers and all.
    pub(crate) seconds: f64,
    recording: Recording,
}

impl<T> Measured<T> {
    /// The trace of the run.
    pub(crate) fn trace(&self) -> Result<&Trace, Failure> {
        self.recording.longest().ok_or_else(|| {
            Failure::new("the run was not recorded")
                .help("this is an error in tine: please report it")
        })
    }
}

/// Computes `what` by `scheduler`; the bar says `title`.
pub(crate) fn measure<C: Compute>(
    demo: &high::Demo,
    title: &str,
    what: &C,
    scheduler: &dyn Scheduler,
) -> Result<Measured<C::Output>, Failure> {
    let started = Instant::now();
    let compute = || profile(|| compute_with(what, scheduler));
    let recorded = match demo.progress {
        true => observe(Arc::new(Bar::new(title, demo.colour)), compute),
        false => compute(),
    };
    let seconds = started.elapsed().as_secs_f64();
    Ok(Measured { value: recorded.output?, seconds, recording: recorded.run })
}

/// Forked processes, this many or as many as there are cores.
#[cfg(target_os = "linux")]
pub(crate) fn workers(count: Option<usize>) -> Box<dyn Scheduler> {
    let processes = tine_scheduler::Processes::new();
    Box::new(match count {
        Some(n) => processes.workers(n),
        None => processes,
    })
}

/// Threads, where there are no forked processes.
#[cfg(not(target_os = "linux"))]
pub(crate) fn workers(count: Option<usize>) -> Box<dyn Scheduler> {
    let threads = tine_scheduler::Threads::new();
    Box::new(count.map_or(threads, |n| threads.workers(n)))
}
