//! Inline: running chosen tasks inside every task that takes them, instead of once.
//! It does not choose.

use super::super::{Graph, TaskId};
use super::assemble::{Rules, assemble};

impl Graph {
    /// Returns the graph in which the tasks and values that `chosen` names run inside every task
    /// that takes them.
    ///
    /// Good for values, and for functions that cost less than handing their result over. Tasks of
    /// `keep` stay as tasks of their own too. What cannot run inside one of its users (see
    /// [`Fusion`](super::Fusion)) stays as it is.
    ///
    /// ```
    /// use tine_scheduler::Graph;
    /// let mut g = Graph::builder();
    /// let x = g.task("x", None::<&str>, || 2i64);
    /// let y = g.task("y", ["x"], |x: &i64| x + 1);
    /// let z = g.task("z", ["x"], |x: &i64| x + 2);
    /// let inlined = g.build()?.inline(&[y, z], |t| t == x);
    /// assert_eq!(inlined.len(), 2);
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    #[must_use]
    pub fn inline(&self, keep: &[TaskId], chosen: impl Fn(TaskId) -> bool) -> Graph {
        let rules = Rules::new(self, keep);
        let users = self.dependents();
        let merges = |t: TaskId| {
            let users = users.of(t);
            chosen(t) && !users.is_empty() && users.iter().all(|&u| rules.may_merge(t, u))
        };
        let merged: Vec<bool> = self.tasks().map(merges).collect();
        assemble(self, &rules.kept, &merged, |_| true)
    }

    /// Returns the graph in which values are part of the tasks that take them.
    #[must_use]
    pub fn inline_constants(&self, keep: &[TaskId]) -> Graph {
        self.inline(keep, |t| self.datum(t).is_some())
    }
}
