//! What tasks and their parent print: every line once and whole, whoever holds the output.
//! It does not test that a test's harness captures it.

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::bodies::{run, spin};
use crate::helper::{Program, children, command, ends_within, handle};

/// Asserts that the thousand lines of a program are there, each once and whole.
fn check(text: &str) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    text.lines().for_each(|l| *seen.entry(l).or_default() += 1);
    let tail = "x".repeat(300);
    for i in 0..1000 {
        let line = format!("line {i} {tail}");
        assert_eq!(seen.remove(line.as_str()), Some(1), "line {i}");
    }
    let sum = format!("done {}", 999 * 1000 / 2);
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(sum.as_str(), 1)]);
}

pub(crate) fn is_whole_lines_in_a_pipe() {
    let (lines, code) = Program::start("many lines").rest();
    assert_eq!(code, Some(0));
    check(&lines.join("\n"));
}

pub(crate) fn is_whole_lines_in_a_file() {
    let path = std::env::temp_dir().join(format!("tine-lines-{}", std::process::id()));
    let file = std::fs::File::create(&path).expect("a file");
    let status = command("many lines").stdout(file).status().expect("runs");
    let text = std::fs::read_to_string(&path).expect("text");
    let _ = std::fs::remove_file(&path);
    assert_eq!(status.code(), Some(0));
    check(&text);
}

fn half_a_line_once(role: &str) {
    let (lines, code) = Program::start(role).rest();
    assert_eq!(code, Some(0), "{lines:?}");
    let all = lines.join("\n");
    for what in ["half a line", "said by a task", "done 190"] {
        assert_eq!(all.matches(what).count(), 1, "{what} in {lines:?}");
    }
}

/// What the parent had begun to print is not printed by its workers too.
pub(crate) fn of_the_parent_is_printed_once() {
    half_a_line_once("half a line");
}

pub(crate) fn with_threads_printed_once() {
    half_a_line_once("half a line, and a thread");
}

/// Another thread may hold the output's lock when workers are forked, and for as long as it likes.
pub(crate) fn that_somebody_locks() {
    let mut program = Program::start("locked output");
    let of = handle(program.pid());
    let ended = ends_within(&of, std::time::Duration::from_secs(20));
    if !ended {
        children(program.pid()).into_iter().for_each(crate::helper::end);
        crate::helper::end(program.pid());
    }
    let _ = program.child.wait();
    assert!(ended, "the run waits for the output");
}

/// Nobody reads the output any more: the parent ends as programs in Rust do, and alone.
pub(crate) fn into_a_closed_pipe() {
    let (read, write) = std::io::pipe().expect("a pipe");
    let mut program = command("many lines");
    let mut child = program.stdout(write).stderr(Stdio::null()).spawn().expect("runs");
    drop(program);
    drop(read);
    let status = child.wait().expect("a child");
    assert_eq!(status.code(), Some(101), "{status:?}");
    let group = nix::unistd::Pid::from_raw(-crate::helper::pid(child.id()).as_raw());
    crate::helper::wait_until("its workers are gone", || {
        nix::sys::signal::kill(group, None).is_err()
    });
}

/// A task may close its standard streams; the parent does not spin on their ends.
pub(crate) fn that_a_task_closes() {
    let before = cpu();
    let got = run(2, 2, |i| {
        for fd in [1, 2] {
            // SAFETY: closes streams of the worker's process, which it does not use again.
            unsafe { libc::close(fd) };
        }
        spin(std::time::Duration::from_millis(600));
        i.into()
    });
    assert_eq!(got.map_err(|e| e.to_string()), Ok(vec![0, 1]));
    let used = cpu() - before;
    assert!(used < 100_000, "the parent used {used} us");
}

/// CPU time of this process, without its children, in microseconds.
fn cpu() -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("allowed");
    usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
}
