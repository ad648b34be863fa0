//! What a worker measures of the tasks that it runs, as far as somebody wants to know.
//! It does not know who: it writes into the table.

use crate::engine::Engine;
use crate::observer::{RareFact, RareKind, TaskStatus, TaskTimes};
use crate::procfs;

/// CPU time is read for tasks that took longer than this: it costs under 1 % of them.
const CPU_WORTH: u64 = 50_000;
/// Memory is read for tasks that took longer than this, in nanoseconds.
const MEMORY_WORTH: u64 = 500_000;

/// One worker's measurements.
pub(crate) struct Meter<'a> {
    engine: &'a Engine<'a>,
    worker: u16,
    /// The end of the last task is the start of the next: one clock reading a task.
    last: u64,
    started: u64,
    /// CPU time at the last reading, and wall time of short tasks since then, which was all CPU.
    cpu: u64,
    short: u64,
    memory: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(engine: &'a Engine<'a>, worker: u16) -> Self {
        let last = if engine.wanted.times { engine.now() } else { 0 };
        let cpu = if engine.wanted.costs { procfs::thread_cpu() } else { 0 };
        let memory = if engine.wanted.costs { procfs::private_bytes() } else { 0 };
        Meter { engine, worker, last, started: last, cpu, short: 0, memory }
    }

    /// A task begins now; right after another, at the end of that.
    pub(crate) fn begin(&mut self, _task: u32) {
        self.started = self.last;
    }

    /// The worker slept: the clock must be read anew.
    pub(crate) fn woke(&mut self) {
        if self.engine.wanted.times {
            self.last = self.engine.now();
        }
    }

    /// A task ended.
    pub(crate) fn end(&mut self, task: u32, attempt: u8) {
        let Some(times) = self.engine.table.times(task) else { return };
        let ended = self.engine.now();
        let took = ended - self.started;
        let cpu_us = if self.engine.wanted.costs && took >= CPU_WORTH {
            Some(self.read_cpu())
        } else {
            self.short += took;
            None
        };
        let (started, worker) = (self.started, self.worker);
        let status = TaskStatus::Unfinished;
        times.store(TaskTimes { started, ended, cpu_us, worker, attempt, status });
        self.last = ended;
        if self.engine.wanted.costs && took >= MEMORY_WORTH {
            self.read_memory(task);
        }
    }

    fn read_cpu(&mut self) -> u32 {
        let now = procfs::thread_cpu();
        let own = now.saturating_sub(self.cpu).saturating_sub(self.short);
        (self.cpu, self.short) = (now, 0);
        u32::try_from(own / 1000).unwrap_or(u32::MAX)
    }

    fn read_memory(&mut self, task: u32) {
        let Some(ring) = self.engine.table.ring(self.worker.into()) else { return };
        let now = procfs::private_bytes();
        for (kind, value) in [(RareKind::MemoryBefore, self.memory), (RareKind::MemoryAfter, now)] {
            ring.push(RareFact { task, kind, value });
        }
        self.memory = now;
        self.last = self.engine.now();
    }
}
