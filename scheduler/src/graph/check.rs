//! What a finished graph must hold to: types that fit, and no cycle.
//! It does not know how the graph was built.

use super::body::TaskBody;
use super::{Edge, Graph, TaskId};
use crate::error::{Error, ErrorKind, Result};

impl Graph {
    pub(super) fn check_types(&self) -> Result<()> {
        for t in self.tasks() {
            let inputs = self.inputs(t);
            let body = self.body(t);
            let problem = match body.arity() {
                Some(n) if n != inputs.len() => {
                    Some(format!("takes {n} inputs but was given {}", inputs.len()))
                }
                _ => self.first_mismatch(inputs, &**body),
            };
            if let Some(message) = problem {
                return Err(Error::new(ErrorKind::TypeMismatch, message)
                    .in_task(self.key(t), Some(self.created_at(t))));
            }
        }
        Ok(())
    }

    fn first_mismatch(&self, inputs: &[Edge], body: &dyn TaskBody) -> Option<String> {
        inputs.iter().enumerate().find_map(|(i, edge)| {
            let want = body.input_type(i)?;
            let have = self.body(edge.task()).output_type();
            (want != have).then(|| {
                let name = self.key(edge.task());
                format!("input {i} is `{name}` of type {have:?}, but the task takes {want:?}")
            })
        })
    }

    pub(super) fn check_acyclic(&self) -> Result<()> {
        match self.find_cycle() {
            None => Ok(()),
            Some(path) => {
                let names: Vec<_> = path.iter().map(|&t| self.key(t).to_string()).collect();
                Err(Error::new(ErrorKind::Cycle, format!("Cycle detected: {}", names.join(" -> "))))
            }
        }
    }

    /// A cycle as the tasks along it, the first one also last; by depth-first search.
    fn find_cycle(&self) -> Option<Vec<TaskId>> {
        const NEW: u32 = u32::MAX;
        const DONE: u32 = u32::MAX - 1;
        let mut seen = vec![NEW; self.len()];
        let mut path: Vec<TaskId> = Vec::new();
        for root in self.tasks() {
            if seen[root.index()] == NEW {
                seen[root.index()] = 0;
                path.push(root);
            }
            while let Some(&t) = path.last() {
                let next = seen[t.index()] as usize;
                let Some(edge) = self.inputs(t).get(next) else {
                    seen[t.index()] = DONE;
                    path.pop();
                    continue;
                };
                seen[t.index()] += 1;
                let input = edge.task();
                match seen[input.index()] {
                    NEW => {
                        seen[input.index()] = 0;
                        path.push(input);
                    }
                    DONE => {}
                    _ => {
                        let from = path.iter().position(|&p| p == input)?;
                        let mut cycle = path.split_off(from);
                        cycle.push(input);
                        return Some(cycle);
                    }
                }
            }
        }
        None
    }
}
