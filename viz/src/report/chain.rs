//! The longest chain of tasks that wait for one another, and how much later each group could have
//! ended without making it longer. It knows no workers: the chain is what no worker more would cut.

use tine_profiler::{TaskRecord, Trace};

/// The longest chain of a run.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// Ranks of its tasks, the first first.
    pub(super) tasks: Vec<usize>,
    /// Its length in nanoseconds.
    pub(super) length: u64,
    /// What each group has to do with it, parallel to [`Trace::groups`].
    pub(super) groups: Vec<Share>,
}

/// What a group has to do with the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    /// How many of its tasks are in the chain.
    pub(super) tasks: u64,
    /// Their time in nanoseconds.
    pub(super) time: u64,
    /// By how many nanoseconds its most urgent task could have ended later; `None` where none ran.
    pub(super) slack: Option<u64>,
}

impl Chain {
    pub(super) fn new(trace: &Trace) -> Chain {
        let early = early_ends(trace);
        let length = early.iter().copied().max().unwrap_or(0);
        let mut chain = Chain { length, tasks: walk_back(trace, &early), ..Chain::default() };
        chain.groups = vec![Share::default(); trace.groups().len()];
        for (rank, late) in late_ends(trace, length).into_iter().enumerate() {
            let t = trace.task(rank);
            if t.ran() {
                let slack = late.saturating_sub(early[rank]);
                let now = &mut chain.groups[t.group].slack;
                *now = Some(now.map_or(slack, |s| s.min(slack)));
            }
        }
        for &rank in &chain.tasks {
            let t = trace.task(rank);
            chain.groups[t.group].tasks += 1;
            chain.groups[t.group].time += t.duration();
        }
        chain
    }
}

/// The tasks whose results one takes. Ranks are a topological order, so that inputs come before.
fn inputs<'a>(t: &TaskRecord<'a>) -> impl Iterator<Item = usize> + use<'a> {
    let rank = t.rank;
    t.inputs.iter().map(|&i| i as usize).filter(move |&i| i < rank)
}

/// When each task could have ended, had it never waited for a worker.
fn early_ends(trace: &Trace) -> Vec<u64> {
    let mut ends: Vec<u64> = Vec::with_capacity(trace.len());
    for t in trace.tasks() {
        let ready = inputs(&t).map(|i| ends[i]).max().unwrap_or(0);
        ends.push(ready.saturating_add(t.duration()));
    }
    ends
}

/// When each task must have ended, for the last to end at `length`.
fn late_ends(trace: &Trace, length: u64) -> Vec<u64> {
    let mut ends = vec![length; trace.len()];
    for rank in (0..trace.len()).rev() {
        let t = trace.task(rank);
        let start = ends[rank].saturating_sub(t.duration());
        for i in inputs(&t) {
            ends[i] = ends[i].min(start);
        }
    }
    ends
}

fn walk_back(trace: &Trace, early: &[u64]) -> Vec<usize> {
    // The first of equals, for the same chain every time.
    let last = (0..early.len()).reduce(|a, b| if early[b] > early[a] { b } else { a });
    let mut chain: Vec<usize> = Vec::new();
    let mut next = last.filter(|&r| early[r] > 0);
    while let Some(rank) = next {
        let t = trace.task(rank);
        if t.ran() {
            chain.push(rank);
        }
        let first = |a: usize, b: usize| if early[b] > early[a] { b } else { a };
        next = inputs(&t).reduce(first).filter(|&r| early[r] > 0);
    }
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made;

    #[test]
    fn finds_the_longest_chain_and_the_slack_beside_it() {
        //        long (70)
        //       /         \
        // a (10)           end (5)
        //       \         /
        //        short (20)
        let trace = made::diamond();
        let chain = Chain::new(&trace);
        let name = |&r: &usize| trace.key(&trace.task(r)).to_string();
        assert_eq!(chain.tasks.iter().map(name).collect::<Vec<_>>(), ["a", "long", "end"]);
        assert_eq!(chain.length, 85);
        let of = |name: &str| {
            let at = trace.groups().iter().position(|g| g.name == name).unwrap();
            chain.groups[at]
        };
        assert_eq!(of("long"), Share { tasks: 1, time: 70, slack: Some(0) });
        assert_eq!(of("short"), Share { tasks: 0, time: 0, slack: Some(50) });
        assert_eq!(of("end").slack, Some(0));
        assert!(Chain::new(&Trace::default()).tasks.is_empty());
    }
}
