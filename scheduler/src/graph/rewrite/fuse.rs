//! Fuse: putting tasks together that hand one value on, so that it is handed on in memory.
//! It does not know what tasks do; see `compound` for how a fused task runs.

use super::super::{Dependents, Graph, TaskId};
use super::assemble::{Rules, assemble};
use super::width;

/// Which tasks are put together.
///
/// In all cases a task that is to be kept, or whose result two tasks take, stays a task of its own;
/// so does one whose failure is caught, that has other tags than its user, or that takes more than
/// 64 inputs, which are read one at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fusion {
    /// Linear chains: a task that takes the result of one task, which no other takes. Nothing that
    /// could run at the same time is put together.
    Chains,
    /// Layers of the same grid: a task and the one of the same index that alone takes its result.
    /// A stack of blockwise layers becomes one task a block, with one shared body.
    Blocks,
    /// Reductions, up to this average width of the fused part: 1 for chains alone, 2 for pairs, and
    /// so on. Saves tasks at the price of parallelism.
    Width(f64),
}

impl Graph {
    /// Returns the graph with tasks put together, with the same values under the keys of `keep`.
    ///
    /// A fused task that is not to be kept is called after all groups that are in it:
    /// `read-parse-sum(3)`. An error inside names the inner task.
    ///
    /// ```
    /// use tine_scheduler::{Fusion, Graph, Serial, get};
    /// let mut g = Graph::builder();
    /// g.task("a", None::<&str>, || 1i64);
    /// g.task("b", ["a"], |a: &i64| a + 1);
    /// g.task("c", ["b"], |b: &i64| b * 10);
    /// let graph = g.build()?;
    /// let fused = graph.fuse(&graph.find_all(["c"])?, Fusion::Chains);
    /// assert_eq!(fused.len(), 1);
    /// assert_eq!(get(&fused, ["c"], &Serial::new())?.get::<i64>(0)?, 20);
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    #[must_use]
    pub fn fuse(&self, keep: &[TaskId], fusion: Fusion) -> Graph {
        let rules = Rules::new(self, keep);
        let users = self.dependents();
        let merged = match fusion {
            Fusion::Chains => self.chains(&rules, &users),
            Fusion::Blocks => self.blocks(&rules, &users),
            Fusion::Width(average) => width::merged(self, &rules, &users, average),
        };
        assemble(self, &rules.kept, &merged, |t| rules.kept[t.index()])
    }

    fn chains(&self, rules: &Rules<'_>, users: &Dependents) -> Vec<bool> {
        let mut inputs = Vec::new();
        self.merged(rules, users, |_, user| {
            Dependents::distinct_inputs(self, user, &mut inputs);
            inputs.iter().filter(|&&i| self.datum(i).is_none()).count() == 1
        })
    }

    fn blocks(&self, rules: &Rules<'_>, users: &Dependents) -> Vec<bool> {
        self.merged(rules, users, |task, user| {
            self.index_in_group(task) == self.index_in_group(user)
                && self.group(self.group_of(task)).is_aligned(self.group(self.group_of(user)))
        })
    }

    /// For every task whether it has one user, into which it can be merged, and `rule` agrees.
    fn merged(
        &self,
        rules: &Rules<'_>,
        users: &Dependents,
        mut rule: impl FnMut(TaskId, TaskId) -> bool,
    ) -> Vec<bool> {
        let mut one = |t| {
            self.datum(t).is_none() && rules.sole_user(users, t).is_some_and(|user| rule(t, user))
        };
        self.tasks().map(&mut one).collect()
    }
}
