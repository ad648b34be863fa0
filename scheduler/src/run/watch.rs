//! Tells observers of a run: its start, about ten ticks a second, its end.
//! It does not know what they make of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::engine::Engine;
use crate::error::Error;
use crate::observer::{
    GroupProgress, Observer, Progress, RareFact, RunEnd, RunView, TaskLine, WorkerFact,
};

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
        let next_tick = engine.wanted.ticks.then(|| Instant::now() + TICK);
        let (workers, rare) = (Vec::new(), Vec::new());
        let totals = if engine.wanted.ticks { totals(engine) } else { Vec::new() };
        Watch { engine, observers, view, next_tick, workers, rare, totals }
    }

    /// Notes that a worker came, or how it died.
    pub(super) fn worker(&mut self, worker: u16, pid: u32, death: Option<String>) {
        let at = self.engine.now();
        self.workers.push(WorkerFact { worker, pid, at, death });
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
        let progress = Progress { count: &count, elapsed: engine.now(), pids };
        for observer in self.observers {
            observer.tick(&self.view, &progress);
        }
    }

    fn drain(&mut self) {
        for ring in (0..self.engine.table.workers()).filter_map(|w| self.engine.table.ring(w)) {
            ring.drain(&mut self.rare);
        }
    }

    /// Tells the end.
    pub(super) fn finish(mut self, error: Option<&Error>) {
        if self.observers.is_empty() {
            return;
        }
        self.drain();
        let table = &self.engine.table;
        let times = table.all_times();
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
    for rank in 0..engine.table.last() {
        let state = engine.table.cell(rank).state.load();
        if state.is_some_and(|s| s.phase.is_final()) {
            groups[graph.group_of(engine.task(rank)).index()].ended += 1;
        }
    }
    groups
}
