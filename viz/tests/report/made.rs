//! Runs made by hand for reports: no clock is read, so that they are the same everywhere.
//! They know what a report shows, and are made so that there is something of everything.

use std::time::{Duration, SystemTime};

use tine_profiler::{
    Frame, MemorySample, Notice, NoticeKind, Sample, Sampled, SettingInForce, Stacks, Trace,
};
use tine_scheduler::{
    Error, ErrorKind, Graph, Inputs, Plan, RareFact, RareKind, RunEnd, RunView, TaskId, TaskStatus,
    TaskTimes, WorkerFact,
};

/// How a run is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) workers: u16,
    /// Whether memory was measured.
    pub(crate) memory: bool,
    /// Whether samples were taken.
    pub(crate) samples: bool,
    /// The rank of a task that failed, and with it the run.
    pub(crate) fails: Option<usize>,
    /// Whether a worker died.
    pub(crate) death: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Shape { workers: 4, memory: true, samples: true, fails: None, death: false }
    }
}

fn sum(xs: Inputs<'_, i64>) -> i64 {
    xs.map(|x| *x).sum()
}

/// Files that are read, cleaned, split in four, joined by part, and added up in a tree.
pub(crate) fn flights(files: u32) -> Graph {
    let mut g = Graph::builder();
    let none = || [] as [&str; 0];
    for f in 0..files {
        g.task(("read_csv-9e107d9d372bb682", f), none(), || 1i64);
        g.task(("parse-dates", f), [("read_csv-9e107d9d372bb682", f)], |x: &i64| *x);
        g.task(("drop-cancelled", f), [("parse-dates", f)], |x: &i64| *x);
        for p in 0..4 {
            let split = ("split-by-origin", f * 4 + p);
            g.task(split, [("drop-cancelled", f)], |x: &i64| *x);
        }
    }
    for p in 0..4 {
        g.gather(("join-airports", p), (0..files).map(|f| ("split-by-origin", f * 4 + p)), sum);
        g.task(("fit-delay-model", p), [("join-airports", p)], |x: &i64| *x);
    }
    tree(&mut g, "drop-cancelled", files);
    let both = [("fit-delay-model", 0), ("fit-delay-model", 1), ("fit-delay-model", 2)];
    g.gather("report", both.map(tine_scheduler::Dependency::from), sum);
    g.build().expect("no name is missing")
}

fn tree(g: &mut tine_scheduler::GraphBuilder, below: &str, leaves: u32) {
    let (mut below, mut n, mut level) = (below.to_owned(), leaves, 0);
    while n > 1 {
        let name = format!("sum-partial-{level}");
        for i in 0..n.div_ceil(8) {
            let inputs = (i * 8..(i * 8 + 8).min(n)).map(|k| (below.clone(), k));
            g.gather((name.clone(), i), inputs, sum);
        }
        (below, n, level) = (name, n.div_ceil(8), level + 1);
    }
}

/// So many groups of `tasks` tasks each, every group on the one before.
pub(crate) fn stairs(groups: u32, tasks: u32) -> Graph {
    let mut g = Graph::builder();
    for n in 0..groups {
        for i in 0..tasks {
            let name = (format!("step-{n:03}"), i);
            match n {
                0 => g.task(name, [] as [&str; 0], || 1i64),
                _ => g.task(name, [(format!("step-{:03}", n - 1), i)], |x: &i64| *x),
            };
        }
    }
    g.build().expect("no name is missing")
}

/// Groups with names that want to be something else.
pub(crate) fn hostile() -> Graph {
    let long = "long ".repeat(2_000);
    let names = [
        "</script><script>document.title='stolen'</script>",
        "<img src=x onerror=\"document.title='stolen'\">",
        "'\"`;{{title}}&amp;\\",
        "emoji 🍴👩‍👩‍👧 漢字",
        "\u{202e}backwards\u{0}\u{7}\n<!--",
        long.as_str(),
        "</template></svg></style>*{display:none}",
    ];
    let mut g = Graph::builder();
    for (i, name) in names.iter().enumerate() {
        for k in 0..3 {
            match i {
                0 => g.task((*name, k), [] as [&str; 0], || 1i64),
                _ => g.task((*name, k), [(names[i - 1], k)], |x: &i64| *x),
            };
        }
    }
    g.build().expect("no name is missing")
}

