//! Which process and thread each task of a trace ran in, as numbers that viewers take.
//! It knows no event.

use std::collections::{BTreeMap, BTreeSet};

use tine_scheduler::WorkerFact;

use crate::trace::{TaskRecord, Trace};

/// A worker for as long as it was one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) worker: u16,
    pub(super) pid: u64,
    pub(super) tid: u64,
    /// How often the worker had been replaced before.
    pub(super) restarts: u32,
}

/// All workers, each for as long as it was one process.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Since when each worker is which lane.
    since: BTreeMap<u16, Vec<(u64, usize)>>,
    run: u64,
    shared: bool,
}

impl Lanes {
    pub(super) fn of(trace: &Trace) -> Lanes {
        let used: BTreeSet<u16> = trace.tasks().filter(TaskRecord::ran).map(|t| t.worker).collect();
        let mut starts: BTreeMap<u16, Vec<&WorkerFact>> = BTreeMap::new();
        for fact in trace.workers() {
            let known = starts.entry(fact.worker).or_default();
            // The end of a worker is a fact with the process of its start.
            if known.last().is_none_or(|k| k.pid != fact.pid) {
                known.push(fact);
            }
        }
        used.iter().for_each(|&w| {
            starts.entry(w).or_default();
        });
        let pids: BTreeSet<u64> =
            trace.workers().iter().map(|f| u64::from(f.pid)).filter(|&p| p > 0).collect();
        // Threads are workers of one process.
        let shared = pids.len() == 1 && starts.len() > 1;
        let mut free = (1u64..).filter(|n| !pids.contains(n));
        let mut lanes = Lanes { lanes: Vec::new(), since: BTreeMap::new(), run: 0, shared };
        lanes.run = free.next().unwrap_or(u64::MAX);
        let mut taken = BTreeSet::new();
        for (&worker, facts) in &starts {
            if facts.is_empty() {
                lanes.add(worker, 0, free.next().unwrap_or(u64::MAX));
            }
            for fact in facts {
                let pid = u64::from(fact.pid);
                // A number that the system gave twice would put two workers on one line.
                let is_new = taken.insert(pid) || shared;
                let pid = if is_new && pid > 0 { pid } else { free.next().unwrap_or(u64::MAX) };
                lanes.add(worker, fact.at, pid);
            }
        }
        lanes
    }

    fn add(&mut self, worker: u16, at: u64, pid: u64) {
        let own = self.since.entry(worker).or_default();
        let restarts = own.len() as u32;
        own.push((at, self.lanes.len()));
        let tid = if self.shared { pid + 1 + u64::from(worker) } else { pid };
        self.lanes.push(Lane { worker, pid, tid, restarts });
    }

    /// All of them, by worker.
    pub(super) fn all(&self) -> &[Lane] {
        &self.lanes
    }

    /// Whether this one is the first of its process.
    pub(super) fn leads(&self, lane: usize) -> bool {
        self.lanes[..lane].iter().all(|l| l.pid != self.lanes[lane].pid)
    }

    /// Whether the workers are threads of one process.
    pub(super) fn shared(&self) -> bool {
        self.shared
    }

    /// The number of the process that stands for the run as a whole; no worker has it.
    pub(super) fn run(&self) -> u64 {
        self.run
    }

    /// What a worker was at a time.
    pub(super) fn at(&self, worker: u16, at: u64) -> usize {
        let own = self.since.get(&worker).map_or(&[][..], Vec::as_slice);
        let began = own.iter().rev().find(|s| s.0 <= at).or(own.first());
        began.map_or(0, |s| s.1)
    }

    /// Where a task ran that did run.
    pub(super) fn of_task(&self, t: &TaskRecord<'_>) -> usize {
        self.at(t.worker, t.started)
    }
}
