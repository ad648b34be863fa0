//! Runs made by hand with everything that can be recorded: memory, notices, samples, deaths.
//! They are the same on every machine, because no clock is read.

use std::time::SystemTime;

use tine_profiler::{Frame, MemorySample, Notice, NoticeKind, Sample, Sampled, Stacks, Trace};
use tine_scheduler::{
    Graph, Inputs, Plan, RunEnd, RunView, TaskId, TaskStatus, TaskTimes, WorkerFact,
};

const GROUPS: [&str; 4] = ["read_csv-9e107d9d372bb682", "clean", "means", "merge"];

fn total(xs: Inputs<'_, i64>) -> i64 {
    xs.map(|x| *x).sum()
}

/// Reads, two steps on each, and one task that takes all: three tasks a part, and one.
fn graph(parts: u32) -> Graph {
    let mut g = Graph::builder();
    for i in 0..parts {
        g.task((GROUPS[0], i), [] as [&str; 0], || 1i64);
        g.task((GROUPS[1], i), [(GROUPS[0], i)], |x: &i64| *x);
        g.task((GROUPS[2], i), [(GROUPS[1], i)], |x: &i64| *x);
    }
    g.gather(GROUPS[3], (0..parts).map(|i| (GROUPS[2], i)), total);
    g.build().expect("no name is missing")
}

/// A generator of numbers that are the same everywhere.
struct Dice(u32);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(self.0 >> 8) % n.max(1)
    }
}

/// A run of some `parts` on some `workers`, with tasks of about `micros`; every so many of them
/// failed, was tried twice, or took five times as long. Workers die where there are more than two.
pub(crate) fn run(parts: u32, workers: u16, micros: u64) -> Trace {
    let graph = graph(parts);
    let last: TaskId = graph.tasks().last().expect("there is a task");
    let plan = Plan::new(&graph, &[last]).expect("no cycle");
    let times = times(&graph, &plan, workers, micros * 1000);
    let elapsed = times.iter().map(|t| t.ended).max().unwrap_or(0) + 50_000;
    let facts = workers_of(workers, elapsed);
    let run = RunView {
        plan: &plan,
        scheduler: "processes",
        workers: workers.into(),
        started: SystemTime::UNIX_EPOCH,
    };
    let end = RunEnd { times: &times, rare: &[], lost: 0, workers: &facts, elapsed, error: None };
    Trace::of_run(&run, &end, memory(elapsed, workers)).with_notices(notices(elapsed))
}

fn times(graph: &Graph, plan: &Plan<'_>, workers: u16, nanos: u64) -> Vec<TaskTimes> {
    let mut dice = Dice(7);
    let mut free = vec![0u64; workers.into()];
    let mut times: Vec<TaskTimes> = Vec::new();
    for rank in 0..plan.len() {
        let task = plan.task(rank);
        let inputs = graph.inputs(task).iter().filter_map(|e| plan.rank(e.task()));
        let ready = inputs.map(|r| times[r].ended).max().unwrap_or(0);
        // In turns: looking for the first that is free takes too long for hundreds of workers.
        let worker = (rank % usize::from(workers)) as u16;
        let kind = graph.group_of(task).index() as u64;
        let slow = if dice.below(97) == 0 { 5 } else { 1 };
        let took = nanos * slow * (3 + kind) / 4 + dice.below(nanos);
        let started = free[usize::from(worker)].max(ready) + 300;
        free[usize::from(worker)] = started + took;
        times.push(TaskTimes {
            started,
            ended: started + took,
            cpu_us: u32::try_from(took / 1100).ok(),
            worker,
            attempt: 1 + u8::from(dice.below(41) == 0),
            status: if dice.below(149) == 0 { TaskStatus::Failed } else { TaskStatus::Done },
            result_bytes: 1000 * dice.below(500),
            ..TaskTimes::default()
        });
    }
    times
}

