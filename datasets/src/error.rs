//! Why data could not be prepared.
//! It does not know what was to be done with them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::dataset::Dataset;
use crate::recipe::Recipe;

/// Why data could not be prepared. Names what and where; `Debug` prints what `Display` prints, so
/// that a `main` that returns it reads well.
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    Io {
        /// What was tried: `write`, `make the folder`.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There are other data of the same names, which are not written over unasked.
    Other {
        /// Where they are.
        folder: PathBuf,
        /// Which.
        dataset: Dataset,
        /// What they are.
        found: Recipe,
        /// What they were to be.
        wanted: Recipe,
    },
    /// What a run noted of the data cannot be read.
    Notes {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, with line and column.
        source: serde_json::Error,
    },
    /// The run failed.
    Run(tine_scheduler::Error),
}

impl Error {
    pub(crate) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Error::Io { verb, path: path.to_owned(), source }
    }

    /// What the user can do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Error::Io { .. } => Some("make room, or name another folder"),
            Error::Other { .. } => {
                Some("name another folder, or have the files written anew by --overwrite")
            }
            Error::Notes { .. } => {
                Some("remove it, and the data with it, to have all written anew")
            }
            Error::Run(_) => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { verb, path, source } => {
                write!(f, "cannot {verb} {}: {source}", path.display())
            }
            Error::Other { folder, dataset, found, wanted } => {
                let folder = folder.display();
                write!(f, "the {dataset} data in {folder} are of {found}, not of {wanted}")
            }
            Error::Notes { path, source } => write!(f, "{}: {source}", path.display()),
            Error::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Notes { source, .. } => Some(source),
            Error::Other { .. } => None,
            Error::Run(error) => Some(error),
        }
    }
}

impl From<tine_scheduler::Error> for Error {
    fn from(error: tine_scheduler::Error) -> Self {
        Error::Run(error)
    }
}
