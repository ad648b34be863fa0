//! Measures how long the static order of large graphs takes; prints one JSON line a graph.
//! It runs no task.

#![expect(clippy::print_stdout, reason = "an example that reports to its user")]

use std::hint::black_box;
use std::io::BufRead;
use std::sync::Arc;
use std::time::Instant;

use tine_scheduler::{
    Dependency, Finished, Graph, GraphBuilder, Inputs, Result, TaskBody, TaskContext, TaskId,
    TypeTag, max_pressure,
};

/// A body that is never run.
struct Idle;

impl TaskBody for Idle {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish(0u64)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<u64>()
    }
}

/// Pushes tasks that all do the same.
struct Pusher {
    builder: GraphBuilder,
    body: Arc<dyn TaskBody>,
}

impl Pusher {
    fn new() -> Self {
        Pusher { builder: Graph::builder(), body: Arc::new(Idle) }
    }

    fn push(&mut self, name: &str, inputs: &[TaskId]) -> TaskId {
        let group = self.builder.group(name);
        self.builder.push(group, inputs.iter().map(Dependency::from), self.body.clone())
    }

    /// Sums `level` by a tree of this fan-in.
    fn tree(&mut self, mut level: Vec<TaskId>, fan_in: usize) -> TaskId {
        while level.len() > 1 {
            level = level.chunks(fan_in).map(|c| self.push("sum", c)).collect();
        }
        level[0]
    }
}

fn independent(n: usize) -> Result<(Graph, TaskId)> {
    let mut p = Pusher::new();
    let leaves = (0..n).map(|_| p.push("inc", &[])).collect();
    let root = p.tree(leaves, 16);
    Ok((p.builder.build()?, root))
}

fn binary(n: usize) -> Result<(Graph, TaskId)> {
    let mut p = Pusher::new();
    let leaves = (0..n).map(|_| p.push("leaf", &[])).collect();
    let root = p.tree(leaves, 2);
    Ok((p.builder.build()?, root))
}

fn chains(n: usize) -> Result<(Graph, TaskId)> {
    let mut p = Pusher::new();
    let mut ends = Vec::new();
    for _ in 0..n / 10 {
        let first = p.push("inc", &[]);
        ends.push((1..10).fold(first, |t, _| p.push("inc", &[t])));
    }
    let root = p.tree(ends, 16);
    Ok((p.builder.build()?, root))
}

fn random(n: usize) -> Result<(Graph, TaskId)> {
    let mut p = Pusher::new();
    let mut seed = 7u64;
    let mut tasks: Vec<TaskId> = vec![p.push("task", &[])];
    for i in 1..n {
        let mut inputs = Vec::new();
        for _ in 0..2 + seed % 2 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let back = usize::try_from((seed >> 33) % 300).unwrap_or(0).min(i - 1);
            inputs.push(tasks[i - 1 - back]);
        }
        tasks.push(p.push("task", &inputs));
    }
    let last = tasks[n - 1];
    Ok((p.builder.build()?, last))
}

/// Many outputs: the first sum needs one source, the last one all of them.
fn cumulative(n: usize) -> Result<(Graph, Vec<TaskId>)> {
    let mut p = Pusher::new();
    let mut outputs = Vec::new();
    let mut sum = p.push("zero", &[]);
    for _ in 0..n {
        let source = p.push("source", &[]);
        outputs.push(p.push("out", &[sum, source]));
        sum = p.push("sum", &[sum, source]);
    }
    Ok((p.builder.build()?, outputs))
}

/// Many outputs that all need everything, as in `x - x.mean()`.
fn centred(n: usize) -> Result<(Graph, Vec<TaskId>)> {
    let mut p = Pusher::new();
    let sources: Vec<TaskId> = (0..n).map(|_| p.push("source", &[])).collect();
    let mean = p.tree(sources.clone(), 16);
    let outputs = sources.iter().map(|&s| p.push("out", &[s, mean])).collect();
    Ok((p.builder.build()?, outputs))
}

/// Reads a graph: a line a task, in which its inputs are the numbers of other lines, or `value` for
/// one that needs no running. All tasks that no other takes are asked for.
fn read(input: impl BufRead) -> Result<(Graph, Vec<TaskId>)> {
    let lines: Vec<String> = input.lines().map_while(std::result::Result::ok).collect();
    let mut p = Pusher::new();
    let mut taken = vec![false; lines.len()];
    let mut tasks = Vec::new();
    for (i, line) in (0u32..).zip(&lines) {
        if line.trim() == "value" {
            tasks.push(p.builder.value(("task", i), 0u64));
            continue;
        }
        let inputs: Vec<u32> = line.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        for &input in &inputs {
            taken[input as usize] = true;
        }
        let names = inputs.into_iter().map(|i| ("task", i));
        tasks.push(
            p.builder.gather(("task", i), names, |inputs: Inputs<'_, u64>| inputs.count() as u64),
        );
    }
    let outputs = tasks.iter().zip(&taken).filter(|(_, t)| !**t).map(|(t, _)| *t).collect();
    Ok((p.builder.build()?, outputs))
}

fn report(name: &str, graph: &Graph, outputs: &[TaskId]) -> Result<()> {
    let start = Instant::now();
    let order = black_box(graph.order(outputs)?);
    let nanos = start.elapsed().as_nanos();
    let n = order.len() as u128;
    let metrics = graph.diagnostics(&order);
    let sum: usize = metrics.iter().map(|m| m.num_data_when_run).sum();
    println!(
        r#"{{"graph":"{name}","tasks":{n},"ns_per_task":{},"max_pressure":{},"mean_pressure":{:.2},"topological":{}}}"#,
        nanos / n.max(1),
        max_pressure(&metrics),
        sum as f64 / n as f64,
        graph.is_topological(&order),
    );
    Ok(())
}

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("-") {
        let (graph, outputs) = read(std::io::stdin().lock())?;
        report("stdin", &graph, &outputs)?;
        if std::env::args().nth(2).as_deref() == Some("--order") {
            for t in graph.order(&outputs)? {
                println!("{}", graph.index_in_group(t));
            }
        }
        return Ok(());
    }
    for (name, (graph, root)) in [
        ("independent", independent(1_000_000)?),
        ("binary", binary(1 << 17)?),
        ("chains", chains(1_000_000)?),
        ("random", random(100_000)?),
    ] {
        report(name, &graph, &[root])?;
    }
    for (name, (graph, outputs)) in
        [("cumulative", cumulative(200_000)?), ("centred", centred(200_000)?)]
    {
        report(name, &graph, &outputs)?;
    }
    Ok(())
}
