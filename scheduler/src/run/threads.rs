//! Threads of this process: the common worker loop, on memory that is not copied at all.
//! A task that never returns cannot be killed here.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cancelling::Cancelling;
use super::clock::Clock;
use super::{Kind, Serial, engine, interrupt, processors, rerun, watch::Watch};
use crate::cancel::Listening;
use crate::config;
use crate::engine::{Bell, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::futex;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::policy::{Asked, Policies, cooperative_method, policy_methods};
use crate::scheduler::{Outputs, Scheduler};
use crate::table::MAX_WORKERS;
use crate::worker::{self, Worker};

/// Runs tasks on threads of this process.
///
/// ```
/// use tine_scheduler::{Graph, Threads, get};
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || 20);
/// g.task("y", ["x"], |x: &i32| x + 1);
/// let out = get(&g.build()?, ["y"], &Threads::new().workers(2))?;
/// assert_eq!(out.get::<i32>(0)?, 21);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Threads {
    workers: Option<usize>,
    asked: Asked,
}

impl Threads {
    /// As many threads as this process may use processors.
    pub fn new() -> Self {
        Threads::default()
    }

    /// This many threads, at least one.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        Threads { workers: Some(workers), ..self }
    }

    policy_methods!();
    cooperative_method!();
}

/// How many workers a run gets: what was asked for, else the setting, else the processors; never
/// more than tasks.
///
/// # Errors
/// No worker, or too many.
pub(super) fn worker_count(asked: Option<usize>, plan: &Plan<'_>) -> Result<usize> {
    let n = match asked {
        Some(n) => n,
        None => match config::workers()? {
            Some(n) => n,
            None => processors(),
        },
    };
    if n == 0 || n > MAX_WORKERS {
        let message = format!("{n} workers: a run has 1 to {MAX_WORKERS}");
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(n.min(plan.len().max(1)))
}

impl Scheduler for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn run(&self, plan: &Plan<'_>, observers: &[Arc<dyn Observer>]) -> Result<Outputs> {
        if worker::is_inside() || rerun(plan).is_some() {
            return Serial::inside(&self.asked).run(plan, observers);
        }
        let policies = Policies::resolve(plan.graph(), &self.asked)?;
        policies.check_without_kills(&self.asked, self.name())?;
        let workers = worker_count(self.workers, plan)?;
        let kind = Kind {
            workers,
            arena: None,
            bell: Bell::Futex,
            in_order: false,
            uncaught: false,
            independent: false,
            policies,
        };
        let engine = engine(plan, kind, observers)?;
        let mut watch = Watch::start(&engine, observers, self.name());
        for w in 0..workers {
            watch.worker(w as u16, std::process::id(), None);
        }
        let listening = Listening::begin(&engine);
        let signals = interrupt::Signals::listen(&engine);
        let ran = if plan.is_empty() { Ok(()) } else { work(&engine, &mut watch) };
        drop(signals);
        drop(listening);
        let outputs = ran.and_then(|()| engine.collect());
        engine.sweep(&outputs);
        watch.finish(outputs.as_ref().err());
        outputs
    }
}

fn work(engine: &Engine<'_>, watch: &mut Watch<'_>) -> Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..engine.table.workers())
            .map(|w| {
                scope.spawn(move || {
                    // Whoever leaves first leaves because the run is over, or cannot go on.
                    let _ending = Ending(engine);
                    Worker::new(engine, w as u16).run()
                })
            })
            .collect();
        let ending = Ending(engine);
        let supervised = supervise(engine, watch);
        drop(ending);
        let ran = threads.into_iter().map(|t| {
            t.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Corrupt, "a worker panicked")))
        });
        let ran: Result<()> = ran.collect();
        supervised.and(ran)
    })
}

/// Ends the run for all of its threads when dropped: also by a panic, which they would outlive.
struct Ending<'a>(&'a Engine<'a>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.table.stop();
        self.0.table.wake_all();
        self.0.ring();
    }
}

/// Sleeps until the run is over.
fn supervise(engine: &Engine<'_>, watch: &mut Watch<'_>) -> Result<()> {
    let header = engine.table.header();
    let (mut clock, mut cancelling) = (Clock::default(), Cancelling::default());
    loop {
        let heard = header.bell.load(Ordering::SeqCst);
        if engine.table.is_finished() || engine.table.is_stopped() {
            return Ok(());
        }
        if interrupt::requested() {
            return Err(interrupt::error());
        }
        if interrupt::should_stand_still() {
            interrupt::stand_still();
        }
        for task in cancelling.apply(engine)? {
            let worker = usize::from(engine.table.state(task)?.worker);
            if worker < engine.table.workers() {
                engine.table.slot(worker).ask(task);
            }
        }
        super::hint(engine, &clock.fire(engine)?);
        clock.check_run(engine)?;
        if engine.table.all_asleep() && !engine.table.is_finished() {
            super::rehint(engine, &mut clock)?;
        }
        watch.tick(|| vec![std::process::id()]);
        let waits = [watch.patience(), clock.patience(engine), clock.left(engine)];
        futex::wait(&header.bell, heard, waits.into_iter().flatten().min());
    }
}
