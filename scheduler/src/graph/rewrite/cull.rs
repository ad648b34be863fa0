//! Cull: leaving out what nobody asked for.
//! It does not change the tasks that stay.

use super::super::{Graph, TaskId};
use super::assemble::select;

impl Graph {
    /// Returns the graph of what `keep` need, and of nothing else.
    ///
    /// ```
    /// use tine_scheduler::Graph;
    /// let mut g = Graph::builder();
    /// g.value("x", 1i64);
    /// g.task("y", ["x"], |x: &i64| x + 1);
    /// g.task("z", ["x"], |x: &i64| x + 2);
    /// let graph = g.build()?;
    /// let culled = graph.cull(&graph.find_all(["y"])?);
    /// assert_eq!(culled.len(), 2);
    /// assert!(culled.find(&"z".into()).is_none());
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    #[must_use]
    pub fn cull(&self, keep: &[TaskId]) -> Graph {
        let mut needed = vec![false; self.len()];
        let mut stack = keep.to_vec();
        while let Some(t) = stack.pop() {
            if !std::mem::replace(&mut needed[t.index()], true) {
                stack.extend(self.inputs(t).iter().map(|e| e.task()));
            }
        }
        select(self, |t| needed[t.index()])
    }
}
