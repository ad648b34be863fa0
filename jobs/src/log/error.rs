//! Why a log cannot be kept or read: the file, the line, and what to do.
//! It does not know what the log is for.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tine_scheduler::ErrorKind;

/// What is wrong with a log.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened, read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A line is none of a log.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    pub(super) fn io(path: &Path, verb: &'static str, source: io::Error) -> Error {
        Error::Io { path: path.to_owned(), verb, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { path, verb, source } => {
                write!(f, "the log {} cannot be {verb}: {source}", path.display())
            }
            Error::Line { path, line, what } => {
                let path = path.display();
                write!(
                    f,
                    "{path}, line {line}: {what}; a log of jobs is wanted here, as --joblog "
                )?;
                f.write_str("writes it: name another file, or take this one away")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Line { .. } => None,
        }
    }
}

impl From<Error> for tine_scheduler::Error {
    fn from(error: Error) -> Self {
        tine_scheduler::Error::new(ErrorKind::Os, error.to_string())
    }
}
