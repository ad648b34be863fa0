//! Ctrl-C: the first lets running tasks finish, the second terminates, the third kills.
//! It does not test what a run leaves in memory.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};

use crate::bodies::run;
use crate::helper::{Program, children, ends_within, handle, state, wait_until};

/// How the program ends when it was interrupted.
const INTERRUPTED: Option<i32> = Some(7);

pub(crate) fn the_first_lets_tasks_finish() {
    let mut program = Program::start("for a while");
    program.until("start");
    program.until("start");
    program.interrupt();
    let (lines, code) = program.rest();
    assert_eq!(code, INTERRUPTED, "{lines:?}");
    assert!(lines.last().is_some_and(|l| l.starts_with("Interrupted interrupted")), "{lines:?}");
    let count = |begin: &str| lines.iter().filter(|l| l.starts_with(begin)).count();
    // Two had started before; whatever started has ended.
    assert_eq!(count("start") + 2, count("end"), "{lines:?}");
    assert!(count("end") < 100, "the run went on");
}

pub(crate) fn the_second_terminates() {
    let mut program = Program::start("for ever");
    program.until("start");
    program.until("start");
    let workers: Vec<_> = children(program.pid()).into_iter().map(handle).collect();
    program.interrupt();
    assert!(workers.iter().all(|w| !ends_within(w, Duration::ZERO)), "the first is no kill");
    program.interrupt();
    let (lines, code) = program.rest();
    assert_eq!(code, INTERRUPTED, "{lines:?}");
    assert!(workers.iter().all(|w| ends_within(w, Duration::ZERO)));
}

pub(crate) fn the_third_kills() {
    let mut program = Program::start("for ever, in spite of SIGTERM");
    program.until("start");
    program.until("start");
    let pids = children(program.pid());
    let workers: Vec<_> = pids.iter().map(|&p| handle(p)).collect();
    program.interrupt();
    program.interrupt();
    // Deaf to the second: asleep again, after whatever the signal made them do.
    wait_until("they sleep on", || pids.iter().all(|&p| state(p) == Some('S')));
    assert!(workers.iter().all(|w| !ends_within(w, Duration::ZERO)), "the second is no kill");
    program.interrupt();
    let (lines, code) = program.rest();
    assert_eq!(code, INTERRUPTED, "{lines:?}");
    assert!(workers.iter().all(|w| ends_within(w, Duration::ZERO)));
}

static HEARD: AtomicU32 = AtomicU32::new(0);

extern "C" fn hear(_: libc::c_int) {
    HEARD.fetch_add(1, Ordering::SeqCst);
}

/// Where the user has a handler, it hears, and the run goes on.
pub(crate) fn a_handler_of_the_user_stays() {
    let ours = SigAction::new(SigHandler::Handler(hear), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler only adds to an atomic.
    unsafe { sigaction(Signal::SIGINT, &ours) }.expect("a valid signal");
    let parent = nix::unistd::getpid();
    let got = run(10, 2, move |i| {
        if i == 3 {
            kill(parent, Signal::SIGINT).expect("the parent lives");
        }
        i.into()
    });
    assert_eq!(got.map_err(|e| e.to_string()), Ok((0..10).collect()));
    assert_eq!(HEARD.load(Ordering::SeqCst), 1);
    // SAFETY: as above.
    let after = unsafe { sigaction(Signal::SIGINT, &ours) }.expect("a valid signal");
    assert!(
        matches!(after.handler(), SigHandler::Handler(h) if h as usize == hear as *const () as usize)
    );
}

/// SIGHUP asks at once for what the second Ctrl-C does: nobody can press it any more.
pub(crate) fn a_closed_terminal_terminates() {
    let mut program = Program::start("for ever");
    program.until("start");
    program.until("start");
    let workers: Vec<_> = children(program.pid()).into_iter().map(handle).collect();
    let group = nix::unistd::Pid::from_raw(-crate::helper::pid(program.pid()).as_raw());
    kill(group, Signal::SIGHUP).expect("it lives");
    let (lines, code) = program.rest();
    assert_eq!(code, INTERRUPTED, "{lines:?}");
    assert!(workers.iter().all(|w| ends_within(w, Duration::ZERO)));
}

/// Ctrl-Z of the parent alone stops its workers too; time does not count until they go on.
pub(crate) fn to_stop_stops_workers() {
    let mut command = crate::helper::command("for long, then well");
    command.env("TINE_TASK_TIMEOUT", "4s").env("TINE_TIMEOUT", "4s");
    let mut program = Program::spawn(&mut command);
    program.until("start");
    program.until("start");
    let pids = children(program.pid());
    assert_eq!(pids.len(), 2);
    let parent = crate::helper::pid(program.pid());
    kill(parent, Signal::SIGTSTP).expect("it lives");
    wait_until("all stand still", || {
        pids.iter().chain([&program.pid()]).all(|&p| state(p) == Some('T'))
    });
    // Longer than the timeouts: what passes here is what is tested.
    let since = std::time::Instant::now();
    wait_until("time has passed", || since.elapsed() > Duration::from_millis(4200));
    kill(parent, Signal::SIGCONT).expect("it lives");
    let (lines, code) = program.rest();
    assert_eq!((code, lines.last().map(String::as_str)), (Some(0), Some("done 2")), "{lines:?}");
}

/// What a task starts hears Ctrl-C as if it had been started from the terminal.
pub(crate) fn are_not_ignored() {
    let got = run(1, 1, |_| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let child = std::process::Command::new("cat").arg("/proc/self/status").output();
        let child = String::from_utf8_lossy(&child.expect("cat is there").stdout).into_owned();
        let ignored = |text: &str| {
            let line = text.lines().find_map(|l| l.strip_prefix("SigIgn:")).map(str::trim);
            u64::from_str_radix(line.unwrap_or("0"), 16).unwrap_or(u64::MAX)
        };
        // SIGHUP, SIGINT and SIGTERM; SIGPIPE is Rust's affair.
        let three = 1 | 1 << 1 | 1 << 14;
        (ignored(&status) | ignored(&child)) & three
    });
    assert_eq!(got.map_err(|e| e.to_string()), Ok(vec![0]));
}
