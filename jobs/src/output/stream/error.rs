//! Why a stream file cannot be read, or gone on with: the file, the place, and what to do.
//! It does not know what is looked for in it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tine_scheduler::ErrorKind;

use super::VERSION;

/// What is wrong with a stream file.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamError {
    /// The file cannot be opened, read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// It is something else.
    NotAStream {
        /// The file.
        path: PathBuf,
        /// Whether it was to be written.
        written: bool,
    },
    /// A later version of tine wrote it.
    Version {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        found: u32,
    },
    /// A record of it is not what was written.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins, in bytes.
        at: u64,
        /// What does not agree.
        what: &'static str,
    },
    /// Another run writes to it.
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Its jobs are called by names and those of the run by numbers, or the other way round.
    OtherKind {
        /// The file.
        path: PathBuf,
        /// Whether its own have names.
        named: bool,
    },
}

impl StreamError {
    pub(super) fn io(path: &Path, verb: &'static str, source: io::Error) -> StreamError {
        StreamError::Io { path: path.to_owned(), verb, source }
    }

    pub(super) fn damaged(path: &Path, at: u64, what: &'static str) -> StreamError {
        StreamError::Damaged { path: path.to_owned(), at, what }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamError::Io { path, verb, source } => {
                write!(f, "the stream file {} cannot be {verb}: {source}", path.display())
            }
            StreamError::NotAStream { path, written: false } => write!(
                f,
                "{} is no stream file: `tine map` and `tine run` write one with --stream",
                path.display()
            ),
            StreamError::NotAStream { path, written: true } => write!(
                f,
                "{} is there and is no stream file: take it away, or name another with --stream",
                path.display()
            ),
            StreamError::Version { path, found } => write!(
                f,
                "{} is written in format {found}, and this version of tine reads formats up to \
                 {VERSION}; use the version of tine that wrote it",
                path.display()
            ),
            StreamError::Damaged { path, at, what } => {
                write!(f, "{} is damaged: the record at byte {at} {what}", path.display())
            }
            StreamError::Busy { path } => write!(
                f,
                "another run writes to {}: wait for its end, or name another file",
                path.display()
            ),
            StreamError::OtherKind { path, named } => {
                let (its, ours) = if *named { ("run", "map") } else { ("map", "run") };
                write!(
                    f,
                    "{} is of `tine {its}`, and `tine {ours}` cannot go on with it: name another \
                     file",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for StreamError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StreamError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<StreamError> for tine_scheduler::Error {
    fn from(error: StreamError) -> Self {
        tine_scheduler::Error::new(ErrorKind::Os, error.to_string())
    }
}
