//! What one trivial `compute()` costs beyond the forks that it is made of.
//! It does not judge: it prints one JSON line.
//!
//! ```text
//! latency [--tasks 1|2] [--workers W] [--rounds R] [--megabytes M]
//! ```
//!
//! A process that holds M megabytes of touched memory computes a graph of one or two trivial tasks
//! on W forked workers, until they are reaped; in turns with as many bare forks, whose children end
//! at once, until they are reaped. A graph of one task needs, and so forks, one worker only; it is
//! still compared with W forks, and with one.

#[path = "common/ending.rs"]
mod ending;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use tine::{Processes, Result, compute_with};

const USAGE: &str =
    "usage: latency [--tasks 1|2] [--workers W] [--rounds R] [--megabytes M], all at least 1";

/// What was asked for on the command line.
struct Settings {
    tasks: usize,
    workers: usize,
    rounds: usize,
    megabytes: usize,
}

fn settings() -> std::result::Result<Settings, String> {
    let mut s = Settings { tasks: 2, workers: 2, rounds: 200, megabytes: 50 };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        let number: usize = value.parse().map_err(|e| format!("{flag} {value}: {e}\n{USAGE}"))?;
        let place = match flag.as_str() {
            "--tasks" => &mut s.tasks,
            "--workers" => &mut s.workers,
            "--rounds" => &mut s.rounds,
            "--megabytes" => &mut s.megabytes,
            _ => return Err(format!("unknown option {flag}\n{USAGE}")),
        };
        *place = number;
    }
    match (s.tasks, s.workers, s.rounds) {
        (1 | 2, 1.., 1..) => Ok(s),
        _ => Err(USAGE.into()),
    }
}

/// Forks `n` children that end at once, and waits for them.
fn bare_forks(n: usize) -> nix::Result<Duration> {
    let began = Instant::now();
    let children: Vec<Pid> = (0..n).map(|_| child_that_ends()).collect::<nix::Result<_>>()?;
    for child in children {
        waitpid(child, None)?;
    }
    Ok(began.elapsed())
}

#[expect(unsafe_code, reason = "fork is what is measured")]
fn child_that_ends() -> nix::Result<Pid> {
    // SAFETY: the child does nothing but `_exit`.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        // SAFETY: ends this process and does not return.
        ForkResult::Child => unsafe { nix::libc::_exit(0) },
    }
}

/// One computation, until its workers are reaped.
fn one_compute(s: &Settings) -> Result<Duration> {
    let began = Instant::now();
    let scheduler = Processes::new().workers(s.workers);
    let (x, y) = (tine::call(|| 20u64, ()), tine::call(|| 22u64, ()));
    let sum = match s.tasks {
        1 => compute_with(&x, &scheduler)?,
        _ => {
            let (x, y) = compute_with((&x, &y), &scheduler)?;
            x + y
        }
    };
    let took = began.elapsed();
    assert_eq!(sum, if s.tasks == 1 { 20 } else { 42 }, "the result");
    Ok(took)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn run() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let s = settings()?;
    let mut ballast = vec![1u8; s.megabytes << 20];
    std::hint::black_box(&mut ballast);
    let first = one_compute(&s)?;
    let (mut computed, mut forked, mut once) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..s.rounds {
        computed.push(one_compute(&s)?);
        forked.push(bare_forks(s.workers)?);
        once.push(bare_forks(1)?);
    }
    let beyond = computed.iter().zip(&forked).map(|(c, f)| c.saturating_sub(*f)).collect();
    let (compute, forks, once) = (median(computed), median(forked), median(once));
    println!(
        "{{\"bench\":\"latency\",\"tasks\":{},\"workers\":{},\"rounds\":{},\"megabytes\":{},\
         \"compute_us\":{compute:.1},\"forks_us\":{forks:.1},\"one_fork_us\":{once:.1},\
         \"beyond_us\":{:.1},\"beyond_median_us\":{:.1},\"first_us\":{:.1}}}",
        s.tasks,
        s.workers,
        s.rounds,
        s.megabytes,
        compute - forks,
        median(beyond),
        first.as_secs_f64() * 1e6,
    );
    Ok(())
}

fn main() -> ExitCode {
    ending::end("latency", run())
}
