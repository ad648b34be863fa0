//! Runs with nothing to say of them, of different shapes; and runs that a rule must just not find
//! anything in. Nothing may be found in any of them.

use tine_profiler::{NoticeKind, Rule, Trace};
use tine_scheduler::RareKind;

use crate::made::{MS, Made, US};
use crate::planted::honest;

/// A name and the run.
type Clean = (&'static str, fn() -> Trace);
/// A name, the rule that must just not fire, and the run.
type Near = (&'static str, Rule, fn() -> Trace);

pub(crate) const CLEAN: &[Clean] = &[
    ("nothing at all", || Made::new(4).trace()),
    ("one task", || alone(1)),
    ("a wide map", || wide(4, 100)),
    ("a wide map on many workers", || wide(64, 640)),
    ("a map and a tree", || honest(4).trace()),
    ("a map and a tree on two workers", || honest(2).trace()),
    ("a small binary tree", || binary(4, 16)),
    ("a binary tree of four leaves", || binary(4, 4)),
    ("a binary tree of many leaves", || binary(8, 1_024)),
    ("a chain", || alone(30)),
    ("a chain of two kinds of steps", two_kinds),
    ("a run on one thread", on_one_thread),
    ("pipelines side by side", pipelines),
    ("a shuffle", shuffle),
    ("iterations over a grid", grid),
    ("a dense triangle", triangle),
    ("files whose sizes differ", files),
    ("a loop that ends in a sum", iterations),
    ("many short tasks", short_tasks),
    ("over in a moment", moment),
    ("two stages with a small step between", two_stages),
    ("a map and a final step of some length", final_step),
];

pub(crate) const NEAR: &[Near] = &[
    ("tasks of 10 us", Rule::SmallTasks, || wide_of(2, 40_000, 10 * US)),
    ("some tiny tasks among others", Rule::SmallTasks, some_tiny),
    ("ten tasks on four workers", Rule::FewPartitions, || wide(4, 10)),
    ("eight tasks on eight workers", Rule::FewPartitions, eight_on_eight),
    ("a huge file that is read first", Rule::Straggler, huge_first),
    ("a task twice as long at the end", Rule::Straggler, twice),
    ("a long task beside a longer chain", Rule::Straggler, beside_a_chain),
    ("sizes by a power law, the largest first", Rule::Skew, largest_first),
    ("a final step of a fifth", Rule::SerialTail, fifth),
    ("held back for a moment", Rule::MemoryPressure, held_briefly),
    ("one small result on disk", Rule::Spilling, spills_little),
    ("workers that end in good order", Rule::WorkerDied, || honest(8).trace()),
    ("pools that sleep", Rule::InnerThreads, sleeping_pools),
    ("a body that computes all the time", Rule::DominantFunction, body),
    ("the largest of many functions", Rule::DominantFunction, functions),
    ("some bytes", Rule::Codec, some_bytes),
    ("a notice of another kind", Rule::LostSideEffect, incomplete),
    ("one failure in hundreds", Rule::Retries, one_failure),
    ("a task of a minute", Rule::Stalled, || wide_of(4, 12, 60_000 * MS)),
    ("tasks that share their processor", Rule::Waiting, sharing),
    ("a machine with other things to do", Rule::Waiting, robbed),
    ("downloads that all run at once", Rule::Waiting, all_at_once),
    ("a chain of downloads", Rule::Waiting, chain_of_downloads),
];

fn wide(workers: u16, n: u32) -> Trace {
    wide_of(workers, n, 30 * MS)
}

fn wide_of(workers: u16, n: u32, time: u64) -> Trace {
    let mut run = Made::new(workers);
    run.wide("load", n, |i| time + time * u64::from(i * 7 % 5) / 20);
    run.trace()
}

fn alone(n: u32) -> Trace {
    let mut run = Made::new(4);
    run.chain("step", &[], n, 100 * MS);
    run.trace()
}

fn binary(workers: u16, leaves: u32) -> Trace {
    let mut run = Made::new(workers);
    let all = run.wide("load", leaves, |_| 40 * MS);
    run.tree(&["add-0", "add-1", "add-2", "add-3", "add-4"], &all, 2, 40 * MS);
    run.trace()
}

fn two_kinds() -> Trace {
    let mut run = Made::new(4);
    let mut last = run.task("start", &[], 10 * MS);
    for _ in 0..20 {
        last = run.task("gradient", &[last], 30 * MS);
        last = run.task("update", &[last], 5 * MS);
    }
    run.trace()
}

fn on_one_thread() -> Trace {
    let mut run = honest(1);
    run.scheduler = Some("serial");
    run.trace()
}

fn pipelines() -> Trace {
    let mut run = Made::new(4);
    for _ in 0..12 {
        let mut last = run.task("read", &[], 20 * MS);
        for group in ["clean", "join", "group", "write"] {
            last = run.task(group, &[last], 15 * MS);
        }
    }
    run.trace()
}

fn shuffle() -> Trace {
    let mut run = Made::new(4);
    let parts = run.wide("split", 32, |i| (30 + u64::from(i % 4)) * MS);
    let buckets: Vec<_> = (0..32).map(|_| run.task("bucket", &parts, 25 * MS)).collect();
    run.tree(&["sum"], &buckets, 8, MS);
    run.trace()
}

fn grid() -> Trace {
    let mut run = Made::new(4);
    let mut row = run.wide("start", 16, |_| 5 * MS);
    for _ in 0..20 {
        let near = |i: usize| [i.saturating_sub(1), i, (i + 1).min(15)].map(|k| row[k]);
        row = (0..16).map(|i| run.task("stencil", &near(i), 10 * MS)).collect();
    }
    run.trace()
}

fn triangle() -> Trace {
    // A blocked factorisation: each step updates all blocks that are left.
    let mut run = Made::new(4);
    let mut columns = run.wide("load", 20, |_| 10 * MS);
    while columns.len() > 1 {
        let pivot = run.task("factor", &[columns[0]], 4 * MS);
        columns = columns[1..].iter().map(|&c| run.task("update", &[pivot, c], 12 * MS)).collect();
    }
    run.trace()
}

fn files() -> Trace {
    // Sizes that differ by a factor of nine, in no order.
    let mut run = Made::new(4);
    let all = run.wide("read", 120, |i| (10 + u64::from(i * 37 % 81)) * MS);
    run.map("parse", &all, 20 * MS);
    run.trace()
}

fn iterations() -> Trace {
    let mut run = Made::new(4);
    let mut last = run.task("init", &[], MS);
    for _ in 0..15 {
        let parts: Vec<_> = (0..24).map(|_| run.task("assign", &[last], 12 * MS)).collect();
        last = run.task("means", &parts, 4 * MS);
    }
    run.trace()
}

fn short_tasks() -> Trace {
    wide_of(4, 20_000, 60 * US)
}

fn moment() -> Trace {
    let mut run = Made::new(4);
    let all = run.wide("load", 3, |i| if i == 2 { 15 * MS } else { MS });
    run.task("concat", &all, 20 * MS);
    run.wide("tiny", 2_000, |_| 500);
    run.trace()
}

fn two_stages() -> Trace {
    let mut run = Made::new(8);
    let all = run.wide("count", 64, |_| 40 * MS);
    let most = run.task("quantiles", &all, 60 * MS);
    for _ in 0..64 {
        run.task("cut", &[most], 40 * MS);
    }
    run.trace()
}

fn final_step() -> Trace {
    let mut run = Made::new(2);
    let all = run.wide("load", 20, |_| 40 * MS);
    run.task("plot", &all, 80 * MS);
    run.trace()
}

fn some_tiny() -> Trace {
    let mut run = honest(4);
    run.wide("tiny", 20_000, |_| 800);
    run.trace()
}

fn eight_on_eight() -> Trace {
    let mut run = Made::new(8);
    let all = run.wide("load", 8, |i| (300 + u64::from(i) * 5) * MS);
    run.task("concat", &all, 10 * MS);
    run.trace()
}

fn huge_first() -> Trace {
    let mut run = Made::new(4);
    run.wide("read", 64, |i| if i == 0 { 1_300 * MS } else { 90 * MS });
    run.trace()
}

fn twice() -> Trace {
    let mut run = Made::new(4);
    run.wide("read", 16, |i| if i == 15 { 200 * MS } else { 90 * MS });
    run.trace()
}

fn beside_a_chain() -> Trace {
    // Whatever is done to the long task, the chain goes on.
    let mut run = Made::new(2);
    let mut last = run.task("step", &[], 50 * MS);
    for i in 0..60 {
        run.task("write", &[last], if i == 3 { 900 * MS } else { 30 * MS });
        last = run.task("step", &[last], 50 * MS);
    }
    run.trace()
}

fn largest_first() -> Trace {
    let mut run = Made::new(8);
    run.wide("group", 200, |i| if i < 8 { (200 - 20 * u64::from(i)) * MS } else { 30 * MS });
    run.trace()
}

fn fifth() -> Trace {
    let mut run = Made::new(4);
    let all = run.wide("load", 64, |_| 50 * MS);
    run.task("concat", &all, 200 * MS);
    run.trace()
}

fn held_briefly() -> Trace {
    let mut run = honest(4);
    run.notice(0.25, NoticeKind::MemoryShort, None, "memory is short");
    run.notice(0.30, NoticeKind::MemoryEnough, None, "memory is not short any more");
    run.trace()
}

fn spills_little() -> Trace {
    let mut run = honest(4);
    run.each("load", |t| t.bytes = 8 << 20);
    run.tasks[5].facts = vec![(RareKind::Spilled, 4 << 20)];
    run.trace()
}

fn sleeping_pools() -> Trace {
    let mut run = honest(4);
    run.processes = Some((3.8, 2_048));
    run.trace()
}

fn body() -> Trace {
    let mut run = honest(4);
    run.stacks = vec![
        (&["app::main", "tine_scheduler::worker::run", "app::load"], 100),
        (&["app::main", "tine_scheduler::worker::run", "app::load", "memcpy"], 250),
        (&["app::main", "tine_scheduler::worker::run", "app::load", "app::number"], 50),
    ];
    run.trace()
}

fn functions() -> Trace {
    let mut run = honest(4);
    run.stacks = vec![
        (&["app::main", "tine_scheduler::worker::run", "app::load", "app::a"], 90),
        (&["app::main", "tine_scheduler::worker::run", "app::load", "app::b"], 60),
        (&["app::main", "tine_scheduler::worker::run", "app::load", "app::c"], 50),
    ];
    run.trace()
}

fn some_bytes() -> Trace {
    let mut run = honest(4);
    run.each("load", |t| (t.codec, t.bytes) = (0.15, 30 << 20));
    run.trace()
}

fn incomplete() -> Trace {
    let mut run = honest(4);
    run.notice(0.1, NoticeKind::Incomplete, None, "3 samples were lost");
    run.trace()
}

fn one_failure() -> Trace {
    let mut run = honest(4);
    run.tasks[30].attempt = 2;
    run.trace()
}

fn sharing() -> Trace {
    let mut run = honest(4);
    run.each("load", |t| t.cpu = 0.55);
    run.each("parse", |t| t.cpu = 0.45);
    run.trace()
}

fn robbed() -> Trace {
    let mut run = honest(4);
    run.tasks.iter_mut().for_each(|t| (t.cpu, t.robbed) = (0.05, true));
    run.trace()
}

fn all_at_once() -> Trace {
    let mut run = Made::new(17);
    run.wide("fetch", 17, |i| (600 + u64::from(i)) * MS);
    run.task("sum", &(0..17).collect::<Vec<_>>(), MS);
    run.each("fetch", |t| t.cpu = 0.02);
    run.trace()
}

fn chain_of_downloads() -> Trace {
    let mut run = Made::new(4);
    run.chain("page", &[], 40, 90 * MS);
    run.each("page", |t| t.cpu = 0.02);
    run.trace()
}
