//! Random graphs, as plain data.
//! It does not know how they are run.

use std::sync::Arc;

use tine::scheduler::{Datum, Graph, Plan, Result, Scheduler, TaskId};

use crate::spec::{Node, Op, Spec, Val, mix};

/// SplitMix64 (Steele et al., 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, and 0 below 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// Operations, those that are frequent more than once.
const SMALL: [Op; 16] = [
    Op::Num,
    Op::Num,
    Op::Num,
    Op::Text,
    Op::Text,
    Op::Bytes(100),
    Op::Bytes(100),
    Op::Fresh(3),
    Op::Fresh(600),
    Op::Fresh(600),
    Op::Pass,
    Op::Slice,
    Op::Pair,
    Op::Gather,
    Op::Change,
    Op::Given,
];
const LARGE: [Op; 8] = [
    Op::Bytes(1 << 20),
    Op::Fresh(100_000),
    Op::Fresh(200_000),
    Op::Fresh(500_000),
    Op::Slice,
    Op::Pair,
    Op::Num,
    Op::Change,
];
const FAILING: [Op; 2] = [Op::Fail, Op::Panic];

/// A graph of up to `most` tasks: with failures that some catch, or with results of megabytes.
pub(crate) fn any_spec(random: &mut Random, most: usize, failing: bool, large: bool) -> Spec {
    let n = 1 + random.below(most);
    let failing = failing && random.below(3) == 0;
    let nodes = (0..n).map(|at| any_node(random, at, failing, large)).collect();
    let outputs = (0..1 + random.below(3)).map(|_| random.below(n)).collect();
    Spec { nodes, outputs }
}

fn any_node(random: &mut Random, at: usize, failing: bool, large: bool) -> Node {
    let op = match random.below(30) {
        0 if failing => FAILING[random.below(FAILING.len())],
        1 => Op::Fresh(200_000),
        2..=20 if large => LARGE[random.below(LARGE.len())],
        _ => SMALL[random.below(SMALL.len())],
    };
    let inputs = (0..random.below(if large { 4 } else { 9 })).map(|_| {
        let near = at.saturating_sub(1 + random.below(8));
        let input = if random.below(4) > 0 { near } else { random.below(at) };
        (input, failing && random.below(5) < 2)
    });
    let inputs = if at == 0 { Vec::new() } else { inputs.collect() };
    Node { op, inputs }
}

/// Runs a spec, and a task that reads its outputs and all `held`; returns the outputs, to be held,
/// each with the digest of what it is and of what it must be.
pub(crate) fn persist(
    spec: &Spec,
    held: &[(Datum, u64)],
    scheduler: &dyn Scheduler,
) -> Result<Vec<(Datum, u64, u64)>> {
    let graph = spec.build(None)?;
    let Ok(expected) = spec.expected(&graph) else { return Ok(Vec::new()) };
    let outputs = scheduler.run(&Plan::new(&graph, &spec.output_ids())?, &[])?;
    let mut kept = Vec::new();
    for (i, expected) in expected.iter().enumerate() {
        let digest = outputs.get::<Val>(i)?.digest();
        kept.push((outputs.datum::<Val>(i)?, digest, *expected));
    }
    drop(outputs);
    let all: Vec<(Datum, u64)> =
        held.iter().cloned().chain(kept.iter().map(|(v, _, e)| (v.clone(), *e))).collect();
    let (digest, expected) = read_all(&all, scheduler)?;
    if digest != expected {
        kept.push((all[0].0.clone(), digest, expected));
    }
    Ok(kept)
}

/// Reads values of earlier runs in tasks of another; returns what comes of it, and what must.
fn read_all(all: &[(Datum, u64)], scheduler: &dyn Scheduler) -> Result<(u64, u64)> {
    let mut g = Graph::builder();
    let group = g.group("held");
    let values: Vec<TaskId> =
        all.iter().map(|(value, _)| g.push_datum::<Val>(group, value.clone())).collect();
    let digests: Vec<TaskId> = (0u32..)
        .zip(values)
        .map(|(i, value)| g.task(("digest", i), [value], |v: &Val| v.digest()))
        .collect();
    let graph = g.build()?;
    let out = scheduler.run(&Plan::new(&graph, &digests)?, &[])?;
    let mut got = 0;
    for i in 0..out.len() {
        got = mix(got, out.get::<u64>(i)?);
    }
    Ok((got, all.iter().fold(0, |h, (_, digest)| mix(h, *digest))))
}

/// What a task does before its operation; it is told which one it is.
pub(crate) type Before = Arc<dyn Fn(usize) + Send + Sync>;
