//! One thread, the calling one: for debuggers, and inside of tasks.
//! It runs the common worker loop, with every task taken in static order.

use std::sync::Arc;

use super::cancelling::Cancelling;
use super::clock::Clock;
use super::{Kind, engine, rerun, watch::Watch};
use crate::cancel::Listening;
use crate::engine::Bell;
use crate::error::Result;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::policy::{Asked, Policies, cooperative_method, policy_methods};
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
#[derive(Clone, Debug, Default)]
pub struct Serial {
    asked: Asked,
}

impl Serial {
    /// The serial scheduler.
    pub fn new() -> Self {
        Serial::default()
    }

    /// In place of another scheduler, inside of a task or for a debugger: timeouts are looked at
    /// when a task ends, as the one of the task around is still enforced from outside.
    pub(super) fn inside(asked: &Asked) -> Self {
        Serial { asked: asked.clone().cooperative(true) }
    }

    policy_methods!();
    cooperative_method!();
}

impl Scheduler for Serial {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn run(&self, plan: &Plan<'_>, observers: &[Arc<dyn Observer>]) -> Result<Outputs> {
        let uncaught = rerun(plan).is_some();
        let policies = Policies::resolve(plan.graph(), &self.asked)?;
        policies.check_without_kills(&self.asked, self.name())?;
        let bell = Bell::Futex;
        let (in_order, independent) = (true, false);
        let kind =
            Kind { workers: 1, arena: None, bell, in_order, uncaught, independent, policies };
        let engine = engine(plan, kind, observers)?;
        let mut watch = Watch::start(&engine, observers, self.name());
        watch.worker(0, std::process::id(), None);
        let listening = Listening::begin(&engine);
        let (clock, mut cancelling) = (Clock::default(), Cancelling::default());
        let mut between = || {
            watch.tick(|| vec![std::process::id()]);
            cancelling.apply(&engine)?;
            clock.check_run(&engine)
        };
        let ran = between().and_then(|()| Worker::new(&engine, 0).run_alone(between));
        drop(listening);
        let outputs = ran.and_then(|()| engine.collect());
        engine.sweep(&outputs);
        watch.finish(outputs.as_ref().err());
        outputs
    }
}
