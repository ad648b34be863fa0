//! Tasks that make no progress of which nobody can prove that they never will: they are explained
//! every 30 seconds, and ended where the settings ask for it.
//! It does not test proofs: see `deadlocks`.

use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tine_scheduler::{
    ErrorKind, Graph, Observer, Processes, Result, RunView, Stall, config, get, observe,
};

use crate::helper::{command, wait_until};
use crate::runner::step;

/// Runs `body` as the task `slow`.
fn run(body: impl Fn() -> u64 + Send + Sync + 'static) -> Result<u64> {
    let mut g = Graph::builder();
    g.task("slow", [] as [&str; 0], body);
    get(&g.build()?, ["slow"], &Processes::new().workers(2))?.get(0)
}

/// All of them at once: each takes half a minute.
pub(crate) fn are_explained_or_ended() {
    let start = |role: &str| {
        let mut command: Command = command(&format!("stall: {role}"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("this binary runs")
    };
    let roles = ["runtime", "spin", "sleep", "undumpable"];
    let programs = roles.map(start);
    for (role, program) in roles.iter().zip(programs) {
        let output = program.wait_with_output().expect("a child");
        let errors = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = errors.lines().filter(|l| l.starts_with("tine: ")).collect();
        step(format!("{role}: {errors}"));
        assert!(output.status.success(), "{role}: {errors}");
        let expected: &[&str] = match *role {
            "sleep" => {
                &["tine: task slow has made no progress for 30 s: its only thread waits in \
                          clock_nanosleep. The setting `stall = \"kill\"` (TINE_STALL=kill) ends such \
                          tasks."]
            }
            _ => &[],
        };
        assert_eq!(lines, expected, "{role}");
    }
}

/// The program of a role: succeeds where all is as it should be.
pub(crate) fn program(role: &str) -> ExitCode {
    match role.trim_start_matches("stall: ") {
        "runtime" => inherited_runtime(),
        "spin" => inherited_spinning_lock(),
        "sleep" => assert_eq!(
            run(|| {
                std::thread::sleep(Duration::from_secs(33));
                5
            })
            .map_err(|e| e.to_string()),
            Ok(5)
        ),
        "undumpable" => undumpable(),
        role => panic!("no role {role}"),
    }
    ExitCode::SUCCESS
}

/// A runtime with an I/O driver sleeps on a descriptor that others could write to.
fn inherited_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let runtime = Arc::new(runtime.expect("a runtime"));
    let work = |runtime: &tokio::runtime::Runtime| {
        let blocking = runtime.spawn_blocking(|| 3);
        runtime.block_on(blocking).expect("no panic")
    };
    assert_eq!(work(&runtime), 3);
    // Work is given to a thread that waits for some; one that does not wait yet gets company.
    wait_until("the thread waits for work", || {
        let tasks = std::fs::read_dir("/proc/self/task").expect("mounted").flatten();
        let calls = tasks.map(|t| std::fs::read_to_string(t.path().join("syscall")).expect("own"));
        calls.filter(|call| call.starts_with(&format!("{} ", libc::SYS_futex))).count() == 1
    });
    let ran = config::set("stall", "kill", || run(move || work(&runtime))).expect("a setting");
    let error = ran.expect_err("the thread that would do the work is not there");
    assert_eq!((error.kind(), error.task()), (ErrorKind::Stalled, Some("slow")), "{error}");
    let begin = "it made no progress for 30 s, and was ended because of the setting `stall = \
                 \"kill\"`: its only thread waits in epoll_wait. When the worker was forked, the \
                 program had one other thread: `tokio-rt-worker`. A fork copies the locks";
    assert!(error.message().starts_with(begin), "{error}");
}

/// Ends the run when it has been told of a stall.
struct Listener {
    expected: &'static str,
    heard: AtomicBool,
}

impl Observer for Listener {
    fn stalled(&self, run: &RunView<'_>, stall: &Stall) -> bool {
        assert_eq!((run.plan.len(), stall.task), (1, 0));
        assert!(stall.text.contains(self.expected), "{}", stall.text);
        self.heard.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGINT).expect("a signal");
        }
        true
    }
}

/// Runs what never ends, until an observer has been told this of it.
fn is_told(expected: &'static str, body: impl Fn() -> u64 + Send + Sync + 'static) {
    let heard = AtomicBool::new(false);
    let listener = Arc::new(Listener { expected, heard });
    let ran = observe(listener.clone(), || {
        let mut g = Graph::builder();
        g.task("slow", [] as [&str; 0], body);
        get(&g.build().expect("a graph"), ["slow"], &Processes::new().workers(2))
    });
    let error = ran.expect_err("interrupted");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(listener.heard.load(Ordering::Relaxed));
}

fn inherited_spinning_lock() {
    static HELD: AtomicBool = AtomicBool::new(true);
    std::thread::spawn(|| {
        std::thread::park();
        HELD.store(false, Ordering::SeqCst);
    });
    is_told(
        " s, and touched no new memory and no file: it computes on what it has, or waits for a lock \
             that spins. When the worker was forked, the program had one other thread: ",
        || {
            while HELD.load(Ordering::SeqCst) {
                std::hint::spin_loop();
            }
            1
        },
    );
}

/// A process whose memory is nobody's business: the kernel does not say what it waits for, to those
/// who have no special rights.
fn undumpable() {
    static LOCK: std::sync::Mutex<u64> = std::sync::Mutex::new(1);
    std::mem::forget(LOCK.lock());
    // The settings are read while the home directory may be.
    tine_scheduler::config::get::<bool>("output-prefix").expect("a setting");
    // Root may look all the same: be somebody else.
    // SAFETY: a plain system call; it is refused to those who are not root, and need it not.
    unsafe { libc::setuid(65534) };
    is_told("Whether it can ever go on cannot be proved, because the kernel refuses", || {
        nix::sys::prctl::set_dumpable(false).expect("allowed");
        *LOCK.lock().expect("no panic")
    });
}