/// The tasks that nobody needs: what would be asked for.
fn last(graph: &Graph) -> Vec<TaskId> {
    let mut needed = vec![false; graph.len()];
    for t in graph.tasks() {
        graph.inputs(t).iter().for_each(|e| needed[e.task().index()] = true);
    }
    graph.tasks().filter(|t| !needed[t.index()]).collect()
}

/// Numbers that look like chance and are the same each time.
fn noise(n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ x >> 32
}

/// Each task on the worker that is free first, for a time that depends on group and chance.
pub(crate) fn run(graph: &Graph, shape: Shape) -> Trace {
    let outputs = last(graph);
    let plan = Plan::new(graph, &outputs).expect("no cycle");
    let times = times(graph, &plan, shape);
    let elapsed = times.iter().map(|t| t.ended).max().unwrap_or(0) + 20_000;
    let workers = workers(shape, elapsed);
    let error = shape.fails.map(|rank| {
        let key = graph.key(plan.task(rank));
        Error::new(ErrorKind::Panic, format!("{key} panicked: index out of bounds <of> \"7\""))
    });
    let view = RunView {
        plan: &plan,
        scheduler: "processes",
        workers: usize::from(shape.workers),
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_394_240),
    };
    let rare: Vec<RareFact> = (0..plan.len().min(40) as u32)
        .map(|task| RareFact { task, kind: RareKind::MinorFaults, value: 12 })
        .collect();
    let end = RunEnd {
        times: &times,
        rare: &rare,
        lost: u64::from(shape.death) * 12,
        workers: &workers,
        elapsed,
        error: error.as_ref(),
    };
    let memory = if shape.memory { memory(elapsed) } else { Vec::new() };
    let trace = Trace::of_run(&view, &end, memory);
    let trace = if shape.samples { with_samples(trace) } else { trace };
    if shape.death { trace.with_notices(notices(elapsed)) } else { trace }
}

fn times(graph: &Graph, plan: &Plan<'_>, shape: Shape) -> Vec<TaskTimes> {
    let mut free = std::collections::BinaryHeap::new();
    free.extend((0..shape.workers).map(|w| std::cmp::Reverse((0u64, w))));
    let mut times: Vec<TaskTimes> = Vec::with_capacity(plan.len());
    for rank in 0..plan.len() {
        let inputs = graph.inputs(plan.task(rank)).iter().filter_map(|e| plan.rank(e.task()));
        let ready = inputs.map(|r| times[r].ended).max().unwrap_or(0);
        if shape.fails.is_some_and(|f| rank > f + 40) {
            times.push(TaskTimes { status: TaskStatus::Skipped, ..TaskTimes::default() });
            continue;
        }
        let std::cmp::Reverse((at, worker)) = free.pop().expect("there is a worker");
        let started = at.max(ready) + 900 + noise(rank as u64) % 2_000;
        let group = graph.group_of(plan.task(rank)).index() as u64;
        let usual = 40_000 + noise(group + 77) % 3_000_000;
        let took = usual / 2 + noise(rank as u64 * 31 + group) % usual;
        let ended = started + took;
        free.push(std::cmp::Reverse((ended, worker)));
        let failed = shape.fails == Some(rank);
        times.push(TaskTimes {
            started,
            ended,
            cpu_us: (rank % 9 != 0).then_some((took / 1_050) as u32),
            worker,
            attempt: 1 + u8::from(rank % 97 == 5),
            status: if failed { TaskStatus::Failed } else { TaskStatus::Done },
            result_bytes: noise(group + 5) % 3_000_000,
            codec: 0,
        });
    }
    times
}

