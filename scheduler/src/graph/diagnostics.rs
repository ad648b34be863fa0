//! What an order costs: one worker replayed, results counted.
//! It knows no bytes and no time; a result is a result.

use super::{Dependents, Graph, TaskId};

/// What happens to one task and its result when one worker runs tasks in a given order.
///
/// All numbers are counts, of steps or of results held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskMetrics {
    /// The task.
    pub task: TaskId,
    /// Its place in the order, from 0.
    pub order: usize,
    /// For how many steps its result is held; 0 for one that nobody takes.
    pub age: usize,
    /// Results held when it starts: the memory pressure at that step.
    pub num_data_when_run: usize,
    /// Results held when its result is released.
    pub num_data_when_released: usize,
    /// How many results it releases.
    pub num_dependencies_freed: usize,
}

impl Graph {
    /// Simulates one worker that runs `order`, as Dask's `order.diagnostics` does.
    ///
    /// Inputs that are not in `order` are taken as being there at no cost.
    ///
    /// ```
    /// use tine_scheduler::{Graph, max_pressure};
    /// let mut g = Graph::builder();
    /// g.value("x", 1i64);
    /// g.task("y", ["x"], |x: &i64| x + 1);
    /// let z = g.task("z", ["x", "y"], |x: &i64, y: &i64| x + y);
    /// let graph = g.build()?;
    /// let metrics = graph.diagnostics(&graph.order(&[z])?);
    /// assert_eq!(metrics[0].age, 2);
    /// assert_eq!(max_pressure(&metrics), 2);
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    pub fn diagnostics(&self, order: &[TaskId]) -> Vec<TaskMetrics> {
        const ABSENT: usize = usize::MAX;
        let mut step = vec![ABSENT; self.len()];
        for (i, t) in order.iter().enumerate() {
            step[t.index()] = i;
        }
        let dependents = self.dependents();
        let users = |t: TaskId| dependents.of(t).iter().filter(|u| step[u.index()] != ABSENT);
        let mut waiting: Vec<usize> = order.iter().map(|&t| users(t).count()).collect();
        let mut metrics: Vec<TaskMetrics> = Vec::with_capacity(order.len());
        let mut held = 0;
        let mut inputs = Vec::new();
        for (i, &task) in order.iter().enumerate() {
            let mut freed = 0;
            Dependents::distinct_inputs(self, task, &mut inputs);
            for d in inputs.iter().map(|d| step[d.index()]).filter(|&d| d < i) {
                waiting[d] -= 1;
                if waiting[d] == 0 {
                    metrics[d].age = i - d;
                    metrics[d].num_data_when_released = held;
                    freed += 1;
                }
            }
            metrics.push(TaskMetrics {
                task,
                order: i,
                age: 0,
                num_data_when_run: held,
                num_data_when_released: held,
                num_dependencies_freed: freed,
            });
            held = held - freed + usize::from(waiting[i] > 0);
        }
        metrics
    }
}

/// The largest number of results that are held when a task starts.
pub fn max_pressure(metrics: &[TaskMetrics]) -> usize {
    metrics.iter().map(|m| m.num_data_when_run).max().unwrap_or(0)
}
