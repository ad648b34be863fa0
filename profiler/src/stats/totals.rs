//! Sums over a trace: by group, by worker, and the peak of memory.
//! It draws nothing and judges nothing.

use tine_scheduler::{RareKind, TaskStatus};

use super::{ran, ran_in_slots};
use crate::memory::MemorySample;
use crate::trace::Trace;

/// What the tasks of one group cost together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupTotal {
    /// Tasks in the run.
    pub tasks: u64,
    /// Tasks that ran.
    pub ran: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Time in their bodies, in nanoseconds.
    pub time: u64,
    /// The longest of them, in nanoseconds.
    pub longest: u64,
    /// CPU time in microseconds of those for which it was measured.
    pub cpu_us: u64,
}

impl Trace {
    /// The largest memory that was seen, in bytes; `None` where the system does not tell.
    pub fn peak_memory(&self) -> Option<u64> {
        let seen = self.memory.iter().map(|m| m.total()).max()?;
        // A job that came and went between two looks said at its end what it had.
        let jobs = self.rare.iter().filter(|f| f.kind == RareKind::MemoryPeak && self.is_of_jobs());
        Some(jobs.map(|f| f.value).fold(seen, u64::max))
    }

    /// The measurements of memory, in stretches between which nobody looked for so long that what
    /// was in between is not known.
    ///
    /// ```
    /// # use tine_profiler::Trace;
    /// assert_eq!(Trace::default().memory_stretches().count(), 0);
    /// ```
    pub fn memory_stretches(&self) -> impl Iterator<Item = &[MemorySample]> {
        /// Looks are half a second apart where they cost little.
        const LEAST: u64 = 2_000_000_000;
        const OF_USUAL: u64 = 3;
        let mut apart: Vec<u64> =
            self.memory.windows(2).map(|w| w[1].at.saturating_sub(w[0].at)).collect();
        apart.sort_unstable();
        // Of two or three looks nobody can say what is usual.
        let usual = if apart.len() < 3 { 0 } else { apart[(apart.len() - 1) / 2] };
        let longest = LEAST.max(usual.saturating_mul(OF_USUAL));
        self.memory.chunk_by(move |a, b| b.at.saturating_sub(a.at) <= longest)
    }

    /// What each group cost, parallel to [`Trace::groups`].
    pub fn group_totals(&self) -> Vec<GroupTotal> {
        let mut totals = vec![GroupTotal::default(); self.groups.len()];
        for t in self.tasks() {
            let total = &mut totals[t.group];
            total.tasks += 1;
            total.ran += u64::from(t.ran());
            total.failed += u64::from(t.status == TaskStatus::Failed);
            total.time += t.duration();
            total.longest = total.longest.max(t.duration());
            total.cpu_us += u64::from(t.cpu_us.unwrap_or(0));
        }
        totals
    }

    /// Time in the bodies of tasks, in nanoseconds, one entry a worker.
    pub fn busy(&self) -> Vec<u64> {
        let named = self.workers.iter().map(|w| usize::from(w.worker) + 1);
        let used = ran(self).map(|t| t.worker + 1);
        let known = usize::from(u16::try_from(self.about.workers).unwrap_or(u16::MAX));
        let mut busy = vec![0; named.chain(used).max().unwrap_or(0).max(known)];
        for t in ran_in_slots(self) {
            busy[t.worker] += t.duration();
        }
        busy
    }
}

#[cfg(test)]
mod tests {
    use tine_scheduler::{RareFact, TaskTimes, WorkerFact};

    use super::*;
    use crate::trace::TraceGroup;

    #[test]
    fn adds_up_by_group_and_worker() {
        let mut trace = Trace { groups: vec![TraceGroup::default(); 3], ..Trace::default() };
        for (group, started, ended, worker, status) in [
            (0, 0, 10, 0, TaskStatus::Done),
            (0, 10, 40, 2, TaskStatus::Failed),
            (2, 0, 0, 0, TaskStatus::Skipped),
        ] {
            trace.columns.group.push(group);
            trace.columns.positions.push([]);
            trace.columns.inputs.push([]);
            let cpu_us = Some(7);
            trace.columns.push_times(TaskTimes {
                started,
                ended,
                cpu_us,
                worker,
                attempt: 1,
                status,
                ..TaskTimes::default()
            });
        }
        let first = GroupTotal { tasks: 2, ran: 2, failed: 1, time: 40, longest: 30, cpu_us: 14 };
        let last = GroupTotal { tasks: 1, cpu_us: 7, ..GroupTotal::default() };
        assert_eq!(trace.group_totals(), [first, GroupTotal::default(), last]);
        assert_eq!(trace.busy(), [10, 0, 30]);
        trace.workers.push(WorkerFact { worker: 3, pid: 1, at: 0, death: None });
        assert_eq!(trace.busy(), [10, 0, 30, 0]);
    }

    #[test]
    fn takes_the_peak_of_both_kinds_of_memory() {
        let mut trace = Trace::default();
        assert_eq!(trace.peak_memory(), None);
        for (anonymous, files) in [(5, 1), (3, 4), (2, 2)] {
            trace.memory.push(MemorySample { at: 0, anonymous, files, ..MemorySample::default() });
        }
        assert_eq!(trace.peak_memory(), Some(7));
    }

    #[test]
    fn jobs_that_nobody_saw_count_in_the_peak() {
        let mut trace = Trace::default();
        trace.memory.push(MemorySample { anonymous: 5, ..MemorySample::default() });
        trace.rare.push(RareFact { task: 0, kind: RareKind::MemoryPeak, value: 300 });
        // The private memory of a worker is part of what was measured.
        assert_eq!(trace.peak_memory(), Some(5));
        trace.about.scheduler = "jobs".to_owned();
        assert_eq!(trace.peak_memory(), Some(300));
    }

    #[test]
    fn measurements_that_are_far_apart_are_not_connected() {
        let stretches = |seconds: &[u64]| {
            let mut trace = Trace::default();
            let sample =
                |s: &u64| MemorySample { at: s * 1_000_000_000, ..MemorySample::default() };
            trace.memory = seconds.iter().map(sample).collect();
            trace.memory_stretches().map(<[_]>::len).collect::<Vec<_>>()
        };
        assert_eq!(stretches(&[0, 1, 2, 3, 30, 31]), [4, 2]);
        // Where looking is dear it is done seldom, and evenly.
        assert_eq!(stretches(&[0, 6, 12, 18, 24]), [5]);
        assert_eq!(stretches(&[0, 60]), [1, 1]);
    }
}
