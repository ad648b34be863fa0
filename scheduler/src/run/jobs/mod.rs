//! The run of jobs: programs that a small process starts, and this one looks after.
//! It does not know what the jobs are: a `Foreman` says so.
//!
//! One state machine: tasks go through the states of the table as they do under every scheduler. The
//! executor is not a worker but the supervisor itself, which claims a task, has its program started,
//! and completes it when that has ended. So a job costs no process but its own, and any number of
//! them can run at a time.

mod begin;
mod close;
mod dispatcher;
mod queue;
mod running;
mod shift;
mod sleep;
mod slots;
mod spawner;

use std::sync::Arc;
use std::time::Duration;

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::memory::Budget;
use super::watch::Watch;
use super::{Kind, engine, interrupt};
use crate::config;
use crate::engine::{Bell, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, TaskId};
use crate::jobs::{Feed, Foreman, Tally};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::policy::{Asked, Policies};
use crate::table::MAX_WORKERS;
use crate::worker;
use dispatcher::{Dispatcher, Outcome};
use shift::Shift;
use spawner::Spawner;

/// How long a program that is ended has to go by itself, once it is asked to.
const GRACE: Duration = Duration::from_secs(2);

/// Runs programs, with what they need and in the order in which they need each other.
///
/// ```no_run
/// use tine_scheduler::jobs::{Command, Ended, Feed, Foreman, Job, Order};
/// use tine_scheduler::{Error, ErrorKind, Graph, Jobs, OutputStream, Result};
///
/// struct Hello;
///
/// impl Foreman for Hello {
///     fn graph(&mut self, _room: usize) -> Result<Graph> {
///         let mut g = Graph::builder();
///         g.task("hello", [] as [&str; 0], || ());
///         g.build()
///     }
///     fn feed(&mut self) -> Result<Feed> {
///         Ok(Feed::Closed(1))
///     }
///     fn order(&mut self, _job: &Job<'_>) -> Result<Order> {
///         let argv = vec!["echo".into(), "hello".into()];
///         Ok(Order::Run(Command { argv, ..Command::default() }))
///     }
///     fn output(&mut self, _job: &Job<'_>, _: OutputStream, bytes: &[u8]) -> Result<()> {
///         assert_eq!(bytes, b"hello\n");
///         Ok(())
///     }
///     fn ended(&mut self, _job: &Job<'_>, ended: &Ended) -> Result<()> {
///         match ended.is_success() {
///             true => Ok(()),
///             false => Err(Error::new(ErrorKind::Task, "it failed")),
///         }
///     }
/// }
///
/// fn main() -> Result<()> {
///     let mut jobs = Jobs::prepare()?; // before this process grows
///     let tally = jobs.run(&mut Hello, &[])?;
///     assert_eq!(tally.done, 1);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Jobs {
    spawner: Spawner,
    slots: Option<usize>,
    memory: Option<String>,
    grace: Duration,
    asked: Asked,
}

impl Jobs {
    /// Forks the small process that will start programs. Call it first: what a program is said to
    /// have had of memory is never less than what this process has now.
    ///
    /// # Errors
    /// A process that has threads already, or one that the system refuses.
    pub fn prepare() -> Result<Jobs> {
        if worker::is_inside() {
            let message = "jobs cannot be run by a task";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let spawner = Spawner::fork()?;
        Ok(Jobs { spawner, slots: None, memory: None, grace: GRACE, asked: Asked::default() })
    }

    /// How many cores jobs may take at a time, each at least one: from 1 to 1,024. Unset, it is the
    /// setting `workers`, or the processors that this process may use.
    #[must_use]
    pub fn slots(self, slots: usize) -> Self {
        Jobs { slots: Some(slots), ..self }
    }

    /// How much memory may be set aside for jobs that run: `"4GiB"`, or a number of bytes. Unset, it
    /// is the setting `memory`, or 80 % of what control groups and the machine leave.
    #[must_use]
    pub fn memory(self, memory: impl ToString) -> Self {
        Jobs { memory: Some(memory.to_string()), ..self }
    }

    /// How long a program that is ended has to go by itself (SIGTERM) before it is killed.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Jobs { grace, ..self }
    }

