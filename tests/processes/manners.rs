//! What workers leave alone and what they cost: files, settings, processors, descriptors.
//! It does not test what they print.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use tine_scheduler::memory_in_use;

use crate::bodies::{run, spin};
use crate::helper::{Program, children, command, state, wait_until};

/// A file that a task has captured is the one that was opened, at the offset where it was.
pub(crate) fn offsets_of_files_stay() {
    let path = std::env::temp_dir().join(format!("tine-offset-{}", std::process::id()));
    File::create(&path).expect("a file").write_all(b"0123456789abcdef").expect("room");
    let mut file = File::open(&path).expect("a file");
    let _ = std::fs::remove_file(&path);
    file.read_exact(&mut [0; 10]).expect("bytes");
    let captured = Arc::new(file.try_clone().expect("a descriptor"));
    let got = run(50, 3, move |i| {
        let mut byte = [0];
        captured.read_exact_at(&mut byte, u64::from(i) % 16).expect("it is open");
        byte[0].into()
    });
    let expected: Vec<u64> = (0..50).map(|i| b"0123456789abcdef"[i % 16].into()).collect();
    assert_eq!(got.map_err(|e| e.to_string()), Ok(expected));
    assert_eq!(file.stream_position().expect("a file"), 10);
}

/// Thread pools inside of tasks have one thread, unless the user said otherwise.
pub(crate) fn inner_pools_have_one_thread() {
    for (set, sum) in [(None, 2), (Some("3"), 6)] {
        let mut program = command("environment");
        program.env_remove("RAYON_NUM_THREADS");
        if let Some(n) = set {
            program.env("RAYON_NUM_THREADS", n);
        }
        let (lines, _) = Program::spawn(&mut program).rest();
        assert_eq!(lines, [format!("done {sum}")], "{set:?}");
    }
    assert_eq!(std::env::var_os("RAYON_NUM_THREADS"), None);
}

/// Nanoseconds that a process has run.
fn time_on_cpu(of: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{of}/schedstat")).unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(u64::MAX)
}

/// A worker without work uses less than a millisecond in two seconds of somebody else's.
pub(crate) fn a_sleeping_worker_costs_nothing() {
    let got = run(2, 2, |i| {
        if i == 0 {
            return 0;
        }
        let me = std::process::id();
        let others =
            || children(std::os::unix::process::parent_id()).into_iter().filter(move |&c| c != me);
        wait_until("the other is there, and sleeps", || {
            others().next().is_some_and(|o| state(o) == Some('S') && time_on_cpu(o) > 0)
        });
        let other = others().next().expect("just seen");
        let before = time_on_cpu(other);
        spin(Duration::from_secs(2));
        time_on_cpu(other) - before
    });
    let used = got.expect("no task fails")[1];
    assert!(used < 1_000_000, "{used} ns");
}

/// Runs, failures and deaths give back what they opened.
pub(crate) fn descriptors_are_given_back() {
    let open = || std::fs::read_dir("/proc/self/fd").expect("mounted").count();
    assert!(run(1, 1, u64::from).is_ok());
    let before = (open(), memory_in_use());
    for turn in 0..30 {
        let failed = run(10, 3, move |i| match (i, turn % 3) {
            (4, 0) => panic!("on purpose"),
            (4, 1) => std::process::exit(1),
            (i, _) => i.into(),
        });
        assert_eq!(failed.is_ok(), turn % 3 == 2);
    }
    assert_eq!((open(), memory_in_use()), before);
    assert_eq!(children(std::process::id()), [] as [u32; 0]);
}

/// A parent that ignores SIGCHLD has its children reaped by the kernel.
pub(crate) fn ignored_children_are_no_trouble() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.expect("a valid signal");
    let got = run(100, 3, |i| {
        spin(Duration::from_micros(100));
        i.into()
    });
    assert_eq!(got.map_err(|e| e.to_string()), Ok((0..100).collect()));
    let failed = run(4, 2, |i| if i == 2 { std::process::exit(3) } else { i.into() });
    let e = failed.expect_err("a task left");
    assert_eq!((e.task(), e.attempt().map(|a| a.number)), (Some("task(2)"), Some(4)), "{e}");
}

/// Where memory runs out the kernel takes a worker, not the program.
pub(crate) fn workers_step_forward() {
    let score = || {
        let text = std::fs::read_to_string("/proc/self/oom_score_adj").expect("mounted");
        text.trim().parse::<i64>().expect("a number")
    };
    let own = score();
    let got = run(2, 2, move |_| u64::try_from(score() - own).unwrap_or(0));
    assert_eq!(got.map_err(|e| e.to_string()), Ok(vec![300.min(1000 - own as u64); 2]));
}
