//! A node of a lazy expression: one task, one value, a layer of many tasks, or a chain over blocks.
//! It does not know which values hold it, or the graph that it will be part of.

use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tine_scheduler::{
    Datum, Error, GraphBuilder, Key, Result, Tags, TaskBody, TaskContext, TaskId, Value,
    annotations, is_annotated,
};

use crate::given::Given;
use crate::made::{Door, Made};
use crate::token::Token;

/// Numbers nodes by creation. A node's inputs exist before it does, so that this order is also a
/// topological order of every graph, which is why no builder has to search for one.
static CREATED: AtomicU64 = AtomicU64::new(0);

/// One step of a lazy expression. Shared by `Arc`; its identity is what sharing goes by.
pub struct Node {
    sequence: u64,
    inputs: Box<[Input]>,
    /// The tags that were in force where it was created; `None` for none.
    tags: Option<Arc<Tags>>,
    pub(crate) work: Work,
}

/// What becomes of a node in a graph.
pub(crate) enum Work {
    /// One task.
    Task(Task),
    /// A value that is there already.
    Held(Box<Held>),
    /// Many tasks.
    Layer(Box<dyn Layer>),
    /// One result for each block of a source, in one pass with others of the same source.
    Chain(Box<Chain>),
    /// Nothing: the expression was built wrongly.
    Failed(Error),
}

/// The tags in force on this thread.
fn annotated() -> Option<Arc<Tags>> {
    is_annotated().then(annotations)
}

/// One task, numbered among those of its name when the graph is built.
pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) place: &'static Location<'static>,
    pub(crate) body: Arc<dyn TaskBody>,
    pub(crate) token: Option<Token>,
}

/// A persisted result, which keeps the name that it was computed under.
pub(crate) struct Held {
    pub(crate) key: Key,
    pub(crate) place: &'static Location<'static>,
    pub(crate) body: Arc<dyn TaskBody>,
}

/// An input of a node: one of the results of another node.
#[derive(Clone)]
pub struct Input {
    node: Arc<Node>,
    part: u32,
    catches: bool,
}

/// Many tasks that are described in one place: the partitions or chunks of a collection.
pub trait Layer: Send + Sync + 'static {
    /// Appends the layer's tasks to `graph`, and returns those that others may use, in order.
    ///
    /// `inputs` are the tasks that the node's inputs became, in the order of [`Node::inputs`].
    ///
    /// # Errors
    /// A layer that cannot be built.
    fn emit(&self, inputs: &[TaskId], graph: &mut GraphBuilder) -> Result<Vec<TaskId>>;
}

/// A chain as a node keeps it: with the type of its results, and where the user wrote it.
pub(crate) struct Chain {
    pub(crate) blockwise: Box<dyn Blockwise>,
    pub(crate) door: Door,
    pub(crate) place: &'static Location<'static>,
}

impl Chain {
    pub(crate) fn new<T: Value>(
        blockwise: impl Blockwise,
        place: &'static Location<'static>,
    ) -> Self {
        Chain { blockwise: Box::new(blockwise), door: Door::of::<T>(), place }
    }
}

/// One result for each of some blocks of a source: the end of a chain of steps.
///
/// It does not know what a block holds: partitions of a bag, chunks of an array, record batches. A
/// collection describes a chain of steps (`map`, `filter`, `sum-partial`) as one of these, and makes
/// a node of it by [`Node::blockwise`]. Nothing between the source and the end of the chain is ever
/// a task: the chain is one task for each block. When the graph is built, all chains over the same
/// source that are wanted together become **one pass**: each block is read once, whatever is made
/// of it.
pub trait Blockwise: Send + Sync + 'static {
    /// What tells sources apart: chains of equal source may be run in one pass. The address of
    /// what describes the source will do, where the chain keeps it alive.
    fn source(&self) -> usize;

    /// The names of all steps, from the source on, the one that makes the result last.
    fn steps(&self) -> Vec<&'static str>;

    /// The blocks that have a result, in the order of the results.
    fn blocks(&self) -> Vec<u32>;

    /// Makes one pass of several chains over one source, all of the type of this one.
    fn pass(&self, members: &[&dyn Blockwise]) -> Arc<dyn Pass>;

    /// The chain as what it is, for [`pass`](Self::pass) to look at its members.
    fn as_any(&self) -> &dyn Any;
}

/// Some chains over one source, for one block after the other.
pub trait Pass: Send + Sync + 'static {
    /// What the task of block `block` reads, in order.
    fn inputs(&self, block: u32) -> Vec<Input>;

    /// Makes the result that each chain has for block `block`, in the order of the chains.
    ///
    /// # Errors
    /// Whatever the functions of a chain return, or an input that cannot be read.
    fn run(&self, block: u32, task: &TaskContext<'_>) -> Result<Vec<Made>>;
}

impl Node {
    /// A task called `name`, created at `place`. With a `token`, nodes of equal token and equal
    /// inputs are one task.
    pub fn task(
        name: &'static str,
        place: &'static Location<'static>,
        inputs: Vec<Input>,
        body: Arc<dyn TaskBody>,
        token: Option<Token>,
    ) -> Arc<Self> {
        Self::create(inputs, Work::Task(Task { name, place, body, token }))
    }

