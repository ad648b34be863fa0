//! Static order.

use super::{Graph, TaskId};
use crate::error::Result;

impl Graph {
    /// The tasks that `outputs` need, in the order in which one worker should run them.
    ///
    /// # Errors
    /// A cycle.
    pub fn order(&self, outputs: &[TaskId]) -> Result<Vec<TaskId>> {
        let mut seen = vec![false; self.len()];
        let mut order = Vec::new();
        for &o in outputs {
            let mut stack = vec![(o, 0)];
            while let Some((t, i)) = stack.pop() {
                if i == 0 && std::mem::replace(&mut seen[t.index()], true) {
                    continue;
                }
                match self.inputs(t).get(i) {
                    Some(e) => {
                        stack.push((t, i + 1));
                        if !seen[e.task().index()] {
                            stack.push((e.task(), 0));
                        }
                    }
                    None => order.push(t),
                }
            }
        }
        Ok(order)
    }
}
