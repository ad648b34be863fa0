//! Why there is no picture: what happened, and what to do.
//! It draws nothing.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use tine_scheduler::{Error, ErrorKind};
use tine_viz::graph::ColourBy;

use super::options::Format;

/// The class of a [`VisualizeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VisualizeErrorKind {
    /// The ending of the file's name says no format that is known.
    UnknownFormat,
    /// The file cannot be written.
    Write,
    /// Graphviz is needed, and its program `dot` is not there.
    DotMissing,
    /// `dot` ended with an error, or could not be talked to.
    DotFailed,
    /// `dot` took longer than it may.
    DotTimeout,
    /// The engine cannot write this format.
    Engine,
    /// The colours are of a recorded run, and none was given.
    NoTrace,
    /// The lazy value was built wrongly: there is no graph.
    Build,
}

/// Why there is no picture.
///
/// It becomes a [`tine::Error`](crate::Error) by `?`.
#[derive(Clone, Debug)]
pub struct VisualizeError {
    kind: VisualizeErrorKind,
    message: String,
    cause: Option<Error>,
}

impl VisualizeError {
    fn new(kind: VisualizeErrorKind, message: String) -> Self {
        VisualizeError { kind, message, cause: None }
    }

    /// What class of error it is.
    pub fn kind(&self) -> VisualizeErrorKind {
        self.kind
    }

    pub(super) fn ending(path: &Path) -> Self {
        let known = Format::ENDINGS.map(|e| e.0).join(", ");
        let message = format!(
            "cannot tell the format of `{}` from its ending; choose one of: {known}",
            path.display()
        );
        VisualizeError::new(VisualizeErrorKind::UnknownFormat, message)
    }

    pub(super) fn write(path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot write {}: {error}", path.display());
        VisualizeError::new(VisualizeErrorKind::Write, message)
    }

    pub(super) fn no_trace(colour: ColourBy) -> Self {
        let free = ColourBy::NAMES.iter().filter(|(_, c)| !c.needs_trace());
        let free: Vec<&str> = free.map(|(name, _)| *name).collect();
        let message = format!(
            "colours by {} are of a recorded run: give one by `Options::trace`, or choose one of: {}",
            colour.name(),
            free.join(", ")
        );
        VisualizeError::new(VisualizeErrorKind::NoTrace, message)
    }

    pub(super) fn not_own(format: &str) -> Self {
        let message = format!(
            "the own layout draws SVG, and not {format}: leave the engine to itself, or name a file \
             that ends in .svg"
        );
        VisualizeError::new(VisualizeErrorKind::Engine, message)
    }

    pub(super) fn missing(format: &str) -> Self {
        let message = format!(
            "{format} is drawn by Graphviz, whose program `dot` is not there: install it (Debian \
             and Ubuntu: apt install graphviz; macOS: brew install graphviz), or name a file that \
             ends in .svg, which needs nothing"
        );
        VisualizeError::new(VisualizeErrorKind::DotMissing, message)
    }

    pub(super) fn failed(what: &str) -> Self {
        let message = format!("Graphviz' `dot` failed: {what}");
        VisualizeError::new(VisualizeErrorKind::DotFailed, message)
    }

    pub(super) fn timeout(limit: Duration) -> Self {
        let message = format!(
            "Graphviz' `dot` was ended after {limit:?}: draw the layers (`Level::Layers`), name a \
             file that ends in .svg, or give it more time by `Options::time_limit`"
        );
        VisualizeError::new(VisualizeErrorKind::DotTimeout, message)
    }
}

impl fmt::Display for VisualizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for VisualizeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|e| e as _)
    }
}

impl From<Error> for VisualizeError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        VisualizeError { kind: VisualizeErrorKind::Build, message, cause: Some(error) }
    }
}

impl From<VisualizeError> for Error {
    fn from(error: VisualizeError) -> Error {
        match error.cause {
            Some(cause) => cause,
            None => Error::new(ErrorKind::Config, error.message),
        }
    }
}
