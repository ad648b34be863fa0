//! What tasks and their parent print: every line once and whole, whoever holds the output.
//! It does not test that a test's harness captures it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tine_scheduler::{
    Graph, Observer, OutputStream, Plan, Processes, RunView, Scheduler, TaskId, TaskLine, Wanted,
};

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

/// Nobody reads the output any more: the run ends with an error, and leaves nobody.
pub(crate) fn into_a_closed_pipe() {
    let (read, write) = std::io::pipe().expect("a pipe");
    let (mut errors, log) = std::io::pipe().expect("a pipe");
    let mut program = command("many lines, into nowhere");
    let mut child = program.stdout(write).stderr(log).spawn().expect("runs");
    drop(program);
    drop(read);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut errors, &mut said).expect("text");
    let status = child.wait().expect("a child");
    assert_eq!(status.code(), Some(1), "{status:?}");
    let what = "Os the run was ended: what its tasks print cannot be written: Broken pipe";
    assert_eq!(said.trim_end(), what);
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

/// What an observer was told: task, stream and text.
#[derive(Default)]
struct Told(Mutex<Vec<(Option<String>, OutputStream, String)>>);

impl Observer for Told {
    fn wanted(&self) -> Wanted {
        Wanted { lines: true, ..Wanted::NOTHING }
    }

    fn line(&self, run: &RunView<'_>, line: &TaskLine<'_>) {
        let key = |rank| run.plan.graph().key(run.plan.task(rank as usize)).to_string();
        let mut told = self.0.lock().expect("nobody panics");
        told.push((line.task.map(key), line.stream, line.text.to_owned()));
    }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks print as users' do")]
fn chat(i: u32) -> u64 {
    if i.is_multiple_of(3) {
        println!("out of {i}");
        spin(std::time::Duration::from_micros(u64::from(i % 7) * 40));
        println!("more of {i}");
    }
    if i.is_multiple_of(5) {
        eprintln!("err of {i}");
    }
    i.into()
}

/// Short tasks, of which some print: each line is told with the one that printed it.
pub(crate) fn is_told_with_its_task() {
    for workers in [1, 2, 4] {
        let mut g = Graph::builder();
        let tasks: Vec<TaskId> =
            (0..3000).map(|i| g.task(("t", i), [] as [&str; 0], move || chat(i))).collect();
        let graph = g.build().expect("a graph");
        let told = Arc::new(Told::default());
        let observer: Arc<dyn Observer> = told.clone();
        let plan = Plan::new(&graph, &tasks).expect("a plan");
        Processes::new().workers(workers).run(&plan, &[observer]).expect("no task fails");
        let told = told.0.lock().expect("nobody panics");
        assert_eq!(told.len(), 1000 * 2 + 600);
        for (task, stream, text) in &*told {
            let number = text.rsplit(' ').next().expect("a number");
            assert_eq!(task.as_deref(), Some(format!("t({number})").as_str()), "{text}");
            assert_eq!(*stream == OutputStream::Stderr, text.starts_with("err"), "{text}");
        }
        crate::runner::step(workers);
    }
}

pub(crate) fn is_shown_with_its_task() {
    let (lines, code) =
        Program::spawn(command("many lines").env("TINE_OUTPUT_PREFIX", "true")).rest();
    assert_eq!((code, lines.len()), (Some(0), 1001));
    for line in lines.iter().filter(|l| !l.starts_with("done")) {
        let (task, text) = line.split_once("] line ").expect("a prefix");
        let number = text.split(' ').next().expect("a number");
        assert_eq!(task, format!("[task({number})"), "{line}");
    }
}

/// A task that never stops printing: the parent keeps little of it, and hears of its end.
pub(crate) fn without_end() {
    let mut program = Program::start("endless lines");
    for _ in 0..200_000 {
        assert!(program.line().is_some());
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.pid())).expect("alive");
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("a line");
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes < 64 << 10, "{kilobytes} kB");
    crate::helper::end(program.pid());
    let _ = program.rest();
}

#[expect(clippy::print_stdout, reason = "tasks print as users' do")]
pub(crate) fn that_is_no_text() {
    let got = run(20, 2, |i| {
        let bytes: Vec<u8> = (0..=255u8).cycle().skip(i as usize * 31).take(5000).collect();
        let _ = std::io::Write::write_all(&mut std::io::stdout(), &bytes);
        println!("\0\u{1b}tine and no mark");
        i.into()
    });
    assert_eq!(got.map_err(|e| e.to_string()), Ok((0..20).collect()));
}
