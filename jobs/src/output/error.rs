//! Why what jobs print cannot be printed, or kept until it is their turn.
//! It does not know which of it ends a run.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tine_scheduler::{ErrorKind, OutputStream};

/// What went wrong with the output of which job.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Nobody reads the stream any more, as after `| head`: no failure, but a reason to end.
    Closed(OutputStream),
    /// The stream cannot be written to.
    Stream {
        /// The number of the job whose output it was.
        seq: u64,
        /// What is written to, with the name of the file where it is one.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// What waits for its turn cannot be kept on disk.
    Spool {
        /// The number of the job whose output it was.
        seq: u64,
        /// The folder of the file, which itself has no name.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of results cannot be made or written.
    Results {
        /// The number of the job whose file it is.
        seq: u64,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The stream file of a run cannot be written.
    StreamFile {
        /// The number of the job whose output it was; 0 where it was that of several.
        seq: u64,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Error {
    /// Whether the only thing wrong is that nobody reads on.
    pub fn is_closed(&self) -> bool {
        matches!(self, Error::Closed(_))
    }

    /// What `sink` said when output of job `seq` was written to it.
    pub(super) fn stream(seq: u64, stream: OutputStream, name: String, source: io::Error) -> Error {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Error::Closed(stream),
            _ => Error::Stream { seq, name, source },
        }
    }

    pub(super) fn spool(seq: u64, folder: &Path, source: io::Error) -> Error {
        Error::Spool { seq, folder: folder.to_owned(), source }
    }

    pub(super) fn stream_file(seq: u64, path: &Path, source: io::Error) -> Error {
        Error::StreamFile { seq, path: path.to_owned(), source }
    }

    pub(super) fn results(seq: u64, path: &Path, source: io::Error) -> Error {
        Error::Results { seq, path: path.to_owned(), source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Closed(OutputStream::Stdout) => f.write_str("nobody reads standard output"),
            Error::Closed(OutputStream::Stderr) => f.write_str("nobody reads standard error"),
            Error::Stream { seq, name, source } => {
                write!(f, "the output of job {seq} cannot be written to {name}: {source}")?;
                f.write_str(&advice(source, "send it elsewhere"))
            }
            Error::Spool { seq, folder, source } => {
                let folder = folder.display();
                write!(
                    f,
                    "the output of job {seq} cannot be kept in a file in {folder} until it "
                )?;
                write!(f, "is printed: {source}; free space there, or name another folder: ")?;
                f.write_str("TMPDIR, or `spill.directory` in tine.toml")
            }
            Error::Results { seq, path, source } => {
                let path = path.display();
                write!(f, "the output of job {seq} cannot be written to {path}: {source}")?;
                f.write_str(&advice(source, "name another folder"))
            }
            Error::StreamFile { seq, path, source } => {
                match seq {
                    0 => f.write_str("the output of jobs")?,
                    seq => write!(f, "the output of job {seq}")?,
                }
                write!(f, " cannot be written to {}: {source}", path.display())?;
                let how = "go on with --resume, or name another file";
                f.write_str(&advice(source, how))
            }
        }
    }
}

/// What to do where there is no room; other errors say it themselves.
fn advice(source: &io::Error, otherwise: &str) -> String {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("; free space there, or {otherwise}")
        }
        _ => String::new(),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Closed(_) => None,
            Error::Stream { source, .. }
            | Error::Spool { source, .. }
            | Error::Results { source, .. }
            | Error::StreamFile { source, .. } => Some(source),
        }
    }
}

impl From<Error> for tine_scheduler::Error {
    fn from(error: Error) -> Self {
        tine_scheduler::Error::new(ErrorKind::Os, error.to_string())
    }
}
