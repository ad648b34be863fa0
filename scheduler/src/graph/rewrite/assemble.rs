//! Building the new graph: tasks that are merged run inside those that take them.
//! It does not know which tasks should be merged.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::group::{GroupId, GroupTable};
use super::super::token::Token;
use super::super::{Dependents, Edge, Graph, TaskBody, TaskId};
use super::compound::{Compound, Source, Step};

/// Inner results and inputs of a fused task are held decoded while a step takes them, so a task
/// over more inputs than this stays alone, and goes on reading them one at a time.
const MOST_INPUTS: usize = 64;

/// Longest name that is made up for a group of fused tasks; with the position, a key stays below
/// 150 characters.
const LONGEST_NAME: usize = 100;

/// Tells which tasks can be merged into those that take them.
pub(super) struct Rules<'g> {
    graph: &'g Graph,
    pub(super) kept: Vec<bool>,
    has_port: Vec<bool>,
}

impl<'g> Rules<'g> {
    pub(super) fn new(graph: &'g Graph, keep: &[TaskId]) -> Self {
        let mut kept = vec![false; graph.len()];
        for t in keep {
            kept[t.index()] = true;
        }
        let has_port = graph.tasks().map(|t| graph.body(t).port().is_some()).collect();
        Rules { graph, kept, has_port }
    }

    fn is_open(&self, task: TaskId) -> bool {
        let inputs = self.graph.inputs(task);
        inputs.len() <= MOST_INPUTS && inputs.iter().all(|e| self.has_port[e.task().index()])
    }

    /// Whether `task` can run inside `user`: same tags, few inputs of known types, and no failure
    /// to be caught between them.
    pub(super) fn may_merge(&self, task: TaskId, user: TaskId) -> bool {
        let g = self.graph;
        let caught = g.inputs(user).iter().any(|e| e.task() == task && e.catches());
        !caught
            && self.has_port[task.index()]
            && self.has_port[user.index()]
            && self.is_open(task)
            && self.is_open(user)
            && (g.datum(task).is_some() || g.tags(task) == g.tags(user))
    }

    /// The task that alone takes `task`, where `task` is none to be kept, and may be merged.
    pub(super) fn sole_user(&self, users: &Dependents, task: TaskId) -> Option<TaskId> {
        match users.of(task) {
            &[user] if !self.kept[task.index()] && self.may_merge(task, user) => Some(user),
            _ => None,
        }
    }
}

/// Returns the graph in which tasks for which `merged` holds run inside every task that takes them,
/// and are tasks of their own only where they are to be kept. `named` says which tasks keep their
/// name; others are called after all that runs inside them.
pub(super) fn assemble(
    graph: &Graph,
    kept: &[bool],
    merged: &[bool],
    named: impl Fn(TaskId) -> bool,
) -> Graph {
    let mut new = Assembly::new(graph, merged);
    for t in graph.tasks() {
        if !merged[t.index()] || kept[t.index()] {
            new.add(t, named(t));
        }
    }
    new.finish()
}

/// Returns the graph of those tasks for which `stays` holds; all their inputs must stay.
pub(super) fn select(graph: &Graph, stays: impl Fn(TaskId) -> bool) -> Graph {
    let none = vec![false; graph.len()];
    let mut new = Assembly::new(graph, &none);
    for t in graph.tasks().filter(|&t| stays(t)) {
        new.add(t, true);
    }
    new.finish()
}

const ABSENT: u32 = u32::MAX;

struct Assembly<'g> {
    old: &'g Graph,
    merged: &'g [bool],
    new: Graph,
    /// The new number of each old task.
    number: Vec<u32>,
    names: Option<Arc<GroupTable>>,
    /// The last fused body of each new group, for its next task to share.
    last: Vec<Option<Arc<Compound>>>,
    /// New groups by old group and made-up name.
    renamed: HashMap<(GroupId, String), GroupId>,
    plain: Vec<Option<GroupId>>,
}

impl<'g> Assembly<'g> {
    fn new(old: &'g Graph, merged: &'g [bool]) -> Self {
        let new = Graph {
            titles: None,
            bodies: Vec::new(),
            spans: Vec::new(),
            edges: Vec::new(),
            places: Vec::new(),
            origins: Vec::new(),
            groups: GroupTable::default(),
            origin_table: old.origin_table.clone(),
        };
        Assembly {
            old,
            merged,
            new,
            number: vec![ABSENT; old.len()],
            names: None,
            last: Vec::new(),
            renamed: HashMap::new(),
            plain: vec![None; old.groups().len()],
        }
    }

    fn add(&mut self, task: TaskId, keeps_name: bool) {
        let old = self.old;
        let id = TaskId::from_index(self.new.bodies.len());
        self.number[task.index()] = id.0;
        let (old_group, index) = old.places[task.index()];
        let start = self.new.edges.len();
        let fused = old.inputs(task).iter().any(|e| self.merged[e.task().index()]);
        let (group, body): (GroupId, Arc<dyn TaskBody>) = if fused {
            let (steps, edges) = self.collect(task);
            let group = self.name(task, &steps, keeps_name);
            self.new.edges.extend(edges);
            (group, self.body(group, steps, start))
        } else {
            self.new.edges.extend_from_slice(old.inputs(task));
            (self.plain_group(old_group), old.body(task).clone())
        };
        let narrow = |n: usize| u32::try_from(n).expect("a graph has fewer than 2^32 edges");
        self.new.spans.push((narrow(start), narrow(self.new.edges.len() - start)));
        self.new.bodies.push(body);
        self.new.places.push((group, index));
        self.new.origins.push(old.origins[task.index()]);
        self.new.groups.set_member((group, index), id);
    }

