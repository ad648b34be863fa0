//! Names of tasks: a group, and a position inside it.
//! It does not know which task has the name.

use std::fmt;

/// Index of a task in one graph: dense, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(crate) u32);

impl TaskId {
    /// The index as a number, for tables that are parallel to the graph.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The task with this index.
    ///
    /// # Panics
    /// If `index` does not fit 32 bits.
    pub fn from_index(index: usize) -> Self {
        TaskId(u32::try_from(index).expect("a graph has at most 2^32 - 1 tasks"))
    }
}

/// The name of a task: `x`, `inc(3)`, `sum-partial-3f2a(3, 4)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    group: String,
    position: Vec<u32>,
}

impl Key {
    /// The key at `position` in `group`; no position where the group is a single task.
    pub fn new(group: impl Into<String>, position: impl Into<Vec<u32>>) -> Self {
        Key { group: group.into(), position: position.into() }
    }

    /// The group's name.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Where in the group, one number an axis.
    pub fn position(&self) -> &[u32] {
        &self.position
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.group)?;
        if let Some((first, rest)) = self.position.split_first() {
            write!(f, "({first}")?;
            for p in rest {
                write!(f, ", {p}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl From<&str> for Key {
    fn from(group: &str) -> Self {
        Key::new(group, [])
    }
}

impl From<String> for Key {
    fn from(group: String) -> Self {
        Key::new(group, [])
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Self {
        key.clone()
    }
}

impl<G: Into<String>> From<(G, u32)> for Key {
    fn from((group, i): (G, u32)) -> Self {
        Key::new(group, [i])
    }
}

impl<G: Into<String>, const N: usize> From<(G, [u32; N])> for Key {
    fn from((group, position): (G, [u32; N])) -> Self {
        Key::new(group, position)
    }
}
