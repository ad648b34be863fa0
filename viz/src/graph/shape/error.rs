//! Why a file is no graph: what is wrong, and where.
//! It does not know the file's name.

use std::fmt;

/// The class of a [`ShapeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeErrorKind {
    /// It is not JSON, or not a graph in it.
    Json,
    /// It is not the language of Graphviz, or uses a part of it that task graphs have no use for.
    Dot,
    /// A newer version wrote it.
    Version,
    /// An edge goes from or to a task that is not there.
    UnknownTask,
    /// Two tasks have one name.
    DuplicateTask,
    /// Its edges have no direction.
    Undirected,
    /// A task needs its own result; the message names those on the way.
    Cycle,
}

/// Why a file is no graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    kind: ShapeErrorKind,
    place: Option<(usize, usize)>,
    message: String,
}

impl ShapeError {
    pub(super) fn new(kind: ShapeErrorKind, message: impl Into<String>) -> Self {
        ShapeError { kind, place: None, message: message.into() }
    }

    pub(super) fn at(mut self, line: usize, column: usize) -> Self {
        self.place = Some((line, column));
        self
    }

    /// What class of error it is.
    pub fn kind(&self) -> ShapeErrorKind {
        self.kind
    }

    /// Line and column where it was found, both from 1, where there is one place.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place
    }
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ShapeError {}
