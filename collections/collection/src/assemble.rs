//! From nodes to a graph: what is wanted and all that it needs, each node once.
//! It does not know which collections the nodes belong to.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use tine_scheduler::{
    Dependency, Error, ErrorKind, Graph, GraphBuilder, GroupId, Key, Result, Tags, TaskId,
};

use crate::fuse::{self, Siblings};
use crate::node::{Chain, Held, Input, Node, Task, Work};
use crate::token::Token;

/// A graph, and the tasks in it that were asked for.
#[derive(Debug)]
pub struct Assembled {
    /// The graph.
    pub graph: Graph,
    /// The task of each root, in order; one may stand there twice.
    pub outputs: Vec<TaskId>,
}

/// Builds the graph that `roots` need.
///
/// Tasks are numbered by creation within their name: `inc(2)` is the third call of `inc` that the
/// graph has. A persisted result keeps its number, and new calls are numbered around it.
///
/// # Errors
/// The error that a node carries (the one created first), or a graph that is wrong in itself.
pub fn assemble(roots: &[Input]) -> Result<Assembled> {
    let nodes = reachable(roots);
    if let Some(error) = nodes.iter().find_map(|n| n.error()) {
        return Err(error.clone());
    }
    let mut assembly = Assembly::new(&nodes);
    for node in &nodes {
        assembly.emit(node)?;
    }
    let outputs = roots.iter().map(|r| assembly.task(r)).collect::<Result<_>>()?;
    Ok(Assembled { graph: assembly.graph.build()?, outputs })
}

/// All nodes that `roots` need, each once, by creation: inputs stand before their users.
fn reachable(roots: &[Input]) -> Vec<&Arc<Node>> {
    let mut seen: HashSet<u64, BySequence> = HashSet::default();
    let mut nodes: Vec<&Arc<Node>> = Vec::new();
    let mut stack: Vec<&Arc<Node>> = roots.iter().map(Input::node).collect();
    while let Some(node) = stack.pop() {
        if seen.insert(node.sequence()) {
            nodes.push(node);
            stack.extend(node.inputs().iter().map(Input::node));
        }
    }
    nodes.sort_unstable_by_key(|n| n.sequence());
    nodes
}

/// Where a node stands in the list of all nodes, by its number.
struct Positions<'a> {
    nodes: &'a [&'a Arc<Node>],
    /// The position of each number from the first node's on, where they lie close together: most
    /// graphs are written in one go, and a look into a table is what building a graph is made of.
    dense: Vec<u32>,
}

impl<'a> Positions<'a> {
    fn new(nodes: &'a [&'a Arc<Node>]) -> Self {
        let mut positions = Positions { nodes, dense: Vec::new() };
        if let (Some(first), Some(last)) = (nodes.first(), nodes.last()) {
            let range = last.sequence() - first.sequence() + 1;
            if range <= 4 * nodes.len() as u64 {
                positions.dense = vec![0; range as usize];
                for (node, i) in nodes.iter().zip(0..) {
                    positions.dense[(node.sequence() - first.sequence()) as usize] = i;
                }
            }
        }
        positions
    }

    /// The position of `node`, which must be one of the list.
    fn of(&self, node: &Node) -> usize {
        let number = node.sequence();
        if self.dense.is_empty() {
            return self.nodes.partition_point(|n| n.sequence() < number);
        }
        self.dense[(number - self.nodes[0].sequence()) as usize] as usize
    }
}

