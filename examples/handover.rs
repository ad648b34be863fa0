//! What it costs to hand large arrays from one process to another: by tine, and through a pipe.
//! It does not judge: it prints one JSON line a pair of runs, and one for all of them.
//!
//! ```text
//! handover [--arrays N] [--megabytes M] [--pairs P]
//! ```
//!
//! Both ways two processes generate N arrays of M megabytes and sum them. `produce i` hangs on
//! `produce i-1`, and on `sum i-6`, which holds it back; `sum i` hangs on `produce i`, and waits
//! for `produce i+1`, so that the worker which made the array is busy with the next one when the
//! sum becomes ready. Arrays that were summed by the worker that made them are counted apart, and
//! more are made until N have changed hands. The pipe holds 1 MB, and both of its ends use one
//! array all the time. `alone` is the same work on one array in one process. `ratio` is of all
//! processor time, for N arrays that changed hands; `ratio_an_array` counts the others too.
//!
//! Processor seconds are those of all processes of a run. Memory is polled: private memory of the
//! process tree (`Pss_Anon`), and what each distinct memfd holds.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};
use tine::scheduler::{Buffer, Graph, Plan, TaskId};
use tine::{Processes, Scheduler};

#[path = "common/ending.rs"]
mod ending;
#[path = "common/memory.rs"]
mod memory;

use memory::{Memory, tree};

const USAGE: &str = "usage: handover [--arrays N] [--megabytes M] [--pairs P], all at least 1";

/// Arrays made beyond those that are to change hands.
const SPARE: usize = 16;

/// At most this many times the arrays that are to change hands are made.
const MOST: usize = 10;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What was asked for on the command line.
#[derive(Clone)]
struct Settings {
    arrays: usize,
    megabytes: usize,
    pairs: usize,
    /// What this process is, where it was started by another of this program.
    role: String,
}

fn settings() -> Result<Settings, String> {
    let mut s = Settings { arrays: 1000, megabytes: 8, pairs: 1, role: String::new() };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        if flag == "--role" {
            s.role = value;
            continue;
        }
        let number: usize = value.parse().map_err(|e| format!("{flag} {value}: {e}\n{USAGE}"))?;
        let place = match flag.as_str() {
            "--arrays" => &mut s.arrays,
            "--megabytes" => &mut s.megabytes,
            "--pairs" => &mut s.pairs,
            _ => return Err(format!("unknown option {flag}\n{USAGE}")),
        };
        *place = number;
    }
    if s.arrays == 0 || s.megabytes == 0 || s.pairs == 0 { Err(USAGE.into()) } else { Ok(s) }
}

impl Settings {
    /// Numbers an array.
    fn len(&self) -> usize {
        (self.megabytes << 20) / size_of::<f64>()
    }
}

/// Number `k` of array `i`: cheap, so that handing over is what is measured.
fn number(i: u64, k: usize) -> f64 {
    i as f64 + f64::from((k & 1023) as i32)
}

fn fill(array: &mut [f64], i: u64) {
    for (k, x) in array.iter_mut().enumerate() {
        *x = number(i, k);
    }
}

/// The sum, in an order that a processor can add in many lanes.
fn sum(numbers: &[f64]) -> f64 {
    let (lanes, rest) = numbers.as_chunks::<16>();
    let mut sums = [0.0; 16];
    for lane in lanes {
        for (s, x) in sums.iter_mut().zip(lane) {
            *s += x;
        }
    }
    sums.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

/// An array, and who made it.
#[derive(Serialize, Deserialize)]
struct Made {
    maker: u32,
    numbers: Buffer<f64>,
}

/// The sums so far, and how many arrays came from another process.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Summed {
    sum: f64,
    handed: u64,
}

fn make(i: u64, len: usize) -> Made {
    Made { maker: std::process::id(), numbers: Buffer::from_fn(len, |k| number(i, k)) }
}

fn add_up(made: &Made) -> Summed {
    let handed = u64::from(made.maker != std::process::id());
    Summed { sum: sum(&made.numbers), handed }
}

