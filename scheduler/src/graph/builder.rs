//! Building a graph, task by task, by name or by id.
//! It checks names, types and cycles; it rewrites nothing.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use super::annotate;
use super::body::{Call, Gather, Given, TaskBody, TaskFn, TryCall, With};
use super::group::{GroupId, GroupTable};
use super::key::{Key, TaskId};
use super::{Edge, Graph, Origin, Tags, Titles};
use crate::context::{Inputs, TaskContext};
use crate::error::{Error, ErrorKind, Result, TaskResult};
use crate::value::{Datum, Value};

/// An input of a task to be: by id, or by a name that may be defined later.
#[derive(Clone, Debug)]
pub enum Dependency {
    /// A task that this builder returned.
    Task(TaskId),
    /// The task with this name, defined before or after.
    Key(Key),
    /// A task whose failure is handed over as a value.
    Catch(TaskId),
}

impl From<TaskId> for Dependency {
    fn from(task: TaskId) -> Self {
        Dependency::Task(task)
    }
}

impl From<&TaskId> for Dependency {
    fn from(task: &TaskId) -> Self {
        Dependency::Task(*task)
    }
}

impl From<Key> for Dependency {
    fn from(key: Key) -> Self {
        Dependency::Key(key)
    }
}

impl From<&str> for Dependency {
    fn from(key: &str) -> Self {
        Dependency::Key(key.into())
    }
}

impl<G: Into<String>> From<(G, u32)> for Dependency {
    fn from(key: (G, u32)) -> Self {
        Dependency::Key(key.into())
    }
}

/// A graph in the making.
#[derive(Debug, Default)]
pub struct GraphBuilder {
    bodies: Vec<Option<Arc<dyn TaskBody>>>,
    spans: Vec<(u32, u32)>,
    edges: Vec<Edge>,
    places: Vec<(GroupId, u32)>,
    origins: Vec<u32>,
    groups: GroupTable,
    origin_table: Vec<Origin>,
    origin_ids: HashMap<(usize, usize), u32>,
    last_origin: Option<((usize, usize), u32)>,
    tags: Arc<Tags>,
    /// The tags in force: those of the scope of `annotate` with this number, below `tags`.
    merged_tags: Arc<Tags>,
    merged_scope: Option<u64>,
    forward: bool,
    pub(super) titles: Option<Arc<dyn Titles>>,
    error: Option<Error>,
}

impl GraphBuilder {
    /// Adds a value under a name.
    #[track_caller]
    pub fn value<T: Value>(&mut self, key: impl Into<Key>, value: T) -> TaskId {
        self.define(&key.into(), [], Arc::new(Given::memory(value)), Location::caller())
    }

    /// Adds a task under a name: a closure over references to its inputs.
    #[track_caller]
    pub fn task<D, F, Args, R>(
        &mut self,
        key: impl Into<Key>,
        inputs: impl IntoIterator<Item = D>,
        f: F,
    ) -> TaskId
    where
        D: Into<Dependency>,
        F: TaskFn<Args, R>,
        Args: 'static,
        R: Value,
    {
        let inputs = inputs.into_iter().map(Into::into);
        self.define(&key.into(), inputs, Arc::new(Call::new(f)), Location::caller())
    }

    /// Adds a task that may fail.
    #[track_caller]
    pub fn try_task<D, F, Args, R>(
        &mut self,
        key: impl Into<Key>,
        inputs: impl IntoIterator<Item = D>,
        f: F,
    ) -> TaskId
    where
        D: Into<Dependency>,
        F: TaskFn<Args, TaskResult<R>>,
        Args: 'static,
        R: Value,
    {
        let inputs = inputs.into_iter().map(Into::into);
        self.define(&key.into(), inputs, Arc::new(TryCall::new(f)), Location::caller())
    }

