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

/// Forked processes, as many as are asked for or as there are cores, within the memory asked for.
#[cfg(target_os = "linux")]
pub(crate) fn workers(demo: &high::Demo) -> Box<dyn Scheduler> {
    let mut processes = tine_scheduler::Processes::new();
    if let Some(n) = demo.workers {
        processes = processes.workers(n);
    }
    if let Some(memory) = &demo.memory {
        processes = processes.memory(memory);
    }
    Box::new(processes)
}

/// Threads, where there are no forked processes; nothing keeps them within a budget.
#[cfg(not(target_os = "linux"))]
pub(crate) fn workers(demo: &high::Demo) -> Box<dyn Scheduler> {
    let threads = tine_scheduler::Threads::new();
    Box::new(demo.workers.map_or(threads, |n| threads.workers(n)))
}
