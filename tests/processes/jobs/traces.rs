//! Nothing of a job is left behind, whatever it has started and however it ends.
//! It does not test who is told of it.

use std::path::PathBuf;
use std::time::Duration;

use tine_scheduler::Jobs;
use tine_scheduler::jobs::{Exit, Reason};

use super::book::{Book, Spec, bash};
use crate::helper::{Program, end, ends_within, handle, wait_until};
use crate::runner::step;

/// An argument that no other process has.
pub(crate) fn mark() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("tine-mark-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

/// The processes that live and have this among their arguments; not this one.
pub(crate) fn marked(mark: &str) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").expect("mounted").flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|&b| b == 0);
        *pid != std::process::id() && words.any(|word| word == mark.as_bytes())
    };
    pids.filter(has).collect()
}

/// A file that a job makes when it has got so far.
pub(crate) fn flag() -> PathBuf {
    let path = std::env::temp_dir().join(mark());
    let _ = std::fs::remove_file(&path);
    path
}

/// What jobs leave, in ways that get ever further away. Each is a script that starts `bash` with the
/// mark `$1`, which sleeps on, and makes the file `$2` first; `$s` is that script.
const WAYS: [(&str, &str); 8] = [
    ("in the background", r#"bash -c "$s" "$1" "$1" "$2" & "#),
    ("in a group of its own", r#"set -m; bash -c "$s" "$1" "$1" "$2" & "#),
    ("in a session of its own", r#"setsid bash -c "$s" "$1" "$1" "$2" & "#),
    ("by timeout", r#"timeout 1000 bash -c "$s" "$1" "$1" "$2" & "#),
    ("without a parent", r#"( setsid bash -c "$s" "$1" "$1" "$2" & ) "#),
    ("twice without a parent", r#"( ( setsid setsid -f bash -c "$s" "$1" "$1" "$2" & ) & ) "#),
    ("with closed descriptors", r#"( setsid bash -c "$s" "$1" "$1" "$2" 0<&- 1>&- 2>&- & ) "#),
    ("without an environment", r#"( setsid env -i PATH="$PATH" bash -c "$s" "$1" "$1" "$2" & ) "#),
];

/// A job that leaves something in this way, then ends as `after` says.
fn leaving(way: &str, after: &str) -> (Spec, String, PathBuf) {
    let (mark, flag) = (mark(), flag());
    let script = format!(
        r#"s='trap "" TERM; : > "$2"; while :; do sleep 1000; done'; {way}
        until [ -e "$2" ]; do read -rt 0.01 < <(:) ; done; {after}"#
    );
    (bash(&script, &[&mark, flag.to_str().expect("text")]), mark, flag)
}

/// Jobs that end well and leave processes that do not hear SIGTERM: alone, and all at once.
pub(crate) fn of_jobs_that_end() {
    for together in [false, true] {
        let all: Vec<_> = WAYS.iter().map(|(_, way)| leaving(way, "exit 0")).collect();
        let (jobs, marks): (Vec<_>, Vec<_>) = all.into_iter().map(|(j, m, f)| (j, (m, f))).unzip();
        let of = marks.iter().map(|(mark, _)| mark.clone()).collect::<Vec<_>>();
        let mut book = Book::of(jobs);
        book.listener = Some(Box::new(move |entry| {
            if let super::book::Entry::Closed { job, .. } = entry
                && !together
            {
                step(WAYS[*job].0);
                assert_eq!(marked(&of[*job]), [] as [u32; 0], "{}", WAYS[*job].0);
            }
            Ok(())
        }));
        let tally = book.run(if together { WAYS.len() } else { 1 });
        assert_eq!(tally.done, WAYS.len(), "{:?}", book.entries);
        for (i, (mark, flag)) in marks.iter().enumerate() {
            assert_eq!(marked(mark), [] as [u32; 0], "{}", WAYS[i].0);
            let left = book.ended(i).leftovers;
            assert!(left > 0 || together, "{} left {left}", WAYS[i].0);
            std::fs::remove_file(flag).expect("it got so far");
        }
    }
}

/// Jobs that take too long, with all that they have started, none of which hears SIGTERM.
pub(crate) fn of_jobs_over_their_time() {
    let all = WAYS.iter().map(|(_, way)| {
        let (mut job, mark, flag) = leaving(way, r#"trap "" TERM; while :; do sleep 1000; done"#);
        job.tags.push(("timeout", "4s".into()));
        (job, (mark, flag))
    });
    let (jobs, marks): (Vec<_>, Vec<_>) = all.unzip();
    let mut book = Book::of(jobs);
    let mut jobs = Jobs::prepare().expect("one thread").slots(8).grace(Duration::from_millis(200));
    let tally = jobs.run(&mut book, &[]).expect("no error of the run");
    assert_eq!(tally.failed, WAYS.len());
    for (i, (mark, flag)) in marks.iter().enumerate() {
        assert_eq!(marked(mark), [] as [u32; 0], "{}", WAYS[i].0);
        let ended = book.ended(i);
        let reason = Some(Reason::Timeout(Duration::from_secs(4)));
        assert_eq!((ended.exit, ended.reason), (Exit::Signal(9), reason), "{}", WAYS[i].0);
        let _ = std::fs::remove_file(flag);
    }
}

/// One that is asked to end has the time that it was promised, and so has what it started, even when
/// its first process is gone.
pub(crate) fn of_jobs_that_take_leave() {
    let (flag, mark) = (flag(), mark());
    // The child of the shell needs a second for its farewell; the shell ends at once.
    let script = r#"bash -c 'trap "sleep 1; echo farewell; exit 0" TERM; : > "$2"; while :; do sleep 0.05; done' \
        "$1" "$1" "$2"; true"#;
    let mut job = bash(script, &[&mark, flag.to_str().expect("text")]);
    job.tags.push(("timeout", "3s".into()));
    let mut book = Book::of(vec![job]);
    let mut jobs = Jobs::prepare().expect("one thread").slots(1).grace(Duration::from_secs(20));
    jobs.run(&mut book, &[]).expect("no error of the run");
    assert_eq!(book.stdout(0), "farewell\n");
    assert_eq!(book.ended(0).exit, Exit::Signal(15));
    let _ = std::fs::remove_file(flag);
}

/// A job that forks and forks, in its group, then in sessions of their own.
pub(crate) fn of_jobs_that_fork_without_end() {
    for session in ["", "setsid "] {
        let mark = mark();
        // Each process starts the next one and ends: a moving target. Some minutes, no more: what a
        // test that fails leaves behind must not go on for ever.
        let script = format!(
            r#"s='[ "$2" -gt 0 ] || exit; {session}bash -c "$0" "$0" "$1" $(($2 - 1)) & exit'
            for i in 1 2 3 4; do bash -c "$s" "$s" "$1" 50000 & done
            wait; while :; do sleep 1000; done"#
        );
        let mut job = bash(&script, &[&mark]);
        job.tags.push(("timeout", "3s".into()));
        let mut book = Book::of(vec![job]);
        let tally = book.run(1);
        assert_eq!(tally.failed, 1);
        assert_eq!(marked(&mark), [] as [u32; 0], "{session}");
        step(format_args!("{session}: {} left over", book.ended(0).leftovers));
    }
}

/// A process of a job whose first thread has ended looks dead, but is not.
pub(crate) fn of_processes_without_their_first_thread() {
    let mark = mark();
    let script = r#"python3 -c '
import ctypes, os, sys, threading, time
if os.fork():
    while open(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read() and not os.path.exists(sys.argv[2]): pass
    os._exit(0)
os.setsid()
def live():
    open(sys.argv[2], "w").close()
    time.sleep(1000)
threading.Thread(target=live).start()
ctypes.CDLL(None).pthread_exit(None)
' "$1" "$2""#;
    let flag = flag();
    let mut book = Book::of(vec![bash(script, &[&mark, flag.to_str().expect("text")])]);
    assert_eq!(book.run(1).done, 1, "{:?}", book.printed);
    // Its arguments cannot be read any more: it is found as what the job has left.
    assert_eq!(book.ended(0).leftovers, 1);
    let _ = std::fs::remove_file(flag);
}

/// A process that nobody here may signal holds up nothing.
pub(crate) fn of_processes_of_others() {
    // SAFETY: a plain system call.
    if unsafe { libc::geteuid() } != 0 {
        return step("only the superuser can test this");
    }
    let folder = std::env::temp_dir().join(mark());
    std::fs::create_dir(&folder).expect("a folder");
    let tool = folder.join("tool");
    std::fs::copy(std::env::current_exe().expect("a path"), &tool).expect("room");
    use std::os::unix::fs::PermissionsExt;
    let with = std::fs::Permissions::from_mode;
    std::fs::set_permissions(&folder, with(0o755)).expect("ours");
    std::fs::set_permissions(&tool, with(0o4755)).expect("ours");
    let mut command = crate::helper::command("jobs: as nobody");
    command.env("TOOL", &tool).env("HOME", &folder).env("XDG_CONFIG_HOME", &folder);
    let mut program = Program::spawn(&mut command);
    let theirs: u32 =
        program.until("pid ").split_once(' ').expect("a number").1.parse().expect("one");
    let it = handle(theirs);
    let (lines, code) = program.rest();
    assert_eq!((code, lines.last().map(String::as_str)), (Some(0), Some("done 1")), "{lines:?}");
    assert!(!ends_within(&it, Duration::ZERO), "it is not for us to end");
    end(theirs);
    let _ = std::fs::remove_dir_all(folder);
}

/// As somebody else: runs a job that leaves a process of the superuser's.
#[expect(clippy::print_stdout, reason = "the case listens")]
pub(crate) fn as_nobody() -> std::process::ExitCode {
    // SAFETY: a plain system call.
    assert_eq!(unsafe { libc::setuid(65534) }, 0, "the superuser may");
    let tool = std::env::var("TOOL").expect("the case says so");
    // It says its number when it is the superuser's.
    let mut job = super::book::bash(r#"( "$1" & ) | head -n1"#, &[&tool]);
    job.env.push(("TINE_PROCESSES_ROLE".into(), Some("jobs: as root".into())));
    let mut book = Book::of(vec![job]);
    let tally = book.run(1);
    print!("{}", book.stdout(0));
    println!("done {}", tally.done);
    std::process::ExitCode::SUCCESS
}

/// The tool of `as_nobody`: a process that only the superuser may signal.
#[expect(clippy::print_stdout, reason = "the job listens")]
pub(crate) fn as_root() -> std::process::ExitCode {
    // SAFETY: a plain system call.
    assert_eq!(unsafe { libc::setresuid(0, 0, 0) }, 0, "its file says so");
    println!("pid {}", std::process::id());
    for fd in 0..3 {
        // SAFETY: nobody uses them below.
        unsafe { libc::close(fd) };
    }
    loop {
        nix::unistd::pause();
    }
}

/// Waits until nobody has the mark, and fails where somebody keeps it.
pub(crate) fn wait_for_end_of(mark: &str) {
    wait_until("nobody is left", || marked(mark).is_empty());
}
