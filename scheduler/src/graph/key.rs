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

    /// Whether a part of a group's name, between dashes, is a hash: lower-case hexadecimal of eight
    /// digits at least, of both kinds. A date has no letters, a word no digits.
    pub fn is_hash(part: &str) -> bool {
        part.len() >= SHORTEST_HASH
            && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic())
    }

    /// Returns a group's name without its hashes, or as it is where nothing else would be left.
    ///
    /// ```
    /// use tine_scheduler::Key;
    /// assert_eq!(Key::without_hash("sum-partial-9e107d9d372bb682"), "sum-partial");
    /// assert_eq!(Key::without_hash("sum-partial-20260101"), "sum-partial-20260101");
    /// assert_eq!(Key::without_hash("9e107d9d372bb682"), "9e107d9d372bb682");
    /// ```
    pub fn without_hash(group: &str) -> String {
        let kept: Vec<&str> = group.split('-').filter(|part| !Key::is_hash(part)).collect();
        if kept.is_empty() { group.to_owned() } else { kept.join("-") }
    }
}

/// Shorter than this a part of a name is no hash: `deadbeef` has eight digits.
const SHORTEST_HASH: usize = 8;

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