    /// A value that is there before the run, under `name`.
    pub fn value<T: Value>(
        name: &'static str,
        place: &'static Location<'static>,
        value: T,
    ) -> Arc<Self> {
        let body = Given::<T>::body(Datum::Memory(Arc::new(value)));
        Self::create(Vec::new(), Work::Task(Task { name, place, body, token: None }))
    }

    /// A persisted result that keeps its `key`.
    pub fn held<T: Value>(key: Key, place: &'static Location<'static>, datum: Datum) -> Arc<Self> {
        let body = Given::<T>::body(datum);
        Self::create(Vec::new(), Work::Held(Box::new(Held { key, place, body })))
    }

    /// Many tasks.
    pub fn layer(inputs: Vec<Input>, layer: impl Layer) -> Arc<Self> {
        Self::create(inputs, Work::Layer(Box::new(layer)))
    }

    /// A chain of steps over the blocks of a source, with results of type `T`; `inputs` is all that
    /// any of its blocks reads.
    pub fn blockwise<T: Value>(
        inputs: Vec<Input>,
        place: &'static Location<'static>,
        chain: impl Blockwise,
    ) -> Arc<Self> {
        Self::create(inputs, Work::Chain(Box::new(Chain::new::<T>(chain, place))))
    }

    /// An expression that was built wrongly: `compute` returns `error`.
    pub fn failed(error: Error) -> Arc<Self> {
        Self::create(Vec::new(), Work::Failed(error))
    }

    fn create(inputs: Vec<Input>, work: Work) -> Arc<Self> {
        let sequence = CREATED.fetch_add(1, Ordering::Relaxed);
        Arc::new(Node { sequence, inputs: inputs.into(), tags: annotated(), work })
    }

    /// The same task with more tags: another node, with the same inputs. What is no task has none,
    /// and stays as it is.
    pub fn tagged(self: &Arc<Self>, tags: &[(&str, String)]) -> Arc<Self> {
        let Work::Task(task) = &self.work else { return self.clone() };
        let mut all = self.tags.as_deref().cloned().unwrap_or_default();
        for (name, value) in tags {
            all.retain(|(n, _)| n != name);
            all.push(((*name).to_owned(), value.clone()));
        }
        all.sort_unstable();
        let sequence = CREATED.fetch_add(1, Ordering::Relaxed);
        let task = Task { body: task.body.clone(), ..*task };
        let (inputs, tags) = (self.inputs.clone(), Some(Arc::new(all)));
        Arc::new(Node { sequence, inputs, tags, work: Work::Task(task) })
    }

    /// The tags of its tasks.
    pub(crate) fn tags(&self) -> Option<&Arc<Tags>> {
        self.tags.as_ref()
    }

    /// Its number in the order of creation in this process: above those of its inputs.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The results that it works on, in order.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The name of its task, where it is one.
    pub fn name(&self) -> Option<&str> {
        match &self.work {
            Work::Task(task) => Some(task.name),
            Work::Held(held) => Some(held.key.group()),
            Work::Layer(_) | Work::Chain(_) | Work::Failed(_) => None,
        }
    }

    /// Where the user created it, where it is a task or a value.
    pub fn place(&self) -> Option<&'static Location<'static>> {
        match &self.work {
            Work::Task(task) => Some(task.place),
            Work::Held(held) => Some(held.place),
            Work::Chain(chain) => Some(chain.place),
            Work::Layer(_) | Work::Failed(_) => None,
        }
    }

    /// The error that it carries, where it was built wrongly.
    pub fn error(&self) -> Option<&Error> {
        match &self.work {
            Work::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl Drop for Node {
    /// Takes a chain of nodes apart link by link: dropping inputs by the compiler's own recursion
    /// would overflow the stack at some ten thousand nodes.
    fn drop(&mut self) {
        let mut doomed: Vec<Input> = std::mem::take(&mut self.inputs).into_vec();
        while let Some(input) = doomed.pop() {
            if let Some(mut node) = Arc::into_inner(input.node) {
                doomed.append(&mut std::mem::take(&mut node.inputs).into_vec());
            }
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.work {
            Work::Task(task) => write!(f, "Node({}, {} inputs)", task.name, self.inputs.len()),
            Work::Held(held) => write!(f, "Node({}, held)", held.key),
            Work::Chain(chain) => write!(f, "Node({})", chain.blockwise.steps().join("-")),
            Work::Layer(_) => write!(f, "Node(layer, {} inputs)", self.inputs.len()),
            Work::Failed(error) => write!(f, "Node(failed: {error})"),
        }
    }
}

impl Input {
    /// The only result of `node`.
    pub fn of(node: Arc<Node>) -> Self {
        Input { node, part: 0, catches: false }
    }

    /// Result `part` of a layer.
    pub fn part(node: Arc<Node>, part: u32) -> Self {
        Input { node, part, catches: false }
    }

    /// The same input, but a failure of its task is handed over as a value.
    #[must_use]
    pub fn catching(mut self) -> Self {
        self.catches = true;
        self
    }

    /// The node whose result it is.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Which of the node's results it is.
    pub fn index(&self) -> usize {
        self.part as usize
    }

    /// Whether a failure is handed over as a value.
    pub fn catches(&self) -> bool {
        self.catches
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[{}]", self.node, self.part)
    }
}
