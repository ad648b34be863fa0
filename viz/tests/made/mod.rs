//! Graphs and traces made by hand, for goldens and for looking at.
//! They are the same on every machine, because no clock is read.

use std::time::SystemTime;

use tine_profiler::Trace;
use tine_scheduler::{
    Graph, Inputs, Plan, RunEnd, RunView, TaskId, TaskStatus, TaskTimes, WorkerFact,
};

fn total(xs: Inputs<'_, i64>) -> i64 {
    xs.map(|x| *x).sum()
}

/// Five tasks: two values, and what becomes of them.
pub(crate) fn small() -> Graph {
    let mut g = Graph::builder();
    g.value("x", 1i64);
    g.value("y", 2i64);
    g.task("z", ["x"], |x: &i64| x + 1);
    g.task("w", ["z", "y"], |z: &i64, y: &i64| z + y);
    g.task("ratio", ["w", "x"], |w: &i64, x: &i64| w / x);
    g.build().expect("no name is missing")
}

/// Reads of `files` files, sums and counts of each by group, and means: the shape of the demo.
pub(crate) fn flights(files: u32) -> Graph {
    let mut g = Graph::builder();
    g.value("columns", 3i64);
    for i in 0..files {
        g.task(("read_csv-9e107d9d372bb682", i), ["columns"], |c: &i64| *c);
        g.task(("delays-by-origin", i), [("read_csv-9e107d9d372bb682", i)], |x: &i64| *x);
        g.task(("flights-by-origin", i), [("read_csv-9e107d9d372bb682", i)], |x: &i64| *x);
    }
    g.gather("total-delays", (0..files).map(|i| ("delays-by-origin", i)), total);
    g.gather("total-flights", (0..files).map(|i| ("flights-by-origin", i)), total);
    g.task("mean-delay", ["total-delays", "total-flights"], |d: &i64, n: &i64| d / n.max(&1));
    g.build().expect("no name is missing")
}

/// A tree sum over `leaves` leaves, `fan` at a time.
pub(crate) fn tree(leaves: u32, fan: u32) -> Graph {
    let mut g = Graph::builder();
    for i in 0..leaves {
        g.task(("load", i), [] as [&str; 0], move || i64::from(i));
    }
    let (mut level, mut below, mut n) = (0, "load".to_owned(), leaves);
    while n > 1 {
        let parts = n.div_ceil(fan);
        let name = if parts == 1 { "sum".to_owned() } else { format!("sum-partial-{level}") };
        for i in 0..parts {
            let inputs = (i * fan..((i + 1) * fan).min(n)).map(|k| (below.clone(), k));
            g.gather((name.clone(), i), inputs, total);
        }
        (level, below, n) = (level + 1, name, parts);
    }
    g.build().expect("no name is missing")
}

/// Tasks that take two or three earlier ones, chosen by a fixed rule.
pub(crate) fn tangle(tasks: u32) -> Graph {
    let mut g = Graph::builder();
    g.value(("node", 0), 1i64);
    let mut seed = 12_345u32;
    let mut random = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    for i in 1..tasks {
        let group = ["mix", "scale", "join"][(i % 3) as usize];
        let named = |k: u32| {
            if k == 0 { ("node", 0) } else { (["mix", "scale", "join"][(k % 3) as usize], k) }
        };
        let inputs: Vec<_> =
            (0..2 + random(2)).map(|_| i.saturating_sub(1 + random(9))).map(named).collect();
        g.gather((group, i), inputs, total);
    }
    g.build().expect("no name is missing")
}

/// The tasks that nobody needs: what would be asked for.
pub(crate) fn last(graph: &Graph) -> Vec<TaskId> {
    let mut needed = vec![false; graph.len()];
    for t in graph.tasks() {
        graph.inputs(t).iter().for_each(|e| needed[e.task().index()] = true);
    }
    graph.tasks().filter(|t| !needed[t.index()]).collect()
}

/// A run of `graph` as it might have been: each task on the worker that is free first.
pub(crate) fn run(graph: &Graph, workers: u16, micros: u64) -> Trace {
    let outputs = last(graph);
    let plan = Plan::new(graph, &outputs).expect("no cycle");
    let mut free = vec![0u64; usize::from(workers)];
    let mut times: Vec<TaskTimes> = Vec::new();
    for rank in 0..plan.len() {
        let inputs = graph.inputs(plan.task(rank)).iter().filter_map(|e| plan.rank(e.task()));
        let ready = inputs.map(|r| times[r].ended).max().unwrap_or(0);
        let (worker, at) =
            (0..).zip(&free).min_by_key(|(_, f)| **f).map(|(w, f)| (w, *f)).unwrap_or((0, 0));
        let started = at.max(ready) + 300;
        let group = graph.group_of(plan.task(rank)).index() as u64;
        let took = micros * 1000 * (4 + (rank as u64 * 7_919) % 5) / (2 + group);
        let ended = started + took.max(1);
        free[usize::from(worker)] = ended;
        let cpu_us = u32::try_from(took / 1100).ok();
        times.push(TaskTimes {
            started,
            ended,
            cpu_us,
            worker,
            attempt: 1,
            status: TaskStatus::Done,
            ..TaskTimes::default()
        });
    }
    let elapsed = free.iter().max().copied().unwrap_or(0) + 20_000;
    let mut facts: Vec<WorkerFact> = (0..workers)
        .map(|w| WorkerFact { worker: w, pid: 4_000 + u32::from(w), at: 0, death: None })
        .collect();
    if workers > 2 {
        let death = Some("killed by signal 9 (SIGKILL)".to_owned());
        facts.push(WorkerFact { worker: 1, pid: 4_001, at: elapsed / 3, death });
        facts.push(WorkerFact { worker: 1, pid: 4_100, at: elapsed / 3 + 400_000, death: None });
    }
    let run = RunView {
        plan: &plan,
        scheduler: "processes",
        workers: usize::from(workers),
        started: SystemTime::UNIX_EPOCH,
    };
    let end = RunEnd { times: &times, rare: &[], lost: 0, workers: &facts, elapsed, error: None };
    Trace::of_run(&run, &end, Vec::new())
}
