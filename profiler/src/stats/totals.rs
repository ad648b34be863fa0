//! Sums over a trace: by group, by worker, and the peak of memory.
//! It draws nothing and judges nothing.

use tine_scheduler::TaskStatus;

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
        self.memory.iter().map(|m| m.total()).max()
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
        let used = self.tasks().filter(|t| t.ran()).map(|t| usize::from(t.worker) + 1);
        let known = usize::from(u16::try_from(self.about.workers).unwrap_or(u16::MAX));
        let mut busy = vec![0; named.chain(used).max().unwrap_or(0).max(known)];
        for t in self.tasks().filter(|t| t.ran()) {
            busy[usize::from(t.worker)] += t.duration();
        }
        busy
    }
}

#[cfg(test)]
mod tests {
    use tine_scheduler::{TaskTimes, WorkerFact};

    use super::*;
    use crate::memory::MemorySample;
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
}
