//! Forked processes: the common worker loop, on memory that is shared.
//! How they are looked after stands in `supervisor`.

use std::sync::Arc;

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::supervisor::Supervisor;
use super::threads::worker_count;
use super::{Kind, Serial, engine, interrupt, rerun, watch::Watch};
use crate::arena::Arena;
use crate::cancel::Listening;
use crate::engine::Bell;
use crate::error::{Error, ErrorKind, Result};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::policy::{Asked, Policies, policy_methods};
use crate::scheduler::{Outputs, Scheduler};
use crate::store::ForkedRun;
use crate::worker;

/// Runs tasks in processes that are forked when the run begins, and inherit all that the tasks
/// need. Inside of a task it runs as [`Serial`].
///
/// ```
/// use tine_scheduler::{Graph, Processes, get};
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || 20);
/// g.task("y", ["x"], |x: &i32| x + 1);
/// let out = get(&g.build()?, ["y"], &Processes::new().workers(2))?;
/// assert_eq!(out.get::<i32>(0)?, 21);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Processes {
    workers: Option<usize>,
    asked: Asked,
}

impl Processes {
    /// As many processes as this one may use processors.
    pub fn new() -> Self {
        Processes::default()
    }

    /// This many processes, at least one.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        Processes { workers: Some(workers), ..self }
    }

    policy_methods!();
}

impl Scheduler for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn run(&self, plan: &Plan<'_>, observers: &[Arc<dyn Observer>]) -> Result<Outputs> {
        if worker::is_inside() || rerun(plan).is_some() {
            return Serial::inside(&self.asked).run(plan, observers);
        }
        let policies = Policies::resolve(plan.graph(), &self.asked)?;
        let workers = worker_count(self.workers, plan)?;
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let event = EventFd::from_value_and_flags(0, flags)
            .map_err(|e| Error::new(ErrorKind::Os, format!("cannot make an eventfd: {e}")))?;
        let kind = Kind {
            workers,
            arena: Some(Arena::global()?),
            bell: Bell::Event(event),
            in_order: false,
            uncaught: false,
            policies,
        };
        let engine = engine(plan, kind, observers)?;
        let watch = Watch::start(&engine, observers, self.name());
        let listening = Listening::begin(&engine);
        let signals = interrupt::Signals::listen(&engine);
        let forked = ForkedRun::begin();
        let mut supervisor = Supervisor::new(&engine, watch);
        let ran = if plan.is_empty() { Ok(()) } else { supervisor.run() };
        let watch = supervisor.end(ran.is_err());
        drop(forked);
        drop(signals);
        drop(listening);
        let outputs = ran.and_then(|()| engine.collect());
        engine.sweep(&outputs);
        watch.finish(outputs.as_ref().err());
        outputs
    }
}
