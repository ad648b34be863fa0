//! Building a graph, task by task, by name or by id.
//! It checks names, types and cycles; it rewrites nothing.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use super::body::{Call, Gather, Given, TaskBody, TaskFn, TryCall};
use super::group::{GroupId, GroupTable};
use super::key::{Key, TaskId};
use super::{Edge, Graph, Origin, Tags};
use crate::context::Inputs;
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
    forward: bool,
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

    /// Puts these tags on all tasks that are added from now on; returns the tags before.
    pub fn set_tags(&mut self, tags: Arc<Tags>) -> Arc<Tags> {
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

    fn origin_id(&mut self, place: &'static Location<'static>) -> u32 {
        let id = (std::ptr::from_ref(place).addr(), Arc::as_ptr(&self.tags).addr());
        if let Some((last, n)) = self.last_origin
            && last == id
        {
            return n;
        }
        let n = *self.origin_ids.entry(id).or_insert_with(|| {
            self.origin_table.push(Origin { place, tags: self.tags.clone() });
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

impl Graph {
    fn check_types(&self) -> Result<()> {
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

    fn check_acyclic(&self) -> Result<()> {
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
