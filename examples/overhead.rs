//! What the engine costs a task: four graphs of tiny tasks, on every scheduler.
//! It does not judge: it prints one JSON line a run.
//!
//! ```text
//! overhead <independent|tree|chains|random> --tasks N [--workers W]
//!          [--scheduler <processes|threads|serial>] [--task-us U] [--runs R] [--record]
//! ```

#[path = "common/ending.rs"]
mod ending;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tine_scheduler::{
    Dependency, Graph, Observer, Plan, Processes, RunEnd, RunView, Scheduler, Serial, TaskId,
    TaskStatus, Threads, Wanted, observe, observers,
};

/// What was asked for on the command line.
struct Settings {
    bench: String,
    tasks: usize,
    workers: usize,
    scheduler: String,
    task_us: u64,
    runs: usize,
    record: bool,
}

const USAGE: &str = "usage: overhead <independent|tree|chains|random> --tasks N [--workers W] \
                     [--scheduler processes|threads|serial] [--task-us U] [--runs R] [--record]";

fn settings() -> Result<Settings, String> {
    let mut args = std::env::args().skip(1);
    let bench = args.next().ok_or(USAGE)?;
    let mut s = Settings {
        bench,
        tasks: 100_000,
        workers: 2,
        scheduler: "processes".into(),
        task_us: 0,
        runs: 1,
        record: false,
    };
    while let Some(flag) = args.next() {
        if flag == "--record" {
            s.record = true;
            continue;
        }
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        let number = || value.parse::<u64>().map_err(|e| format!("{flag} {value}: {e}"));
        match flag.as_str() {
            "--tasks" => s.tasks = number()? as usize,
            "--workers" => s.workers = number()? as usize,
            "--scheduler" => s.scheduler = value,
            "--task-us" => s.task_us = number()?,
            "--runs" => s.runs = number()? as usize,
            _ => return Err(format!("unknown option {flag}\n{USAGE}")),
        }
    }
    // `chains` cuts tasks into chains of 10, `random` begins with 10 that have no inputs.
    if s.tasks < 10 || s.runs == 0 || s.workers == 0 {
        return Err(format!("at least 10 tasks, 1 worker and 1 run\n{USAGE}"));
    }
    Ok(s)
}

/// Keeps the processor busy for this long, as a real task would.
fn work(us: u64) {
    if us > 0 {
        let end = Instant::now() + Duration::from_micros(us);
        while Instant::now() < end {
            std::hint::spin_loop();
        }
    }
}

/// A graph of tiny tasks; returns it with the task whose value is the result.
fn graph(s: &Settings) -> Result<(Graph, TaskId), Box<dyn std::error::Error>> {
    let mut g = Graph::builder();
    let us = s.task_us;
    let last = match s.bench.as_str() {
        "independent" => {
            let leaves = leaves(&mut g, s.tasks, us);
            sum(&mut g, leaves, 16, us)
        }
        "tree" => {
            let leaves = leaves(&mut g, s.tasks, us);
            sum(&mut g, leaves, 2, us)
        }
        "chains" => {
            let starts = leaves(&mut g, s.tasks / 10, us);
            let ends = starts.into_iter().map(|start| chain(&mut g, start, 10, us)).collect();
            sum(&mut g, ends, 16, us)
        }
        "random" => random(&mut g, s.tasks, us),
        _ => return Err(USAGE.into()),
    };
    Ok((g.build()?, last))
}

fn leaves(g: &mut tine_scheduler::GraphBuilder, n: usize, us: u64) -> Vec<TaskId> {
    let inc = |i: u64| {
        move || {
            work(us);
            i + 1
        }
    };
    (0..n as u32).map(|i| g.task(("inc", i), [] as [TaskId; 0], inc(u64::from(i)))).collect()
}

fn chain(g: &mut tine_scheduler::GraphBuilder, start: TaskId, len: u32, us: u64) -> TaskId {
    (1..len).fold(start, |before, _| {
        let at = g.len() as u32;
        g.task(("link", at), [before], move |x: &u64| {
            work(us);
            x + 1
        })
    })
}

/// Sums by a tree of this fan-in.
fn sum(
    g: &mut tine_scheduler::GraphBuilder,
    mut level: Vec<TaskId>,
    fan_in: usize,
    us: u64,
) -> TaskId {
    let mut at = 0;
    while level.len() > 1 {
        let chunks = level.chunks(fan_in).map(|chunk| {
            at += 1;
            if let &[a, b] = chunk {
                return g.task(("add", at), [a, b], move |x: &u64, y: &u64| {
                    work(us);
                    x.wrapping_add(*y)
                });
            }
            g.gather(("sum", at), chunk, move |xs: tine_scheduler::Inputs<'_, u64>| {
                work(us);
                xs.fold(0u64, |s, x| s.wrapping_add(*x))
            })
        });
        level = chunks.collect();
    }
    level[0]
}