/// A graph in the making.
struct Assembly<'a> {
    graph: GraphBuilder,
    positions: Positions<'a>,
    /// Where the tasks of each node begin in `tasks`, by position, and where the last ones end.
    starts: Vec<usize>,
    tasks: Vec<TaskId>,
    /// The group that the task before went to, which is most often the next one's too.
    last_group: Option<(&'static str, GroupId)>,
    /// The tags of the node that is being emitted.
    tags: Option<&'a Arc<Tags>>,
    /// Pure tasks, by what they do to which inputs, and their tags.
    pure: HashMap<(Token, Option<&'a Tags>), TaskId>,
    /// Names of which some numbers are taken by persisted results.
    pinned: HashMap<String, Numbers>,
    siblings: Siblings<'a>,
    /// Tasks of blockwise nodes that were emitted in one pass with a node before, by position.
    early: HashMap<usize, Vec<TaskId>>,
}

/// The numbers that are taken within one name.
#[derive(Default)]
struct Numbers {
    taken: BTreeSet<u32>,
    next: u32,
}

impl Numbers {
    fn next_free(&mut self) -> u32 {
        while self.taken.contains(&self.next) {
            self.next += 1;
        }
        self.next += 1;
        self.next - 1
    }
}

impl<'a> Assembly<'a> {
    fn new(nodes: &'a [&'a Arc<Node>]) -> Self {
        let mut pinned: HashMap<String, Numbers> = HashMap::new();
        for node in nodes {
            if let Work::Held(held) = &node.work {
                let numbers = pinned.entry(held.key.group().to_owned()).or_default();
                if let [number] = held.key.position() {
                    numbers.taken.insert(*number);
                }
            }
        }
        Assembly {
            graph: Graph::builder(),
            positions: Positions::new(nodes),
            starts: vec![0],
            last_group: None,
            tasks: Vec::with_capacity(nodes.len()),
            tags: None,
            pure: HashMap::new(),
            pinned,
            siblings: Siblings::new(nodes),
            early: HashMap::new(),
        }
    }

    fn emit(&mut self, node: &'a Node) -> Result<()> {
        let before = self.tags.map(Arc::as_ptr);
        self.tags = node.tags();
        if before != self.tags.map(Arc::as_ptr) {
            self.graph.set_tags(self.tags.cloned().unwrap_or_default());
        }
        let tasks = match &node.work {
            Work::Task(task) => Emitted::One(self.emit_task(node, task)?),
            Work::Held(held) => Emitted::One(self.emit_held(held)),
            Work::Layer(layer) => {
                let inputs: Vec<_> =
                    node.inputs().iter().map(|i| self.task(i)).collect::<Result<_>>()?;
                Emitted::Many(layer.emit(&inputs, &mut self.graph)?)
            }
            Work::Chain(_) => Emitted::Many(self.emit_chain()?),
            Work::Failed(error) => return Err(error.clone()),
        };
        match tasks {
            Emitted::One(task) => self.tasks.push(task),
            Emitted::Many(mut many) => self.tasks.append(&mut many),
        }
        self.starts.push(self.tasks.len());
        Ok(())
    }

    /// Emits the blockwise node that is the next one, and all that go over its source in one pass.
    fn emit_chain(&mut self) -> Result<Vec<TaskId>> {
        let at = self.starts.len() - 1;
        if let Some(tasks) = self.early.remove(&at) {
            return Ok(tasks);
        }
        let nodes = self.positions.nodes;
        let mut members = self.siblings.of(at, nodes);
        members.retain(|m| !self.early.contains_key(m));
        let chain = |m: &usize| -> Option<&'a Chain> {
            match &nodes[*m].work {
                Work::Chain(chain) => Some(&**chain),
                _ => None,
            }
        };
        let chains: Vec<&Chain> = members.iter().filter_map(chain).collect();
        let mut graph = std::mem::take(&mut self.graph);
        let emitted = fuse::emit(&chains, &|input| self.task(input), &mut graph);
        self.graph = graph;
        self.early.extend(members.into_iter().zip(emitted?));
        self.early.remove(&at).ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "a blockwise node is not in its own pass")
        })
    }

    fn emit_task(&mut self, node: &Node, task: &Task) -> Result<TaskId> {
        let inputs = self.dependencies(node)?;
        let Some(token) = &task.token else { return Ok(self.push(task, inputs)) };
        let token = token.with_inputs(inputs.iter().map(|d| match d {
            Dependency::Task(t) => (t.index(), false),
            Dependency::Catch(t) => (t.index(), true),
            Dependency::Key(_) => unreachable!("inputs of nodes are tasks"),
        }));
        let token = (token, self.tags.map(Arc::as_ref));
        if let Some(&same) = self.pure.get(&token) {
            return Ok(same);
        }
        let id = self.push(task, inputs);
        self.pure.insert(token, id);
        Ok(id)
    }

    fn dependencies(&self, node: &Node) -> Result<Vec<Dependency>> {
        let dependency = |input: &Input| {
            let task = self.task(input)?;
            Ok(if input.catches() { Dependency::Catch(task) } else { Dependency::Task(task) })
        };
        node.inputs().iter().map(dependency).collect()
    }

    fn push(&mut self, task: &Task, inputs: Vec<Dependency>) -> TaskId {
        if !self.pinned.is_empty()
            && let Some(numbers) = self.pinned.get_mut(task.name)
        {
            let key = Key::new(task.name, [numbers.next_free()]);
            return self.graph.define(&key, inputs, task.body.clone(), task.place);
        }
        let group = match self.last_group {
            Some((name, group)) if std::ptr::eq(name, task.name) => group,
            _ => self.graph.group(task.name),
        };
        self.last_group = Some((task.name, group));
        self.graph.push_at(group, inputs, task.body.clone(), task.place)
    }

    /// Adds a persisted result under its own key; a second one of the same key, from another
    /// graph, is numbered anew.
    fn emit_held(&mut self, held: &Held) -> TaskId {
        let body = || held.body.clone();
        if self.graph.find(&held.key).is_none() {
            return self.graph.define(&held.key, [], body(), held.place);
        }
        let numbers = self.pinned.entry(held.key.group().to_owned()).or_default();
        let key = Key::new(held.key.group(), [numbers.next_free()]);
        self.graph.define(&key, [], body(), held.place)
    }

    /// The task that `input` became.
    fn task(&self, input: &Input) -> Result<TaskId> {
        let at = self.positions.of(input.node());
        let tasks = &self.tasks[self.starts[at]..self.starts[at + 1]];
        tasks.get(input.index()).copied().ok_or_else(|| {
            let what = format!("{input:?} is wanted, but the layer has no such part");
            Error::new(ErrorKind::Build, what)
        })
    }
}

/// The tasks of one node, without an allocation for the usual one.
enum Emitted {
    One(TaskId),
    Many(Vec<TaskId>),
}

type BySequence = BuildHasherDefault<SequenceHasher>;

/// Spreads sequence numbers over a table: they are unique and nobody chooses them, so that one
/// multiplication does (Knuth's multiplicative hashing by the golden ratio).
#[derive(Default)]
struct SequenceHasher(u64);

impl Hasher for SequenceHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.write_u64(self.0 ^ u64::from(b));
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
