//! Measures recovery after a death: from the kill of a worker in the middle of a task to the moment
//! when that task runs again in another process. It does not check results: `kill` does.
//!
//! ```text
//! recovery [--megabytes M] [--kills K] [--workers W]
//! ```
//!
//! Prints one JSON line: a parent with M megabytes of touched memory runs a task on W workers that
//! kills its own process K times, one after the other, with the time of the last instruction before
//! the kill written where the next attempt finds it. `us` is the median; detection, recovery and the
//! fork of a replacement are in it.

#[path = "common/ending.rs"]
mod ending;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, raise};
use nix::time::{ClockId, clock_gettime};
use tine::{Processes, Result, compute_with};

const USAGE: &str = "usage: recovery [--megabytes M] [--kills K] [--workers W], K from 1 to 200, W \
                     at least 1";

/// What was asked for on the command line.
#[derive(Clone, Copy)]
struct Settings {
    megabytes: usize,
    kills: usize,
    workers: usize,
}

fn settings() -> std::result::Result<Settings, String> {
    let mut s = Settings { megabytes: 50, kills: 100, workers: 2 };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        let number: usize = value.parse().map_err(|e| format!("{flag} {value}: {e}\n{USAGE}"))?;
        let place = match flag.as_str() {
            "--megabytes" => &mut s.megabytes,
            "--kills" => &mut s.kills,
            "--workers" => &mut s.workers,
            _ => return Err(format!("unknown option {flag}\n{USAGE}")),
        };
        *place = number;
    }
    if matches!((s.kills, s.workers), (1..=200, 1..)) { Ok(s) } else { Err(USAGE.into()) }
}

/// Nanoseconds on the clock that all processes share.
fn now() -> u64 {
    let t = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("there is such a clock");
    t.tv_sec() as u64 * 1_000_000_000 + t.tv_nsec() as u64
}

/// Words that this process and its children share.
fn shared(n: usize) -> &'static [AtomicU64] {
    let bytes = std::num::NonZeroUsize::new(8 * n).expect("not zero");
    let (protection, flags) = (
        nix::sys::mman::ProtFlags::PROT_READ | nix::sys::mman::ProtFlags::PROT_WRITE,
        nix::sys::mman::MapFlags::MAP_SHARED,
    );
    map(bytes, protection, flags)
}

#[expect(unsafe_code, reason = "memory that survives the death of a process")]
fn map(
    bytes: std::num::NonZeroUsize,
    protection: nix::sys::mman::ProtFlags,
    flags: nix::sys::mman::MapFlags,
) -> &'static [AtomicU64] {
    // SAFETY: a new mapping, at an address that the kernel chooses.
    let start = unsafe { nix::sys::mman::mmap_anonymous(None, bytes, protection, flags) };
    let start = start.expect("a page is there").cast::<AtomicU64>();
    // SAFETY: zeroed, aligned to a page, never unmapped; zero is a value of every atomic.
    unsafe { std::slice::from_raw_parts(start.as_ptr(), bytes.get() / 8) }
}

/// Kills its own process until it has done so often enough; notes when it ran, and when it died.
fn attempt(words: &'static [AtomicU64], kills: usize) -> u64 {
    let began = now();
    let (count, times) = (&words[0], &words[1..]);
    let n = count.fetch_add(1, Ordering::SeqCst) as usize;
    times[2 * n].store(began, Ordering::SeqCst);
    if n < kills {
        times[2 * n + 1].store(now(), Ordering::SeqCst);
        let _ = raise(Signal::SIGKILL);
    }
    n as u64
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn run() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let s = settings()?;
    let mut ballast = vec![1u8; s.megabytes << 20];
    std::hint::black_box(&mut ballast);
    let words = shared(2 * s.kills + 4);
    let scheduler = Processes::new().workers(s.workers).allowed_failures(s.kills as u32);
    let kills = s.kills;
    let task = tine::call(move || attempt(words, kills), ());
    let other = tine::call(|| 1u64, ());
    let ran: Result<(u64, u64)> = compute_with((&task, &other), &scheduler);
    if ran?.0 != kills as u64 {
        return Err("the task was not killed as often as asked for".into());
    }
    let time = |i: usize| words[1 + i].load(Ordering::SeqCst);
    let mut took: Vec<u64> = (0..kills).map(|n| time(2 * n + 2) - time(2 * n + 1)).collect();
    took.sort_unstable();
    let us = |i: usize| took[i] as f64 / 1e3;
    println!(
        "{{\"bench\":\"recovery\",\"megabytes\":{},\"workers\":{},\"kills\":{kills},\"us\":{:.1},\
         \"low_us\":{:.1},\"high_us\":{:.1}}}",
        s.megabytes,
        s.workers,
        us(kills / 2),
        us(kills / 4),
        us(3 * kills / 4),
    );
    Ok(())
}

fn main() -> ExitCode {
    ending::end("recovery", run())
}