fn workers(shape: Shape, elapsed: u64) -> Vec<WorkerFact> {
    let fact = |worker, pid, at| WorkerFact { worker, pid, at, death: None };
    let mut facts: Vec<_> = (0..shape.workers).map(|w| fact(w, 4_000 + u32::from(w), 0)).collect();
    if shape.death {
        let death = Some("killed by signal 9 (SIGKILL)".to_owned());
        facts.push(WorkerFact { death, ..fact(1, 4_001, elapsed / 3) });
        facts.push(fact(1, 4_100, elapsed / 3 + 400_000));
    }
    facts
}

fn memory(elapsed: u64) -> Vec<MemorySample> {
    let at = |i: u64| MemorySample {
        at: elapsed * i / 60,
        anonymous: 90_000_000 + noise(i) % 30_000_000 + i.min(20) * 8_000_000,
        files: (i * (60 - i)) * 400_000,
        cpu: 0,
        threads: 5,
    };
    (0..=60).map(at).collect()
}

fn notices(elapsed: u64) -> Vec<Notice> {
    let notice =
        |at, kind, task, text: &str| Notice { at, kind, task, value: 0, text: text.into() };
    let text = "Sources are held back: 1.9 GiB of 2.0 GiB are taken.";
    vec![
        notice(elapsed / 4, NoticeKind::MemoryShort, None, text),
        notice(
            elapsed / 2,
            NoticeKind::Stalled,
            Some(3),
            "No progress for 30 s: <waits> in futex.",
        ),
    ]
}

fn with_samples(trace: Trace) -> Trace {
    let mut stacks = Stacks::default();
    let names = [
        "main",
        "tine::worker::run_loop",
        "core::ops::function::FnOnce::call_once",
        "flights::parse::dates",
        "memchr::memchr2",
        "alloc::raw_vec::RawVec<T>::grow_one",
        "<hashbrown::map::HashMap<K,V,S> as Extend<(K,V)>>::extend",
        "libc::memcpy",
    ];
    let frames: Vec<u32> = names
        .map(|n| stacks.frame(Frame { function: n.to_owned(), file: None, line: None }))
        .into();
    let (mut cpu, mut allocations) = (Vec::new(), Vec::new());
    for t in trace.tasks().filter(|t| t.ran()).take(20_000) {
        let n = noise(t.rank as u64);
        let deep = (0..2 + n % 4).map(|k| frames[3 + ((n >> (k * 3)) % 5) as usize]);
        let stack = stacks.stack(frames[..3].iter().copied().chain(deep)).expect("not empty");
        let (at, task) = (t.started, (!n.is_multiple_of(50)).then_some(t.rank as u32));
        cpu.push(Sample { at, worker: t.worker, task, stack, weight: t.duration() });
        if n.is_multiple_of(3) {
            allocations.push(Sample { at, worker: t.worker, task, stack, weight: 524_288 });
        }
    }
    let live = allocations.iter().step_by(5).copied().collect();
    trace.with_samples(Sampled { stacks, cpu, allocations, live })
}

/// A trace with what a recorder knows besides the run.
pub(crate) fn told(trace: Trace, complete: bool) -> Trace {
    let mut about = trace.about().clone();
    about.complete = complete;
    about.budget = 2 << 30;
    let words = ["/usr/local/bin/flights", "--year", "2024", "data/*.csv"];
    about.command = words.map(str::to_owned).into();
    about.settings = [
        ("workers", "4", "TINE_WORKERS"),
        ("memory", "2GiB", "tine.toml, line 3"),
        ("retries", "2", "default"),
    ]
    .map(|(name, value, source)| SettingInForce {
        name: name.into(),
        value: value.into(),
        source: source.into(),
    })
    .into();
    about.host = tine_profiler::Host {
        name: "fork".into(),
        os: "Debian GNU/Linux 12".into(),
        kernel: "6.1.0-18-amd64".into(),
        cpu: "AMD EPYC 7763 64-Core Processor".into(),
        cores: 4,
        memory: 16 << 30,
    };
    trace.with_about(about)
}
