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
    /// Time in tasks of the group that is asked for.
    pub(super) lit: u64,
    /// Ranks of the first task that failed, and of the first that was tried again, and how many.
    pub(super) failed: Option<(usize, u64)>,
    pub(super) again: Option<(usize, u64)>,
}

/// What is to be put into boxes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// The least time that is seen, in nanoseconds.
    pub(super) visible: u64,
    /// Tasks outside of this stretch of time are left out.
    pub(super) from: u64,
    pub(super) to: u64,
    /// The group that is asked for.
    pub(super) group: Option<usize>,
}

/// One lane a worker. A box is as long as can be seen at least, unless it stands alone.
pub(super) fn lanes(trace: &Trace, cut: Cut) -> Vec<Vec<Slice>> {
    let mut workers: Vec<Vec<Piece>> = vec![Vec::new(); trace.busy().len()];
    let is_in = |t: &TaskRecord<'_>| t.ran() && t.ended >= cut.from && t.started <= cut.to;
    for t in trace.tasks().filter(is_in) {
        workers[usize::from(t.worker)].push(Piece::of(&t));
    }
    for (rank, slot) in trace.further_slots().filter(|(rank, _)| *rank < trace.len()) {
        let t = trace.task(rank);
        if is_in(&t) {
            workers[usize::from(slot)].push(Piece::of(&t));
        }
    }
    for lane in &mut workers {
        lane.sort_by_key(|p| (p.started, p.rank));
    }
    let mut cut = Cut { visible: cut.visible.max(1), ..cut };
    loop {
        let lanes: Vec<Vec<Slice>> = workers.iter().map(|w| lane(w, cut)).collect();
        let boxes: usize = lanes.iter().map(Vec::len).sum();
        // Twice as coarse halves the boxes, but one a lane is left.
        let most = MOST_BOXES.max(workers.len());
        if boxes <= most {
            return lanes;
        }
        let coarser = (boxes / most).max(2) as u64;
        cut.visible = cut.visible.saturating_mul(coarser);
    }
}

/// What is needed of a task: a million of them are gone through several times.
#[derive(Clone, Copy, Debug)]
struct Piece {
    started: u64,
    ended: u64,
    rank: usize,
    group: usize,
    failed: bool,
    again: bool,
}

impl Piece {
    fn of(t: &TaskRecord<'_>) -> Piece {
        Piece {
            started: t.started,
            ended: t.ended,
            rank: t.rank,
            group: t.group,
            failed: t.status == TaskStatus::Failed,
            again: t.attempt > 1,
        }
    }

    fn duration(&self) -> u64 {
        self.ended.saturating_sub(self.started)
    }
}

fn lane(pieces: &[Piece], cut: Cut) -> Vec<Slice> {
    let visible = cut.visible;
    let mut lane: Vec<Slice> = Vec::new();
    let mut open = Open { lit: cut.group, ..Open::default() };
    for piece in pieces {
        let small = piece.duration() < visible;
        let fits = open.slice.as_ref().is_some_and(|s| {
            small && s.to - s.from < visible && piece.started.saturating_sub(s.to) < visible
        });
        if !fits {
            lane.extend(open.close());
        }
        open.add(piece);
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
    /// The group that is asked for.
    lit: Option<usize>,
    /// Time by group, few entries.
    groups: Vec<(usize, u64)>,
}

impl Open {
    fn add(&mut self, t: &Piece) {
        let took = t.duration();
        let slice = self.slice.get_or_insert(Slice {
            from: t.started,
            to: t.ended,
            busy: 0,
            tasks: 0,
            longest: t.rank,
            group: t.group,
            lit: 0,
            failed: None,
            again: None,
        });
        slice.to = slice.to.max(t.ended);
        slice.busy += took;
        slice.tasks += 1;
        if self.lit == Some(t.group) {
            slice.lit += took;
        }
        let count = |seen: &mut Option<(usize, u64)>| seen.get_or_insert((t.rank, 0)).1 += 1;
        if t.failed {
            count(&mut slice.failed);
        }
        if t.again {
            count(&mut slice.again);
        }
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

    use tine_scheduler::{Graph, Plan, RareFact, RareKind, RunEnd, RunView, TaskTimes};

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

    /// All of a run.
    fn cut(visible: u64) -> Cut {
        Cut { visible, from: 0, to: u64::MAX, group: None }
    }

    #[test]
    fn narrow_neighbours_share_a_box_but_idle_time_parts_them() {
        let t = trace(&[(1, 3, 0), (3, 5, 0), (40, 42, 0), (50, 90, 0), (90, 91, 1)]);
        let boxes: Vec<Vec<_>> = lanes(&t, cut(10))
            .iter()
            .map(|l| l.iter().map(|s| (s.from, s.to, s.busy, s.tasks)).collect())
            .collect();
        let first = vec![(1, 5, 4, 2), (40, 42, 2, 1), (50, 90, 40, 1)];
        assert_eq!(boxes, [first, vec![(90, 91, 1, 1)]]);
    }

    #[test]
    fn a_job_of_two_cores_stands_in_both_of_its_slots() {
        let mut g = Graph::builder();
        let task = g.task("wide", [] as [&str; 0], || 1i64);
        let graph = g.build().unwrap();
        let plan = Plan::new(&graph, &[task]).unwrap();
        let started = SystemTime::UNIX_EPOCH;
        let run = RunView { plan: &plan, scheduler: "jobs", workers: 3, started };
        let times =
            [TaskTimes { started: 10, ended: 30, worker: 0, attempt: 1, ..TaskTimes::default() }];
        let also = |value| RareFact { task: 0, kind: RareKind::AlsoSlot, value };
        // A slot that there is not is none.
        let (rare, workers) = (&[also(2), also(9)], &[]);
        let end = RunEnd { times: &times, rare, lost: 0, workers, elapsed: 30, error: None };
        let t = Trace::of_run(&run, &end, Vec::new());
        let boxes: Vec<usize> = lanes(&t, cut(1)).iter().map(Vec::len).collect();
        assert_eq!((boxes, t.busy()), (vec![1, 0, 1], vec![20, 0, 20]));
        assert!((tine_profiler::Shares::of(&t).busy - 40.0 / 90.0).abs() < 1e-9);
    }

    #[test]
    fn no_task_and_no_time_is_lost() {
        let times: Vec<_> =
            (0..5_000u64).map(|i| (1 + i * 7, 1 + i * 7 + i % 7, (i % 3) as u16)).collect();
        let t = trace(&times);
        for visible in [1, 50, 100_000] {
            let all: Vec<Slice> = lanes(&t, cut(visible)).concat();
            assert_eq!(all.iter().map(|s| s.tasks).sum::<u64>(), 5_000);
            assert_eq!(all.iter().map(|s| s.busy).sum::<u64>(), t.busy().iter().sum::<u64>());
        }
    }

    #[test]
    fn a_stretch_has_its_tasks_alone() {
        let t = trace(&[(1, 3, 0), (3, 5, 0), (40, 42, 0), (50, 90, 0), (90, 91, 1)]);
        let cut = Cut { from: 41, to: 60, visible: 1, group: Some(0) };
        let found: Vec<_> = lanes(&t, cut).concat().iter().map(|s| (s.from, s.lit)).collect();
        assert_eq!(found, [(40, 2), (50, 40)]);
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
