//! What a graph looks like without what it does: names, groups, inputs, and where tasks come from.
//! It knows no picture and runs nothing.

mod build;
mod dot;
mod error;
mod json;
mod lists;
mod names;
mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use tine_scheduler::Key;

pub use build::{ShapeBuilder, ShapeTask};
pub use error::{ShapeError, ShapeErrorKind};
use lists::Lists;

/// The tasks of a graph as they are drawn: a graph without its functions and values.
///
/// It is made of a [`Graph`](tine_scheduler::Graph), of a [`Trace`](tine_profiler::Trace), or of a
/// file in JSON or in the language of Graphviz. Tasks are numbered from 0. There is no cycle.
///
/// ```
/// use tine_viz::graph::Shape;
/// let shape = Shape::from_dot("digraph { load -> sum; load -> count; sum -> mean; count -> mean }")?;
/// assert_eq!(shape.len(), 4);
/// assert_eq!(shape.name(3), "mean");
/// assert_eq!(shape.inputs(3), [1, 2]);
/// # Ok::<(), tine_viz::graph::ShapeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    groups: Vec<String>,
    group: Vec<u32>,
    positions: Lists,
    inputs: Lists,
    flags: Vec<Flags>,
    /// Index of the origin of each task.
    origin: Vec<u32>,
    origins: Vec<Origin>,
    /// Names that are not those of the group and the position.
    names: BTreeMap<u32, String>,
    /// The place of each task in the static order; empty where it is not known.
    order: Vec<u32>,
}

/// What kind of task it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    value: bool,
    source: bool,
    output: bool,
}

/// Where tasks come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    place: Option<String>,
    tags: Arc<Vec<(String, String)>>,
}

impl Shape {
    /// How many tasks and values there are.
    pub fn len(&self) -> usize {
        self.group.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.group.is_empty()
    }

    /// The names of the groups.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The group of a task, as its place in [`groups`](Self::groups).
    ///
    /// # Panics
    /// If `task` is not below [`len`](Self::len); so do all that take a task.
    pub fn group_of(&self, task: usize) -> usize {
        self.group[task] as usize
    }

    /// The place of a task in its group, one number an axis.
    pub fn position(&self, task: usize) -> &[u32] {
        self.positions.get(task)
    }

    /// The name of a task: its group and position, unless the file that it is from says otherwise.
    pub fn name(&self, task: usize) -> String {
        match u32::try_from(task).ok().and_then(|t| self.names.get(&t)) {
            Some(name) => name.clone(),
            None => self.key(task).to_string(),
        }
    }

    /// Group and position of a task.
    pub fn key(&self, task: usize) -> Key {
        Key::new(self.groups[self.group_of(task)].clone(), self.position(task))
    }

    /// The tasks whose results a task takes, each once.
    pub fn inputs(&self, task: usize) -> &[u32] {
        self.inputs.get(task)
    }

    /// Whether it is a value, which needs no running.
    pub fn is_value(&self, task: usize) -> bool {
        self.flags[task].value
    }

    /// Whether it reads data into the run.
    pub fn is_source(&self, task: usize) -> bool {
        self.flags[task].source
    }

    /// Whether its result is asked for.
    pub fn is_output(&self, task: usize) -> bool {
        self.flags[task].output
    }

    /// Where the user created it, as `file:line:column`.
    pub fn created_at(&self, task: usize) -> Option<&str> {
        self.origins[self.origin[task] as usize].place.as_deref()
    }

    /// The tags that were put on it: name and value.
    pub fn tags(&self, task: usize) -> &[(String, String)] {
        &self.origins[self.origin[task] as usize].tags
    }

    /// How many inputs all tasks have together.
    pub fn edges(&self) -> usize {
        self.inputs.total()
    }

    /// Only what the outputs need; the whole, where none is marked.
    #[must_use]
    pub fn culled(&self) -> Shape {
        let mut wanted = vec![false; self.len()];
        let mut stack: Vec<usize> = (0..self.len()).filter(|&t| self.is_output(t)).collect();
        if stack.is_empty() {
            return self.clone();
        }
        while let Some(t) = stack.pop() {
            if !std::mem::replace(&mut wanted[t], true) {
                stack.extend(self.inputs(t).iter().map(|&i| i as usize));
            }
        }
        self.keep(&wanted)
    }

    fn keep(&self, wanted: &[bool]) -> Shape {
        let mut next = 0;
        let number = |w: &bool| {
            next += u32::from(*w);
            next - u32::from(*w)
        };
        let numbers: Vec<u32> = wanted.iter().map(number).collect();
        let mut shape = Shape {
            groups: self.groups.clone(),
            origins: self.origins.clone(),
            ..Shape::default()
        };
        for t in (0..self.len()).filter(|&t| wanted[t]) {
            shape.group.push(self.group[t]);
            shape.positions.push(self.position(t).iter().copied());
            shape.inputs.push(self.inputs(t).iter().map(|&i| numbers[i as usize]));
            shape.flags.push(self.flags[t]);
            shape.origin.push(self.origin[t]);
        }
        let kept = self.names.iter().filter(|(t, _)| wanted[**t as usize]);
        shape.names = kept.map(|(t, name)| (numbers[*t as usize], name.clone())).collect();
        shape
    }
}

#[cfg(test)]
mod tests;
