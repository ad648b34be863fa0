//! Tasks as boxes in lanes: those too narrow to be seen become one box with those beside them.
//! It knows no pixels, only how long a time must be to be seen.

use tine_profiler::{TaskRecord, Trace};
use tine_scheduler::TaskStatus;

/// More boxes than this make a picture of more than two megabytes.
const MOST_BOXES: usize = 8_000;

/// One box: a task, or several that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Time in tasks: less than the whole where there was idle time between them.
    pub(super) busy: u64,
    pub(super) tasks: u64,
    /// The rank of the longest of them.
    pub(super) longest: usize,
    /// The group that took most of the time.
    pub(super) group: usize,
    pub(super) failed: bool,
}

/// One lane a worker. A box is as long as `visible` nanoseconds at least, unless it stands alone.
pub(super) fn lanes(trace: &Trace, visible: u64) -> Vec<Vec<Slice>> {
    let mut ranks: Vec<Vec<usize>> = vec![Vec::new(); trace.busy().len()];
    for t in trace.tasks().filter(TaskRecord::ran) {
        ranks[usize::from(t.worker)].push(t.rank);
    }
    for lane in &mut ranks {
        lane.sort_by_key(|&r| (trace.task(r).started, r));
    }
    let mut visible = visible.max(1);
    loop {
        let lanes: Vec<Vec<Slice>> = ranks.iter().map(|r| lane(trace, r, visible)).collect();
        let boxes: usize = lanes.iter().map(Vec::len).sum();
        // Twice as coarse halves the boxes, but one a lane is left.
        if boxes <= MOST_BOXES.max(ranks.len()) {
            return lanes;
        }
        visible = visible.saturating_mul(2);
    }
}

fn lane(trace: &Trace, ranks: &[usize], visible: u64) -> Vec<Slice> {
    let mut lane: Vec<Slice> = Vec::new();
    let mut open = Open::default();
    for &rank in ranks {
        let t = trace.task(rank);
        let small = t.duration() < visible;
        let fits = open.slice.as_ref().is_some_and(|s| {
            small && s.to - s.from < visible && t.started.saturating_sub(s.to) < visible
        });
        if !fits {
            lane.extend(open.close());
        }
        open.add(&t);
        if !small {
            lane.extend(open.close());
        }
    }
    lane.extend(open.close());
    lane
}

/// A box to which more may be added.
#[derive(Debug, Default)]
struct Open {
    slice: Option<Slice>,
    longest: u64,
    /// Time by group, few entries.
    groups: Vec<(usize, u64)>,
}

impl Open {
    fn add(&mut self, t: &TaskRecord<'_>) {
        let took = t.duration();
        let slice = self.slice.get_or_insert(Slice {
            from: t.started,
            to: t.ended,
            busy: 0,
            tasks: 0,
            longest: t.rank,
            group: t.group,
            failed: false,
        });
        slice.to = slice.to.max(t.ended);
        slice.busy += took;
        slice.tasks += 1;
        slice.failed |= t.status == TaskStatus::Failed;
        if took > self.longest {
            (self.longest, slice.longest) = (took, t.rank);
        }
        match self.groups.iter_mut().find(|g| g.0 == t.group) {
            Some(g) => g.1 += took,
            None => self.groups.push((t.group, took)),
        }
    }

    fn close(&mut self) -> Option<Slice> {
        let mut slice = self.slice.take()?;
        self.longest = 0;
        // The first of equals, whatever the order of the others.
        let most = self.groups.drain(..).reduce(|a, b| if b.1 > a.1 { b } else { a });
        slice.group = most.map_or(slice.group, |g| g.0);
        Some(slice)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tine_scheduler::{Graph, Plan, RunEnd, RunView, TaskTimes};

    use super::*;

    /// A run of tasks of one group with these times, `(started, ended, worker)`.
    fn trace(times: &[(u64, u64, u16)]) -> Trace {
        let mut g = Graph::builder();
        for i in 0..u32::try_from(times.len()).unwrap() {
            g.task(("t", i), [] as [&str; 0], || 1i64);
        }
        let graph = g.build().unwrap();
        let outputs: Vec<_> = graph.tasks().collect();
        let plan = Plan::new(&graph, &outputs).unwrap();
        let times: Vec<_> = (0..plan.len())
            .map(|rank| {
                let (started, ended, worker) = times[plan.task(rank).index()];
                let status = TaskStatus::Done;
                TaskTimes { started, ended, worker, attempt: 1, status, ..TaskTimes::default() }
            })
            .collect();
        let started = SystemTime::UNIX_EPOCH;
        let run = RunView { plan: &plan, scheduler: "serial", workers: 1, started };
        let elapsed = times.iter().map(|t| t.ended).max().unwrap_or(0);
        let end = RunEnd { times: &times, rare: &[], lost: 0, workers: &[], elapsed, error: None };
        Trace::of_run(&run, &end, Vec::new())
    }

    #[test]
    fn narrow_neighbours_share_a_box_but_idle_time_parts_them() {
        let t = trace(&[(1, 3, 0), (3, 5, 0), (40, 42, 0), (50, 90, 0), (90, 91, 1)]);
        let boxes: Vec<Vec<_>> = lanes(&t, 10)
            .iter()
            .map(|l| l.iter().map(|s| (s.from, s.to, s.busy, s.tasks)).collect())
            .collect();
        let first = vec![(1, 5, 4, 2), (40, 42, 2, 1), (50, 90, 40, 1)];
        assert_eq!(boxes, [first, vec![(90, 91, 1, 1)]]);
    }

    #[test]
    fn no_task_and_no_time_is_lost() {
        let times: Vec<_> =
            (0..5_000u64).map(|i| (1 + i * 7, 1 + i * 7 + i % 7, (i % 3) as u16)).collect();
        let t = trace(&times);
        for visible in [1, 50, 100_000] {
            let all: Vec<Slice> = lanes(&t, visible).concat();
            assert_eq!(all.iter().map(|s| s.tasks).sum::<u64>(), 5_000);
            assert_eq!(all.iter().map(|s| s.busy).sum::<u64>(), t.busy().iter().sum::<u64>());
        }
    }

    #[test]
    fn a_million_tasks_are_a_small_picture() {
        let times: Vec<_> =
            (0..1_000_000u64).map(|i| (1 + i * 500, i * 500 + 900, (i % 2) as u16)).collect();
        let mut out = Vec::new();
        let options = super::super::Options::default();
        super::super::svg(&trace(&times), &options, &mut out).unwrap();
        assert!(out.len() < 2_000_000, "{} bytes", out.len());
    }

    #[test]
    fn many_workers_are_a_small_picture_too() {
        let times: Vec<_> = (0..600_000u64)
            .map(|i| (1 + i / 300 * 5_000, i / 300 * 5_000 + 4_900, (i % 300) as u16))
            .collect();
        let mut out = Vec::new();
        let options = super::super::Options::default();
        super::super::svg(&trace(&times), &options, &mut out).unwrap();
        assert!(out.len() < 2_000_000, "{} bytes", out.len());
    }
}
