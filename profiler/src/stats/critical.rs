//! The critical path: the chain of tasks that no number of workers makes shorter, and how much room
//! the other tasks had. It does not know how to make a task shorter.

use crate::trace::Trace;

/// A task of the critical path, and what came between it and the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The task, as its rank.
    pub task: usize,
    /// How long it ran, in nanoseconds.
    pub duration: u64,
    /// From the end of the link before (from the start of the run) until its other inputs were
    /// there, in nanoseconds.
    pub input_wait: u64,
    /// From then until it began: no worker took it yet.
    pub worker_wait: u64,
}

/// The longest chain of tasks of which each took the result of the one before.
///
/// Slack is that of the critical path method (J. E. Kelley and M. R. Walker, "Critical-path planning
/// and scheduling", 1959): one pass forward for the earliest end of every task, one backward for the
/// latest, over durations as they were and with as many workers as could be of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// From the first to the last.
    pub links: Vec<Link>,
    /// Their durations together, in nanoseconds: the run cannot be shorter, with any number of
    /// workers, unless one of them is.
    pub length: u64,
    /// What came between them: waiting for other inputs and for a worker.
    pub waits: u64,
    /// How much longer each task could have taken without making the chain longer, by rank; 0 for
    /// its own. Tasks that did not run have the room of what took nothing.
    pub slack: Vec<u64>,
    /// The least slack of the tasks that ran, by group; `None` where none ran.
    pub group_slack: Vec<Option<u64>>,
}

impl CriticalPath {
    /// The critical path of a run. Linear in tasks and dependencies.
    ///
    /// Of chains of the same length it is the one with the lowest ranks.
    ///
    /// ```
    /// # use tine_profiler::{CriticalPath, Trace};
    /// assert_eq!(CriticalPath::of(&Trace::default()).length, 0);
    /// ```
    pub fn of(trace: &Trace) -> CriticalPath {
        let forward = Forward::pass(trace);
        let slack = slack(trace, &forward);
        let mut group_slack: Vec<Option<u64>> = vec![None; trace.groups().len()];
        for task in trace.tasks().filter(|t| t.ran()) {
            let least = &mut group_slack[task.group];
            let own = slack[task.rank];
            *least = Some(least.map_or(own, |least| least.min(own)));
        }
        let links = links(trace, &forward);
        let waits = links.iter().map(|l| l.input_wait + l.worker_wait).sum();
        CriticalPath { links, length: forward.length, waits, slack, group_slack }
    }
}

/// The inputs of a task that can have been there before it: all, but in a damaged file.
fn inputs(trace: &Trace, rank: usize) -> impl Iterator<Item = usize> {
    trace.task(rank).inputs.iter().map(|&i| i as usize).filter(move |&i| i < rank)
}

/// The pass over tasks in their order, in which inputs come before what takes them.
struct Forward {
    /// The earliest end of each task.
    end: Vec<u64>,
    /// The latest of them.
    length: u64,
}

impl Forward {
    fn pass(trace: &Trace) -> Forward {
        let mut end: Vec<u64> = Vec::with_capacity(trace.len());
        for task in trace.tasks() {
            let start = inputs(trace, task.rank).map(|i| end[i]).max().unwrap_or(0);
            end.push(start.saturating_add(task.duration()));
        }
        let length = end.iter().copied().max().unwrap_or(0);
        Forward { end, length }
    }
}

/// The pass back: how far the latest end of each task is behind its earliest.
fn slack(trace: &Trace, forward: &Forward) -> Vec<u64> {
    let mut latest = vec![forward.length; trace.len()];
    for rank in (0..trace.len()).rev() {
        let start = latest[rank].saturating_sub(trace.task(rank).duration());
        for input in inputs(trace, rank) {
            latest[input] = latest[input].min(start);
        }
    }
    latest.iter().zip(&forward.end).map(|(late, early)| late.saturating_sub(*early)).collect()
}

/// The chain, from its last task back.
fn links(trace: &Trace, forward: &Forward) -> Vec<Link> {
    let last = (0..trace.len()).find(|&r| trace.task(r).ran() && forward.end[r] == forward.length);
    let mut ranks: Vec<usize> = Vec::new();
    let mut next = last;
    while let Some(rank) = next {
        ranks.push(rank);
        let ran = inputs(trace, rank).filter(|&i| trace.task(i).ran());
        next = ran.max_by_key(|&i| (forward.end[i], std::cmp::Reverse(i)));
    }
    ranks.reverse();
    let before = [0].into_iter().chain(ranks.iter().map(|&r| trace.task(r).ended));
    before.zip(&ranks).map(|(before, &rank)| link(trace, rank, before)).collect()
}

fn link(trace: &Trace, rank: usize, before: u64) -> Link {
    let task = trace.task(rank);
    // An input that was made anew may have ended after what took it before.
    let ready = task.queued.max(before).min(task.started);
    Link {
        task: rank,
        duration: task.duration(),
        input_wait: ready.saturating_sub(before),
        worker_wait: task.started - ready,
    }
}
