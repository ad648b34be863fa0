//! Recordings of runs that end badly, or whose own process does.
//! It does not test what is recorded of good ones: see the profiler's own tests.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::getppid;
use tine_profiler::{NoticeKind, Recording, profile, profile_to};
use tine_scheduler::{ErrorKind, Graph, Processes, Result, Serial, TaskStatus, get};

use crate::helper::{command, wait_until};
use crate::runner::step;

const FILE: &str = "TINE_RECORDING";

/// A recording whose process is killed in the middle of the run.
pub(crate) fn of_a_killed_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.tine");
    let status = command("recording").env(FILE, &path).status().expect("this binary runs");
    step(format!("the program ended with {status}"));
    assert!(!status.success(), "it was killed");
    let recording = Recording::read(&path).expect("it is readable");
    assert!(recording.cut_off().is_some());
    let trace = recording.longest().expect("there is a run");
    assert!(!trace.about().complete);
    let done = trace.tasks().filter(|t| t.status == TaskStatus::Done).count();
    assert!((1..=200).contains(&done), "{done} of {}", trace.len());
    assert_eq!(trace.len(), 201);
    assert_eq!(trace.notices().last().map(|n| n.kind), Some(NoticeKind::Incomplete));
    assert!(!trace.workers().is_empty() && !trace.memory().is_empty());
    assert!(trace.about().elapsed > 0);
}

/// The program that is killed: by its last task, as soon as the file knows of others.
pub(crate) fn program() -> ExitCode {
    let path = std::env::var_os(FILE).expect("the case says where");
    let killer = path.clone();
    let ran = profile_to(&path, move || run(move || killed_when_written(Path::new(&killer))));
    step(format!("{:?}", ran.map(|r| r.output)));
    ExitCode::SUCCESS
}

fn killed_when_written(path: &Path) -> u64 {
    let ended = || {
        let recording = Recording::read(path).ok()?;
        let trace = recording.longest()?;
        Some(trace.tasks().filter(|t| t.ran()).count())
    };
    wait_until("the file knows of a task", || ended() > Some(0));
    kill(getppid(), Signal::SIGKILL).expect("the parent is there");
    0
}

fn run(last: impl Fn() -> u64 + Send + Sync + 'static) -> Result<u64> {
    let mut g = Graph::builder();
    let all: Vec<_> =
        (0..200u64).map(|i| g.task(("before", i as u32), [] as [&str; 0], move || i)).collect();
    g.gather("last", all, move |xs: tine_scheduler::Inputs<'_, u64>| {
        xs.map(|x| *x).sum::<u64>() + last()
    });
    get(&g.build()?, ["last"], &Processes::new().workers(2))?.get(0)
}

/// A run whose task panics has its trace, with what it says.
pub(crate) fn of_a_run_that_fails() {
    let recorded = profile(|| run(|| panic!("not today")));
    let error = recorded.output.expect_err("it fails");
    assert_eq!(error.kind(), ErrorKind::Panic);
    let trace = recorded.run.longest().expect("it was recorded");
    assert!(trace.about().complete);
    assert!(trace.about().error.as_deref().is_some_and(|e| e.contains("not today")));
    let failed: Vec<_> = trace.tasks().filter(|t| t.status == TaskStatus::Failed).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(trace.key(&failed[0]).to_string(), "last");
}

/// A disk without room fails no run: the trace says that the file is not whole.
pub(crate) fn without_room() {
    let recorded = profile_to("/dev/full", || run(|| 1)).expect("it opens");
    assert_eq!(recorded.output.map_err(|e| e.to_string()), Ok(199 * 100 + 1));
    let trace = recorded.run.longest().expect("it was recorded");
    let notice = trace.notices().iter().find(|n| n.kind == NoticeKind::Incomplete);
    assert!(notice.is_some_and(|n| n.text.contains("/dev/full")), "{:?}", trace.notices());
}

/// Tasks that run graphs themselves, in processes that were forked on the thread that records: the
/// program's file and its locks are none of theirs.
pub(crate) fn with_runs_inside_of_tasks() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.tine");
    let inner = || {
        let mut g = Graph::builder();
        g.task("inner", [] as [&str; 0], || 5u64);
        get(&g.build().expect("a graph"), ["inner"], &Serial::new()).and_then(|out| out.get(0))
    };
    let recorded = profile_to(&path, || run(move || inner().unwrap_or(0) + inner().unwrap_or(0)));
    assert_eq!(recorded.expect("it opens").output.map_err(|e| e.to_string()), Ok(199 * 100 + 10));
    let recording = Recording::read(&path).expect("nobody else has written to it");
    assert_eq!((recording.traces().len(), recording.cut_off()), (1, None));
    assert!(recording.traces()[0].about().complete);
}

static LOCK: Mutex<u64> = Mutex::new(1);

/// The timers of the sampler do not keep a dead-lock from being proved.
pub(crate) fn of_a_dead_lock() {
    let locked = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let ran = std::thread::spawn(move || {
        let ran = profile(|| run(|| *LOCK.lock().unwrap_or_else(PoisonError::into_inner)));
        drop(tell);
        ran
    });
    // The lock is held until the run is over.
    assert!(told.recv().is_err());
    drop(locked);
    let recorded = ran.join().expect("no panic");
    assert_eq!(recorded.output.expect_err("it cannot end").kind(), ErrorKind::Deadlock);
}
