//! Which blockwise chains are run in one pass, and the tasks that a pass becomes.
//! It does not know what a chain does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tine_scheduler::{
    Dependency, Error, ErrorKind, Finished, GraphBuilder, Result, Tags, TaskBody, TaskContext,
    TaskId, TypeTag,
};

use crate::made::{Door, Several};
use crate::node::{Blockwise, Chain, Input, Node, Pass, Work};

/// The blockwise nodes of a graph, by source and tags, as positions in the list of all nodes.
#[derive(Default)]
pub(crate) struct Siblings<'a>(HashMap<(usize, Option<&'a Tags>), Vec<usize>>);

impl<'a> Siblings<'a> {
    pub(crate) fn new(nodes: &[&'a Arc<Node>]) -> Self {
        let mut siblings = Siblings::default();
        for (i, node) in nodes.iter().enumerate() {
            if let Some(key) = key(node) {
                siblings.0.entry(key).or_default().push(i);
            }
        }
        siblings
    }

    /// The nodes that are run in one pass with the one at `first`, which nothing has emitted yet.
    ///
    /// Nodes stand in the order of their creation, and what a node needs was created before it.
    /// One whose inputs all stand before `first` cannot need the result of `first`, or of another
    /// such node: `x.sum()` and `x.count()` are one pass, `x` and `x - x.sum()` are not.
    pub(crate) fn of(&self, first: usize, nodes: &[&'a Arc<Node>]) -> Vec<usize> {
        let own = nodes[first].sequence();
        let all = key(nodes[first]).and_then(|k| self.0.get(&k)).map_or(&[][..], |v| v);
        let early =
            |i: &usize| nodes[*i].inputs().iter().all(|input| input.node().sequence() < own);
        all.iter().copied().filter(|&i| i >= first).filter(early).collect()
    }
}

fn key(node: &Arc<Node>) -> Option<(usize, Option<&Tags>)> {
    let Work::Chain(chain) = &node.work else { return None };
    Some((chain.blockwise.source(), node.tags().map(Arc::as_ref)))
}

/// Emits the tasks of one pass of `members`; returns the tasks of each.
pub(crate) fn emit(
    members: &[&Chain],
    task_of: &dyn Fn(&Input) -> Result<TaskId>,
    graph: &mut GraphBuilder,
) -> Result<Vec<Vec<TaskId>>> {
    let blocks: Vec<Vec<u32>> = members.iter().map(|m| m.blockwise.blocks()).collect();
    let all: BTreeSet<u32> = blocks.iter().flatten().copied().collect();
    let mut made: Vec<HashMap<u32, TaskId>> = members.iter().map(|_| HashMap::new()).collect();
    // Blocks that the same chains want share one pass.
    let mut passes: HashMap<Vec<usize>, Arc<dyn Pass>> = HashMap::new();
    let wanted: Vec<BTreeSet<u32>> = blocks.iter().map(|b| b.iter().copied().collect()).collect();
    for block in all {
        let who: Vec<usize> = (0..members.len()).filter(|&m| wanted[m].contains(&block)).collect();
        let pass = passes.entry(who.clone()).or_insert_with(|| {
            let chains: Vec<&dyn Blockwise> = who.iter().map(|&m| &*members[m].blockwise).collect();
            chains[0].pass(&chains)
        });
        let inputs = pass.inputs(block);
        let inputs: Vec<TaskId> = inputs.iter().map(task_of).collect::<Result<_>>()?;
        let chosen: Vec<&Chain> = who.iter().map(|&m| members[m]).collect();
        let tasks = emit_block(&chosen, pass, block, &inputs, graph);
        who.iter().zip(tasks).for_each(|(&m, task)| {
            made[m].insert(block, task);
        });
    }
    Ok(blocks.iter().zip(&made).map(|(b, made)| b.iter().map(|b| made[b]).collect()).collect())
}

/// Emits the task of one block, and, where it has several results, one that hands on each.
fn emit_block(
    members: &[&Chain],
    pass: &Arc<dyn Pass>,
    block: u32,
    inputs: &[TaskId],
    graph: &mut GraphBuilder,
) -> Vec<TaskId> {
    let place = members[0].place;
    let group = graph.group(&name(members));
    let inputs = inputs.iter().map(|&t| Dependency::Task(t));
    if let [only] = members {
        let body = PassBody { pass: pass.clone(), block, output: only.door.tag, several: false };
        return vec![graph.push_at(group, inputs, Arc::new(body), place)];
    }
    let output = TypeTag::of::<Several>();
    let body = PassBody { pass: pass.clone(), block, output, several: true };
    let task = graph.push_at(group, inputs, Arc::new(body), place);
    let part = |(index, member): (usize, &&Chain)| {
        let group = graph.group(member.blockwise.steps().last().copied().unwrap_or("part"));
        let body = Arc::new(HandOn { index, door: member.door });
        graph.push_at(group, [Dependency::Task(task)], body, member.place)
    };
    members.iter().enumerate().map(part).collect()
}

/// Longer names are cut in the middle: nobody reads them in a picture.
const LONGEST: usize = 60;

/// The name of a pass: the steps that all chains begin with, then how each of them ends.
fn name(members: &[&Chain]) -> String {
    let steps: Vec<Vec<&str>> = members.iter().map(|m| m.blockwise.steps()).collect();
    let first = &steps[0];
    let shared =
        (0..first.len()).take_while(|&i| steps.iter().all(|s| s.get(i) == Some(&first[i]))).count();
    let (head, mut ends) = match members.len() {
        1 => (&first[..first.len().saturating_sub(1)], Vec::new()),
        _ => (&first[..shared], Vec::new()),
    };
    for s in &steps {
        if let Some(end) = s.last().filter(|end| !ends.contains(*end)) {
            ends.push(*end);
        }
    }
    let ends = ends.join("+");
    let room = LONGEST.saturating_sub(ends.len());
    let mut name = String::new();
    for (i, step) in head.iter().enumerate() {
        if name.len() + step.len() > room && i + 1 < head.len() {
            name += "…-";
            break;
        }
        name += step;
        name.push('-');
    }
    name + &ends
}

/// The task of one block in one pass.
struct PassBody {
    pass: Arc<dyn Pass>,
    block: u32,
    output: TypeTag,
    several: bool,
}

impl TaskBody for PassBody {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let mut made = self.pass.run(self.block, task)?;
        if self.several {
            return task.finish(Several::new(made));
        }
        match (made.pop(), made.is_empty()) {
            (Some(only), true) => only.finish(task),
            _ => Err(Error::new(ErrorKind::Corrupt, "a pass of one chain has one result")),
        }
    }

    fn output_type(&self) -> TypeTag {
        self.output
    }
}

/// Hands one of several results on, as a result of its own.
struct HandOn {
    index: usize,
    door: Door,
}

impl TaskBody for HandOn {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.input::<Several>(0)?.hand_on(self.index, self.door, task)
    }

    fn output_type(&self) -> TypeTag {
        self.door.tag
    }

    fn input_type(&self, _i: usize) -> Option<TypeTag> {
        Some(TypeTag::of::<Several>())
    }
}
