//! Bags whose workers are killed, and bags that do not fit into memory.
//! It does not test what else bags can do: see `collections/bag/tests`.

use std::path::Path;
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::getpid;
use tine::bag::Bag;
use tine::prelude::*;
use tine::{Processes, Serial};
use tine_scheduler::{MemoryUse, Observer, RunView, observe};

use crate::runner::step;

/// Ends this process, the first time that somebody gets here.
fn die_once(flag: &Path) {
    if std::fs::File::create_new(flag).is_ok() {
        let _ = kill(getpid(), Signal::SIGKILL);
    }
}

/// How many have each key, and the sum of what they are.
fn sizes(groups: &Bag<(u64, Vec<(u64, String)>)>) -> Bag<(u64, u64, u64)> {
    groups.map(|(key, all)| (key, all.len() as u64, all.iter().map(|e| e.0).sum()))
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all
}

/// Elements with text of some length.
fn elements(n: u64, parts: usize, len: usize) -> Bag<(u64, String)> {
    bag::range(n, parts).map(move |i| (i, "x".repeat(len)))
}

/// What [`sizes`] of the groups by remainder are.
fn expected(n: u64, by: u64) -> Vec<(u64, u64, u64)> {
    let of = |key: u64| (0..n).filter(move |i| i % by == key);
    (0..by).map(|key| (key, of(key).count() as u64, of(key).sum())).collect()
}

/// A worker dies while it splits, and one while it gathers.
pub(crate) fn a_death_in_a_shuffle() {
    let folder = tempfile::tempdir().expect("a folder");
    let flags = ["split", "gather"].map(|name| folder.path().join(name));
    for workers in 1..4 {
        let (split, gather) = (flags[0].clone(), flags[1].clone());
        let groups = elements(20_000, 10, 20).group_by(move |(i, _)| {
            if *i == 7_777 {
                die_once(&split);
            }
            i % 100
        });
        let groups = groups.map(move |(key, all)| {
            if key == 42 {
                die_once(&gather);
            }
            (key, all)
        });
        let processes = Processes::new().workers(workers);
        let got = sizes(&groups).compute_with(&processes).expect("it is done again");
        assert_eq!(sorted(got), expected(20_000, 100));
        for flag in &flags {
            std::fs::remove_file(flag).expect("a worker died there");
        }
        step(workers);
    }
}

/// A worker dies while it merges maps of `fold_by`, and one in a pass of several chains.
pub(crate) fn a_death_in_a_fold() {
    let folder = tempfile::tempdir().expect("a folder");
    let flags = ["merge", "pass"].map(|name| folder.path().join(name));
    let (merge, pass) = (flags[0].clone(), flags[1].clone());
    let b = elements(20_000, 20, 3).filter(move |(i, _)| {
        if *i == 11_111 {
            die_once(&pass);
        }
        true
    });
    let sums = b.fold_by(
        |e| e.0 % 10,
        0,
        |sum, e| sum + e.0,
        move |a, b| {
            die_once(&merge);
            a + b
        },
    );
    let all = (&sums, b.count());
    let (sums, n) = tine::compute_with(all, &Processes::new().workers(2)).expect("again");
    let want: Vec<_> = expected(20_000, 10).into_iter().map(|(key, _, sum)| (key, sum)).collect();
    assert_eq!((sorted(sums), n), (want, 20_000));
    assert!(flags.iter().all(|flag| flag.exists()));
}

#[derive(Default)]
struct Spilled(Mutex<u64>);

impl Observer for Spilled {
    fn memory_changed(&self, _: &RunView<'_>, memory: &MemoryUse) {
        *self.0.lock().expect("no panic") = memory.spilled;
    }
}

/// What `f` returns, and how many bytes were moved to the file meanwhile.
fn spilled<R>(f: impl FnOnce() -> R) -> (R, u64) {
    let spilled = Arc::new(Spilled::default());
    let result = observe(spilled.clone(), f);
    let bytes = *spilled.0.lock().expect("no panic");
    (result, bytes)
}

/// 80 MB of elements are grouped within 32 MB.
pub(crate) fn groups_beyond_memory() {
    let groups = elements(80_000, 40, 1000).group_by_into(40, |(i, _)| i % 1000);
    for workers in 1..3 {
        let processes = Processes::new().workers(workers).memory("32MiB");
        let (got, moved) = spilled(|| sizes(&groups).compute_with(&processes));
        assert_eq!(sorted(got.expect("it is moved")), expected(80_000, 1000));
        assert!(moved > 30 << 20, "{moved}");
        step(workers);
    }
}

/// Maps of 60 MB of different keys are merged within 80 MB: a task that merges holds what eight
/// partitions came to.
pub(crate) fn folds_beyond_memory() {
    let b = elements(60_000, 30, 1000).map(|(i, text)| format!("{i} {text}"));
    let lens = b.fold_by(String::clone, 0u64, |sum, text| sum + text.len() as u64, |a, b| a + b);
    let total = lens.map(|(key, n)| n * u64::from(key.starts_with('1'))).sum();
    let want = total.compute_with(&Serial::new()).expect("memory enough");
    let direct = (0..60_000u64).map(|i| i.to_string()).filter(|i| i.starts_with('1'));
    assert_eq!(want, direct.map(|i| i.len() as u64 + 1001).sum::<u64>());
    let processes = Processes::new().workers(2).memory("80MiB");
    let (got, moved) = spilled(|| total.compute_with(&processes));
    assert_eq!(got.expect("it is moved"), want);
    assert!(moved > 0, "{moved}");
}
