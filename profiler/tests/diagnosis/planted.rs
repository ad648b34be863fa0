//! Runs with a fault each: the rule that must find it, and the run.
//! What the finding says stands in `findings.txt`.

use tine_profiler::{NoticeKind, Rule, Trace};
use tine_scheduler::RareKind;

use crate::made::{MS, Made, US};

/// A name, the rule that must come first, and the run.
pub(crate) type Planted = (&'static str, Rule, fn() -> Trace);

pub(crate) const PLANTED: &[Planted] = &[
    ("tiny tasks", Rule::SmallTasks, tiny),
    ("three tasks on eight workers", Rule::FewPartitions, three_on_eight),
    ("nine tasks on eight workers", Rule::FewPartitions, nine_on_eight),
    ("two chains on six workers", Rule::FewPartitions, two_chains),
    ("one huge file", Rule::Straggler, huge_file),
    ("sizes by a power law", Rule::Skew, power_law),
    ("a last step that concatenates", Rule::SerialTail, concat),
    ("a fold in a chain", Rule::SerialTail, fold),
    ("a first step that reads all", Rule::SerialTail, read_all),
    ("sources held back", Rule::MemoryPressure, held_back),
    ("workers that make room", Rule::MemoryPressure, makes_room),
    ("results on disk", Rule::Spilling, spills),
    ("a segmentation fault", Rule::WorkerDied, segfault),
    ("three kills for lack of memory", Rule::WorkerDied, out_of_memory),
    ("a pool in every task", Rule::InnerThreads, pools),
    ("one slow function", Rule::DominantFunction, slow_function),
    ("structures handed over", Rule::Codec, structures),
    ("a counter in a static", Rule::LostSideEffect, counter),
    ("a service that fails", Rule::Retries, failing),
    ("a lock that nobody gives back", Rule::Stalled, locked),
    ("downloads", Rule::Waiting, downloads),
    ("reads from a slow disk", Rule::Waiting, slow_disk),
];

fn tiny() -> Trace {
    let mut run = Made::new(2);
    let all = run.wide("inc", 200_000, |i| 700 + u64::from(i % 7) * 50);
    run.tree(&["sum-partial", "sum"], &all, 500, 30 * US);
    run.trace()
}

fn three_on_eight() -> Trace {
    let mut run = Made::new(8);
    let all = run.wide("load", 3, |i| 2_000 * MS + u64::from(i) * 50 * MS);
    run.task("concat", &all, 40 * MS);
    run.trace()
}

fn nine_on_eight() -> Trace {
    let mut run = Made::new(8);
    let all = run.wide("load", 9, |_| 400 * MS);
    run.task("concat", &all, 10 * MS);
    run.trace()
}

fn two_chains() -> Trace {
    let mut run = Made::new(6);
    let ends: Vec<_> = (0..2).map(|_| run.chain("step", &[], 30, 20 * MS)).collect();
    run.task("compare", &ends, 5 * MS);
    run.trace()
}

fn huge_file() -> Trace {
    let mut run = Made::new(4);
    let time = |i: u32| if i == 63 { 2_600 * MS } else { (90 + u64::from(i % 5) * 5) * MS };
    let all = run.wide("read_csv-9e107d9d372bb682", 64, time);
    run.task("concat", &all, 20 * MS);
    run.trace()
}

fn power_law() -> Trace {
    let mut run = Made::new(8);
    let all =
        run.wide("group", 48, |i| if i < 40 { 30 * MS } else { 300 * MS * u64::from(i - 38) / 3 });
    run.tree(&["merge"], &all, 8, 10 * MS);
    run.trace()
}

fn concat() -> Trace {
    let mut run = Made::new(8);
    let all = run.wide("load", 64, |_| 50 * MS);
    run.task("concat", &all, 700 * MS);
    run.trace()
}

fn fold() -> Trace {
    let mut run = Made::new(4);
    let all = run.wide("part", 40, |_| 60 * MS);
    let joined = run.task("order", &all, MS);
    run.chain("merge", &[joined], 40, 15 * MS);
    run.trace()
}

fn read_all() -> Trace {
    let mut run = Made::new(8);
    let all = run.task("read", &[], 900 * MS);
    let parts: Vec<_> = (0..64).map(|_| run.task("clean", &[all], 50 * MS)).collect();
    run.tree(&["sum"], &parts, 8, MS);
    run.trace()
}

/// Reads whose results are large, and a sum of each.
fn reads(workers: u16) -> Made {
    let mut run = Made::new(workers);
    let all = run.wide("load", 60, |_| 80 * MS);
    run.each("load", |t| t.bytes = 64 << 20);
    let sums = run.map("sum", &all, 20 * MS);
    run.tree(&["total"], &sums, 8, MS);
    run
}

fn held_back() -> Trace {
    let mut run = reads(4);
    run.notice(0.25, NoticeKind::MemoryShort, None, "memory is short");
    run.notice(0.65, NoticeKind::MemoryEnough, None, "memory is not short any more");
    run.each("load", |t| {
        t.facts = vec![(RareKind::MemoryBefore, 20 << 20), (RareKind::MemoryPeak, 340 << 20)];
    });
    run.trace()
}

fn makes_room() -> Trace {
    let mut run = reads(4);
    run.notice(0.25, NoticeKind::MemoryShort, None, "memory is short");
    run.notice(0.45, NoticeKind::MemoryEnough, None, "memory is not short any more");
    let how = "ended itself, so that another task might have its memory";
    run.deaths = vec![(0.3, 1, how), (0.35, 2, how)];
    run.tasks[12].attempt = 2;
    run.tasks[13].attempt = 2;
    run.trace()
}

fn spills() -> Trace {
    let mut run = reads(4);
    run.notice(0.2, NoticeKind::MemoryShort, None, "memory is short");
    run.notice(0.3, NoticeKind::Spilling, None, "results that do not fit are moved to disk");
    run.notice(0.7, NoticeKind::MemoryEnough, None, "memory is not short any more");
    let mut count = 0;
    run.each("load", |t| {
        count += 1;
        t.facts = if count % 3 == 0 { vec![(RareKind::Spilled, 64 << 20)] } else { Vec::new() };
    });
    run.trace()
}

/// Honest work, to plant something in.
pub(crate) fn honest(workers: u16) -> Made {
    let mut run = Made::new(workers);
    let all = run.wide("load", 80, |i| (40 + u64::from(i * 7 % 11)) * MS);
    let parsed = run.map("parse", &all, 25 * MS);
    run.tree(&["sum-partial", "sum"], &parsed, 8, 4 * MS);
    run
}

fn segfault() -> Trace {
    let mut run = honest(4);
    run.deaths = vec![(0.4, 1, "was ended by SIGSEGV (segmentation fault: a bad memory access)")];
    run.tasks[97].attempt = 2;
    run.trace()
}

fn out_of_memory() -> Trace {
    let mut run = honest(4);
    let how = "was ended by SIGKILL (killed by the kernel for lack of memory: take fewer workers, or \
               smaller parts)";
    run.deaths = vec![(0.2, 0, how), (0.3, 2, how), (0.5, 0, how)];
    run.tasks[20].attempt = 2;
    run.tasks[21].attempt = 3;
    run.trace()
}

fn pools() -> Trace {
    let mut run = honest(4);
    run.each("load", |t| t.cpu = 0.3);
    run.each("parse", |t| t.cpu = 0.3);
    run.processes = Some((3.9, 2_048));
    run.trace()
}

fn slow_function() -> Trace {
    let mut run = honest(4);
    run.stacks = vec![
        (&["app::main", "tine_scheduler::worker::run", "app::load", "app::date::parse"], 150),
        (
            &[
                "app::main",
                "tine_scheduler::worker::run",
                "app::parse",
                "app::date::parse",
                "core::str::split",
                "memchr_avx2",
            ],
            170,
        ),
        (&["app::main", "tine_scheduler::worker::run", "app::load", "std::io::read"], 60),
        (&["app::main", "tine_scheduler::worker::run", "app::parse", "app::number"], 70),
    ];
    run.trace()
}

fn structures() -> Trace {
    let mut run = honest(4);
    run.each("load", |t| (t.codec, t.bytes) = (0.45, 30 << 20));
    run.each("parse", |t| (t.codec, t.bytes) = (0.6, 1 << 20));
    run.trace()
}

fn counter() -> Trace {
    let mut run = honest(4);
    let own = "A worker process has its own copy: the program does not see the change.";
    let first = format!("Task load(3) changed the static `app::CALLS`. {own}");
    run.notice(0.1, NoticeKind::SideEffect, Some(3), first.leak());
    let second = format!("Task parse(1) changed the static `app::CACHE`. {own}");
    run.notice(0.2, NoticeKind::SideEffect, Some(81), second.leak());
    run.trace()
}

fn failing() -> Trace {
    let mut run = honest(4);
    for i in (0..80).step_by(6) {
        run.tasks[i].attempt = 3;
    }
    run.trace()
}

fn locked() -> Trace {
    let mut run = Made::new(4);
    run.wide("load", 80, |i| if i == 40 { 31_000 * MS } else { 40 * MS });
    run.each("load", |t| t.cpu = if t.time > 1_000 * MS { 0.001 } else { 0.98 });
    let text = "task load(40) has made no progress for 30 s: its only thread waits in a futex in the \
                heap, without a timeout. When the worker was forked, the program had one other \
                thread, of which are left: none.";
    run.notice(0.97, NoticeKind::Stalled, Some(40), text);
    run.trace()
}

fn downloads() -> Trace {
    let mut run = Made::new(2);
    let all = run.wide("fetch", 100, |i| (150 + u64::from(i % 9) * 10) * MS);
    run.each("fetch", |t| t.cpu = 0.03);
    run.tree(&["sum"], &all, 10, MS);
    run.trace()
}

fn slow_disk() -> Trace {
    let mut run = honest(4);
    run.each("parse", |t| t.time = 5 * MS);
    run.each("load", |t| {
        t.cpu = 0.05;
        t.time *= 4;
        t.facts = vec![(RareKind::MajorFaults, 230)];
    });
    run.trace()
}
