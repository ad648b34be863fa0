//! The error of reading and writing files: what happened, in which file, at which byte or line.
//! It does not know tasks: the engine adds which one failed.

use std::error::Error as StdError;
use std::{fmt, io};

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file that was named is not there.
    NotFound,
    /// A pattern matches no file, or no name was given at all.
    NothingMatched,
    /// A name or pattern cannot be understood.
    Name,
    /// A folder, a pipe or a device stands where a file is needed.
    NotAFile,
    /// Options contradict each other or the file, or have no meaning.
    Options,
    /// What was asked for is not compiled in, or not known.
    Unsupported,
    /// A file is not as it was when it was planned for.
    Changed,
    /// Compressed data is broken or cut off.
    Corrupt,
    /// Text is not UTF-8.
    InvalidUtf8,
    /// A line is longer than lines may be.
    TooLong,
    /// The operating system or a store refused something.
    Io,
}

/// What went wrong with which file, and where in it.
///
/// One pointer wide. `Debug` prints what `Display` prints.
///
/// ```
/// use tine_files::{ErrorKind, Text};
/// let e = Text::new().plan("no-such-folder/*.txt").unwrap_err();
/// assert_eq!(e.kind(), ErrorKind::NothingMatched);
/// assert!(e.to_string().starts_with("no-such-folder/*.txt: matches no file"));
/// ```
pub struct Error(Box<Facts>);

struct Facts {
    kind: ErrorKind,
    file: Option<String>,
    line: Option<u64>,
    offset: Option<u64>,
    message: String,
    source: Option<io::Error>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Error(Box::new(Facts { kind, file: None, line: None, offset: None, message, source: None }))
    }

    /// The error of a call to the system that did not do what `verb` says.
    pub(crate) fn io(verb: &str, file: impl fmt::Display, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::IsADirectory => ErrorKind::NotAFile,
            _ => ErrorKind::Io,
        };
        let mut e = Error::new(kind, format!("cannot {verb}")).of_file(file);
        e.0.source = Some(error);
        e
    }

    pub(crate) fn of_file(mut self, file: impl fmt::Display) -> Self {
        self.0.file = Some(file.to_string());
        self
    }

    pub(crate) fn at_line(mut self, line: Option<u64>) -> Self {
        self.0.line = line;
        self
    }

    pub(crate) fn at_offset(mut self, offset: u64) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file, as it was named.
    pub fn file(&self) -> Option<&str> {
        self.0.file.as_deref()
    }

    /// The line in the file, from 1, where the error is about one.
    pub fn line(&self) -> Option<u64> {
        self.0.line
    }

    /// The byte that the error is about, from 0: of the file as it lies on the disk where its
    /// compressed data is broken, of its text otherwise.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// Whether the names or options were at fault, before any file was read.
    fn is_of_building(&self) -> bool {
        use ErrorKind::{Name, NotAFile, NotFound, NothingMatched, Options, Unsupported};
        matches!(self.0.kind, NotFound | NothingMatched | Name | NotAFile | Options | Unsupported)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        if let Some(file) = &e.file {
            write!(f, "{file}")?;
            if let Some(line) = e.line {
                write!(f, ", line {line}")?;
            }
            if let Some(offset) = e.offset {
                write!(f, ", byte {offset}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&e.message)?;
        match &e.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// No source(): the message says it all, and who prints a chain would print the end of it twice.
impl StdError for Error {}

impl From<Error> for tine_scheduler::Error {
    fn from(e: Error) -> Self {
        match e.is_of_building() {
            true => Self::new(tine_scheduler::ErrorKind::Build, e.to_string()),
            false => Self::from_task(e),
        }
    }
}
