//! What a worker measures of the tasks that it runs, as far as somebody wants to know.
//! It does not know who: it writes into the table.

use crate::clock::monotonic;
use crate::desk::{Moved, WORTH_A_LOOK};
use crate::engine::Engine;
use crate::observer::{RareFact, RareKind, TaskStatus, TaskTimes};
use crate::procfs::{Own, Usage, thread_usage};

/// CPU time and page faults are asked for where a task took longer than this, in nanoseconds: that
/// costs under 1 % of it.
const USAGE_WORTH: u64 = 100_000;
/// Likewise memory.
const MEMORY_WORTH: u64 = 500_000;
/// Likewise its peak, which takes 15 microseconds, and must be asked for beforehand.
const PEAK_WORTH: u64 = 2_000_000;

/// One worker's measurements.
pub(crate) struct Meter<'a> {
    engine: &'a Engine<'a>,
    worker: u16,
    /// When the run started, by the clock.
    origin: u64,
    /// The end of the last task is the start of the next: one clock reading a task.
    last: u64,
    started: u64,
    /// At the last reading, and wall time of short tasks since then, which was all CPU.
    usage: Usage,
    short: u64,
    memory: u64,
    /// Tasks that were not looked at came since.
    memory_is_old: bool,
    /// What this process says of its memory, where that is wanted.
    own: Option<Own>,
    /// How long tasks take here: the last one, or half of what was usual before.
    usual: u64,
    /// Whether the peak is that of the task that runs.
    peak_is_new: bool,
    /// Whether the last result was one that is worth a look at the clock.
    expects_codec: bool,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(engine: &'a Engine<'a>, worker: u16) -> Self {
        let origin = monotonic().saturating_sub(engine.now());
        let last = if engine.wanted.times { engine.now() } else { 0 };
        let usage = if engine.wanted.costs { thread_usage() } else { Usage::default() };
        // Threads share their memory: what is said of it is said of all of them.
        let own = (engine.wanted.costs && engine.arena.is_some()).then(Own::open).flatten();
        let memory = own.as_ref().map_or(0, Own::private_bytes);
        Meter {
            engine,
            worker,
            origin,
            last,
            started: last,
            usage,
            short: 0,
            memory,
            memory_is_old: false,
            own,
            usual: 0,
            peak_is_new: false,
            expects_codec: false,
        }
    }

    /// Whether to expect a result that takes time to turn to bytes.
    pub(crate) fn expects_codec(&self) -> bool {
        self.expects_codec
    }

    fn now(&self) -> u64 {
        monotonic().saturating_sub(self.origin)
    }

    /// A task begins now; right after another, at the end of that.
    #[inline]
    pub(crate) fn begin(&mut self, _task: u32) {
        if self.memory_is_old && self.usual >= MEMORY_WORTH {
            self.look_at_memory();
        }
        if self.usual >= PEAK_WORTH {
            self.peak_is_new = self.own.as_ref().is_some_and(Own::forget_peak);
        }
        self.started = self.last;
    }

    /// Something else was done since the last task, as sleeping: it is not the next one's.
    pub(crate) fn woke(&mut self) {
        if !self.engine.wanted.times {
            return;
        }
        let now = self.now();
        if self.engine.wanted.costs && now.saturating_sub(self.last) >= USAGE_WORTH {
            (self.usage, self.short) = (thread_usage(), 0);
        }
        self.last = now;
    }

    /// A task ended.
    pub(crate) fn end(&mut self, task: u32, attempt: u8, moved: Moved) {
        let Some(times) = self.engine.table.times(task) else { return };
        let ended = self.now().max(self.started);
        let took = ended - self.started;
        let costly = self.engine.wanted.costs && took >= USAGE_WORTH;
        let cpu_us = if costly {
            Some(self.read_usage(task))
        } else {
            self.short += took;
            None
        };
        let (started, worker) = (self.started, self.worker);
        let (result_bytes, codec) = (moved.bytes, moved.codec);
        let status = TaskStatus::Unfinished;
        times.store(TaskTimes {
            started,
            ended,
            cpu_us,
            worker,
            attempt,
            status,
            result_bytes,
            codec,
        });
        self.last = ended;
        self.expects_codec = result_bytes >= WORTH_A_LOOK as u64;
        self.usual = took.max(self.usual / 2);
        if took < MEMORY_WORTH {
            self.memory_is_old = true;
        } else if self.own.is_some() {
            self.read_memory(task, took);
        }
    }

    /// What short tasks have left behind is not the next long one's.
    fn look_at_memory(&mut self) {
        if let Some(own) = &self.own {
            (self.memory, self.memory_is_old) = (own.private_bytes(), false);
            self.last = self.now();
        }
    }

    fn push(&self, task: u32, kind: RareKind, value: u64) {
        if let Some(ring) = self.engine.table.ring(self.worker.into()) {
            ring.push(RareFact { task, kind, value });
        }
    }

    fn read_usage(&mut self, task: u32) -> u32 {
        let now = thread_usage();
        let (was, short) = (self.usage, self.short);
        (self.usage, self.short) = (now, 0);
        let counts = [
            (RareKind::MinorFaults, now.minor_faults.saturating_sub(was.minor_faults)),
            (RareKind::MajorFaults, now.major_faults.saturating_sub(was.major_faults)),
            (RareKind::Waits, now.waits.saturating_sub(was.waits)),
        ];
        for (kind, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.push(task, kind, count);
        }
        let own = now.cpu.saturating_sub(was.cpu).saturating_sub(short);
        u32::try_from(own / 1000).unwrap_or(u32::MAX)
    }

    fn read_memory(&mut self, task: u32, took: u64) {
        let Some(own) = &self.own else { return };
        let now = own.private_bytes();
        if !std::mem::take(&mut self.memory_is_old) {
            self.push(task, RareKind::MemoryBefore, self.memory);
        }
        self.push(task, RareKind::MemoryAfter, now);
        if std::mem::take(&mut self.peak_is_new) && took >= PEAK_WORTH {
            let peak = own.private_peak().max(self.memory).max(now);
            self.push(task, RareKind::MemoryPeak, peak);
        }
        self.memory = now;
        self.last = self.now();
    }
}
