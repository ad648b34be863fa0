//! What the tasks of planted runs do.
//! It does not know in which runs.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Uses this many milliseconds of processor time of the calling thread: as many on any machine, and
/// whatever else goes on there.
pub(crate) fn burn(ms: u64) -> u64 {
    let end = used() + Duration::from_millis(ms);
    let mut x = black_box(ms);
    while used() < end {
        // Some 20 us, so that the clock is not what is burnt.
        for i in 0..10_000 {
            x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i));
        }
    }
    black_box(ms)
}

/// The processor time that the calling thread has used.
fn used() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every thread has this clock").into()
}

/// Computes on so many threads at once.
pub(crate) fn burn_on(threads: usize, ms: u64) -> u64 {
    std::thread::scope(|s| {
        let all: Vec<_> = (0..threads).map(|_| s.spawn(move || burn(ms))).collect();
        all.into_iter().map(|t| t.join().unwrap_or(0)).fold(0, u64::wrapping_add)
    })
}

/// A row that is no plain number: it is written field by field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: u32,
    pub(crate) price: Option<f64>,
    pub(crate) kind: Kind,
}

/// What a row is of.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Kind {
    Bid,
    Ask,
}

/// Rows that cost nothing to make.
pub(crate) fn rows(n: u32) -> Vec<Row> {
    let kind = |id: u32| if id.is_multiple_of(2) { Kind::Bid } else { Kind::Ask };
    (0..n).map(|id| Row { id, price: Some(1.5), kind: kind(id) }).collect()
}

/// A folder for what tasks leave to their next attempt, which may run in another process.
#[derive(Debug)]
pub(crate) struct Marks(PathBuf);

impl Marks {
    pub(crate) fn new() -> std::io::Result<Marks> {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("tine-planted-{id}"));
        std::fs::create_dir_all(&path)?;
        Ok(Marks(path))
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        // What cannot be removed lies in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether this is the first time that `name` is asked for in `folder`.
pub(crate) fn is_first(folder: &Path, name: &str) -> bool {
    std::fs::OpenOptions::new().write(true).create_new(true).open(folder.join(name)).is_ok()
}
