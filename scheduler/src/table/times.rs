//! What is noted of a task's attempts: when the last one ran, and how many failed.
//! It does not know when an attempt is made, or who reads the times.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::observer::{TaskStatus, TaskTimes};
use crate::region::atoms;

atoms! {
    /// The attempts of a task that failed, where tasks may be tried again.
    #[derive(Debug)]
    pub(crate) struct Tries {
        /// How many.
        pub(crate) failed: AtomicU32,
        /// The next in the list of tasks that wait for another attempt, + 1.
        pub(super) link: AtomicU32,
        /// When the next attempt is due, in nanoseconds of the run.
        pub(crate) due: AtomicU64,
    }
}

/// Bits for the bytes of a result: up to a terabyte.
const BYTES: u32 = 40;
const MOST_BYTES: u64 = (1 << BYTES) - 1;
/// Nanoseconds that one unit of time in the codec stands for: up to four seconds in all.
const TICK: u64 = 256;
const MOST_TICKS: u64 = u64::MAX >> BYTES;

atoms! {
    /// A task's times: 32 bytes, written by the worker that ran it last.
    #[derive(Debug)]
    pub(crate) struct TimesCell {
        started: AtomicU64,
        ended: AtomicU64,
        /// CPU microseconds + 1 in the upper half; worker 16, attempt 8, status 8 bits.
        rest: AtomicU64,
        /// Bytes of the result in the lower 40 bits, time in the codec in units of `TICK` above.
        moved: AtomicU64,
    }
}

impl TimesCell {
    pub(crate) fn store(&self, t: TaskTimes) {
        let cpu = t.cpu_us.map_or(0, |c| u64::from(c.saturating_add(1)));
        let rest = cpu << 32
            | u64::from(t.worker) << 16
            | u64::from(t.attempt) << 8
            | u64::from(t.status as u8);
        self.started.store(t.started, Ordering::Relaxed);
        self.ended.store(t.ended, Ordering::Relaxed);
        self.rest.store(rest, Ordering::Relaxed);
        let codec = (t.codec / TICK).min(MOST_TICKS);
        self.moved.store(codec << BYTES | t.result_bytes.min(MOST_BYTES), Ordering::Relaxed);
    }

    pub(super) fn load(&self) -> TaskTimes {
        let rest = self.rest.load(Ordering::Relaxed);
        let moved = self.moved.load(Ordering::Relaxed);
        TaskTimes {
            started: self.started.load(Ordering::Relaxed),
            ended: self.ended.load(Ordering::Relaxed),
            cpu_us: ((rest >> 32) as u32).checked_sub(1),
            worker: (rest >> 16) as u16,
            attempt: (rest >> 8) as u8,
            status: TaskStatus::Unfinished,
            result_bytes: moved & MOST_BYTES,
            codec: (moved >> BYTES) * TICK,
        }
    }
}