/// Each task adds 1 to the sum of two or three earlier ones, chosen by a fixed seed.
fn random(g: &mut tine_scheduler::GraphBuilder, n: usize, us: u64) -> TaskId {
    let mut seed = 42u64;
    let mut below = move |n: u64| {
        // SplitMix64 (Steele et al., 2014).
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    };
    let mut tasks: Vec<TaskId> = leaves(g, 10, us);
    for i in 10..n {
        let window = i.min(300) as u64;
        let wanted = 2 + below(2) as usize;
        let mut inputs = Vec::with_capacity(wanted);
        while inputs.len() < wanted {
            let earlier = tasks[i - 1 - below(window) as usize];
            if !inputs.contains(&earlier) {
                inputs.push(earlier);
            }
        }
        let inputs = inputs.into_iter().map(Dependency::from);
        tasks.push(g.gather(
            ("node", i as u32),
            inputs,
            move |xs: tine_scheduler::Inputs<'_, u64>| {
                work(us);
                xs.fold(1u64, |s, x| s.wrapping_add(*x))
            },
        ));
    }
    tasks[n - 1]
}

fn scheduler(s: &Settings) -> Result<Box<dyn Scheduler>, String> {
    Ok(match s.scheduler.as_str() {
        "processes" => Box::new(Processes::new().workers(s.workers)),
        "threads" => Box::new(Threads::new().workers(s.workers)),
        "serial" => Box::new(Serial::new()),
        other => return Err(format!("unknown scheduler {other}\n{USAGE}")),
    })
}

/// Notes the workers' process ids; asks for nothing else, unless told to record.
struct Pids {
    record: bool,
    pids: Mutex<Vec<u32>>,
    /// Tasks whose times say that they are done.
    done: AtomicU64,
    /// Worker deaths that the recorded attempts tell of.
    retried: AtomicU64,
}

/// Processor seconds of this process and of the workers that it has reaped.
fn cpu_seconds() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let of = |who| {
        getrusage(who)
            .map_or(0, |u| u.user_time().num_microseconds() + u.system_time().num_microseconds())
    };
    (of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)) as f64 / 1e6
}

impl Observer for Pids {
    fn wanted(&self) -> Wanted {
        Wanted { times: self.record, costs: self.record, ..Wanted::NOTHING }
    }

    fn run_finished(&self, _run: &RunView<'_>, end: &RunEnd<'_>) {
        let pids = end.workers.iter().map(|w| w.pid).collect();
        *self.pids.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = pids;
        let done = end.times.iter().filter(|t| t.status == TaskStatus::Done);
        let deaths = end.times.iter().map(|t| u64::from(t.attempt.saturating_sub(1)));
        self.done.store(done.count() as u64, Ordering::Relaxed);
        self.retried.store(deaths.sum(), Ordering::Relaxed);
    }
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn run() -> Result<(), Box<dyn std::error::Error>> {
    let s = settings()?;
    let scheduler = scheduler(&s)?;
    let pids = Arc::new(Pids {
        record: s.record,
        pids: Mutex::default(),
        done: AtomicU64::new(0),
        retried: AtomicU64::new(0),
    });
    for _ in 0..s.runs {
        let began = Instant::now();
        let (graph, last) = graph(&s)?;
        let plan = Plan::new(&graph, &[last])?;
        let build_seconds = began.elapsed().as_secs_f64();
        let (began, cpu) = (Instant::now(), cpu_seconds());
        let mut out = observe(pids.clone(), || scheduler.run(&plan, &observers()))?;
        let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        let result: u64 = out.take(0)?;
        let tasks = plan.len();
        let us = seconds * 1e6 / tasks as f64;
        let workers = pids.pids.lock().map_or_else(|_| Vec::new(), |p| p.clone());
        println!(
            "{{\"bench\":\"{}\",\"system\":\"tine-{}\",\"seconds\":{seconds:.6},\"tasks\":{tasks},\
             \"us_per_task\":{us:.4},\"result\":{result},\"worker_pids\":{workers:?},\
             \"build_seconds\":{build_seconds:.6},\"cpu_seconds\":{cpu:.6},\
             \"recorded_done\":{},\"recorded_retries\":{}}}",
            s.bench,
            s.scheduler,
            pids.done.load(Ordering::Relaxed),
            pids.retried.load(Ordering::Relaxed),
        );
    }
    Ok(())
}

fn main() -> ExitCode {
    ending::end("overhead", run())
}
