//! Computes a lazy value under a clock, a recorder, and a progress bar where one is wanted.
//! It does not know what is computed.

use std::path::Path;
use std::sync::Arc;

use tine::{Compute, compute_with};
use tine_profiler::{Recording, Trace, profile, profile_to};
use tine_scheduler::{Scheduler, observe};

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::progress::Bar;

/// A value, and how it came about.
#[derive(Debug)]
pub(crate) struct Measured<T> {
    /// The value.
    pub(crate) value: T,
    /// From the start of the run to its end, workers and all; what recording does afterwards, to
    /// find the names of functions, is no part of it.
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

/// Computes `what` by `scheduler`; the bar says `title`. Where a file is given, the run is written to
/// it while it goes on.
pub(crate) fn measure<C: Compute>(
    demo: &high::Demo,
    title: &str,
    what: &C,
    scheduler: &dyn Scheduler,
    file: Option<&Path>,
) -> Result<Measured<C::Output>, Failure> {
    let compute = || match file {
        None => Ok(profile(|| compute_with(what, scheduler))),
        Some(path) => profile_to(path, || compute_with(what, scheduler)),
    };
    let recorded = match demo.progress {
        true => observe(Arc::new(Bar::new(title, demo.colour)), compute),
        false => compute(),
    };
    let recorded = recorded.map_err(|e| {
        Failure::new(e.to_string()).help("make room, or name another file with --profile")
    })?;
    let value = recorded.output?;
    let mut measured = Measured { value, seconds: 0.0, recording: recorded.run };
    measured.seconds = measured.trace()?.about().elapsed as f64 / 1e9;
    Ok(measured)
}
