//! A recorded run beside a shape: which record is whose.
//! It draws nothing and judges nothing.

use std::collections::HashMap;

use tine_profiler::{TaskFacts, TaskRecord, Trace};

use super::Shape;

const ABSENT: u32 = u32::MAX;
/// A hole of this many positions is still worth a dense table.
const SLACK: usize = 1024;

/// A trace, and the rank in it of each task of a shape.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) trace: &'a Trace,
    ranks: Vec<u32>,
}

impl<'a> Run<'a> {
    /// Finds the tasks of `shape` in `trace` by group and position.
    pub(super) fn new(shape: &Shape, trace: &'a Trace) -> Run<'a> {
        let ranks = match is_made_of(shape, trace) {
            true => (0..).take(shape.len()).collect(),
            false => find(shape, trace),
        };
        Run { trace, ranks }
    }

    /// The rank of a task; `None` for one that was not in the run, as values are not.
    fn rank(&self, task: usize) -> Option<usize> {
        Some(self.ranks[task]).filter(|&r| r != ABSENT).map(|r| r as usize)
    }

    /// The record of a task.
    pub(super) fn record(&self, task: usize) -> Option<TaskRecord<'a>> {
        self.rank(task).map(|r| self.trace.task(r))
    }

    /// What was measured of a task beyond its times.
    pub(super) fn facts(&self, task: usize) -> TaskFacts {
        self.rank(task).map(|r| self.trace.facts(r)).unwrap_or_default()
    }
}

/// Whether the tasks of both are the same in the same order.
fn is_made_of(shape: &Shape, trace: &Trace) -> bool {
    let groups = || shape.groups().iter().zip(trace.groups()).all(|(a, b)| *a == b.name);
    let same = |(t, r): (usize, TaskRecord<'_>)| {
        shape.group_of(t) == r.group && shape.position(t) == r.position
    };
    shape.len() == trace.len() && groups() && trace.tasks().enumerate().all(same)
}

/// The tasks of one group of a trace by position.
#[derive(Default)]
struct Members<'a> {
    count: usize,
    dense: Vec<u32>,
    sparse: HashMap<&'a [u32], u32>,
}

impl Members<'_> {
    fn rank(&self, position: &[u32]) -> u32 {
        if let [p] = position
            && let Some(&rank) = self.dense.get(*p as usize)
            && rank != ABSENT
        {
            return rank;
        }
        self.sparse.get(position).copied().unwrap_or(ABSENT)
    }
}

fn find(shape: &Shape, trace: &Trace) -> Vec<u32> {
    let mut groups: Vec<Members<'_>> = Vec::new();
    groups.resize_with(trace.groups().len(), Members::default);
    trace.tasks().for_each(|t| groups[t.group].count += 1);
    for (rank, t) in (0..).zip(trace.tasks()) {
        let group = &mut groups[t.group];
        match t.position {
            [p] if (*p as usize) < 4 * group.count + SLACK => {
                let p = *p as usize;
                if group.dense.len() <= p {
                    group.dense.resize(p + 1, ABSENT);
                }
                group.dense[p] = rank;
            }
            position => drop(group.sparse.insert(position, rank)),
        }
    }
    let by_name: HashMap<&str, &Members<'_>> =
        trace.groups().iter().map(|g| g.name.as_str()).zip(&groups).collect();
    let of_group: Vec<_> = shape.groups().iter().map(|g| by_name.get(g.as_str())).collect();
    let rank = |t: usize| of_group[shape.group_of(t)].map_or(ABSENT, |m| m.rank(shape.position(t)));
    (0..shape.len()).map(rank).collect()
}
