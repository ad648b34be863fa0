//! What the sampler does to the signals of the process, seen in a process of its own.
//! It knows what the kernel says of them.
#![cfg(all(
    target_os = "linux",
    not(tine_portable),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod sampled;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, raise};
use sampled::{Watchdog, run};
use tine_profiler::Sampler;
use tine_scheduler::{Graph, Threads};

/// Whether this process has a handler for SIGPROF.
fn is_handled() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|l| l.strip_prefix("SigCgt:")).expect("the kernel says it");
    let mask = u64::from_str_radix(line.trim(), 16).expect("a mask in hexadecimal");
    mask & 1 << (Signal::SIGPROF as u64 - 1) != 0
}

/// How many timers this process has.
fn timers() -> usize {
    let timers = std::fs::read_to_string("/proc/self/timers").unwrap_or_default();
    timers.lines().filter(|l| l.starts_with("ID:")).count()
}

#[test]
fn everything_is_as_before_afterwards() {
    static DURING: AtomicU64 = AtomicU64::new(0);
    let _watchdog = Watchdog::new();
    assert!(!is_handled());
    let mut g = Graph::builder();
    for name in ["a", "b"] {
        g.task(name, [] as [&str; 0], || {
            DURING.fetch_add(u64::from(is_handled()), Ordering::SeqCst);
            // Not the timer's: without a handler before, it has no effect during the run.
            raise(Signal::SIGPROF).unwrap();
            (0..30_000_000u64).fold(1, |x, i| black_box(x ^ i))
        });
    }
    let graph = g.build().unwrap();
    for _ in 0..5 {
        let sampler = Sampler::new(250, 2).unwrap();
        let seen = run(&graph, &["a", "b"], &Threads::new().workers(2), sampler);
        assert!(!seen.failed && !is_handled());
        assert_eq!(timers(), 0);
        let cpu = &seen.sampled.cpu;
        assert!(seen.of_task(cpu, "a") > 0 && seen.weight(cpu, "afterwards::{{closure}}") > 0);
    }
    assert_eq!(DURING.load(Ordering::SeqCst), 10);
}
