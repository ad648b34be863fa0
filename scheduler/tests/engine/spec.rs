//! Random graphs as plain data: what each task does, built for the engine and evaluated without it.
//! It does not choose the graphs: see `agree`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tine_scheduler::{
    Buffer, Dependency, Error, ErrorKind, Finished, Graph, Outputs, Plan, Result, Scheduler,
    TaskBody, TaskContext, TaskId, TypeTag,
};

/// What tasks of these graphs make: small and large, in one piece and in several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Val {
    Num(u64),
    Text(String),
    Bytes(Vec<u8>),
    One(Buffer<u64>),
    Two(Buffer<u64>, Buffer<u64>),
    Many(Vec<Buffer<u64>>),
}

impl Val {
    /// The buffers in it.
    fn buffers(&self) -> Vec<Buffer<u64>> {
        match self {
            Val::One(b) => vec![b.clone()],
            Val::Two(a, b) => vec![a.clone(), b.clone()],
            Val::Many(all) => all.clone(),
            _ => Vec::new(),
        }
    }

    /// A number that depends on all of it.
    pub(crate) fn digest(&self) -> u64 {
        match self {
            Val::Num(n) => *n,
            Val::Text(s) => s.bytes().fold(1, |h, b| mix(h, b.into())),
            Val::Bytes(v) => {
                v.iter().step_by(v.len() / 500 + 1).fold(2, |h, b| mix(h, (*b).into()))
            }
            // Of the large ones some, and always the first and the last.
            _ => self.buffers().iter().fold(3, |h, b| {
                let some = b.iter().step_by(b.len() / 500 + 1).chain(b.last());
                some.copied().fold(mix(h, b.len() as u64), mix)
            }),
        }
    }
}

/// One step of a hash.
pub(crate) fn mix(h: u64, x: u64) -> u64 {
    (h ^ x).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
}

/// What a task does with its inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// A value, not a task.
    Given,
    Num,
    /// Encoded, just too long to lie in the cell.
    Text,
    Bytes(usize),
    Fresh(usize),
    /// The last input as it is.
    Pass,
    /// A part of the first buffer among the inputs.
    Slice,
    /// The first and the last buffer among the inputs.
    Pair,
    /// All buffers of all inputs.
    Gather,
    /// The first buffer, written to.
    Change,
    Fail,
    Panic,
}

/// One task: inputs are earlier tasks; `true` where their failure is caught.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<(usize, bool)>,
}

/// A graph, and what is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) nodes: Vec<Node>,
    pub(crate) outputs: Vec<usize>,
}

/// An error as far as it must be the same everywhere.
pub(crate) type Known = (ErrorKind, Option<String>, String);

pub(crate) fn known(e: &Error) -> Known {
    (e.kind(), e.task().map(str::to_owned), e.message().to_owned())
}

/// Whether a task was given up for what was done to its worker, or for want of memory.
pub(crate) fn is_given_up(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Died | ErrorKind::MemoryBudget | ErrorKind::MemoryLimit)
}

/// What a task does: the operation on what was read, the same with and without an engine.
fn apply(node: usize, op: Op, inputs: &[std::result::Result<Val, Known>]) -> Result<Val> {
    let digest = inputs.iter().fold(node as u64, |h, input| match input {
        Ok(v) => mix(h, v.digest()),
        Err((kind, task, message)) => {
            format!("{kind:?} {task:?} {message}").bytes().fold(h, |h, b| mix(h, b.into()))
        }
    });
    let good = || inputs.iter().flatten();
    let buffers = || good().flat_map(Val::buffers);
    let fresh = |n| Buffer::from_fn(n, |i| digest ^ i as u64);
    Ok(match op {
        Op::Given | Op::Num => Val::Num(digest),
        Op::Text => Val::Text(format!("{:017}", digest % 100_000_000_000_000_000)),
        Op::Bytes(n) => Val::Bytes((0..n).map(|i| (digest >> (i % 57)) as u8).collect()),
        Op::Fresh(n) => Val::One(fresh(n)),
        Op::Pass => good().last().cloned().unwrap_or(Val::Num(digest)),
        Op::Slice => {
            let b = buffers().next().unwrap_or_else(|| fresh(700));
            Val::One(b.slice(b.len() / 3..b.len()))
        }
        Op::Pair => {
            let first = buffers().next().unwrap_or_else(|| fresh(600));
            Val::Two(first, buffers().last().unwrap_or_else(|| fresh(3)))
        }
        Op::Gather => Val::Many(buffers().chain([fresh(513)]).take(12).collect()),
        Op::Change => {
            let mut b = buffers().next().unwrap_or_else(|| fresh(600));
            if let Some(x) = b.make_mut().first_mut() {
                *x = digest;
            }
            Val::One(b)
        }
        Op::Fail => return Err(Error::from_task(format!("no {node}"))),
        Op::Panic => panic!("bang {node}"),
    })
}

struct Body {
    node: usize,
    op: Op,
    catches: Vec<bool>,
}

impl TaskBody for Body {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let read = |(i, &catches): (usize, &bool)| {
            if !catches {
                return task.input::<Val>(i).map(|v| Ok(v.clone()));
            }
            Ok(match task.caught::<Val>(i)? {
                Ok(v) => Ok(v.clone()),
                // No part of the spec, but of a test that kills workers or leaves them little
                // memory: it sees to it.
                Err(e) if is_given_up(e.kind()) => return Err(e),
                Err(e) => Err(known(&e)),
            })
        };
        let inputs = self.catches.iter().enumerate().map(read).collect::<Result<Vec<_>>>()?;
        task.finish(apply(self.node, self.op, &inputs)?)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<Val>()
    }
}

