//! What workers do to their descriptors, and what they inherit locked.
//! It does not know what is in a result.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tine_scheduler::{Graph, Processes, get};

fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every thread has this clock").into()
}

#[test]
fn a_supervisor_sleeps_though_a_task_closed_its_output() {
    let mut g = Graph::builder();
    g.task("x", [] as [&str; 0], || {
        nix::unistd::dup2_stdout(File::open("/dev/null").unwrap()).unwrap();
        nix::unistd::dup2_stderr(File::open("/dev/null").unwrap()).unwrap();
        let (began, mut n) = (cpu(), 0u64);
        while cpu() - began < Duration::from_millis(400) {
            n += 1;
        }
        n
    });
    let graph = g.build().unwrap();
    let before = cpu();
    let out = get(&graph, ["x"], &Processes::new().workers(1)).unwrap();
    assert!(out.get::<u64>(0).unwrap() > 0);
    let used = cpu() - before;
    // One that looks again and again has as much of the processor as the task, or more.
    assert!(used < Duration::from_millis(100), "{used:?}, and the task had 400 ms");
}

#[test]
fn a_lock_that_was_held_at_the_fork_holds_up_nobody() {
    let mut g = Graph::builder();
    g.task("x", [] as [&str; 0], || 7);
    let graph = g.build().unwrap();
    let (mut gate, open) = std::io::pipe().unwrap();
    let (held, hold) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        let _lock = std::io::stdout().lock();
        held.send(()).unwrap();
        // Until the other end is closed.
        gate.read_to_end(&mut Vec::new())
    });
    hold.recv().unwrap();
    let out = get(&graph, ["x"], &Processes::new().workers(2)).unwrap();
    drop(open);
    assert_eq!(out.get::<i32>(0).unwrap(), 7);
    holder.join().unwrap().unwrap();
}
