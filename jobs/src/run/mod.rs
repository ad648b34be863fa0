//! The jobs of a file, run: what is up to date, what depends on what, what is resumed.
//! It starts no program itself, and prints nothing.

mod audience;
mod command;
mod end;
mod files;
mod foreman;
mod fresh;
mod graph;
mod journal;
mod memory;
mod outline;
mod reason;
mod select;
mod tree;
mod unstarted;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use audience::{Audience, Counts, Failed, Subject, Try};
pub use foreman::Run;
pub use journal::State;
pub use outline::{Entry as OutlineEntry, Outline, Share};
pub use reason::{Reason, Verdict};
pub use select::Selection;

use tine_scheduler::{Graph, Result};

use crate::file::{JobFile, Jobs};
use crate::gates::FreeMemory;

/// What holds for jobs that say nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// How long an attempt may take.
    pub timeout: Option<Duration>,
    /// Attempts after the first.
    pub retries: Option<u8>,
}

/// How the jobs of a file are run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How many slots there are: a job that asks for more gets all of them.
    pub slots: usize,
    /// Independent jobs go on after a failure.
    pub keep_going: bool,
    /// Jobs run although they are up to date.
    pub force: bool,
    /// What the last run has done counts, also of jobs whose files say nothing.
    pub resume: bool,
    /// The journal; [`journal_beside`] where none is named.
    pub journal: Option<PathBuf>,
    /// What holds for jobs that say nothing of it.
    pub defaults: Defaults,
    /// Bytes of memory that jobs may have together, where somebody has said so.
    pub budget: Option<u64>,
    /// How much memory must be free for a job to start; unset, that is found out by what jobs take.
    pub free: Option<FreeMemory>,
}

impl Options {
    fn journal_of(&self, file: &JobFile) -> PathBuf {
        self.journal.clone().unwrap_or_else(|| journal_beside(file.path()))
    }
}

/// Where the journal of a job file is, where nobody says otherwise: `.tine/NAME.journal` beside it.
///
/// ```
/// use std::path::Path;
/// let journal = tine_jobs::run::journal_beside(Path::new("work/all.toml"));
/// assert_eq!(journal, Path::new("work/.tine/all.toml.journal"));
/// ```
pub fn journal_beside(file: &Path) -> PathBuf {
    let mut name: OsString = file.file_name().unwrap_or_default().to_owned();
    name.push(".journal");
    file.with_file_name(".tine").join(name)
}

/// The graph of the selected jobs, for pictures: one group an entry.
///
/// # Errors
/// None for jobs that were expanded: they do not wait for each other.
pub fn graph_of(jobs: &Jobs<'_>, selection: &Selection) -> Result<Graph> {
    graph::graph(jobs, &graph::Numbers::new(jobs, selection), &Defaults::default())
}
