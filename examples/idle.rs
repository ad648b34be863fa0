//! How much processor time a worker uses that has nothing to do while the other works.
//! It does not judge: it prints one JSON line.
//!
//! ```text
//! idle [--seconds S]
//! ```
//!
//! Two workers, one task of S seconds and one that ends at once. The long task itself reads, at its
//! beginning and at its end, how long the other worker was on a processor
//! (`/proc/PID/schedstat`, nanoseconds), and how long the parent was.

#[path = "common/ending.rs"]
mod ending;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tine::{Processes, compute_with};

const USAGE: &str = "usage: idle [--seconds S], S a number above 0";

/// Waits until the other worker has ended its task and gone to sleep.
const SETTLE: Duration = Duration::from_millis(100);

/// What the worker that was busy saw.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seen {
    others: usize,
    idle_ns: u64,
    parent_ns: u64,
    busy_ns: u64,
}

fn seconds() -> Result<f64, String> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, ..) => Ok(2.0),
        (Some("--seconds"), Some(s), None) => {
            let seconds: f64 = s.parse().map_err(|e| format!("--seconds {s}: {e}\n{USAGE}"))?;
            Some(seconds).filter(|s| *s > 0.0 && *s < 1e6).ok_or_else(|| USAGE.to_owned())
        }
        _ => Err(USAGE.into()),
    }
}

/// Nanoseconds that a process has been on a processor.
fn on_processor(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// The processes that the same parent forked, this one left out.
fn siblings(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let pids = text.split_whitespace().filter_map(|p| p.parse().ok());
    pids.filter(|&p| p != std::process::id()).collect()
}

/// Works for this long.
fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Works, and watches the others meanwhile.
fn work_and_watch(time: Duration) -> Seen {
    let me = std::process::id();
    let parent = std::os::unix::process::parent_id();
    spin(SETTLE);
    let others = siblings(parent);
    let idle = |pids: &[u32]| pids.iter().map(|&p| on_processor(p)).sum::<u64>();
    let before = (idle(&others), on_processor(parent), on_processor(me));
    spin(time);
    let after = (idle(&others), on_processor(parent), on_processor(me));
    Seen {
        others: others.len(),
        idle_ns: after.0 - before.0,
        parent_ns: after.1 - before.1,
        busy_ns: after.2 - before.2,
    }
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn run() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = seconds()?;
    let time = Duration::from_secs_f64(seconds);
    let busy = tine::call(move || work_and_watch(time), ());
    let quick = tine::call(|| 1u64, ());
    let (seen, one) = compute_with((&busy, &quick), &Processes::new().workers(2))?;
    assert_eq!(
        (one, seen.others),
        (1, 1),
        "a result, and how many workers were beside the busy one"
    );
    println!(
        "{{\"bench\":\"idle\",\"seconds\":{seconds},\"idle_worker_ms\":{:.3},\"parent_ms\":{:.3},\
         \"busy_worker_ms\":{:.1}}}",
        seen.idle_ns as f64 / 1e6,
        seen.parent_ns as f64 / 1e6,
        seen.busy_ns as f64 / 1e6,
    );
    Ok(())
}

fn main() -> ExitCode {
    ending::end("idle", run())
}
