//! Groups of tasks, and the way from a name to a task and back.
//! It does not know what tasks do.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::key::{Key, TaskId};

/// Index of a group in one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u32);

impl GroupId {
    /// The index as a number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Tasks that belong together: the calls of one function, the chunks of one layer.
#[derive(Clone, Debug)]
pub struct Group {
    name: String,
    positions: Positions,
    members: Vec<u32>,
    source: bool,
    result_bytes: Option<u64>,
}

const NOBODY: u32 = u32::MAX;
/// A hole of this many positions is still worth a dense table.
const DENSE_SLACK: usize = 4096;

/// How an index in the group is written as a position.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Positions {
    /// One task, no position.
    Single,
    /// One axis: the index itself.
    Line,
    /// Several axes of a fixed shape, the last one fastest.
    Grid(Vec<u32>),
    /// Anything else: a list, and the way back.
    Listed(Vec<Vec<u32>>, #[serde(skip)] HashMap<Vec<u32>, u32>),
}

/// A group's name, how its tasks are numbered, and whether they are sources.
#[derive(Serialize, Deserialize)]
pub(super) struct CarriedGroup(String, Positions, bool);

impl Group {
    /// The group's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many tasks it has.
    pub fn len(&self) -> usize {
        self.members.iter().filter(|&&m| m != NOBODY).count()
    }

    /// Whether it has no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its tasks read data into the run, and are held back while others can run.
    pub fn is_source(&self) -> bool {
        self.source
    }

    /// How many bytes the result of each of its tasks takes, where that is known before.
    pub fn result_bytes(&self) -> Option<u64> {
        self.result_bytes
    }

    /// Whether the tasks of both are numbered along the same axes, and are as many.
    pub(super) fn is_aligned(&self, other: &Group) -> bool {
        let same = match (&self.positions, &other.positions) {
            (Positions::Single, Positions::Single) | (Positions::Line, Positions::Line) => true,
            (Positions::Grid(a), Positions::Grid(b)) => a == b,
            _ => false,
        };
        same && self.members.len() == other.members.len()
    }

    fn position(&self, index: u32) -> Vec<u32> {
        match &self.positions {
            Positions::Single => vec![],
            Positions::Line => vec![index],
            Positions::Grid(shape) => unravel(index, shape),
            Positions::Listed(list, _) => list[index as usize].clone(),
        }
    }

    fn index_of(&self, position: &[u32]) -> Option<u32> {
        match (&self.positions, position) {
            (Positions::Single, []) => Some(0),
            (Positions::Line, &[i]) => Some(i),
            (Positions::Grid(shape), p) => ravel(p, shape),
            (Positions::Listed(_, map), p) => map.get(p).copied(),
            _ => None,
        }
    }

    /// The index for `position`, made up where it is new.
    fn claim_index(&mut self, position: &[u32]) -> u32 {
        let far = |i: u32| i as usize > 4 * self.members.len() + DENSE_SLACK;
        match (&self.positions, position) {
            (Positions::Single, []) => return 0,
            (Positions::Line, &[i]) if !far(i) => return i,
            (Positions::Grid(shape), p) => {
                if let Some(i) = ravel(p, shape) {
                    return i;
                }
            }
            _ => {}
        }
        self.list_positions();
        let Positions::Listed(list, map) = &mut self.positions else { unreachable!("just listed") };
        if let Some(&i) = map.get(position) {
            return i;
        }
        let i = u32::try_from(list.len()).expect("a group has fewer than 2^32 tasks");
        list.push(position.to_vec());
        map.insert(position.to_vec(), i);
        i
    }

    fn list_positions(&mut self) {
        if matches!(self.positions, Positions::Listed(..)) {
            return;
        }
        let n = u32::try_from(self.members.len()).expect("a group has fewer than 2^32 tasks");
        let list: Vec<_> = (0..n).map(|i| self.position(i)).collect();
        let map = list.iter().cloned().zip(0..).collect();
        self.positions = Positions::Listed(list, map);
    }
}

fn unravel(index: u32, shape: &[u32]) -> Vec<u32> {
    let mut rest = index;
    let mut position = vec![0; shape.len()];
    for (p, &n) in position.iter_mut().zip(shape).rev() {
        *p = rest % n;
        rest /= n;
    }
    position
}

fn ravel(position: &[u32], shape: &[u32]) -> Option<u32> {
    let fits = position.len() == shape.len() && position.iter().zip(shape).all(|(p, n)| p < n);
    fits.then(|| position.iter().zip(shape).fold(0, |i, (p, n)| i * n + p))
}

/// All groups of a graph, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupTable {
    groups: Vec<Group>,
    by_name: HashMap<String, GroupId>,
    /// The group that was named last: the next task is likely to belong to it too.
    last: Option<GroupId>,
}

impl GroupTable {
    pub(super) fn all(&self) -> &[Group] {
        &self.groups
    }

