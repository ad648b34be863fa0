//! A small test runner: each case in a process of its own, watched for progress.
//! It does not know what a case tests.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// A name, and what it stands for.
pub(crate) type Case = (&'static str, fn());

/// Names the case that this process is to run.
const CASE: &str = "TINE_PROCESSES_CASE";

/// A case that prints nothing for so long makes no progress.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whoever outlives its case by this time was not told of its end.
const PARTING: Duration = Duration::from_secs(5);

/// Tells the runner that the case got on, and with what.
#[expect(clippy::print_stderr, reason = "the runner listens")]
pub(crate) fn step(what: impl std::fmt::Display) {
    eprintln!("step: {what}");
}

/// Runs the case that the environment names, or all whose name contains one of the arguments.
#[expect(clippy::print_stdout, reason = "this is the test's harness")]
pub(crate) fn main(cases: &[Case]) -> ExitCode {
    if let Ok(name) = std::env::var(CASE) {
        let case = cases.iter().find(|c| c.0 == name).expect("the runner knows its cases");
        (case.1)();
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<_> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let chosen: Vec<_> = cases
        .iter()
        .filter(|c| filters.is_empty() || filters.iter().any(|f| c.0.contains(f.as_str())))
        .collect();
    if arguments.iter().any(|a| a == "--list") {
        chosen.iter().for_each(|c| println!("{}: test", c.0));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    let start = Instant::now();
    let mut failures = Vec::new();
    for (name, _) in &chosen {
        let (verdict, log) = run(name);
        println!("test {name} ... {}", if verdict.is_ok() { "ok" } else { "FAILED" });
        if let Err(why) = verdict {
            failures.push(format!("---- {name} ----\n{why}\n{log}"));
        }
    }
    failures.iter().for_each(|f| println!("\n{f}"));
    let (failed, all) = (failures.len(), chosen.len());
    println!(
        "\ntest result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; \
         finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        all - failed,
        cases.len() - all,
        start.elapsed().as_secs_f64(),
    );
    ExitCode::from(if failed == 0 { 0 } else { 101 })
}

/// Runs one case; returns how it ended, and what it printed.
#[expect(clippy::zombie_processes, reason = "waited for by `try_wait`, or in `give_up`")]
fn run(name: &str) -> (Result<(), String>, String) {
    let (mut read, write) = std::io::pipe().expect("a pipe");
    let command = Command::new(std::env::current_exe().expect("a path"))
        .env(CASE, name)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(write.try_clone().expect("a descriptor"))
        .stderr(write)
        .process_group(0)
        .spawn();
    let mut child = command.expect("this binary runs");
    let mut log = Vec::new();
    let mut heard = Instant::now();
    let ended = loop {
        let mut fds = [PollFd::new(read.as_fd(), PollFlags::POLLIN)];
        // Short, to see the end of a child whose pipe somebody else still holds.
        poll(&mut fds, PollTimeout::from(100u8)).expect("poll");
        if fds[0].revents().is_some_and(|r| r.contains(PollFlags::POLLIN)) {
            let mut buffer = [0; 4096];
            let n = read.read(&mut buffer).expect("the pipe is ours");
            log.extend_from_slice(&buffer[..n]);
            heard = Instant::now();
        } else if let Some(status) = child.try_wait().expect("a child") {
            break Ok(status);
        }
        if heard.elapsed() > PATIENCE {
            break Err(give_up(&mut child));
        }
    };
    let log = String::from_utf8_lossy(&log).into_owned();
    let verdict = match ended {
        Err(why) => Err(why),
        Ok(status) if status.success() => orphans(&child),
        Ok(status) => Err(format!("{:?}, {:?}", status.code(), status.signal())),
    };
    (verdict, log)
}

/// Ends a case that makes no progress; returns what can be known of it.
fn give_up(child: &mut Child) -> String {
    let pid = child.id();
    let mut what = format!("no progress for {PATIENCE:?}");
    for of in std::iter::once(pid).chain(crate::helper::children(pid)) {
        for name in ["status", "wchan", "syscall"] {
            let text = std::fs::read_to_string(format!("/proc/{of}/{name}")).unwrap_or_default();
            let state = text.lines().find(|l| name != "status" || l.starts_with("State"));
            what += &format!("\n{of} {name}: {}", state.unwrap_or_default());
        }
    }
    let _ = killpg(group(child), Signal::SIGKILL);
    let _ = child.wait();
    what
}

fn group(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("a pid"))
}

/// Fails where a process of the case's group lives on. What ends because the case has ended, as a
/// zygote does, may take a moment.
fn orphans(child: &Child) -> Result<(), String> {
    let group = Pid::from_raw(-group(child).as_raw());
    let start = Instant::now();
    while kill(group, None).is_ok() {
        if start.elapsed() > PARTING {
            let _ = kill(group, Signal::SIGKILL);
            return Err("a process of the case lives on".into());
        }
        std::thread::yield_now();
    }
    Ok(())
}
