//! Small traces for the tests of this folder.
//! They know nothing of reports.

use std::time::SystemTime;

use tine_profiler::Trace;
use tine_scheduler::{Graph, Plan, RunEnd, RunView, TaskStatus, TaskTimes};

/// A run of one task that ended so.
pub(super) fn ended(status: TaskStatus) -> Trace {
    let mut g = Graph::builder();
    g.task(("t", 0), [] as [&str; 0], || 1i64);
    let graph = g.build().expect("no name is missing");
    let plan = Plan::new(&graph, &graph.tasks().collect::<Vec<_>>()).expect("no cycle");
    let started = SystemTime::UNIX_EPOCH;
    let view = RunView { plan: &plan, scheduler: "serial", workers: 1, started };
    let times = [TaskTimes { started: 1, ended: 2, attempt: 1, status, ..Default::default() }];
    let (rare, workers) = (&[], &[]);
    let end = RunEnd { times: &times, rare, lost: 0, workers, elapsed: 2, error: None };
    Trace::of_run(&view, &end, Vec::new())
}

/// The run of a graph whose tasks began and ended at these times, by rank, on one worker.
fn run(graph: &Graph, times: impl Fn(&str, usize) -> (u64, u64)) -> Trace {
    let plan = Plan::new(graph, &graph.tasks().collect::<Vec<_>>()).expect("no cycle");
    let times: Vec<TaskTimes> = (0..plan.len())
        .map(|rank| {
            let (started, ended) = times(graph.key(plan.task(rank)).group(), rank);
            TaskTimes { started, ended, attempt: 1, status: TaskStatus::Done, ..Default::default() }
        })
        .collect();
    let elapsed = times.iter().map(|t| t.ended).max().unwrap_or(0);
    let started = SystemTime::UNIX_EPOCH;
    let view = RunView { plan: &plan, scheduler: "serial", workers: 1, started };
    let end = RunEnd { times: &times, rare: &[], lost: 0, workers: &[], elapsed, error: None };
    Trace::of_run(&view, &end, Vec::new())
}

/// Tasks of these lengths, a nanosecond between one and the next.
pub(super) fn line(lengths: &[u64]) -> Trace {
    let mut g = Graph::builder();
    for i in 0..lengths.len() {
        g.task(("t", i as u32), [] as [&str; 0], || 1i64);
    }
    let mut at = 0;
    let times: Vec<(u64, u64)> = lengths
        .iter()
        .map(|n| {
            let start = at + 1;
            at = start + n;
            (start, at)
        })
        .collect();
    run(&g.build().expect("no name is missing"), |_, rank| times[rank])
}

/// One task, two that need it, and one that needs both.
pub(super) fn diamond() -> Trace {
    let mut g = Graph::builder();
    g.task("a", [] as [&str; 0], || 1i64);
    g.task("long", ["a"], |x: &i64| *x);
    g.task("short", ["a"], |x: &i64| *x);
    g.task("end", ["long", "short"], |x: &i64, y: &i64| x + y);
    run(&g.build().expect("no name is missing"), |name, _| match name {
        "a" => (10, 20),
        "long" => (20, 90),
        "short" => (90, 110),
        _ => (110, 115),
    })
}
