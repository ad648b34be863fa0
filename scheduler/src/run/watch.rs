//! Tells observers of a run: its start, about ten ticks a second, its end.
//! It does not know what they make of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

#[cfg(all(target_os = "linux", not(tine_portable)))]
use super::explain::{self, Subject};
#[cfg(all(target_os = "linux", not(tine_portable)))]
use super::patrol::Finding;
use crate::arena::CHUNK;
use crate::engine::Engine;
use crate::error::Error;
use crate::limits::Limit;
use crate::observer::{
    FailedAttempt, GroupProgress, MemoryUse, Observer, Progress, RareFact, RunEnd, RunView, Stall,
    TaskLine, WorkerFact,
};
use crate::table::BRAKE;

/// Time between two ticks.
const TICK: Duration = Duration::from_millis(100);

/// The observers of one run.
pub(super) struct Watch<'a> {
    engine: &'a Engine<'a>,
    observers: &'a [Arc<dyn Observer>],
    view: RunView<'a>,
    next_tick: Option<Instant>,
    workers: Vec<WorkerFact>,
    rare: Vec<RareFact>,
    totals: Vec<GroupProgress>,
    /// What was told of memory last: whether sources were held back, and results moved.
    told: Option<(bool, bool)>,
}

impl<'a> Watch<'a> {
    pub(super) fn start(
        engine: &'a Engine<'a>,
        observers: &'a [Arc<dyn Observer>],
        scheduler: &'static str,
    ) -> Self {
        let (plan, workers) = (engine.plan, engine.table.workers());
        let view = RunView { plan, scheduler, workers, started: SystemTime::now() };
        for observer in observers {
            observer.run_started(&view);
        }
        let probes = observers.iter().flat_map(|o| o.probes(&view)).collect();
        // This is the run's only watch.
        drop(engine.probes.set(probes));
        Watch::over(engine, observers, view)
    }

