//! Static order: in which order one worker should run the tasks, so that results die young.
//! It runs nothing, and does not know how many workers there are.

mod dag;
mod measure;
mod paths;
mod sides;
mod sketch;
mod targets;
mod walk;

use super::{Graph, TaskId};
use crate::error::Result;
use dag::Dag;

impl Graph {
    /// The tasks and values that `outputs` need, in the order in which one worker should run them.
    ///
    /// Inputs come before the tasks that take them, and a value just before the first of these.
    /// The order depends on nothing but the graph and `outputs`. It is a heuristic in the spirit
    /// of Dask's `order`: it finishes what it has begun before it loads more.
    ///
    /// ```
    /// use tine_scheduler::Graph;
    /// let mut g = Graph::builder();
    /// let a = g.task("a", [(); 0].map(|()| ""), || 1i64);
    /// let b = g.task("b", ["a"], |a: &i64| a + 1);
    /// let unasked = g.task("c", ["a"], |a: &i64| a + 2);
    /// let graph = g.build()?;
    /// assert_eq!(graph.order(&[b])?, [a, b]);
    /// # let _ = unasked;
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    ///
    /// # Errors
    /// A cycle, which [`build`](super::GraphBuilder::build) refuses beforehand.
    pub fn order(&self, outputs: &[TaskId]) -> Result<Vec<TaskId>> {
        let dag = Dag::new(self, outputs)?;
        let tasks = walk::walk(&dag);
        let mut order = Vec::with_capacity(tasks.len());
        let mut pending = dag.needed;
        for task in tasks.into_iter().map(TaskId) {
            for edge in self.inputs(task) {
                let input = edge.task().index();
                // Every input that is a task has been written already, so what is left is a value.
                if std::mem::replace(&mut pending[input], false) {
                    order.push(edge.task());
                }
            }
            pending[task.index()] = false;
            order.push(task);
        }
        order.extend(self.tasks().filter(|t| pending[t.index()]));
        Ok(order)
    }

    /// Whether `order` holds no task twice, and every task after all of its inputs.
    pub fn is_topological(&self, order: &[TaskId]) -> bool {
        let mut seen = vec![false; self.len()];
        order.iter().all(|&t| {
            let ready = self.inputs(t).iter().all(|e| seen[e.task().index()]);
            ready && !std::mem::replace(&mut seen[t.index()], true)
        })
    }
}
