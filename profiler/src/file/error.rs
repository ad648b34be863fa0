//! Why a trace file could not be read: what, in which section, at which byte.
//! It does not know what the sections mean.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a trace file could not be read.
///
/// ```
/// use tine_profiler::{Trace, TraceErrorKind};
/// let e = Trace::read(&mut &b"a,b,c\n1,2,3\n"[..]).unwrap_err();
/// assert_eq!(e.kind(), TraceErrorKind::NotATrace);
/// ```
#[derive(Debug)]
pub struct TraceError {
    kind: TraceErrorKind,
    section: &'static str,
    offset: u64,
    detail: String,
    path: Option<PathBuf>,
    source: Option<io::Error>,
}

/// The class of a [`TraceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceErrorKind {
    /// The file does not begin as a trace does.
    NotATrace,
    /// The file was written by a later version.
    Version,
    /// The file ends too early.
    CutOff,
    /// The checksum of a section does not agree with its bytes.
    Checksum,
    /// The checksum agrees, but the content makes no sense.
    Malformed,
    /// The file has no run in it.
    NoRun,
    /// The operating system refused to open or read it.
    Io,
}

impl TraceError {
    pub(crate) fn new(
        kind: TraceErrorKind,
        section: &'static str,
        offset: u64,
        detail: impl Into<String>,
    ) -> Self {
        TraceError { kind, section, offset, detail: detail.into(), path: None, source: None }
    }

    pub(crate) fn io(section: &'static str, offset: u64, source: io::Error) -> Self {
        let mut e = TraceError::new(TraceErrorKind::Io, section, offset, source.to_string());
        e.source = Some(source);
        e
    }

    pub(crate) fn open(source: io::Error) -> Self {
        TraceError::io("header", 0, source)
    }

    pub(crate) fn no_run() -> Self {
        TraceError::new(TraceErrorKind::NoRun, "end", 0, "the file has no run in it")
    }

    pub(crate) fn at_path(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> TraceErrorKind {
        self.kind
    }

    /// The section: `header`, `run`, `groups`, `tasks`, `edges`, `times`, `workers`, `memory`,
    /// `facts`, `notices`, `stacks`, `samples`, `end`.
    pub fn section(&self) -> &'static str {
        self.section
    }

    /// Which byte of the file, from 0.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(p) => write!(f, "{}: ", p.display())?,
            None => f.write_str("trace: ")?,
        }
        let (section, offset) = (self.section, self.offset);
        match self.kind {
            TraceErrorKind::NotATrace => {
                write!(f, "this is not a trace file of tine: {} at byte {offset}", self.detail)
            }
            TraceErrorKind::Version => f.write_str(&self.detail),
            TraceErrorKind::CutOff => {
                write!(f, "cut off in section `{section}` at byte {offset}: {}", self.detail)
            }
            TraceErrorKind::Checksum | TraceErrorKind::Malformed => {
                write!(f, "damaged in section `{section}` at byte {offset}: {}", self.detail)
            }
            TraceErrorKind::NoRun => f.write_str(&self.detail),
            TraceErrorKind::Io => {
                write!(f, "cannot be read in section `{section}` at byte {offset}: {}", self.detail)
            }
        }
    }
}

impl Error for TraceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|e| e as _)
    }
}