fn workers_of(workers: u16, elapsed: u64) -> Vec<WorkerFact> {
    let fact = |worker, pid, at, death| WorkerFact { worker, pid, at, death };
    let mut facts: Vec<_> = (0..workers).map(|w| fact(w, 4_000 + u32::from(w), 0, None)).collect();
    for w in (2..workers).step_by(29) {
        let at = elapsed / 3 + u64::from(w) * elapsed / 900;
        let how = "killed by signal 9 (SIGKILL)".to_owned();
        facts.push(fact(w, 4_000 + u32::from(w), at, Some(how)));
        facts.push(fact(w, 9_000 + u32::from(w), at + elapsed / 60, None));
    }
    facts.sort_by_key(|f| f.at);
    facts
}

fn memory(elapsed: u64, workers: u16) -> Vec<MemorySample> {
    let mut dice = Dice(3);
    let mut cpu = 0;
    let points = 400;
    (0..=points)
        .map(|i| {
            let at = elapsed * i / points;
            cpu += elapsed / points * u64::from(workers) * (60 + dice.below(40)) / 100;
            let hump = i * (points - i) * 4 / points;
            MemorySample {
                at,
                anonymous: 40_000_000 + 500_000 * hump + dice.below(9_000_000),
                files: 1_200_000 * hump * i / points,
                // A worker that died takes its time along.
                cpu: if i < points / 3 { cpu } else { cpu.saturating_sub(elapsed / 20) },
                threads: u32::from(workers),
            }
        })
        .collect()
}

fn notices(elapsed: u64) -> Vec<Notice> {
    let notice =
        |at, kind, text: &str| Notice { at, kind, task: Some(1), value: 0, text: text.to_owned() };
    vec![
        notice(elapsed / 2, NoticeKind::MemoryShort, "412 MB of 500 MB are in use."),
        notice(elapsed / 2 + elapsed / 20, NoticeKind::Spilling, "The first result was moved."),
        notice(elapsed * 4 / 5, NoticeKind::MemoryEnough, "Sources are read again."),
    ]
}

/// As [`run`], with samples of CPU time and of memory; `tilt` makes one function dearer.
pub(crate) fn sampled(parts: u32, workers: u16, tilt: u64) -> Trace {
    let trace = run(parts, workers, 900);
    let mut stacks = Stacks::default();
    let mut push = |names: &[&str]| {
        let frames: Vec<u32> = names
            .iter()
            .map(|n| stacks.frame(Frame { function: (*n).to_owned(), ..Frame::default() }))
            .collect();
        stacks.stack(frames).expect("there are frames")
    };
    let own = ["main", "tine_scheduler::worker::attempt::run", "std::panicking::try"];
    let stack = |push: &mut dyn FnMut(&[&str]) -> _, rest: &[&str]| push(&[&own, rest].concat());
    let kinds = [
        stack(&mut push, &["app::read::part", "csv::Reader::read_record", "core::str::from_utf8"]),
        stack(&mut push, &["app::read::part", "csv::Reader::read_record", "memchr::memchr3"]),
        stack(&mut push, &["app::clean::rows", "<f64 as core::str::FromStr>::from_str"]),
        stack(&mut push, &["app::clean::rows", "alloc::vec::Vec<T>::push", "realloc", "memcpy"]),
        stack(&mut push, &["app::means::by_key", "hashbrown::map::HashMap<K,V>::entry"]),
        stack(&mut push, &["app::means::by_key", "tine_scheduler::codec::pack::write", "memcpy"]),
    ];
    let idle = push(&["main", "tine_scheduler::worker::sleep::sleep", "syscall"]);
    let mut dice = Dice(11);
    let mut samples: Vec<Sample> = Vec::new();
    for t in trace.tasks() {
        for i in 0..4 {
            let stack = kinds[(t.group.min(2) * 2 + usize::from(dice.below(3) == 0)).min(5)];
            let weight = 500_000 + dice.below(900_000) * if t.group == 1 { tilt } else { 1 };
            let at = t.started + t.duration() * i / 4;
            samples.push(Sample { at, worker: t.worker, task: Some(t.rank as u32), stack, weight });
        }
    }
    samples.push(Sample { at: 5, worker: 0, task: None, stack: idle, weight: 9_000_000 });
    let bytes = |s: &Sample| Sample { weight: s.weight / 10, ..*s };
    let live = samples.iter().step_by(3).map(bytes).collect();
    let allocations = samples.iter().map(bytes).collect();
    trace.with_samples(Sampled { stacks, cpu: samples, allocations, live })
}
