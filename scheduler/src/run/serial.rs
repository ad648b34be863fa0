//! One thread, the calling one: for debuggers, and inside of tasks.
//! It runs the common worker loop, with every task taken in static order.

use std::sync::Arc;

use super::{Kind, engine, rerun, watch::Watch};
use crate::engine::Bell;
use crate::error::Result;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::scheduler::{Outputs, Scheduler};
use crate::worker::Worker;

/// Runs everything in the calling thread, in exactly the static order.
///
/// ```
/// use tine_scheduler::{Graph, Serial, get};
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || 20);
/// g.task("y", ["x"], |x: &i32| x + 1);
/// let out = get(&g.build()?, ["y"], &Serial::new())?;
/// assert_eq!(out.get::<i32>(0)?, 21);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial {}

impl Serial {
    /// The serial scheduler.
    pub fn new() -> Self {
        Serial {}
    }
}

impl Scheduler for Serial {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn run(&self, plan: &Plan<'_>, observers: &[Arc<dyn Observer>]) -> Result<Outputs> {
        let uncaught = rerun(plan).is_some();
        let kind = Kind { workers: 1, arena: None, bell: Bell::Futex, in_order: true, uncaught };
        let engine = engine(plan, kind, observers)?;
        let mut watch = Watch::start(&engine, observers, self.name());
        watch.worker(0, std::process::id(), None);
        let ran = Worker::new(&engine, 0).run_alone(|| watch.tick(&[std::process::id()]));
        let outputs = ran.and_then(|()| engine.collect());
        engine.sweep(&outputs);
        watch.finish(outputs.as_ref().err());
        outputs
    }
}
