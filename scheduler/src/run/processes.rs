//! Forked processes: the common worker loop, on memory that is shared.
//! How they are looked after stands in `supervisor`.

use std::sync::Arc;

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::memory::{Budget, Tally};
use super::supervisor::Supervisor;
use super::threads::worker_count;
use super::zygote::Cradle;
use super::{Kind, Serial, engine, interrupt, rerun, sound, watch::Watch};
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
    memory: Option<String>,
    worker_memory: Option<String>,
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

    /// How much memory results and workers may take together: `"4GiB"`, or a number of bytes.
    ///
    /// Results that do not fit are moved to a file, those first that are needed last; see the
    /// setting `spill.directory`. A task that cannot be run within it, even alone, fails with
    /// [`ErrorKind::MemoryBudget`]. Unset, it is the setting `memory`, or 80 % of what control
    /// groups and the machine leave.
    ///
    /// What is no size is an error of the run.
    ///
    /// ```
    /// use tine_scheduler::{Graph, Processes, get};
    /// let mut g = Graph::builder();
    /// g.task("x", [] as [&str; 0], || vec![0u8; 1000]);
    /// let graph = g.build()?;
    /// get(&graph, ["x"], &Processes::new().memory("64MiB"))?;
    /// assert!(get(&graph, ["x"], &Processes::new().memory("much")).is_err());
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    #[must_use]
    pub fn memory(self, memory: impl ToString) -> Self {
        Processes { memory: Some(memory.to_string()), ..self }
    }

    /// How much memory of its own a worker may hold before it is ended; its task is then run alone,
    /// and fails with [`ErrorKind::MemoryLimit`] if that is not enough. Unset, it is the setting
    /// `worker-memory`, or as much as the run may take.
    #[must_use]
    pub fn worker_memory(self, memory: impl ToString) -> Self {
        Processes { worker_memory: Some(memory.to_string()), ..self }
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
        let budget = Budget::of(self.memory.as_deref(), self.worker_memory.as_deref())?;
        plan.check_sizes(budget.memory.value)?;
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let event = EventFd::from_value_and_flags(0, flags)
            .map_err(|e| Error::new(ErrorKind::Os, format!("cannot make an eventfd: {e}")))?;
        let kind = Kind {
            workers,
            arena: Some(Arena::global()?),
            bell: Bell::Event(event),
            in_order: false,
            uncaught: false,
            independent: false,
            policies,
        };
        let engine = engine(plan, kind, observers)?;
        let cradle = Cradle::of(&engine)?;
        let watch = Watch::start(&engine, observers, self.name());
        let listening = Listening::begin(&engine);
        let signals = interrupt::Signals::listen(&engine);
        let forked = ForkedRun::begin();
        let tally = Tally::begin(&engine, budget, cradle.as_ref());
        let mut supervisor = Supervisor::new(&engine, watch, cradle, tally);
        let ran = if plan.is_empty() { Ok(()) } else { supervisor.run() };
        let watch = supervisor.end(ran.is_err());
        drop(forked);
        drop(signals);
        drop(listening);
        let outputs = ran.and_then(|()| sound(&engine, || engine.collect()));
        engine.sweep(&outputs);
        watch.finish(outputs.as_ref().err());
        outputs
    }
}
