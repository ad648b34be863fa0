//! Graphs of every form, and runs of them in which everything was measured, for goldens and for
//! looking at. They are the same on every machine, because no clock is read.

use std::time::SystemTime;

use tine_profiler::Trace;
use tine_scheduler::{
    Graph, Inputs, Plan, RareFact, RareKind, RunEnd, RunView, TaskId, TaskStatus, TaskTimes,
};

fn total(xs: Inputs<'_, i64>) -> i64 {
    xs.map(|x| *x).sum()
}

fn built(graph: tine_scheduler::GraphBuilder) -> Graph {
    graph.build().expect("no name is missing")
}

/// One source, `width` tasks beside one another, one end.
pub(crate) fn wide(width: u32) -> Graph {
    let mut g = Graph::builder();
    g.task("open", [] as [&str; 0], || 1i64);
    for i in 0..width {
        g.task(("work", i), ["open"], |x: &i64| *x);
    }
    g.gather("join", (0..width).map(|i| ("work", i)), total);
    built(g)
}

/// A chain.
pub(crate) fn deep(length: u32) -> Graph {
    let mut g = Graph::builder();
    g.task(("step", 0), [] as [&str; 0], || 1i64);
    for i in 1..length {
        g.task(
            (["step", "fix"][i as usize % 2], i),
            [(["step", "fix"][(i as usize + 1) % 2], i - 1)],
            |x: &i64| *x,
        );
    }
    built(g)
}

/// Diamonds one below the other, with a way round all of them.
pub(crate) fn diamonds(n: u32) -> Graph {
    let mut g = Graph::builder();
    g.task(("top", 0), [] as [&str; 0], || 1i64);
    for i in 0..n {
        g.task(("left", i), [("top", i)], |x: &i64| *x);
        g.task(("right", i), [("top", i)], |x: &i64| *x);
        g.task(("top", i + 1), [("left", i), ("right", i)], |a: &i64, b: &i64| a + b);
    }
    g.task("check", [("top", 0), ("top", n)], |a: &i64, b: &i64| a + b);
    built(g)
}

/// Parts that have nothing to do with one another: chains, single tasks, a value alone.
pub(crate) fn islands(n: u32) -> Graph {
    let mut g = Graph::builder();
    for i in 0..n {
        g.task(("read", i), [] as [&str; 0], move || i64::from(i));
        if i % 3 > 0 {
            g.task(("clean", i), [("read", i)], |x: &i64| *x);
        }
        if i % 3 > 1 {
            g.task(("write", i), [("clean", i)], |x: &i64| *x);
        }
    }
    g.value("alone", 1i64);
    built(g)
}

/// An array of `n` by `n` chunks: `x + x.T`, and its mean.
pub(crate) fn transposed(n: u32) -> Graph {
    let mut g = Graph::builder();
    let at = |i: u32, j: u32| [i, j];
    let key = |group: &str, i, j| tine_scheduler::Key::new(group, at(i, j));
    for i in 0..n {
        for j in 0..n {
            g.task(("random-1bf6a2e9c0d14a5f", at(i, j)), [] as [&str; 0], || 1i64);
        }
    }
    for i in 0..n {
        for j in 0..n {
            let two = [key("random-1bf6a2e9c0d14a5f", i, j), key("random-1bf6a2e9c0d14a5f", j, i)];
            g.task(("add-9e107d9d372bb682", at(i, j)), two, |a: &i64, b: &i64| a + b);
        }
    }
    for i in 0..n {
        g.gather(("mean-partial", i), (0..n).map(|j| key("add-9e107d9d372bb682", i, j)), total);
    }
    g.gather("mean", (0..n).map(|i| ("mean-partial", i)), total);
    built(g)
}

/// Names that are hard to draw.
pub(crate) fn names() -> Graph {
    let mut g = Graph::builder();
    g.value("a <tag> & \"quotes\" \\ backslash", 1i64);
    g.task(
        "日本語の名前がとても長い場合はどうなりますか",
        ["a <tag> & \"quotes\" \\ backslash"],
        |x: &i64| *x,
    );
    let long = "an_extremely_long_function_name_that_nobody_should_have_written_but_somebody_did";
    g.task((long, 12_345), ["a <tag> & \"quotes\" \\ backslash"], |x: &i64| *x);
    g.task("f", ["日本語の名前がとても長い場合はどうなりますか"], |x: &i64| *x);
    g.task(
        "total",
        [long.to_owned() + "(12345)", "f".to_owned()].map(|n| named(&n)),
        |a: &i64, b: &i64| a + b,
    );
    built(g)
}

fn named(name: &str) -> tine_scheduler::Key {
    match name.split_once('(') {
        Some((group, _)) => tine_scheduler::Key::new(group, [12_345]),
        None => tine_scheduler::Key::from(name),
    }
}

/// A run of `graph` in which the times differ by a factor of a thousand, results and memory were
/// measured, and, if `fails`, one of the later tasks failed.
pub(crate) fn measured(graph: &Graph, outputs: &[TaskId], workers: u16, fails: bool) -> Trace {
    let plan = Plan::new(graph, outputs).expect("no cycle");
    let mut free = vec![0u64; usize::from(workers)];
    let mut times: Vec<TaskTimes> = Vec::new();
    let mut rare = Vec::new();
    for rank in 0..plan.len() {
        let inputs: Vec<usize> =
            graph.inputs(plan.task(rank)).iter().filter_map(|e| plan.rank(e.task())).collect();
        let ready = inputs.iter().map(|&r| times[r].ended).max().unwrap_or(0);
        let worker = (0..workers).min_by_key(|&w| free[usize::from(w)]).unwrap_or(0);
        let started = free[usize::from(worker)].max(ready) + 300;
        let random = (rank as u64 * 7_919 + 13) % 101;
        let group = graph.group_of(plan.task(rank)).index() as u64;
        let took = 1_000 * (1 + random * random * random / (1 + group));
        let bad = |r: usize| times[r].status != TaskStatus::Done;
        let status = match () {
            () if inputs.iter().any(|&r| bad(r)) => TaskStatus::Skipped,
            () if fails && rank == plan.len() / 2 => TaskStatus::Failed,
            () if fails && rank + 3 == plan.len() => TaskStatus::Unfinished,
            () => TaskStatus::Done,
        };
        let ran = status != TaskStatus::Skipped;
        if ran {
            free[usize::from(worker)] = started + took;
        }
        let task = u32::try_from(rank).expect("few tasks");
        let (before, grown) = (50 << 20, (random << 20) / (1 + group));
        for (kind, value) in
            [(RareKind::MemoryBefore, before), (RareKind::MemoryPeak, before + grown)]
        {
            rare.push(RareFact { task, kind, value });
        }
        times.push(TaskTimes {
            started: if ran { started } else { 0 },
            ended: if ran { started + took } else { 0 },
            cpu_us: u32::try_from(took / 1100).ok(),
            worker,
            attempt: if random == 7 { 2 } else { 1 },
            status,
            result_bytes: random * random * 4_096,
            codec: took / 20,
        });
    }
    let run = RunView {
        plan: &plan,
        scheduler: "processes",
        workers: usize::from(workers),
        started: SystemTime::UNIX_EPOCH,
    };
    let elapsed = free.iter().max().copied().unwrap_or(0) + 20_000;
    let end = RunEnd { times: &times, rare: &rare, lost: 0, workers: &[], elapsed, error: None };
    Trace::of_run(&run, &end, Vec::new())
}
