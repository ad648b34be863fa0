//! What is said of a worker that is locked, or makes no progress: the text, and where it goes.
//! It does not find them: see `patrol`.

use std::fmt::Write as _;

use super::patrol::{Finding, Why};
use super::proof::{Maps, Scan};
use crate::error::{Error, ErrorKind};

/// What the supervisor knows of a worker, for a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) pid: i32,
    /// Threads that the process that forked it had besides the forking one, at the fork.
    pub(super) others: usize,
    /// Whether it comes from the zygote, which has no threads.
    pub(super) zygote: bool,
}

/// The error of a worker that is proved to be locked.
pub(super) fn deadlock(finding: &Finding, subject: Subject) -> Error {
    let place = if finding.task.is_some() { "it" } else { "a worker, outside of any task," };
    let mut text = format!("{place} can never go on: {}", sleepers(&finding.scan, subject.pid));
    text += if subject.others == 0 || subject.zygote {
        " There was no other thread when the worker was forked, so that it has locked itself out: \
         a lock that it takes twice, threads that wait for each other, or a message that nobody \
         sends"
    } else {
        ""
    };
    if subject.others > 0 && !subject.zygote {
        let _ = write!(text, " {}. {WAYS_OUT}", crowd(subject.others, &finding.names));
    }
    Error::new(ErrorKind::Deadlock, text)
}

const WAYS_OUT: &str = "A fork copies the locks that other threads hold, and the pools that they \
    serve, but not the threads. Ways out: make the lock, the pool or the runtime inside of the \
    task; or call `tine::init()` first in `main`, and keep to tasks that are plain functions of \
    serde values; or take the scheduler `threads` (TINE_SCHEDULER=threads)";

/// The text of a task that makes no progress; `name` is its key.
pub(super) fn stall(finding: &Finding, subject: Subject, name: &str) -> String {
    let seconds = finding.time.as_secs();
    let mut text = match finding.why {
        Why::Burning(burnt) => format!(
            "task {name} has burnt {burnt:.0} s of CPU in {seconds} s, and touched no new memory \
             and no file: it computes on what it has, or waits for a lock that spins."
        ),
        Why::Unreadable => format!(
            "task {name} has run for {seconds} s, and nothing can be read of its process {} in \
             /proc: whether it gets on cannot be known.",
            subject.pid
        ),
        Why::Quiet | Why::Locked => format!(
            "task {name} has made no progress for {seconds} s: {}",
            sleepers(&finding.scan, subject.pid)
        ),
    };
    if finding.scan.is_refused() {
        text += " Whether it can ever go on cannot be proved, because the kernel refuses to say \
                 what it waits for (kernel.yama.ptrace_scope, PR_SET_DUMPABLE, or a seccomp filter).";
    }
    if subject.others > 0 && !subject.zygote {
        let _ = write!(text, " {}. {WAYS_OUT}.", crowd(subject.others, &finding.names));
    }
    if finding.why == Why::Quiet {
        text += " The setting `stall = \"kill\"` (TINE_STALL=kill) ends such tasks.";
    }
    text
}

/// The error of a task that the setting ends.
pub(super) fn killed(finding: &Finding, subject: Subject) -> Error {
    let seconds = finding.time.as_secs();
    let sleepers = sleepers(&finding.scan, subject.pid);
    let mut text = format!(
        "it made no progress for {seconds} s, and was ended because of the setting `stall = \
         \"kill\"`: {sleepers}"
    );
    if subject.others > 0 && !subject.zygote {
        let _ = write!(text, " {}. {WAYS_OUT}", crowd(subject.others, &finding.names));
    }
    Error::new(ErrorKind::Stalled, text)
}

/// What the threads of a process wait in, as a sentence.
fn sleepers(scan: &Scan, pid: i32) -> String {
    let maps = Maps::of(pid);
    let waits = scan.threads().iter().map(|thread| match thread.wait() {
        None => "nobody knows what".to_owned(),
        Some(wait) => match wait.area(&maps) {
            Some(area) => format!("a futex in {area}, without a timeout"),
            None => wait.name(),
        },
    });
    let what = grouped(waits).join(", ");
    match scan.threads().len() {
        1 => format!("its only thread waits in {what}."),
        n => format!("all {n} threads of its process wait: in {what}."),
    }
}

/// The other threads that there were at the fork, as a sentence without its full stop.
fn crowd(others: usize, left: &[String]) -> String {
    let count = match others {
        1 => "one other thread".to_owned(),
        n => format!("{n} other threads"),
    };
    let gone = if left.len() < others { ", of which are left" } else { "" };
    let names = grouped(left.iter().map(|n| format!("`{n}`")));
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    format!("When the worker was forked, the program had {count}{gone}: {names}")
}

/// Equal texts as one, with their number, in the order of their first.
fn grouped(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut groups: Vec<(String, usize)> = Vec::new();
    for text in all {
        match groups.iter_mut().find(|(t, _)| *t == text) {
            Some((_, n)) => *n += 1,
            None => groups.push((text, 1)),
        }
    }
    let show = |(text, n): (String, usize)| if n == 1 { text } else { format!("{n} x {text}") };
    groups.into_iter().map(show).collect()
}

/// The names of this process's threads, but for the calling one.
pub(super) fn names_of_others() -> Vec<String> {
    let me = nix::unistd::gettid().as_raw();
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let tids = tasks.filter_map(|t| t.file_name().to_str()?.parse::<i32>().ok());
    let mut tids: Vec<i32> = tids.filter(|t| *t != me).collect();
    tids.sort_unstable();
    let name = |t: i32| std::fs::read_to_string(format!("/proc/self/task/{t}/comm")).ok();
    tids.into_iter().filter_map(name).map(|n| n.trim_end().to_owned()).collect()
}

/// Says it to the user, where no observer does: "never silent" holds for every program, and the
/// standard error is the one channel that all have.
#[expect(clippy::print_stderr, reason = "a run that hangs must not do so silently")]
pub(super) fn say(text: &str) {
    eprintln!("tine: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_one() {
        let all = ["a", "b", "a", "a"].map(str::to_owned).into_iter();
        assert_eq!(grouped(all), ["3 x a", "b"]);
    }
}
