//! Times the statistics and the diagnosis of a run of a million tasks that never ran.
//! It does not judge them.
#![expect(clippy::print_stdout, reason = "what it measures is its output")]

use std::time::{Instant, SystemTime};

use tine_profiler::{
    CriticalPath, GroupStats, Parallelism, Shares, Statistics, Trace, WorkerStats, diagnose,
};
use tine_scheduler::{Graph, Inputs, Plan, RunEnd, RunView, TaskStatus, TaskTimes};

const TASKS: u32 = 1_000_000;
const WORKERS: u16 = 16;

/// Leaves, and a tree over them, eight at a time.
fn graph() -> tine_scheduler::Result<Graph> {
    let mut g = Graph::builder();
    for i in 0..TASKS - TASKS / 7 {
        g.task(("load", i), [] as [&str; 0], || 0i64);
    }
    let (mut below, mut n, mut level) = ("load".to_owned(), TASKS - TASKS / 7, 0);
    while n > 1 {
        let name = format!("sum-{level}");
        for i in 0..n.div_ceil(8) {
            let inputs = (i * 8..((i + 1) * 8).min(n)).map(|k| (below.clone(), k));
            g.gather((name.clone(), i), inputs, |xs: Inputs<'_, i64>| xs.map(|x| *x).sum::<i64>());
        }
        (below, n, level) = (name, n.div_ceil(8), level + 1);
    }
    g.build()
}

/// Task after task on the worker whose turn it is, with durations from 1 to 100 microseconds.
fn times(tasks: usize) -> Vec<TaskTimes> {
    let mut free = vec![0; usize::from(WORKERS)];
    let mut seed = 1u64;
    let one = |i: usize| {
        let worker = (i % usize::from(WORKERS)) as u16;
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let started = free[usize::from(worker)];
        let ended = started + 1_000 + (seed >> 33) % 99_000;
        free[usize::from(worker)] = ended;
        let (attempt, status, cpu_us) = (1, TaskStatus::Done, Some(50));
        let (result_bytes, codec) = (64, 100);
        TaskTimes { started, ended, cpu_us, worker, attempt, status, result_bytes, codec }
    };
    (0..tasks).map(one).collect()
}

fn timed<T>(what: &str, f: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = f();
    println!("{what:<14} {:7.1} ms", start.elapsed().as_secs_f64() * 1e3);
    out
}

fn main() -> tine_scheduler::Result<()> {
    let graph = graph()?;
    let last = graph.tasks().last().expect("there are a million");
    let plan = Plan::new(&graph, &[last])?;
    let times = times(plan.len());
    let elapsed = times.iter().map(|t| t.ended).max().unwrap_or(0);
    let (scheduler, workers) = ("processes", usize::from(WORKERS));
    let run = RunView { plan: &plan, scheduler, workers, started: SystemTime::UNIX_EPOCH };
    let end = RunEnd { times: &times, rare: &[], lost: 0, workers: &[], elapsed, error: None };
    let trace = Trace::of_run(&run, &end, Vec::new());
    println!("{} tasks", trace.len());
    timed("groups", || GroupStats::all(&trace));
    timed("workers", || WorkerStats::all(&trace));
    timed("parallelism", || Parallelism::of(&trace, 1_000));
    timed("critical path", || CriticalPath::of(&trace));
    timed("shares", || Shares::of(&trace));
    timed("all", || Statistics::of(&trace));
    timed("diagnosis", || diagnose(&trace));
    Ok(())
}
