//! The task graph as a value: tasks with their inputs, grouped and named.
//! It imports nothing of the engine and runs nothing.

mod annotate;
mod body;
mod builder;
mod carry;
mod check;
mod dependents;
mod diagnostics;
mod group;
mod key;
mod manipulate;
mod order;
mod port;
mod rewrite;
mod titles;
mod token;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use annotate::{annotate, annotations, is_annotated};
pub use body::{TaskBody, TaskFn};
pub use builder::{Dependency, GraphBuilder};
pub(crate) use carry::CarriedGraph;
pub use dependents::Dependents;
pub use diagnostics::{TaskMetrics, max_pressure};
pub use group::{Group, GroupId};
pub use key::{Key, TaskId};
pub use port::Port;
pub use rewrite::{Fusion, Supply};
pub use titles::Titles;
pub use token::{Token, tokenize};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::value::Datum;
use group::GroupTable;

/// An input of a task: another task of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge(u32);

const CATCHES: u32 = 1 << 31;

impl Edge {
    pub(crate) fn new(task: TaskId, catches: bool) -> Self {
        Edge(task.0 | if catches { CATCHES } else { 0 })
    }

    /// The task whose result is the input.
    pub fn task(self) -> TaskId {
        TaskId(self.0 & !CATCHES)
    }

    /// Whether a failure of that task is handed over as a value rather than passed on.
    pub fn catches(self) -> bool {
        self.0 & CATCHES != 0
    }
}

/// Where a task comes from: the user's call, and the tags that were in force there.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) place: &'static Location<'static>,
    pub(crate) tags: Arc<Tags>,
}

/// Tags that `annotate` put on tasks: name and value, sorted by name.
pub type Tags = Vec<(String, String)>;

/// An immutable graph of tasks.
///
/// ```
/// use tine_scheduler::{Graph, Serial, get};
/// let mut g = Graph::builder();
/// g.value("x", 1i64);
/// g.value("y", 2i64);
/// g.task("z", ["x"], |x: &i64| x + 1);
/// g.task("w", ["z", "y"], |z: &i64, y: &i64| z + y);
/// let graph = g.build()?;
/// let out = get(&graph, ["w", "z"], &Serial::new())?;
/// assert_eq!((out.get::<i64>(0)?, out.get::<i64>(1)?), (4, 2));
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone)]
pub struct Graph {
    bodies: Vec<Arc<dyn TaskBody>>,
    spans: Vec<(u32, u32)>,
    edges: Vec<Edge>,
    places: Vec<(GroupId, u32)>,
    origins: Vec<u32>,
    groups: GroupTable,
    origin_table: Vec<Origin>,
    titles: Option<Arc<dyn Titles>>,
}

impl Graph {
    /// Starts an empty graph.
    pub fn builder() -> GraphBuilder {
        GraphBuilder::default()
    }

    /// How many tasks and values the graph has.
    pub fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Whether the graph is empty.
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// All tasks and values, in the order in which they were first named.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = TaskId> + use<> {
        (0..self.len()).map(TaskId::from_index)
    }

    /// The inputs of `task`, in the order of its arguments; one may stand there twice.
    pub fn inputs(&self, task: TaskId) -> &[Edge] {
        let (start, len) = self.spans[task.index()];
        &self.edges[start as usize..(start + len) as usize]
    }

    /// What `task` does.
    pub fn body(&self, task: TaskId) -> &Arc<dyn TaskBody> {
        &self.bodies[task.index()]
    }

    /// The value of `task`, where it is one that needs no running.
    pub fn datum(&self, task: TaskId) -> Option<&Datum> {
        self.bodies[task.index()].datum()
    }

    /// The name of `task`.
    pub fn key(&self, task: TaskId) -> Key {
        let (group, index) = self.places[task.index()];
        self.groups.key(group, index)
    }

    /// The group of `task`.
    pub fn group_of(&self, task: TaskId) -> GroupId {
        self.places[task.index()].0
    }

    /// The place of `task` in its group, from 0.
    pub fn index_in_group(&self, task: TaskId) -> usize {
        self.places[task.index()].1 as usize
    }

    /// All groups, in the order in which they were first named.
    pub fn groups(&self) -> &[Group] {
        self.groups.all()
    }

    /// The group with this id.
    pub fn group(&self, group: GroupId) -> &Group {
        &self.groups.all()[group.index()]
    }

    /// Where the user created `task`.
    pub fn created_at(&self, task: TaskId) -> Place {
        self.origin(task).place.into()
    }

    /// The tags that `annotate` put on `task`.
    pub fn tags(&self, task: TaskId) -> &Tags {
        &self.origin(task).tags
    }

    pub(crate) fn origin(&self, task: TaskId) -> &Origin {
        &self.origin_table[self.origins[task.index()] as usize]
    }

    /// The number of the origin of `task`: tasks of one place and one set of tags share it.
    pub(crate) fn origin_index(&self, task: TaskId) -> usize {
        self.origins[task.index()] as usize
    }

    /// The tags of each origin.
    pub(crate) fn origin_tags(&self) -> impl ExactSizeIterator<Item = &Tags> {
        self.origin_table.iter().map(|o| o.tags.as_ref())
    }

    /// The task with this name.
    pub fn find(&self, key: &Key) -> Option<TaskId> {
        self.groups.find(key)
    }

    /// The tasks with these names.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownKey`] with the nearest name.
    pub fn find_all<K: Into<Key>>(&self, keys: impl IntoIterator<Item = K>) -> Result<Vec<TaskId>> {
        keys.into_iter()
            .map(|k| {
                let key = k.into();
                self.find(&key).ok_or_else(|| self.unknown(&key))
            })
            .collect()
    }

    fn unknown(&self, key: &Key) -> Error {
        let hint = match self.groups.nearest(key) {
            Some(near) => format!("; the nearest name is `{near}`"),
            None => String::new(),
        };
        Error::new(ErrorKind::UnknownKey, format!("the graph has no task `{key}`{hint}"))
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for t in self.tasks() {
            let inputs: Vec<_> =
                self.inputs(t).iter().map(|e| self.key(e.task()).to_string()).collect();
            let what = if self.datum(t).is_some() { "value" } else { "task" };
            writeln!(f, "{} = {what}({})", self.key(t), inputs.join(", "))?;
        }
        Ok(())
    }
}
