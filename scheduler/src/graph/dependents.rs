//! The edges of a graph the other way round: who takes the result of a task.
//! It does not know what a task does with it.

use super::{Graph, TaskId};

/// Who takes the result of each task: each user once, in the order of their ids.
#[derive(Clone, Debug)]
pub struct Dependents {
    start: Vec<u32>,
    users: Vec<TaskId>,
}

impl Dependents {
    /// The tasks that take the result of `task`.
    pub fn of(&self, task: TaskId) -> &[TaskId] {
        let (start, end) = (self.start[task.index()], self.start[task.index() + 1]);
        &self.users[start as usize..end as usize]
    }

    /// Writes the inputs of `task` to `out`, each once, in the order of their ids.
    pub(super) fn distinct_inputs(graph: &Graph, task: TaskId, out: &mut Vec<TaskId>) {
        out.clear();
        out.extend(graph.inputs(task).iter().map(|e| e.task()));
        if !out.is_sorted() {
            out.sort_unstable();
        }
        out.dedup();
    }
}

impl Graph {
    /// Who takes the result of each task.
    ///
    /// ```
    /// use tine_scheduler::Graph;
    /// let mut g = Graph::builder();
    /// let x = g.value("x", 2i64);
    /// let y = g.task("y", ["x", "x"], |a: &i64, b: &i64| a * b);
    /// assert_eq!(g.build()?.dependents().of(x), [y]);
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    pub fn dependents(&self) -> Dependents {
        let mut start = vec![0u32; self.len() + 1];
        let mut inputs = Vec::new();
        for t in self.tasks() {
            Dependents::distinct_inputs(self, t, &mut inputs);
            for input in &inputs {
                start[input.index() + 1] += 1;
            }
        }
        for i in 0..self.len() {
            start[i + 1] += start[i];
        }
        let mut next = start.clone();
        let mut users = vec![TaskId(0); start[self.len()] as usize];
        for t in self.tasks() {
            Dependents::distinct_inputs(self, t, &mut inputs);
            for input in &inputs {
                let slot = &mut next[input.index()];
                users[*slot as usize] = t;
                *slot += 1;
            }
        }
        Dependents { start, users }
    }
}