    /// Ends a run that takes longer than this.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.asked = self.asked.timeout(limit);
        self
    }

    /// Runs a job that failed up to this many times more (at most 200). A tag `retries` of its task
    /// stands above it.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.asked = self.asked.retries(retries);
        self
    }

    /// Waits this long before the first retry, and twice as long before each further one. A tag
    /// `backoff` of its task stands above it.
    #[must_use]
    pub fn backoff(mut self, first: Duration) -> Self {
        self.asked = self.asked.backoff(first);
        self
    }

    /// Lets each attempt of a job run for this long. A tag `timeout` of its task, and what the
    /// foreman says, stand above it.
    #[must_use]
    pub fn task_timeout(mut self, limit: Duration) -> Self {
        self.asked = self.asked.task_timeout(limit);
        self
    }

    /// Runs the jobs of `foreman`, telling `observers`. That jobs failed is no error of the run.
    ///
    /// # Errors
    /// Those of the foreman; a graph that cannot be run; a run over its time; a system that refuses
    /// processes or descriptors. Nothing of any job is left then.
    pub fn run(
        &mut self,
        foreman: &mut dyn Foreman,
        observers: &[Arc<dyn Observer>],
    ) -> Result<Tally> {
        let slots = self.slot_count()?;
        let budget = Budget::of(self.memory.as_deref(), None)?;
        let event = eventfd()?;
        let shift = Shift::begin(&mut self.spawner, slots, budget.memory, event, self.grace)?;
        let graph = foreman.graph(0)?;
        let feed = foreman.feed()?;
        let mut run = Run { asked: &self.asked, foreman, observers, shift };
        // Once a run: a signal that comes between two plans is counted too.
        let bell = run.shift.bell()?;
        let signals = interrupt::Signals::listen_for(&bell);
        let ran = run.on(graph, feed, None);
        drop(signals);
        ran
    }

    fn slot_count(&self) -> Result<usize> {
        let asked = match self.slots {
            Some(n) => Some(n),
            None => config::workers()?,
        };
        let n = asked.unwrap_or_else(super::processors);
        if n == 0 || n > MAX_WORKERS {
            let message = format!("{n} jobs at a time: a run has 1 to {MAX_WORKERS} slots");
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(n)
    }
}

fn eventfd() -> Result<EventFd> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let refused = |e| Error::new(ErrorKind::Os, format!("cannot make an eventfd: {e}"));
    EventFd::from_value_and_flags(0, flags).map_err(refused)
}

/// One run, on a graph, and on larger ones as more jobs come in.
struct Run<'r> {
    asked: &'r Asked,
    foreman: &'r mut dyn Foreman,
    observers: &'r [Arc<dyn Observer>],
    shift: Shift<'r>,
}

impl Run<'_> {
    /// Goes on with `graph`. The plan before is kept meanwhile, because observers may still ask about
    /// it: each has room for twice as many as the one before, so that all of them together take no
    /// more than the last one does.
    fn on(
        &mut self,
        graph: Graph,
        feed: Feed,
        before: Option<(&Engine<'_>, Watch<'_>)>,
    ) -> Result<Tally> {
        let plan = match &before {
            // What is known keeps its rank.
            Some(_) => Plan::open(&graph),
            None => plan(&graph, feed),
        };
        let engine = plan.as_ref().map_err(Error::clone).and_then(|plan| self.engine(&graph, plan));
        let mut engine = match (engine, &before) {
            (Ok(engine), _) => engine,
            (Err(error), _) => return self.fail(before.map(|(_, watch)| watch), error),
        };
        if let Some((smaller, _)) = &before {
            engine.started = smaller.started;
            engine.table.adopt(&smaller.table, smaller.plan.len() as u32)?;
        }
        let watch = match before {
            Some((_, watch)) => watch.grown(&engine),
            None => Watch::start_jobs(&engine, self.observers),
        };
        let mut dispatcher = Dispatcher {
            engine: &engine,
            foreman: &mut *self.foreman,
            shift: &mut self.shift,
            watch,
        };
        let worked = dispatcher.work(feed);
        let Dispatcher { watch, .. } = dispatcher;
        match worked {
            Ok(Outcome::Grow(more)) => match self.larger(engine.plan.room(), more) {
                Ok(larger) => self.on(larger, more, Some((&engine, watch))),
                Err(error) => self.fail(Some(watch), error),
            },
            Ok(Outcome::Over(tally)) => {
                watch.finish(None);
                Ok(tally)
            }
            Err(error) => self.fail(Some(watch), error),
        }
    }

    /// Ends a run that cannot go on.
    fn fail(&mut self, watch: Option<Watch<'_>>, error: Error) -> Result<Tally> {
        self.shift.abandon();
        watch.into_iter().for_each(|watch| watch.finish(Some(&error)));
        Err(error)
    }

    fn engine<'p>(&self, graph: &Graph, plan: &'p Plan<'p>) -> Result<Engine<'p>> {
        let kind = Kind {
            workers: self.shift.slots.all(),
            arena: None,
            bell: Bell::Event(self.shift.bell()?),
            in_order: true,
            uncaught: false,
            independent: true,
            policies: Policies::resolve(graph, self.asked)?,
        };
        engine(plan, kind, self.observers)
    }

    /// A graph for more jobs than there was `room` for.
    fn larger(&mut self, room: usize, feed: Feed) -> Result<Graph> {
        let (Feed::Known(jobs) | Feed::Closed(jobs)) = feed;
        let graph = self.foreman.graph(jobs.max(2 * room))?;
        if graph.len() < jobs {
            let message = format!("{jobs} jobs are known, and there is a graph of {}", graph.len());
            return Err(Error::new(ErrorKind::Build, message));
        }
        Ok(graph)
    }
}

/// The plan of a graph: where all its jobs are there, in static order.
fn plan(graph: &Graph, feed: Feed) -> Result<Plan<'_>> {
    match feed {
        Feed::Closed(jobs) if jobs == graph.len() => {
            let all: Vec<TaskId> = graph.tasks().collect();
            Plan::new(graph, &all)
        }
        Feed::Known(_) | Feed::Closed(_) => Plan::open(graph),
    }
}