    /// Begins to watch a run of jobs, which nobody can look into.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn start_jobs(engine: &'a Engine<'a>, observers: &'a [Arc<dyn Observer>]) -> Self {
        let (plan, workers) = (engine.plan, engine.table.workers());
        let view = RunView { plan, scheduler: "jobs", workers, started: SystemTime::now() };
        for observer in observers {
            observer.run_started(&view);
        }
        Watch::over(engine, observers, view)
    }

    fn over(engine: &'a Engine<'a>, observers: &'a [Arc<dyn Observer>], view: RunView<'a>) -> Self {
        let next_tick = engine.wanted.ticks.then(|| Instant::now() + TICK);
        let (workers, rare) = (Vec::new(), Vec::new());
        let totals = if engine.wanted.ticks { totals(engine) } else { Vec::new() };
        Watch { engine, observers, view, next_tick, workers, rare, totals, told: None }
    }

    /// The same run on a larger plan, with what was noted of it so far.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn grown<'b>(self, engine: &'b Engine<'b>) -> Watch<'b>
    where
        'a: 'b,
    {
        let view = RunView { plan: engine.plan, ..self.view };
        for observer in self.observers {
            observer.run_grew(&self.view, &view);
        }
        let Watch { observers, next_tick, workers, rare, told, .. } = self;
        let totals = if engine.wanted.ticks { totals(engine) } else { Vec::new() };
        Watch { engine, observers, view, next_tick, workers, rare, totals, told }
    }

    /// Notes a fact that not every task has.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn rare(&mut self, fact: RareFact) {
        if self.engine.wanted.costs {
            self.rare.push(fact);
        }
    }

    /// Notes that the tasks of these ranks are known too.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn learned(&mut self, ranks: std::ops::Range<usize>) {
        if self.engine.wanted.ticks {
            let graph = self.engine.plan.graph();
            for rank in ranks {
                self.totals[graph.group_of(self.engine.plan.task(rank)).index()].total += 1;
            }
        }
    }

    /// Tells of the run's memory, where something about it is not as it was told last; `over` says
    /// that the run is.
    pub(super) fn memory(&mut self, budget: &Limit, over: bool) {
        if self.observers.is_empty() {
            return;
        }
        let (header, epoch) = (self.engine.table.header(), self.engine.table.epoch());
        let spilled = header.spilled.load(Ordering::Relaxed);
        let held_back = self.engine.table.pressure() & BRAKE != 0;
        let state = (held_back, spilled > 0);
        let eventful = state.1 || header.brakes.load(Ordering::Relaxed) > 0;
        if self.told == Some(state) && !(over && eventful) {
            return;
        }
        self.told = Some(state);
        let memory = MemoryUse {
            budget: budget.value,
            source: budget.source.clone(),
            results: self.engine.arena.map_or(0, |a| (a.chunks_of(epoch) * CHUNK) as u64),
            private: header.private.load(Ordering::Relaxed),
            spilled,
            held_back,
        };
        for observer in self.observers {
            observer.memory_changed(&self.view, &memory);
        }
    }

    /// Notes that a worker came, or how it died.
    pub(super) fn worker(&mut self, worker: u16, pid: u32, death: Option<String>) {
        let at = self.engine.now();
        self.workers.push(WorkerFact { worker, pid, at, death });
    }

    /// Tells of a task that makes no progress: to the observers, or else to the user.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn stalled(&self, finding: &Finding, task: u32, subject: Subject) {
        let graph = self.engine.plan.graph();
        let key = graph.name(self.engine.task(task));
        let stall = Stall {
            task,
            worker: finding.post as u16,
            pid: subject.pid as u32,
            time: finding.time,
            text: explain::stall(finding, subject, &key),
        };
        // Every one is asked: that one has told the user keeps no other from knowing.
        let told = self.observers.iter().filter(|o| o.stalled(&self.view, &stall)).count();
        if told == 0 {
            explain::say(&stall.text);
        }
    }

    /// Tells of an attempt of a job that failed.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(super) fn attempt_failed(&self, failed: &FailedAttempt<'_>) {
        for observer in self.observers {
            observer.attempt_failed(&self.view, failed);
        }
    }

    /// Tells a line that a task printed.
    pub(super) fn line(&self, line: &TaskLine<'_>) {
        for observer in self.observers {
            observer.line(&self.view, line);
        }
    }

    /// How long the supervisor may sleep.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.next_tick.map(|t| t.saturating_duration_since(Instant::now()))
    }

    /// Ticks where it is time; `pids` says which processes are at work.
    #[inline]
    pub(super) fn tick(&mut self, pids: impl FnOnce() -> Vec<u32>) {
        if self.next_tick.is_some_and(|t| t <= Instant::now()) {
            self.tick_now(&pids());
        }
    }

    fn tick_now(&mut self, pids: &[u32]) {
        self.next_tick = Some(Instant::now() + TICK);
        self.drain();
        let (engine, totals) = (self.engine, &self.totals);
        let count = || progress(engine, totals);
        let known = |ranks: std::ops::Range<usize>| ranks.start..ranks.end.min(engine.plan.len());
        let times = |ranks| engine.table.times_of(known(ranks));
        let (workers, rare) = (&self.workers[..], &self.rare[..]);
        let elapsed = engine.now();
        let progress = Progress { count: &count, times: &times, elapsed, pids, workers, rare };
        for observer in self.observers {
            observer.tick(&self.view, &progress);
        }
    }

    fn drain(&mut self) {
        for ring in (0..self.engine.table.workers()).filter_map(|w| self.engine.table.ring(w)) {
            let known = self.rare.len();
            ring.drain(&mut self.rare);
            // A task may have written over the ring.
            let (tasks, mut at) = (self.engine.plan.len(), 0);
            self.rare.retain(|fact| {
                at += 1;
                at <= known || (fact.task as usize) < tasks
            });
        }
    }

    /// Tells the end.
    pub(super) fn finish(mut self, error: Option<&Error>) {
        if self.observers.is_empty() {
            return;
        }
        self.drain();
        let table = &self.engine.table;
        let times = table.times_of(0..self.engine.plan.len());
        let lost = (0..table.workers()).filter_map(|w| table.ring(w)).map(|r| r.lost()).sum();
        let (rare, workers) = (&self.rare[..], &self.workers[..]);
        let elapsed = self.engine.now();
        let end = RunEnd { times: &times, rare, lost, workers, elapsed, error };
        for observer in self.observers {
            observer.run_finished(&self.view, &end);
        }
    }
}

fn totals(engine: &Engine<'_>) -> Vec<GroupProgress> {
    let graph = engine.plan.graph();
    let mut groups = vec![GroupProgress::default(); graph.groups().len()];
    for rank in 0..engine.plan.len() {
        groups[graph.group_of(engine.plan.task(rank)).index()].total += 1;
    }
    groups
}

fn progress(engine: &Engine<'_>, totals: &[GroupProgress]) -> Vec<GroupProgress> {
    let graph = engine.plan.graph();
    let mut groups = totals.to_vec();
    for rank in 0..engine.plan.len() as u32 {
        let state = engine.table.cell(rank).state.load();
        if state.is_some_and(|s| s.phase.is_final()) {
            groups[graph.group_of(engine.task(rank)).index()].ended += 1;
        }
    }
    groups
}
