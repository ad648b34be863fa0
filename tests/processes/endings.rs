//! Tasks that end their process, or try to: the error says which task, how, and after how many tries.
//! It does not kill from outside: see `kills`.

use tine_scheduler::{Error, ErrorKind, Graph, Processes, TaskResult, get};

use crate::helper::children;
use crate::runner::step;

/// The error of a run in which the task `bad` does this, between good ones.
fn failure(bad: fn() -> u64) -> Error {
    let mut g = Graph::builder();
    g.task("good", [] as [&str; 0], || 1u64);
    g.task("bad", ["good"], move |_: &u64| bad());
    let line = line!() - 1;
    g.task("after", ["bad", "good"], |a: &u64, b: &u64| a + b);
    let error = get(&g.build().expect("a graph"), ["after"], &Processes::new().workers(2))
        .expect_err("the task fails");
    assert_eq!(error.task(), Some("bad"), "{error}");
    let place = error.created_at().expect("a place");
    assert_eq!((place.line, place.file.ends_with("endings.rs")), (line, true), "{error}");
    assert_eq!(children(std::process::id()), [] as [u32; 0], "{error}");
    step(&error);
    error
}

fn raise(signal: i32) -> u64 {
    // SAFETY: sends a signal to this process, which is a worker.
    unsafe { libc::raise(signal) };
    0
}

fn leave(code: i32) -> u64 {
    std::process::exit(code)
}

fn write_to_nowhere() -> u64 {
    let nowhere = std::ptr::without_provenance_mut::<u64>(16);
    // SAFETY: none; the fault is what is tested, in a process of its own.
    unsafe { nowhere.write_volatile(1) };
    0
}

#[expect(unconditional_recursion, reason = "the overflow is what is tested")]
fn overflow() -> u64 {
    let array = [1u64; 1000];
    std::hint::black_box(&array);
    overflow() + std::hint::black_box(array)[7]
}

/// Every end has its kind and signal, and is tried four times where it was a death.
pub(crate) fn of_bodies() {
    let died = |bad, signal| {
        let e = failure(bad);
        assert_eq!((e.kind(), e.signal()), (ErrorKind::Died, Some(signal)), "{e}");
        let attempt = e.attempt().expect("a number");
        assert_eq!((attempt.number, attempt.of), (4, 4), "{e}");
    };
    died(|| std::process::abort(), libc::SIGABRT);
    died(write_to_nowhere, libc::SIGSEGV);
    died(|| raise(libc::SIGKILL), libc::SIGKILL);
    died(|| raise(libc::SIGTERM), libc::SIGTERM);
    died(overflow, libc::SIGABRT);
    for (bad, code) in [(leave_0 as fn() -> u64, 0), (leave_3, 3)] {
        let e = failure(bad);
        assert_eq!((e.kind(), e.signal()), (ErrorKind::Exited, None), "{e}");
        assert!(e.message().contains(&format!("exit({code})")), "{e}");
        assert_eq!(e.attempt().map(|a| a.number), Some(4), "{e}");
    }
    let e = failure(|| panic!("on purpose"));
    assert_eq!((e.kind(), e.message()), (ErrorKind::Panic, "on purpose"));
    assert_eq!(e.attempt().map(|a| a.number), Some(1), "{e}");
    assert!(e.panicked_at().is_some_and(|p| p.file.ends_with("endings.rs")), "{e}");
    returned_errors();
}

fn leave_0() -> u64 {
    leave(0)
}

fn leave_3() -> u64 {
    leave(3)
}

fn returned_errors() {
    let mut g = Graph::builder();
    g.try_task("bad", [] as [&str; 0], || -> TaskResult<u64> { Ok("x".parse()?) });
    let e = get(&g.build().expect("a graph"), ["bad"], &Processes::new()).expect_err("fails");
    assert_eq!((e.kind(), e.task()), (ErrorKind::Task, Some("bad")), "{e}");
    assert_eq!(e.attempt().map(|a| a.number), Some(1), "{e}");
}

struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped {}", self.0);
    }
}

/// A panic in a drop during a panic ends the process; it is a panic, by its first text, and is not
/// tried again.
pub(crate) fn by_a_panic_in_a_drop() {
    let e = failure(|| {
        let _bomb = Bomb("twice");
        panic!("the reason")
    });
    assert_eq!(e.kind(), ErrorKind::Panic, "{e}");
    assert!(e.message().contains("the reason"), "{e}");
    let e = failure(|| {
        drop(Bomb("once"));
        1
    });
    assert_eq!((e.kind(), e.message()), (ErrorKind::Panic, "dropped once"));
}

/// What a panic carries may itself panic when it is dropped.
pub(crate) fn by_a_payload_that_panics() {
    let e = failure(|| std::panic::panic_any(Bomb("payload")));
    assert_eq!(e.kind(), ErrorKind::Panic, "{e}");
    assert_eq!(e.attempt().map(|a| a.number), Some(1), "{e}");
}

/// A panic that the body catches is its own affair: what ends the process later is no panic.
pub(crate) fn after_a_caught_panic() {
    let e = {
        let mut g = Graph::builder();
        g.task("caught", [] as [&str; 0], || {
            u64::from(std::panic::catch_unwind(|| panic!("caught by the body")).is_err())
        });
        g.task("bad", ["caught"], |x: &u64| -> u64 {
            if *x == 1 { std::process::abort() } else { 0 }
        });
        get(&g.build().expect("a graph"), ["bad"], &Processes::new().workers(1))
            .expect_err("the task aborts")
    };
    assert_eq!((e.kind(), e.task()), (ErrorKind::Died, Some("bad")), "{e}");
    assert_eq!(e.attempt().map(|a| a.number), Some(4), "{e}");
}
