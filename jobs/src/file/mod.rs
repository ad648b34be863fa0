//! Job files: what is written in TOML, checked and expanded.
//! It runs nothing, and does not know what is up to date.
//!
//! ```
//! use std::path::Path;
//! use tine_jobs::file::JobFile;
//!
//! let text = r#"
//!     [[job]]
//!     name = "square"
//!     matrix = { x = [1, 2, 3] }
//!     shell = "echo $(({x} * {x})) > {outputs}"
//!     outputs = ["square/{x}"]
//!
//!     [[job]]
//!     name = "sum"
//!     needs = ["square"]
//!     shell = "cat {needs.outputs} | paste -sd+ | bc"
//! "#;
//! let file = JobFile::parse(Path::new("squares.toml"), text)?;
//! let jobs = file.expand()?;
//! assert_eq!(jobs.len(), 4);
//! assert_eq!(jobs.name(jobs.find("square:x=2").unwrap()), "square:x=2");
//! # Ok::<(), tine_jobs::file::Mistake>(())
//! ```

mod braces;
mod expand;
mod group;
mod keys;
mod matrix;
mod names;
mod paths;
mod read;
mod resolve;
mod script;
mod settings;
mod shell;
mod source;
mod undecodable;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub use expand::{Choice, JobId, Jobs, Unknown};
pub use settings::Fresh;
pub use source::Mistake;

pub(crate) use braces::{Text, Values};
pub(crate) use expand::HashTable;
pub(crate) use group::{Action, Group, write_name};
pub(crate) use matrix::Axis;
pub(crate) use names::suggest;
use source::Source;

/// A job file that was read: its jobs, checked one by one.
#[derive(Debug)]
pub struct JobFile {
    path: PathBuf,
    folder: PathBuf,
    text: String,
    groups: Vec<Group>,
    shell: Vec<String>,
}

impl JobFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// A file that cannot be read, that is not TOML, or that asks for what there is not; the first
    /// mistake of it, with its place.
    pub fn read(path: &Path) -> Result<JobFile, Mistake> {
        let text = fs::read(path).map_err(|e| {
            Mistake::of_file(path, format!("cannot be read: {e}"))
                .help("is the name right, and may this user read it?")
        })?;
        let text = String::from_utf8(text).map_err(|_| {
            Mistake::of_file(path, "is not UTF-8")
                .help("a job file is a text file: see docs/jobs.md")
        })?;
        JobFile::parse(path, &text)
    }

    /// Checks `text`, which is said to be in the file `path`: paths in it count from its folder.
    ///
    /// # Errors
    /// As of [`read`](Self::read).
    pub fn parse(path: &Path, text: &str) -> Result<JobFile, Mistake> {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::path::absolute(parent)
            .map_err(|e| Mistake::of_file(path, format!("the folder of it is not known: {e}")))?;
        let read = read::read(Source { path, text }, &folder)?;
        Ok(JobFile {
            path: path.to_owned(),
            folder,
            text: text.to_owned(),
            groups: read.groups,
            shell: read.shell,
        })
    }

    /// Finds out which jobs there are, and which waits for which.
    ///
    /// # Errors
    /// Jobs that need each other, files that two jobs make, and files that nobody makes and that are
    /// not there.
    pub fn expand(&self) -> Result<Jobs<'_>, Mistake> {
        Jobs::of(self)
    }

    /// The path that the file was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the file, which relative paths in it count from.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The jobs as they stand in the file, in this order.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The words that the text of a shell job is put behind.
    pub(crate) fn shell(&self) -> &[String] {
        &self.shell
    }

    /// The line and the column of a byte of the file, both from 1.
    pub(crate) fn line_and_column(&self, at: usize) -> (u32, u32) {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (narrow(line), narrow(column))
    }

    fn mistake(&self, span: &Range<usize>, message: impl Into<String>) -> Mistake {
        Source { path: &self.path, text: &self.text }.mistake(span, message)
    }
}