/// A body that does something else before it runs.
struct Before(Body, Arc<dyn Fn(usize) + Send + Sync>);

impl TaskBody for Before {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        (self.1)(self.0.node);
        self.0.run(task)
    }

    fn output_type(&self) -> TypeTag {
        self.0.output_type()
    }
}

/// What a run came to, as far as it must be the same everywhere.
pub(crate) type Outcome = std::result::Result<Vec<u64>, Known>;

fn name(node: usize) -> String {
    format!("n({node})")
}

impl Spec {
    /// The graph; `before` is called by every task with its number.
    pub(crate) fn build(&self, before: Option<Arc<dyn Fn(usize) + Send + Sync>>) -> Result<Graph> {
        let mut g = Graph::builder();
        let group = g.group("n");
        for (i, node) in self.nodes.iter().enumerate() {
            if node.op == Op::Given {
                let value = Arc::new(apply(i, node.op, &[])?);
                g.push_datum::<Val>(group, tine_scheduler::Datum::Memory(value));
                continue;
            }
            let inputs = node.inputs.iter().map(|&(t, catches)| {
                let task = TaskId::from_index(t);
                if catches { Dependency::Catch(task) } else { Dependency::Task(task) }
            });
            let catches = node.inputs.iter().map(|i| i.1).collect();
            let body = Body { node: i, op: node.op, catches };
            let body: Arc<dyn TaskBody> = match &before {
                Some(f) => Arc::new(Before(body, f.clone())),
                None => Arc::new(body),
            };
            g.push(group, inputs.collect::<Vec<_>>(), body);
        }
        g.build()
    }

    pub(crate) fn output_ids(&self) -> Vec<TaskId> {
        self.outputs.iter().map(|&t| TaskId::from_index(t)).collect()
    }

    /// What `scheduler` makes of it.
    pub(crate) fn run(&self, graph: &Graph, scheduler: &dyn Scheduler) -> Outcome {
        let plan = Plan::new(graph, &self.output_ids()).map_err(|e| known(&e))?;
        let outputs = scheduler.run(&plan, &[]).map_err(|e| known(&e))?;
        digests(&outputs).map_err(|e| known(&e))
    }

    /// What it must come to: evaluated by recursion, with the failure that comes first in `plan`.
    pub(crate) fn expected(&self, graph: &Graph) -> Outcome {
        let plan = Plan::new(graph, &self.output_ids()).map_err(|e| known(&e))?;
        let mut model = Model { spec: self, plan: &plan, done: BTreeMap::new() };
        for &t in &self.outputs {
            let _ = model.evaluate(t);
        }
        let fatal = self.fatal();
        let failed = model.done.iter().filter(|(t, v)| {
            fatal[**t] && v.as_ref().is_err_and(|(_, task, _)| task.as_ref() == Some(&name(**t)))
        });
        let first = failed.min_by_key(|(t, _)| plan.rank(TaskId::from_index(**t)));
        if let Some((_, Err(e))) = first {
            return Err(e.clone());
        }
        self.outputs
            .iter()
            .map(|t| model.done[t].as_ref().map(Val::digest).map_err(Clone::clone))
            .collect()
    }

    /// Which tasks reach an output without being caught.
    fn fatal(&self) -> Vec<bool> {
        let mut fatal = vec![false; self.nodes.len()];
        for &t in &self.outputs {
            fatal[t] = true;
        }
        for t in (0..self.nodes.len()).rev().filter(|&t| self.nodes[t].op != Op::Given) {
            for &(input, catches) in &self.nodes[t].inputs {
                fatal[input] |= fatal[t] && !catches;
            }
        }
        fatal
    }
}

fn digests(outputs: &Outputs) -> Result<Vec<u64>> {
    (0..outputs.len()).map(|i| outputs.get::<Val>(i).map(|v| v.digest())).collect()
}

/// The evaluation without an engine: a failed or skipped task has the error that it passes on.
struct Model<'a> {
    spec: &'a Spec,
    plan: &'a Plan<'a>,
    done: BTreeMap<usize, std::result::Result<Val, Known>>,
}

impl Model<'_> {
    fn evaluate(&mut self, t: usize) -> std::result::Result<Val, Known> {
        if let Some(done) = self.done.get(&t) {
            return done.clone();
        }
        let node = &self.spec.nodes[t];
        let wanted: &[(usize, bool)] = if node.op == Op::Given { &[] } else { &node.inputs };
        let inputs: Vec<_> = wanted.iter().map(|&(input, _)| self.evaluate(input)).collect();
        // Skipped: the first failure, in static order, of those that are not caught.
        let passed_on = inputs.iter().zip(wanted).filter(|(_, (_, catches))| !catches);
        let causes = passed_on.filter_map(|(v, _)| v.as_ref().err());
        let cause = causes.min_by_key(|(_, task, _)| self.rank(task.as_deref())).cloned();
        let done = match (cause, node.op) {
            (Some(cause), _) => Err(cause),
            (None, Op::Panic) => Err((ErrorKind::Panic, Some(name(t)), format!("bang {t}"))),
            (None, op) => {
                apply(t, op, &inputs).map_err(|e| (e.kind(), Some(name(t)), e.message().to_owned()))
            }
        };
        self.done.insert(t, done.clone());
        done
    }

    fn rank(&self, task: Option<&str>) -> Option<usize> {
        let number = task?.strip_prefix("n(")?.strip_suffix(')')?.parse().ok()?;
        self.plan.rank(TaskId::from_index(number))
    }
}