/// Makes and sums arrays `from..from + n`.
fn compute(s: &Settings, from: usize, n: usize) -> Outcome<Summed> {
    let len = s.len();
    let mut g = Graph::builder();
    let (mut made, mut summed): (Vec<TaskId>, Vec<TaskId>) = (Vec::new(), Vec::new());
    for i in 0..n {
        let at = (from + i) as u64;
        let body = move || make(at, len);
        let key = ("produce", i as u32);
        // Fewer arrays at a time would leave no slack to a worker that wakes up late.
        let task = match (i.checked_sub(1), i.checked_sub(6)) {
            (Some(a), Some(b)) => {
                g.task(key, [made[a], summed[b]], move |_: &Made, _: &Summed| body())
            }
            (Some(a), None) => g.task(key, [made[a]], move |_: &Made| body()),
            _ => g.task(key, [] as [TaskId; 0], body),
        };
        made.push(task);
        if let Some(a) = i.checked_sub(1) {
            let key = ("sum", a as u32);
            summed.push(g.task(key, [made[a], task], |x: &Made, _: &Made| add_up(x)));
        }
    }
    summed.push(g.task(("sum", n as u32 - 1), [made[n - 1]], add_up));
    let total = g.gather("total", &summed, |all: tine::scheduler::Inputs<'_, Summed>| {
        all.fold(Summed::default(), |t, x| Summed {
            sum: t.sum + x.sum,
            handed: t.handed + x.handed,
        })
    });
    let graph = g.build()?;
    let plan = Plan::new(&graph, &[total])?;
    Ok(Processes::new().workers(2).run(&plan, &[])?.take(0)?)
}

/// What one run reports.
#[derive(Default, Serialize, Deserialize)]
struct Report {
    arrays: usize,
    handed: u64,
    sum: f64,
}

/// Computes until enough arrays have changed hands.
fn by_tine(s: &Settings) -> Outcome<Report> {
    let mut report = Report::default();
    while (report.handed as usize) < s.arrays {
        // A few more than are missing: the first and the last of a graph need not change hands.
        let n = s.arrays - report.handed as usize + SPARE;
        let summed = compute(s, report.arrays, n)?;
        report.arrays += n;
        if summed.handed == 0 || report.arrays > MOST * s.arrays {
            return Err("hardly an array changes hands: are there two free processors?".into());
        }
        report.handed += summed.handed;
        report.sum += summed.sum;
    }
    Ok(report)
}

/// Writes arrays to standard output.
fn produce(s: &Settings) -> Outcome<()> {
    let mut array = vec![0.0; s.len()];
    let mut out = std::fs::File::from(std::io::stdout().try_clone_owned()?);
    for i in 0..s.arrays {
        fill(&mut array, i as u64);
        out.write_all(bytemuck::cast_slice(&array))?;
    }
    Ok(())
}

/// A standard stream as an unbuffered file.
trait TryCloneOwned {
    fn try_clone_owned(&self) -> std::io::Result<OwnedFd>;
}

impl<T: std::os::fd::AsFd> TryCloneOwned for T {
    fn try_clone_owned(&self) -> std::io::Result<OwnedFd> {
        self.as_fd().try_clone_to_owned()
    }
}

/// Reads arrays from standard input, and sums them.
fn consume(s: &Settings) -> Outcome<Report> {
    let mut array = vec![0.0; s.len()];
    let mut input = std::fs::File::from(std::io::stdin().try_clone_owned()?);
    let mut report = Report { arrays: s.arrays, handed: s.arrays as u64, sum: 0.0 };
    for _ in 0..s.arrays {
        input.read_exact(bytemuck::cast_slice_mut(&mut array))?;
        report.sum += sum(&array);
    }
    Ok(report)
}

/// Makes and sums arrays in one process and one place: the work without any handing over.
fn alone(s: &Settings) -> Report {
    let mut array = vec![0.0; s.len()];
    let mut report = Report { arrays: s.arrays, handed: 0, sum: 0.0 };
    for i in 0..s.arrays {
        fill(&mut array, i as u64);
        report.sum += sum(&array);
    }
    report
}

/// What a run cost.
struct Cost {
    report: Report,
    cpu: f64,
    wall: f64,
    peak: u64,
}

/// This program in another role.
fn myself(s: &Settings, role: &str) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let (arrays, megabytes) = (s.arrays.to_string(), s.megabytes.to_string());
    command.args(["--role", role, "--arrays", &arrays, "--megabytes", &megabytes]);
    Ok(command)
}

