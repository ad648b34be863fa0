//! What a lazy value asks of a run, and how it gets its results: in the same order.
//! They do not know what the results mean.

use std::panic::Location;
use std::sync::Arc;

use tine_scheduler::{Graph, Outputs, Plan, Result, Scheduler, TaskId, Value, observers};

use crate::assemble::{Assembled, assemble};
use crate::node::{Input, Node};

/// The nodes that lazy values want computed, in the order in which they asked.
#[derive(Debug, Default)]
pub struct Request {
    roots: Vec<Input>,
}

impl Request {
    /// Asks for one result.
    pub fn want(&mut self, root: Input) {
        self.roots.push(root);
    }

    /// What has been asked for.
    pub fn roots(&self) -> &[Input] {
        &self.roots
    }

    /// Builds the one graph of all that was asked for.
    ///
    /// # Errors
    /// As [`assemble`].
    pub fn assemble(&self) -> Result<Assembled> {
        assemble(&self.roots)
    }

    /// Computes what was asked for, without a run where nothing was.
    ///
    /// # Errors
    /// A wrong graph, or the failed task that is first in static order.
    pub fn run(&self, scheduler: &dyn Scheduler) -> Result<Answer> {
        let Assembled { graph, outputs: tasks } = self.assemble()?;
        let outputs = match tasks.is_empty() {
            true => Outputs::default(),
            false => scheduler.run(&Plan::new(&graph, &tasks)?, &observers())?,
        };
        Ok(Answer { roots: self.roots.clone(), graph, tasks, outputs, next: 0 })
    }
}

/// The results of a run, taken one after the other in the order in which they were asked for.
#[derive(Debug)]
pub struct Answer {
    roots: Vec<Input>,
    graph: Graph,
    tasks: Vec<TaskId>,
    outputs: Outputs,
    next: usize,
}

impl Answer {
    /// The next result.
    ///
    /// # Errors
    /// A result of another type.
    ///
    /// # Panics
    /// If more is taken than was asked for.
    pub fn take<T: Value>(&mut self) -> Result<T> {
        self.next += 1;
        self.outputs.take(self.next - 1)
    }

    /// The next result as a node that holds it: it stays where it is, and keeps its key and the
    /// place where its task was created.
    ///
    /// # Errors
    /// A result of another type.
    ///
    /// # Panics
    /// If more is taken than was asked for.
    #[track_caller]
    pub fn hold<T: Value>(&mut self) -> Result<Arc<Node>> {
        let i = self.next;
        self.next += 1;
        let place = self.roots[i].node().place().unwrap_or(Location::caller());
        Ok(Node::held::<T>(self.graph.key(self.tasks[i]), place, self.outputs.datum::<T>(i)?))
    }
}
