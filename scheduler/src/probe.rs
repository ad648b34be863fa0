//! What somebody may do inside of the workers of a run: at their start and end, and around bodies.
//! It does not know what for; what a probe finds out it hands over by memory that it shares itself.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::engine::Engine;
use crate::graph::TaskBody;
use crate::region::Slab;
use crate::table::Slot;

/// Which task a worker runs, for whoever is asked in the middle of it.
///
/// [`get`](Self::get) may be called in a signal handler: it reads one word of shared memory.
#[derive(Clone, Debug)]
pub struct CurrentTask {
    slots: Slab<Slot>,
    worker: usize,
}

impl CurrentTask {
    pub(crate) fn new(slots: Slab<Slot>, worker: u16) -> Self {
        CurrentTask { slots, worker: worker.into() }
    }

    /// The rank in the plan of the task whose body runs; `None` between two bodies.
    pub fn get(&self) -> Option<u32> {
        let slot = &self.slots[self.worker];
        slot.current().filter(|_| slot.in_body())
    }
}

/// A worker, as its probe sees it.
#[derive(Clone, Debug)]
pub struct ProbedWorker {
    /// Its number, from 0.
    pub worker: u16,
    /// When the run started: times of its facts count from there.
    pub started: Instant,
    /// Which task it runs.
    pub current: CurrentTask,
    /// Whether it is a process of its own, which ends with the run.
    pub forked: bool,
}

/// Somebody inside of every worker. What it does is done on the thread that runs the tasks, in the
/// worker's process: to hand something over, it writes to memory that it mapped before the run.
///
/// Workers that a zygote forked know no probe: they inherit nothing of the program's.
pub trait Probe: Send + Sync {
    /// A worker is about to look for its first task; told on the thread that will run them. A task
    /// may itself start a run on its thread: then this is told again before the first one ends.
    fn worker_started(&self, _worker: &ProbedWorker) {}

    /// A worker leaves in good order, on the thread that ran its tasks. One that dies is not told.
    fn worker_ended(&self, _worker: &ProbedWorker) {}

    /// Whether bodies are of interest: `body_begins` and `body_ended` are called only then.
    fn watches_bodies(&self) -> bool {
        false
    }

    /// A body is about to run. Returns whether that took any time, which is not the task's then.
    fn body_begins(&self, _worker: &ProbedWorker, _task: u32, _body: &dyn TaskBody) -> bool {
        false
    }

    /// A body has run, well or not. Returns as [`body_begins`](Self::body_begins) does.
    fn body_ended(&self, _worker: &ProbedWorker, _task: u32, _body: &dyn TaskBody) -> bool {
        false
    }
}

impl fmt::Debug for dyn Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// The probes of one worker: told of its start when this is made, of its end when it is dropped.
#[derive(Debug)]
pub(crate) struct Probed<'a> {
    probes: &'a [Arc<dyn Probe>],
    worker: Option<ProbedWorker>,
    /// Those that bodies are of interest to.
    of_bodies: Vec<&'a Arc<dyn Probe>>,
}

impl<'a> Probed<'a> {
    pub(crate) fn enter(engine: &'a Engine<'_>, worker: u16) -> Self {
        let probes = engine.probes.get().map_or(&[][..], Vec::as_slice);
        let started = engine.started;
        let forked = engine.arena.is_some();
        let current = || engine.table.current(worker);
        let view = || ProbedWorker { worker, started, current: current(), forked };
        let worker = (!probes.is_empty()).then(view);
        for (probe, worker) in probes.iter().zip(worker.iter().cycle()) {
            probe.worker_started(worker);
        }
        let of_bodies = probes.iter().filter(|p| p.watches_bodies()).collect();
        Probed { probes, worker, of_bodies }
    }

    /// A body is about to run; whether anybody was told.
    #[inline]
    pub(crate) fn begin(&self, engine: &Engine<'_>, task: u32) -> bool {
        self.tell(engine, task, |probe, worker, body| probe.body_begins(worker, task, body))
    }

    /// A body has run; whether anybody was told, and did something.
    #[inline]
    pub(crate) fn end(&self, engine: &Engine<'_>, task: u32) -> bool {
        self.tell(engine, task, |probe, worker, body| probe.body_ended(worker, task, body))
    }

    #[inline]
    fn tell(
        &self,
        engine: &Engine<'_>,
        task: u32,
        what: impl Fn(&dyn Probe, &ProbedWorker, &dyn TaskBody) -> bool,
    ) -> bool {
        let Some(worker) = self.worker.as_ref().filter(|_| !self.of_bodies.is_empty()) else {
            return false;
        };
        let body = engine.plan.graph().body(engine.task(task)).as_ref();
        self.of_bodies.iter().fold(false, |told, probe| what(probe.as_ref(), worker, body) | told)
    }
}

impl Drop for Probed<'_> {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            self.probes.iter().for_each(|probe| probe.worker_ended(worker));
        }
    }
}
