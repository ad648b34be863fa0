//! Tasks that wait for others and pass nothing on.
//! It does not know what it waits for.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;

use super::port::Port;
use super::{Edge, Graph, GroupId, Key, Origin, TaskBody, TaskId};
use crate::context::{Finished, TaskContext};
use crate::error::{Error, ErrorKind, Result};
use crate::value::TypeTag;

/// A task that reads none of its inputs.
struct Barrier;

impl TaskBody for Barrier {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish(())
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<()>()
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<()>())
    }
}

impl Graph {
    /// Returns the graph with a task `name` that gives `()` when all of `tasks` have run, without
    /// holding their results until then.
    ///
    /// Each task gets a barrier of its own, and barriers are joined `split_every` at a time;
    /// `None` joins all at once. Dask's default is 8.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a `split_every` below 2, [`ErrorKind::DuplicateKey`] where the
    /// graph has a task or a group of this name.
    #[track_caller]
    pub fn checkpoint(
        &self,
        name: &str,
        tasks: &[TaskId],
        split_every: Option<usize>,
    ) -> Result<Graph> {
        if let Some(n @ ..2) = split_every {
            let message = format!("split_every must be at least 2, or None, and is {n}");
            return Err(Error::new(ErrorKind::Config, message));
        }
        let names = [name.to_owned(), format!("{name}-wait"), format!("{name}-join")];
        if let Some(taken) = names.iter().find(|n| self.groups.id(n).is_some()) {
            let message = format!("the graph has a group `{taken}` already");
            return Err(Error::new(ErrorKind::DuplicateKey, message));
        }
        let mut graph = self.clone();
        let place = Location::caller();
        graph.origin_table.push(Origin { place, tags: super::annotations() });
        let [end, wait, join] = names;
        let (wait, join) = (graph.groups.line(&wait), graph.groups.line(&join));
        let mut open: VecDeque<TaskId> = tasks.iter().map(|&t| graph.barrier(wait, [t])).collect();
        let most = split_every.unwrap_or(usize::MAX);
        while open.len() > most {
            let some: Vec<_> = open.drain(..most).collect();
            open.push_back(graph.barrier(join, some));
        }
        let (end, _) = graph.groups.place(&Key::from(end));
        graph.barrier(end, open);
        Ok(graph)
    }

    fn barrier(&mut self, group: GroupId, inputs: impl IntoIterator<Item = TaskId>) -> TaskId {
        let narrow = |n: usize| u32::try_from(n).expect("a graph has fewer than 2^32 edges");
        let task = TaskId::from_index(self.bodies.len());
        let at = (group, self.groups.next_index(group));
        let start = self.edges.len();
        self.edges.extend(inputs.into_iter().map(|t| Edge::new(t, false)));
        self.spans.push((narrow(start), narrow(self.edges.len() - start)));
        self.bodies.push(Arc::new(Barrier));
        self.places.push(at);
        self.origins.push(narrow(self.origin_table.len() - 1));
        self.groups.set_member(at, task);
        task
    }
}
