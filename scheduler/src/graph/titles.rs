//! What tasks are called and where they stand, where their keys and the program's source do not say it.
//! It does not know who asks.

use std::fmt;
use std::sync::Arc;

use super::{Graph, GraphBuilder, TaskId};
use crate::error::Place;

/// Names and places of the tasks of a graph, for pictures and messages. They are asked for one by
/// one, so that a million tasks need no text before anybody looks at them.
pub trait Titles: fmt::Debug + Send + Sync {
    /// What a task is called; `None` where its key says it best.
    fn name(&self, task: TaskId) -> Option<String>;

    /// Where it stands in a file of the user's; `None` where it does in none.
    fn place(&self, task: TaskId) -> Option<Place>;
}

impl GraphBuilder {
    /// Says what tasks are called and where they stand. Graphs that are made of this one, by culling
    /// or fusing, go by keys again.
    pub fn set_titles(&mut self, titles: Arc<dyn Titles>) {
        self.titles = Some(titles);
    }
}

impl Graph {
    /// What a task is called, where that is not its key.
    pub fn title(&self, task: TaskId) -> Option<String> {
        self.titles.as_ref()?.name(task)
    }

    /// What a task is called: its title, or else its key.
    ///
    /// ```
    /// use tine_scheduler::Graph;
    /// let mut g = Graph::builder();
    /// let x = g.value(("x", 3), 1i64);
    /// assert_eq!(g.build()?.name(x), "x(3)");
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    pub fn name(&self, task: TaskId) -> String {
        self.title(task).unwrap_or_else(|| self.key(task).to_string())
    }

    /// Where the user wrote a task down: in a file of theirs, or in the source of the program.
    pub fn written_at(&self, task: TaskId) -> Option<Place> {
        match &self.titles {
            Some(titles) => titles.place(task),
            None => Some(self.created_at(task)),
        }
    }
}
