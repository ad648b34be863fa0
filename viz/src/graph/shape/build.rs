//! Shapes in the making: tasks one by one, edges by name or number, and the check for cycles.
//! It knows no file format.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::error::{ShapeError, ShapeErrorKind};
use super::{Flags, Origin, Shape, names};

/// Names on the way round a cycle that a message prints.
const MOST_NAMES: usize = 12;

/// A task to be added to a shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShapeTask {
    /// Its name: `sum(3, 4)` is task 3, 4 of the group `sum`.
    pub name: String,
    /// The group, if the name does not say it.
    pub group: Option<String>,
    /// Whether it is a value, which needs no running.
    pub value: bool,
    /// Whether it reads data into the run.
    pub source: bool,
    /// Whether its result is asked for.
    pub output: bool,
    /// Where the user created it.
    pub created_at: Option<String>,
    /// Names and values of tags.
    pub tags: Vec<(String, String)>,
}

/// Makes a [`Shape`], task by task.
///
/// ```
/// use tine_viz::graph::{Shape, ShapeTask};
/// let mut shape = Shape::builder();
/// let task = |name: &str| ShapeTask { name: name.to_owned(), ..ShapeTask::default() };
/// shape.add(task("load(0)"))?;
/// shape.add(task("load(1)"))?;
/// shape.add(task("sum"))?;
/// shape.link("load(0)", "sum")?;
/// shape.link("load(1)", "sum")?;
/// let shape = shape.build()?;
/// assert_eq!(shape.groups(), ["load", "sum"]);
/// # Ok::<(), tine_viz::graph::ShapeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ShapeBuilder {
    pub(super) shape: Shape,
    groups: HashMap<String, u32>,
    origins: BTreeMap<Origin, u32>,
    by_name: HashMap<String, u32>,
    /// From which task to which.
    links: Vec<(u32, u32)>,
}

impl Shape {
    /// An empty shape, to be filled.
    pub fn builder() -> ShapeBuilder {
        ShapeBuilder::default()
    }
}

impl ShapeBuilder {
    /// Adds a task, and returns its number.
    ///
    /// # Errors
    /// A name that another task has.
    pub fn add(&mut self, task: ShapeTask) -> Result<usize, ShapeError> {
        let number = self.shape.group.len();
        let id = u32::try_from(number).expect("a graph has fewer than 2^32 tasks");
        if self.by_name.contains_key(&task.name) {
            let message = format!("there are two tasks `{}`", task.name);
            return Err(ShapeError::new(ShapeErrorKind::DuplicateTask, message));
        }
        let (mut group, mut position) = names::parse(&task.name);
        if task.group.as_ref().is_some_and(|g| *g != group) {
            (group, position) = (task.group.unwrap_or_default(), Vec::new());
        }
        let group = self.group(group);
        self.shape.group.push(group);
        self.shape.positions.push(position);
        let (value, source, output) = (task.value, task.source, task.output);
        self.shape.flags.push(Flags { value, source, output });
        let origin = Origin { place: task.created_at, tags: Arc::new(task.tags) };
        self.push_origin(origin);
        if self.shape.key(number).to_string() != task.name {
            self.shape.names.insert(id, task.name.clone());
        }
        self.by_name.insert(task.name, id);
        Ok(number)
    }

    fn group(&mut self, name: String) -> u32 {
        let next = u32::try_from(self.shape.groups.len()).expect("fewer groups than tasks");
        *self.groups.entry(name).or_insert_with_key(|name| {
            self.shape.groups.push(name.clone());
            next
        })
    }

    fn push_origin(&mut self, origin: Origin) {
        let next = u32::try_from(self.shape.origins.len()).expect("fewer places than tasks");
        let index = *self.origins.entry(origin).or_insert_with_key(|origin| {
            self.shape.origins.push(origin.clone());
            next
        });
        self.shape.origin.push(index);
    }

    /// The number of a task of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).map(|&t| t as usize)
    }

    /// Says that the task `to` takes the result of the task `from`.
    ///
    /// # Errors
    /// A name that no task has.
    pub fn link(&mut self, from: &str, to: &str) -> Result<(), ShapeError> {
        let number = |name: &str| {
            self.by_name.get(name).copied().ok_or_else(|| {
                let message = format!("an edge from `{from}` to `{to}`: there is no task `{name}`");
                ShapeError::new(ShapeErrorKind::UnknownTask, message)
            })
        };
        let link = (number(from)?, number(to)?);
        self.links.push(link);
        Ok(())
    }

    /// The shape.
    ///
    /// # Errors
    /// A cycle.
    pub fn build(mut self) -> Result<Shape, ShapeError> {
        self.links.sort_by_key(|l| l.1); // stable: inputs keep their order
        let mut rest = &self.links[..];
        for t in 0..self.shape.group.len() {
            let own = rest.iter().take_while(|l| l.1 as usize == t).count();
            self.shape.inputs.push_distinct(rest[..own].iter().map(|l| l.0));
            rest = &rest[own..];
        }
        match self.shape.cycle() {
            None => Ok(self.shape),
            Some(cycle) => {
                let message = format!("a task needs its own result: {}", self.shape.way(&cycle));
                Err(ShapeError::new(ShapeErrorKind::Cycle, message))
            }
        }
    }
}

impl Shape {
    /// All tasks, inputs before those that take them.
    pub(in crate::graph) fn sorted(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = (0..self.len()).map(|t| self.inputs(t).len()).collect();
        let users = self.users();
        let mut order: Vec<usize> = (0..self.len()).filter(|&t| missing[t] == 0).collect();
        let mut done = 0;
        while let Some(&t) = order.get(done) {
            done += 1;
            for &user in users.get(t) {
                missing[user as usize] -= 1;
                if missing[user as usize] == 0 {
                    order.push(user as usize);
                }
            }
        }
        order
    }

    /// The tasks that take the result of each task.
    fn users(&self) -> super::Lists {
        let mut links: Vec<(u32, u32)> = (0..)
            .zip(0..self.len())
            .flat_map(|(number, t)| self.inputs(t).iter().map(move |&i| (i, number)))
            .collect();
        links.sort_unstable();
        let mut users = super::Lists::default();
        let mut rest = &links[..];
        for t in 0..self.len() {
            let own = rest.iter().take_while(|l| l.0 as usize == t).count();
            users.push(rest[..own].iter().map(|l| l.1));
            rest = &rest[own..];
        }
        users
    }

    /// The tasks of a cycle, if there is one.
    fn cycle(&self) -> Option<Vec<usize>> {
        let sorted = self.sorted();
        if sorted.len() == self.len() {
            return None;
        }
        let mut free = vec![false; self.len()];
        sorted.iter().for_each(|&t| free[t] = true);
        // Every task that is not free has an input that is not: going back ends in a circle.
        let mut at = free.iter().position(|f| !f)?;
        let mut step = vec![usize::MAX; self.len()];
        let mut way = Vec::new();
        while step[at] == usize::MAX {
            step[at] = way.len();
            way.push(at);
            at = self.inputs(at).iter().map(|&i| i as usize).find(|&i| !free[i])?;
        }
        let mut cycle = way.split_off(step[at]);
        cycle.reverse();
        Some(cycle)
    }

    fn way(&self, cycle: &[usize]) -> String {
        let mut names: Vec<String> =
            cycle.iter().take(MOST_NAMES).map(|&t| format!("`{}`", self.name(t))).collect();
        if cycle.len() > MOST_NAMES {
            names.push("…".to_owned());
        }
        names.extend(names.first().cloned());
        names.join(" -> ")
    }
}
