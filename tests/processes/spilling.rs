//! Runs that need a disk, and what the disk refuses.
//! It does not test which results are moved there: see `scheduler/tests/engine/memory.rs`.

use std::path::Path;
use std::sync::{Arc, Mutex};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use tine_scheduler::{
    Buffer, Error, ErrorKind, Graph, Inputs, MemoryUse, Observer, Plan, Processes, Result, RunView,
    Scheduler, config,
};

use crate::bodies::run;

#[derive(Default)]
struct Spilled(Mutex<u64>);

impl Observer for Spilled {
    fn memory_changed(&self, _: &RunView<'_>, memory: &MemoryUse) {
        *self.0.lock().expect("no panic") = memory.spilled;
    }
}

/// Sums 24 arrays of 4 MB within 32 MB; returns the sum, and how much was moved.
fn sum() -> Result<(u64, u64)> {
    let mut g = Graph::builder();
    for i in 0..24u32 {
        g.task(("array", i), [] as [&str; 0], move || Buffer::from_fn(1 << 19, |_| u64::from(i)));
    }
    let arrays = (0..24u32).map(|i| ("array", i));
    let total = g.gather("total", arrays, |all: Inputs<'_, Buffer<u64>>| {
        all.fold(0u64, |sum, x| sum + x.iter().sum::<u64>())
    });
    let graph = g.build()?;
    let spilled = Arc::new(Spilled::default());
    let observers: [Arc<dyn Observer>; 1] = [spilled.clone()];
    let processes = Processes::new().workers(2).memory("32MiB");
    let out = processes.run(&Plan::new(&graph, &[total])?, &observers)?;
    let moved = *spilled.0.lock().expect("no panic");
    Ok((out.get(0)?, moved))
}

const SUM: u64 = (1 << 19) * (23 * 24 / 2);

fn in_folder<R>(folder: &Path, f: impl FnOnce() -> R) -> R {
    let folder = folder.to_str().expect("text");
    config::set("spill.directory", folder, f).expect("a setting")
}

fn refused(ran: Result<(u64, u64)>, parts: &[&str]) -> Error {
    let error = ran.expect_err("there is no room");
    assert_eq!(error.kind(), ErrorKind::MemoryBudget, "{error}");
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    error
}

/// The file has no name, and is gone with the process.
pub(crate) fn leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (total, moved) = in_folder(folder.path(), sum).expect("a sum");
    assert_eq!(total, SUM);
    assert!(moved > 50 << 20, "{moved}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0);
}

/// A run that needs no disk does not ask for one; another says which folder was refused, and why.
pub(crate) fn without_a_folder() {
    in_folder(Path::new("/no/such/folder"), || {
        assert_eq!(run(4, 2, u64::from).expect("it is small"), [0, 1, 2, 3]);
        refused(sum(), &["array(", "/no/such/folder: No such file", "`spill.directory`"]);
        assert_eq!(run(4, 2, u64::from).expect("the pool lives on"), [0, 1, 2, 3]);
    });
}

pub(crate) fn beyond_its_limit() {
    config::set("spill.limit", "24MiB", || {
        refused(sum(), &["`spill.limit` is 24 MB"]);
        assert_eq!(run(4, 2, u64::from).expect("the pool lives on"), [0, 1, 2, 3]);
    })
    .expect("a setting");
}

/// What a full disk does too: a write is refused in the middle of a run.
pub(crate) fn when_a_write_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    in_folder(folder.path(), || {
        // The file is opened now, while there is no limit.
        assert_eq!(run(4, 2, u64::from).expect("it is small"), [0, 1, 2, 3]);
        let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
        // SAFETY: not a handler.
        unsafe { sigaction(Signal::SIGXFSZ, &ignore) }.expect("allowed");
        let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).expect("allowed");
        setrlimit(Resource::RLIMIT_FSIZE, 16 << 20, hard).expect("allowed");
        refused(sum(), &[&format!("{}: File too large", folder.path().display()), "free space"]);
        setrlimit(Resource::RLIMIT_FSIZE, hard, hard).expect("allowed");
        assert_eq!(sum().expect("there is room again").0, SUM);
    });
}