    /// Adds a task over any number of inputs of one type, which are decoded one at a time.
    #[track_caller]
    pub fn gather<D, F, T, R>(
        &mut self,
        key: impl Into<Key>,
        inputs: impl IntoIterator<Item = D>,
        f: F,
    ) -> TaskId
    where
        D: Into<Dependency>,
        F: Fn(Inputs<'_, T>) -> R + Send + Sync + 'static,
        T: Value,
        R: Value,
    {
        let inputs = inputs.into_iter().map(Into::into);
        self.define(&key.into(), inputs, Arc::new(Gather::new(f)), Location::caller())
    }

    /// Adds a task that is a function of an environment and of its inputs, which it takes from its
    /// context. Where `f` captures nothing, the task is *portable*: it can be handed to a process
    /// that did not inherit it (see [`init`](crate::init)), because serde can write the environment.
    /// Tasks that are functions of their inputs alone are portable without further ado.
    ///
    /// ```
    /// use tine_scheduler::{Graph, Serial, get};
    /// let mut g = Graph::builder();
    /// g.task("x", [] as [&str; 0], || 20i64);
    /// g.portable("y", ["x"], 22i64, |n, task| Ok(n + *task.input::<i64>(0)?));
    /// assert_eq!(get(&g.build()?, ["y"], &Serial::new())?.get::<i64>(0)?, 42);
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    #[track_caller]
    pub fn portable<D, E, F, R>(
        &mut self,
        key: impl Into<Key>,
        inputs: impl IntoIterator<Item = D>,
        environment: E,
        f: F,
    ) -> TaskId
    where
        D: Into<Dependency>,
        E: Value,
        F: Fn(&E, &TaskContext<'_>) -> Result<R> + Send + Sync + 'static,
        R: Value,
    {
        let inputs = inputs.into_iter().map(Into::into);
        let body = Arc::new(With::new(environment, f));
        self.define(&key.into(), inputs, body, Location::caller())
    }

    /// The group with this name, whose tasks are numbered 0, 1, 2, ….
    pub fn group(&mut self, name: &str) -> GroupId {
        self.groups.line(name)
    }

    /// The group with this name, whose tasks are numbered along several axes, the last one fastest.
    pub fn grid(&mut self, name: &str, shape: &[u32]) -> GroupId {
        self.groups.grid(name, shape)
    }

    /// Says that the tasks of `group` read data into the run: they are held back while others run.
    pub fn mark_source(&mut self, group: GroupId) {
        self.groups.mark_source(group);
    }

    /// Says how many bytes the result of each task of `group` takes, so that the memory of a run can
    /// be told before it begins: see [`Plan::projected_memory`](crate::Plan::projected_memory).
    pub fn set_result_bytes(&mut self, group: GroupId, bytes: u64) {
        self.groups.set_result_bytes(group, Some(bytes));
    }

    /// Appends a task to `group`, at its next index.
    #[track_caller]
    pub fn push(
        &mut self,
        group: GroupId,
        inputs: impl IntoIterator<Item = Dependency>,
        body: Arc<dyn TaskBody>,
    ) -> TaskId {
        self.push_at(group, inputs, body, Location::caller())
    }

    /// Appends a task to `group` as if it had been created at `place`.
    pub fn push_at(
        &mut self,
        group: GroupId,
        inputs: impl IntoIterator<Item = Dependency>,
        body: Arc<dyn TaskBody>,
        place: &'static Location<'static>,
    ) -> TaskId {
        let at = (group, self.groups.next_index(group));
        let task = self.reserve(at);
        self.fill(task, inputs, body, place);
        task
    }

    /// Appends a value to `group`, at its next index.
    #[track_caller]
    pub fn push_datum<T: Value>(&mut self, group: GroupId, datum: Datum) -> TaskId {
        self.push_at(group, [], Arc::new(Given::datum_of::<T>(datum)), Location::caller())
    }

    /// Puts these tags on all tasks that are added from now on, over those of
    /// [`annotate`](crate::annotate); returns the tags before.
    pub fn set_tags(&mut self, tags: Arc<Tags>) -> Arc<Tags> {
        self.merged_scope = None;
        std::mem::replace(&mut self.tags, tags)
    }

    /// The task with this name, if one has been named.
    pub fn find(&self, key: &Key) -> Option<TaskId> {
        self.groups.find(key)
    }

    /// How many tasks and values have been named.
    pub fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Whether nothing has been added.
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// Checks names, types and cycles, and ends the building.
    ///
    /// # Errors
    /// The first of: a key defined twice, an input that is not defined, an input of the wrong
    /// type, a wrong number of inputs, a cycle (with its path).
    pub fn build(mut self) -> Result<Graph> {
        if let Some(e) = self.error.take() {
            return Err(e);
        }
        self.check_defined()?;
        let bodies = self.bodies.into_iter().flatten().collect();
        let graph = Graph {
            bodies,
            spans: self.spans,
            edges: self.edges,
            places: self.places,
            origins: self.origins,
            groups: self.groups,
            origin_table: self.origin_table,
            titles: self.titles,
        };
        if self.forward {
            graph.check_acyclic()?;
        }
        graph.check_types()?;
        Ok(graph)
    }

    /// Adds a task with this key, as if it had been created at `place`.
    pub fn define(
        &mut self,
        key: &Key,
        inputs: impl IntoIterator<Item = Dependency>,
        body: Arc<dyn TaskBody>,
        place: &'static Location<'static>,
    ) -> TaskId {
        let task = self.named(key);
        if self.bodies[task.index()].is_some() {
            let before = self.origin_table[self.origins[task.index()] as usize].place;
            let message = format!("the key `{key}` is defined twice, first at {before}");
            self.error
                .get_or_insert_with(|| Error::new(ErrorKind::DuplicateKey, message).created(place));
            return task;
        }
        self.fill(task, inputs, body, place);
        task
    }

    /// The task with this name, reserved where it is new.
    fn named(&mut self, key: &Key) -> TaskId {
        let at = self.groups.place(key);
        self.groups.member(at).unwrap_or_else(|| self.reserve(at))
    }

    fn reserve(&mut self, at: (GroupId, u32)) -> TaskId {
        let task = TaskId::from_index(self.bodies.len());
        self.bodies.push(None);
        self.spans.push((0, 0));
        self.places.push(at);
        self.origins.push(0);
        self.groups.set_member(at, task);
        task
    }

    fn fill(
        &mut self,
        task: TaskId,
        inputs: impl IntoIterator<Item = Dependency>,
        body: Arc<dyn TaskBody>,
        place: &'static Location<'static>,
    ) {
        let start = self.edges.len();
        for input in inputs {
            let edge = match input {
                Dependency::Task(t) => Edge::new(t, false),
                Dependency::Catch(t) => Edge::new(t, true),
                Dependency::Key(k) => Edge::new(self.named(&k), false),
            };
            self.forward |= edge.task() >= task;
            self.edges.push(edge);
        }
        let narrow = |n: usize| u32::try_from(n).expect("a graph has fewer than 2^32 edges");
        self.spans[task.index()] = (narrow(start), narrow(self.edges.len() - start));
        self.origins[task.index()] = self.origin_id(place);
        self.bodies[task.index()] = Some(body);
    }

    /// Puts the tags of `annotate` below those of [`set_tags`](Self::set_tags), where either changed.
    fn merge_tags(&mut self) {
        let scope = Some(annotate::scope_number());
        if self.merged_scope == scope {
            return;
        }
        self.merged_scope = scope;
        let tags = annotate::merge(&annotate::annotations(), &self.tags);
        if tags != *self.merged_tags {
            self.merged_tags = Arc::new(tags);
        }
    }

    fn origin_id(&mut self, place: &'static Location<'static>) -> u32 {
        self.merge_tags();
        let id = (std::ptr::from_ref(place).addr(), Arc::as_ptr(&self.merged_tags).addr());
        if let Some((last, n)) = self.last_origin
            && last == id
        {
            return n;
        }
        let n = *self.origin_ids.entry(id).or_insert_with(|| {
            self.origin_table.push(Origin { place, tags: self.merged_tags.clone() });
            u32::try_from(self.origin_table.len() - 1).expect("fewer than 2^32 places")
        });
        self.last_origin = Some((id, n));
        n
    }

    fn check_defined(&self) -> Result<()> {
        let Some(missing) = self.bodies.iter().position(Option::is_none) else { return Ok(()) };
        let missing = TaskId::from_index(missing);
        let (group, index) = self.places[missing.index()];
        let name = self.groups.key(group, index);
        let user = (0..self.bodies.len()).find(|&t| {
            let (start, len) = self.spans[t];
            let edges = &self.edges[start as usize..(start + len) as usize];
            edges.iter().any(|e| e.task() == missing)
        });
        let mut error =
            Error::new(ErrorKind::MissingDependency, format!("missing dependency `{name}`"));
        if let Some(t) = user {
            let (group, index) = self.places[t];
            let place = self.origin_table[self.origins[t] as usize].place;
            error = error.in_task(self.groups.key(group, index), Some(place.into()));
        }
        Err(error)
    }
}
