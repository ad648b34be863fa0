//! Writes the artificial flights: ten files, one task each, that appear all at once when complete.
//! It does not know what a flight looks like: see `flight`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tine::prelude::*;
use tine_scheduler::TaskResult;

use super::flight::{Flights, HEADER, days};
use super::input::FOLDER;
use crate::cli::failure::Failure;

/// The years that files are written for.
const YEARS: std::ops::RangeInclusive<u32> = 1990..=1999;

/// Bytes written at a time: large enough for the disk, small beside a worker's memory.
const BLOCK: usize = 1 << 20;

/// A folder in the making: `nycflights.<pid>.part`. It gets its name when all files are complete,
/// so that a run that was interrupted, by whatever and at any moment, leaves nothing that a later
/// one would take for data: neither half a file nor five files of ten.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Where files are written.
    part: PathBuf,
    /// What the folder will be.
    folder: PathBuf,
    /// The process that made it: a forked worker that drops its copy must not remove the files.
    maker: u32,
}

impl Draft {
    /// Makes the folder, after removing those of runs that were killed.
    pub(crate) fn new(data: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(data).map_err(|e| Failure::io("make the folder", data, &e))?;
        let folder = data.join(FOLDER);
        if let Some(other) = first_entry(&folder) {
            return Err(Failure::new(format!(
                "{} has no CSV files, but {} is in it",
                folder.display(),
                other.display()
            ))
            .help("move that away, or name another folder with --data"));
        }
        remove_abandoned(data);
        let maker = std::process::id();
        let part = data.join(format!("{FOLDER}.{maker}.part"));
        fs::create_dir(&part).map_err(|e| Failure::io("make the folder", &part, &e))?;
        Ok(Draft { part, folder, maker })
    }

    /// Writes a file for each year, one task each, when computed; the values are their sizes.
    pub(crate) fn write(&self, rows: u64, seed: u64) -> Vec<Delayed<u64>> {
        let file = |year| write_year(self.part.join(format!("{year}.csv")), year, rows, seed);
        YEARS.map(file).collect()
    }

    /// Gives the folder its name.
    pub(crate) fn publish(self) -> Result<(), Failure> {
        fs::rename(&self.part, &self.folder)
            .map_err(|e| Failure::io("rename a folder to", &self.folder, &e))
    }
}

impl Drop for Draft {
    /// Removes what was written where it was not published.
    fn drop(&mut self) {
        if self.maker == std::process::id() && self.part.exists() {
            // What cannot be removed now has a name that nobody takes for data.
            drop(fs::remove_dir_all(&self.part));
        }
    }
}

fn first_entry(folder: &Path) -> Option<PathBuf> {
    let entry = fs::read_dir(folder).ok()?.next()?.ok()?;
    Some(entry.file_name().into())
}

/// Removes the drafts of processes that are no more.
fn remove_abandoned(data: &Path) {
    let Ok(entries) = fs::read_dir(data) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|n| {
            n.strip_prefix(FOLDER)?.strip_prefix('.')?.strip_suffix(".part")?.parse::<u32>().ok()
        });
        if pid.is_some_and(is_gone) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// Whether there is no such process. Where the system does not tell, there might be.
fn is_gone(pid: u32) -> bool {
    let proc = Path::new("/proc");
    let own = pid == std::process::id(); // an earlier process that had our number
    own || proc.join("self").exists() && !proc.join(pid.to_string()).exists()
}

/// Writes the file of a year, and returns its size in bytes.
#[delayed]
fn write_year(path: &PathBuf, year: u32, rows: u64, seed: u64) -> TaskResult<u64> {
    let write = || {
        let mut out = File::create(path)?;
        write_flights(&mut out, year, rows, seed)
    };
    Ok(write().map_err(|e| {
        Failure::io("write", path, &e).help("make room, or name another folder with --data")
    })?)
}

fn write_flights(out: &mut impl Write, year: u32, rows: u64, seed: u64) -> io::Result<u64> {
    let mut block = Vec::with_capacity(BLOCK + 4096);
    block.extend_from_slice(HEADER.as_bytes());
    let mut written = 0;
    let days = days(year);
    let mut flights = Flights::new(seed, year);
    for (&day, count) in days.iter().zip(flights.spread(rows, days.len())) {
        for _ in 0..count {
            flights.write(day, &mut block);
            if block.len() >= BLOCK {
                out.write_all(&block)?;
                written += block.len() as u64;
                block.clear();
            }
        }
    }
    out.write_all(&block)?;
    Ok(written + block.len() as u64)
}

#[cfg(test)]
mod tests {
    use tine::compute_with;
    use tine_scheduler::Serial;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("tine-generate-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&dir));
        dir
    }

    #[test]
    fn a_draft_that_is_dropped_leaves_nothing() {
        let data = scratch("dropped");
        let draft = Draft::new(&data).unwrap();
        draft.write(10, 1)[0].compute_with(&Serial::new()).unwrap();
        drop(draft);
        assert_eq!(first_entry(&data), None);
        fs::remove_dir_all(&data).unwrap();
    }

    #[test]
    fn a_draft_is_invisible_until_published() {
        let data = scratch("published");
        let draft = Draft::new(&data).unwrap();
        let sizes = compute_with(&draft.write(10, 1), &Serial::new()).unwrap();
        assert!(sizes.len() == 10 && !data.join(FOLDER).exists());
        draft.publish().unwrap();
        let text = fs::read_to_string(data.join(FOLDER).join("1999.csv")).unwrap();
        assert_eq!((text.lines().count(), text.lines().next()), (11, Some(HEADER.trim_end())));
        fs::remove_dir_all(&data).unwrap();
    }

    #[test]
    fn drafts_of_dead_processes_are_swept() {
        let data = scratch("swept");
        let dead = data.join(format!("{FOLDER}.{}.part", u32::MAX));
        fs::create_dir_all(&dead).unwrap();
        let other = data.join(format!("{FOLDER}.mine.part"));
        fs::create_dir_all(&other).unwrap();
        drop(Draft::new(&data).unwrap());
        assert_eq!(dead.exists(), !cfg!(target_os = "linux"));
        assert!(other.exists(), "not named by a process");
        fs::remove_dir_all(&data).unwrap();
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let bytes = |seed| {
            let mut out = Vec::new();
            let size = write_flights(&mut out, 1995, 20_000, seed).unwrap();
            assert_eq!(size, out.len() as u64);
            out
        };
        assert!(bytes(1) == bytes(1) && bytes(1) != bytes(2));
    }
}
