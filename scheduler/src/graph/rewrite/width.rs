//! Which parts of reductions to put together, by their average width, after Dask's `fuse`.
//! It does not know how they are put together.

use super::super::{Dependents, Graph, TaskId};
use super::assemble::Rules;

/// A part of the graph that ends in one task, and could be fused further.
struct Part {
    /// Levels of tasks on top of each other.
    height: f64,
    /// Tasks without inner inputs.
    width: f64,
    nodes: f64,
    /// Parallelism that may lie across the border of the part.
    fudge: f64,
    /// Tasks outside whose results are taken inside, each once, sorted.
    edges: Vec<TaskId>,
}

/// Bounds of a part, as Dask derives them from the average width.
struct Bounds {
    average: f64,
    width: f64,
    /// Parts of this height are not joined by an edge from outside.
    height_with_new_edges: f64,
}

/// For every task whether it is to run inside its only user.
pub(super) fn merged(
    graph: &Graph,
    rules: &Rules<'_>,
    users: &Dependents,
    average: f64,
) -> Vec<bool> {
    let bounds = Bounds {
        average,
        width: 1.5 + average * (average + 1.0).ln(),
        height_with_new_edges: average * 1.5,
    };
    let mut merged: Vec<bool> = graph
        .tasks()
        .map(|t| graph.datum(t).is_none() && rules.sole_user(users, t).is_some())
        .collect();
    let mut parts: Vec<Option<Part>> = Vec::new();
    parts.resize_with(graph.len(), || None);
    let mut inputs = Vec::new();
    for t in inputs_first(graph) {
        Dependents::distinct_inputs(graph, t, &mut inputs);
        let (inner, edges): (Vec<TaskId>, Vec<TaskId>) =
            inputs.iter().copied().partition(|i| merged[i.index()]);
        let children: Vec<Part> = inner.iter().filter_map(|i| parts[i.index()].take()).collect();
        let part = if inner.is_empty() {
            Part { height: 1.0, width: 1.0, nodes: 1.0, fudge: 0.0, edges }
        } else {
            let (part, fuses) = bounds.join(children, edges);
            if !fuses {
                for i in inner {
                    merged[i.index()] = false;
                }
            }
            part
        };
        if merged[t.index()] {
            parts[t.index()] = Some(part);
        }
    }
    merged
}

/// All tasks, inputs first.
fn inputs_first(graph: &Graph) -> Vec<TaskId> {
    let tasks: Vec<TaskId> = graph.tasks().collect();
    if graph.is_topological(&tasks) {
        return tasks;
    }
    graph.order(&tasks).expect("`GraphBuilder::build` refuses cycles")
}

impl Bounds {
    /// The part that ends in a task which takes the results of `children` and of `edges`, and
    /// whether they are to be fused with it.
    fn join(&self, children: Vec<Part>, mut edges: Vec<TaskId>) -> (Part, bool) {
        let single = children.len() == 1;
        let leaves = children.iter().filter(|c| c.height <= 1.0).count();
        let most_edges = children.iter().map(|c| c.edges.len()).max().unwrap_or(0);
        let height = children.iter().map(|c| c.height).fold(1.0, f64::max);
        let width: f64 = children.iter().map(|c| c.width).sum();
        let nodes: f64 = children.iter().map(|c| c.nodes).sum();
        let mut fudge: f64 = children.iter().map(|c| c.fudge).sum();
        let others = count(children.len() - 1);
        let mut inner_edges: Vec<TaskId> = children.into_iter().flat_map(|c| c.edges).collect();
        inner_edges.sort_unstable();
        inner_edges.dedup();
        if !single {
            fudge += others.min(count(inner_edges.len() - most_edges));
        }
        if !inner_edges.is_empty() {
            fudge = fudge.min(count(inner_edges.len() - 1));
        }
        let before = inner_edges.len();
        edges.extend(inner_edges);
        edges.sort_unstable();
        edges.dedup();
        let no_new_edges = edges.len() == before;
        if !no_new_edges {
            fudge += 1.0;
        }
        let fuses = (nodes + fudge) / height <= self.average
            && (no_new_edges || height < self.height_with_new_edges)
            && (single || (count(leaves) <= self.average && width <= self.width));
        let part = if fuses {
            let grown = if single && no_new_edges { 0.0 } else { 1.0 };
            Part { height: height + grown, width, nodes: nodes + grown, fudge, edges }
        } else {
            // The task may still be fused upwards, but counts what lies below it as parallelism.
            let fudge = fudge.min((self.average - 1.0).floor());
            let width = if single { width } else { width.min(self.width) };
            Part { height: 1.0, width, nodes: 1.0, fudge, edges }
        };
        (part, fuses)
    }
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
