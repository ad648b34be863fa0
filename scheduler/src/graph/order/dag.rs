//! The part of a graph that has to be ordered, as dense arrays: inputs and dependents without
//! values and repetitions. It does not know what a good order is.

use super::super::{Graph, TaskId};
use crate::error::{Error, ErrorKind, Result};

/// Rows of task numbers of different length, end to end in one vector.
#[derive(Debug, Default)]
pub(super) struct Rows {
    start: Vec<u32>,
    items: Vec<u32>,
}

impl Rows {
    pub(super) fn row(&self, i: u32) -> &[u32] {
        &self.items[self.start[i as usize] as usize..self.start[i as usize + 1] as usize]
    }

    pub(super) fn len_of(&self, i: u32) -> u32 {
        self.start[i as usize + 1] - self.start[i as usize]
    }

    fn end_row(&mut self) {
        self.start.push(u32::try_from(self.items.len()).expect("fewer than 2^32 edges"));
    }

    /// The rows the other way round: `j` is in row `i` here where `i` is in row `j` of `self`.
    pub(super) fn transposed(&self) -> Rows {
        let n = self.start.len() - 1;
        let mut start = vec![0u32; n + 1];
        for &i in &self.items {
            start[i as usize + 1] += 1;
        }
        for i in 0..n {
            start[i + 1] += start[i];
        }
        let mut next = start.clone();
        let mut items = vec![0u32; self.items.len()];
        for (user, bounds) in (0..).zip(self.start.windows(2)) {
            for &i in &self.items[bounds[0] as usize..bounds[1] as usize] {
                items[next[i as usize] as usize] = user;
                next[i as usize] += 1;
            }
        }
        Rows { start, items }
    }
}

/// The tasks that are needed, with what they need and who needs them.
#[derive(Debug)]
pub(super) struct Dag {
    /// Inputs that are tasks, each once.
    pub(super) deps: Rows,
    /// Needed tasks that take the result, each once.
    pub(super) outs: Rows,
    /// The needed tasks, inputs first.
    pub(super) sorted: Vec<u32>,
    /// Whether this is a task or a value that is needed.
    pub(super) needed: Vec<bool>,
}

impl Dag {
    /// Cuts out of `graph` what `outputs` need.
    pub(super) fn new(graph: &Graph, outputs: &[TaskId]) -> Result<Dag> {
        let backwards = graph.tasks().all(|t| graph.inputs(t).iter().all(|e| e.task() < t));
        let needed = if backwards { sweep(graph, outputs) } else { search(graph, outputs) };
        let deps = dependencies(graph, &needed);
        let outs = deps.transposed();
        let is_task = |t: &u32| {
            let task = TaskId(*t);
            needed[task.index()] && graph.datum(task).is_none()
        };
        let tasks = (0..u32::try_from(graph.len()).expect("fewer than 2^32 tasks")).filter(is_task);
        let sorted =
            if backwards { tasks.collect() } else { topological(&deps, &outs, tasks.collect())? };
        Ok(Dag { deps, outs, sorted, needed })
    }
}

/// What is needed, where every input has a lower number than the task.
fn sweep(graph: &Graph, outputs: &[TaskId]) -> Vec<bool> {
    let mut needed = vec![false; graph.len()];
    for &o in outputs {
        needed[o.index()] = true;
    }
    for t in (0..graph.len()).rev().map(TaskId::from_index) {
        if needed[t.index()] {
            for e in graph.inputs(t) {
                needed[e.task().index()] = true;
            }
        }
    }
    needed
}

/// What is needed, in any numbering.
fn search(graph: &Graph, outputs: &[TaskId]) -> Vec<bool> {
    let mut needed = vec![false; graph.len()];
    let mut stack = outputs.to_vec();
    while let Some(t) = stack.pop() {
        if !std::mem::replace(&mut needed[t.index()], true) {
            stack.extend(graph.inputs(t).iter().map(|e| e.task()));
        }
    }
    needed
}

/// The inputs that are tasks, each once, of every needed task.
fn dependencies(graph: &Graph, needed: &[bool]) -> Rows {
    let mut rows = Rows { start: Vec::with_capacity(graph.len() + 1), items: Vec::new() };
    rows.start.push(0);
    let mut is_value = vec![false; graph.len()];
    for t in graph.tasks() {
        is_value[t.index()] = graph.inputs(t).is_empty() && graph.datum(t).is_some();
    }
    // The last task that was seen to take each input, so that one that stands there twice counts
    // once. Only needed where inputs do not come in rising order.
    let mut seen_by = Vec::new();
    for t in graph.tasks().filter(|t| needed[t.index()]) {
        while rows.start.len() <= t.index() {
            rows.end_row();
        }
        let inputs = graph.inputs(t);
        let rising = inputs.windows(2).all(|w| w[0].task() < w[1].task());
        if !rising && seen_by.is_empty() {
            seen_by = vec![u32::MAX; graph.len()];
        }
        for e in inputs {
            let i = e.task().index();
            let new = rising || std::mem::replace(&mut seen_by[i], t.0) != t.0;
            if new && !is_value[i] {
                rows.items.push(e.task().0);
            }
        }
        rows.end_row();
    }
    while rows.start.len() <= graph.len() {
        rows.end_row();
    }
    rows
}

/// `tasks`, inputs first, by Kahn's algorithm.
fn topological(deps: &Rows, outs: &Rows, tasks: Vec<u32>) -> Result<Vec<u32>> {
    let mut missing: Vec<u32> =
        (0..).zip(deps.start.windows(2)).map(|(t, _)| deps.len_of(t)).collect();
    let mut sorted: Vec<u32> = tasks.iter().copied().filter(|&t| deps.len_of(t) == 0).collect();
    let mut next = 0;
    while let Some(&t) = sorted.get(next) {
        next += 1;
        for &o in outs.row(t) {
            missing[o as usize] -= 1;
            if missing[o as usize] == 0 {
                sorted.push(o);
            }
        }
    }
    if sorted.len() < tasks.len() {
        // `GraphBuilder::build` refuses cycles and prints their path.
        return Err(Error::new(ErrorKind::Cycle, "Cycle detected in a graph that was built"));
    }
    Ok(sorted)
}