    fn add(&mut self, name: &str, positions: Positions) -> GroupId {
        if let Some(id) = self.last.filter(|id| self.groups[id.index()].name == name) {
            return id;
        }
        if let Some(&id) = self.by_name.get(name) {
            self.last = Some(id);
            return id;
        }
        let id = GroupId(u32::try_from(self.groups.len()).expect("fewer than 2^32 groups"));
        let members = Vec::new();
        self.groups.push(Group {
            name: name.to_owned(),
            positions,
            members,
            source: false,
            result_bytes: None,
        });
        self.by_name.insert(name.to_owned(), id);
        self.last = Some(id);
        id
    }

    /// The groups without their tasks, for another process.
    pub(super) fn carry(&self) -> Vec<CarriedGroup> {
        let carry = |g: &Group| CarriedGroup(g.name.clone(), g.positions.clone(), g.source);
        self.groups.iter().map(carry).collect()
    }

    /// Groups that know the names of their tasks, and no task by its name.
    pub(super) fn restore(groups: Vec<CarriedGroup>) -> Self {
        let restore = |CarriedGroup(name, positions, source)| Group {
            name,
            positions,
            members: Vec::new(),
            source,
            result_bytes: None,
        };
        let groups = groups.into_iter().map(restore).collect();
        GroupTable { groups, by_name: HashMap::new(), last: None }
    }

    /// The group of this number.
    pub(super) fn id_at(&self, number: u32) -> Option<GroupId> {
        ((number as usize) < self.groups.len()).then_some(GroupId(number))
    }

    /// The same groups without their tasks, for names only.
    pub(super) fn names(&self) -> Self {
        let empty = |g: &Group| Group { members: Vec::new(), ..g.clone() };
        GroupTable {
            groups: self.groups.iter().map(empty).collect(),
            by_name: HashMap::new(),
            last: None,
        }
    }

    /// The group with this name, numbered as `pattern` is.
    pub(super) fn like(&mut self, name: &str, pattern: &Group) -> GroupId {
        let id = self.add(name, pattern.positions.clone());
        let group = &mut self.groups[id.index()];
        group.source |= pattern.source;
        group.result_bytes = group.result_bytes.or(pattern.result_bytes);
        id
    }

    /// Whether there is a group with this name.
    pub(super) fn id(&self, name: &str) -> Option<GroupId> {
        self.by_name.get(name).copied()
    }

    /// The group with this name whose tasks are numbered along one axis.
    pub(super) fn line(&mut self, name: &str) -> GroupId {
        self.add(name, Positions::Line)
    }

    /// The group with this name whose tasks are numbered along several axes.
    pub(super) fn grid(&mut self, name: &str, shape: &[u32]) -> GroupId {
        self.add(name, Positions::Grid(shape.to_vec()))
    }

    pub(super) fn mark_source(&mut self, group: GroupId) {
        self.groups[group.index()].source = true;
    }

    pub(super) fn set_result_bytes(&mut self, group: GroupId, bytes: Option<u64>) {
        self.groups[group.index()].result_bytes = bytes;
    }

    /// The index that the next task appended to `group` gets.
    pub(super) fn next_index(&self, group: GroupId) -> u32 {
        u32::try_from(self.groups[group.index()].members.len()).expect("fewer than 2^32 tasks")
    }

    /// The place of `key`, made up where it is new.
    pub(super) fn place(&mut self, key: &Key) -> (GroupId, u32) {
        let first = if key.position().is_empty() { Positions::Single } else { Positions::Line };
        let id = self.add(key.group(), first);
        (id, self.groups[id.index()].claim_index(key.position()))
    }

    pub(super) fn member(&self, (group, index): (GroupId, u32)) -> Option<TaskId> {
        let members = &self.groups[group.index()].members;
        members.get(index as usize).filter(|&&t| t != NOBODY).map(|&t| TaskId(t))
    }

    pub(super) fn set_member(&mut self, (group, index): (GroupId, u32), task: TaskId) {
        let members = &mut self.groups[group.index()].members;
        let index = index as usize;
        if index >= members.len() {
            members.resize(index + 1, NOBODY);
        }
        members[index] = task.0;
    }

    pub(super) fn key(&self, group: GroupId, index: u32) -> Key {
        let g = &self.groups[group.index()];
        Key::new(g.name.clone(), g.position(index))
    }

    pub(super) fn find(&self, key: &Key) -> Option<TaskId> {
        let id = *self.by_name.get(key.group())?;
        let index = self.groups[id.index()].index_of(key.position())?;
        self.member((id, index))
    }

    /// The name that looks most like `key`, for messages.
    pub(super) fn nearest(&self, key: &Key) -> Option<Key> {
        let group = self
            .groups
            .iter()
            .filter(|g| !g.is_empty())
            .min_by_key(|g| strsim::levenshtein(g.name(), key.group()))?;
        let index = group.members.iter().position(|&m| m != NOBODY)?;
        Some(Key::new(group.name.clone(), group.position(u32::try_from(index).ok()?)))
    }
}