    /// The steps of `task` with all that is merged into it, and the inputs of the whole.
    fn collect(&self, task: TaskId) -> (Vec<Step>, Vec<Edge>) {
        let (mut steps, mut outer) = (Vec::new(), Vec::<Edge>::new());
        let mut step_of: HashMap<TaskId, u32> = HashMap::new();
        let mut outer_of: HashMap<u32, u32> = HashMap::new();
        let narrow = |n: usize| u32::try_from(n).expect("fewer than 2^32 steps");
        let mut stack = vec![(task, 0)];
        while let Some((t, next)) = stack.pop() {
            let inputs = self.old.inputs(t);
            let inner = |e: &Edge| self.merged[e.task().index()] && !self.is_datum(*e);
            let open = |e: &Edge| inner(e) && !step_of.contains_key(&e.task());
            if let Some(i) = (next..inputs.len()).find(|&i| open(&inputs[i])) {
                stack.push((t, i + 1));
                stack.push((inputs[i].task(), 0));
                continue;
            }
            if step_of.contains_key(&t) {
                continue;
            }
            let source = |e: &Edge| match self.old.datum(e.task()) {
                Some(datum) if self.merged[e.task().index()] => Source::Datum(datum.clone()),
                _ if inner(e) => Source::Step(step_of[&e.task()]),
                _ => Source::Outer(*outer_of.entry(e.0).or_insert_with(|| {
                    outer.push(*e);
                    narrow(outer.len() - 1)
                })),
            };
            let sources = inputs.iter().map(source).collect();
            step_of.insert(t, narrow(steps.len()));
            steps.push(self.step(t, task, sources));
        }
        (steps, outer)
    }

    fn is_datum(&self, edge: Edge) -> bool {
        self.old.datum(edge.task()).is_some()
    }

    fn step(&self, t: TaskId, whole: TaskId, sources: Vec<Source>) -> Step {
        let (group, index) = self.old.places[t.index()];
        let own = self.old.places[whole.index()].1;
        Step {
            body: self.old.body(t).clone(),
            sources,
            group,
            index: (index != own).then_some(index),
            place: self.old.origin(t).place,
        }
    }

    /// The body of these steps, shared with the task before in the same group where both do the
    /// same.
    fn body(&mut self, group: GroupId, steps: Vec<Step>, start: usize) -> Arc<Compound> {
        let old = self.old;
        let names = self.names.get_or_insert_with(|| Arc::new(old.groups.names())).clone();
        let port =
            |body: &Arc<dyn TaskBody>| body.port().expect("`Rules::may_merge` asks for a port");
        let inputs = self.new.edges[start..].iter().map(|e| port(old.body(e.task()))).collect();
        let output = port(&steps[steps.len() - 1].body);
        let body = Compound::new(steps, inputs, output, names);
        if self.last.len() <= group.index() {
            self.last.resize(group.index() + 1, None);
        }
        match &self.last[group.index()] {
            Some(last) if last.is_same(&body) => last.clone(),
            _ => self.last[group.index()].insert(Arc::new(body)).clone(),
        }
    }

    fn plain_group(&mut self, old: GroupId) -> GroupId {
        let pattern = self.old.group(old);
        let groups = &mut self.new.groups;
        *self.plain[old.index()].get_or_insert_with(|| groups.like(pattern.name(), pattern))
    }

    /// The group of a fused task: its own where its name is to be kept, else one that is called
    /// after all that it does.
    fn name(&mut self, task: TaskId, steps: &[Step], keeps_name: bool) -> GroupId {
        let own = self.old.group_of(task);
        let mut groups: Vec<GroupId> = Vec::new();
        for step in steps {
            if !groups.contains(&step.group) {
                groups.push(step.group);
            }
        }
        let reads = groups.iter().any(|&g| self.old.group(g).is_source());
        let id = if keeps_name || groups.len() == 1 {
            self.plain_group(own)
        } else {
            let names: Vec<_> = groups.iter().map(|&g| self.old.group(g).name()).collect();
            self.renamed_group(own, shorten(&names.join("-")))
        };
        if reads {
            self.new.groups.mark_source(id);
        }
        id
    }

    fn renamed_group(&mut self, own: GroupId, name: String) -> GroupId {
        if let Some(&id) = self.renamed.get(&(own, name.clone())) {
            return id;
        }
        let mut free = name.clone();
        let mut n = 2;
        while self.old.groups.id(&free).is_some() || self.new.groups.id(&free).is_some() {
            free = format!("{name}-{n}");
            n += 1;
        }
        let id = self.new.groups.like(&free, self.old.group(own));
        self.renamed.insert((own, name), id);
        id
    }

    fn finish(mut self) -> Graph {
        for edge in &mut self.new.edges {
            let task = TaskId(self.number[edge.task().index()]);
            debug_assert_ne!(task.0, ABSENT, "a task that stays takes one that goes");
            *edge = Edge::new(task, edge.catches());
        }
        self.new
    }
}

/// Cuts a name that is too long, and makes up for it with a token of the whole.
fn shorten(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let token = Token::of_bytes(name.as_bytes()).to_string();
    let head: String = name
        .chars()
        .scan(0, |len, c| {
            *len += c.len_utf8();
            (*len <= LONGEST_NAME - 9).then_some(c)
        })
        .collect();
    format!("{head}-{}", &token[..8])
}
