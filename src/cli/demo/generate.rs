//! Writes the artificial flights: ten files, one task each, that appear all at once when complete.
//! It does not know what a flight looks like: see `tine_datasets::flights`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tine::prelude::*;
use tine_datasets::draft;
use tine_datasets::flights::{YEARS, write_year};
use tine_scheduler::TaskResult;

use super::input::FOLDER;
use crate::cli::failure::Failure;

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
        draft::sweep(&folder);
        let maker = std::process::id();
        let part = draft::part(&folder, maker);
        fs::create_dir(&part).map_err(|e| Failure::io("make the folder", &part, &e))?;
        Ok(Draft { part, folder, maker })
    }

    /// Writes a file for each year, one task each, when computed; the values are their sizes.
    pub(crate) fn write(&self, rows: u64, seed: u64) -> Vec<Delayed<u64>> {
        let file = |year| write_flights(self.part.join(format!("{year}.csv")), year, rows, seed);
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

/// Writes the file of a year, and returns its size in bytes.
#[delayed]
fn write_flights(path: &PathBuf, year: u32, rows: u64, seed: u64) -> TaskResult<u64> {
    let write = || {
        let mut out = BufWriter::with_capacity(BLOCK, File::create(path)?);
        write_year(year, rows, seed, &mut out)?;
        out.flush()?;
        Ok(out.get_ref().metadata()?.len())
    };
    Ok(write().map_err(|e: std::io::Error| {
        Failure::io("write", path, &e).help("make room, or name another folder with --data")
    })?)
}

#[cfg(test)]
mod tests {
    use tine::compute_with;
    use tine_datasets::flights::HEADER;
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
}