fn start(s: &Settings, way: &str) -> Outcome<Vec<Child>> {
    if way != "pipe" {
        return Ok(vec![myself(s, way)?.stdout(Stdio::piped()).spawn()?]);
    }
    let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    fcntl(&write, FcntlArg::F_SETPIPE_SZ(1 << 20))?;
    let consumer = myself(s, "consume")?.stdin(read).stdout(Stdio::piped()).spawn()?;
    Ok(vec![consumer, myself(s, "produce")?.stdout(write).spawn()?])
}

fn children_cpu() -> Outcome<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(us as f64 / 1e6)
}

/// Runs one way, from start to end.
fn measure(s: &Settings, way: &str) -> Outcome<Cost> {
    let (before, began) = (children_cpu()?, Instant::now());
    let mut processes = start(s, way)?;
    let pids: Vec<u32> = processes.iter().map(Child::id).collect();
    let mut peak = 0;
    while processes[0].try_wait()?.is_none() {
        peak = peak.max(pids.iter().flat_map(|&p| tree(p)).collect::<Memory>().bytes);
        std::thread::sleep(Duration::from_millis(50));
    }
    let wall = began.elapsed().as_secs_f64();
    for process in &mut processes[1..] {
        process.wait()?;
    }
    let mut text = String::new();
    processes[0].stdout.take().ok_or("no output")?.read_to_string(&mut text)?;
    let report = serde_json::from_str(&text).map_err(|e| format!("{way} printed {text:?}: {e}"))?;
    Ok(Cost { report, cpu: children_cpu()? - before, wall, peak })
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn compare(s: &Settings) -> Outcome<()> {
    let (mut ratios, mut peak) = (Vec::new(), 0);
    for _ in 0..s.pairs {
        let (tine, pipe) = (measure(s, "tine")?, measure(s, "pipe")?);
        let alone = measure(s, "alone")?;
        ratios.push(tine.cpu / pipe.cpu);
        peak = peak.max(tine.peak);
        println!(
            "{{\"bench\":\"handover\",\"megabytes\":{},\"arrays\":{},\"handed\":{},\
             \"tine_cpu\":{:.4},\"pipe_cpu\":{:.4},\"alone_cpu\":{:.4},\"ratio\":{:.4},\
             \"ratio_an_array\":{:.4},\"tine_wall\":{:.4},\
             \"pipe_wall\":{:.4},\"tine_peak_mb\":{:.1},\"pipe_peak_mb\":{:.1}}}",
            s.megabytes,
            tine.report.arrays,
            tine.report.handed,
            tine.cpu,
            pipe.cpu,
            alone.cpu,
            tine.cpu / pipe.cpu,
            tine.cpu / tine.report.arrays as f64 / (pipe.cpu / pipe.report.arrays as f64),
            tine.wall,
            pipe.wall,
            tine.peak as f64 / 1048576.0,
            pipe.peak as f64 / 1048576.0,
        );
        let expected: f64 = (0..tine.report.arrays as u64).map(|i| expected_sum(s, i)).sum();
        if tine.report.sum != expected {
            return Err(format!("the sum is {}, not {expected}", tine.report.sum).into());
        }
    }
    ratios.sort_unstable_by(f64::total_cmp);
    println!(
        "{{\"bench\":\"handover\",\"pairs\":{},\"ratio\":{:.4},\"peak_mb\":{:.1}}}",
        s.pairs,
        ratios[ratios.len() / 2],
        peak as f64 / 1048576.0,
    );
    Ok(())
}

/// What array `i` sums to: whole numbers that a float holds exactly.
fn expected_sum(s: &Settings, i: u64) -> f64 {
    let (whole, rest) = (s.len() as u64 / 1024, s.len() as u64 % 1024);
    (s.len() as u64 * i + whole * (1023 * 1024 / 2) + rest * rest.saturating_sub(1) / 2) as f64
}

#[expect(clippy::print_stdout, reason = "what the process that compares reads")]
fn run() -> Outcome<()> {
    let s = settings()?;
    match s.role.as_str() {
        "" => return compare(&s),
        "tine" => println!("{}", serde_json::to_string(&by_tine(&s)?)?),
        "consume" => println!("{}", serde_json::to_string(&consume(&s)?)?),
        "alone" => println!("{}", serde_json::to_string(&alone(&s))?),
        "produce" => produce(&s)?,
        other => return Err(format!("no role {other}\n{USAGE}").into()),
    }
    Ok(())
}

fn main() -> ExitCode {
    ending::end("handover", run())
}
