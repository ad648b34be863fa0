//! The one error of tine: what happened, to which task, where the user created it.
//! It knows no engine: whoever finds a failure fills in the facts.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::units::{format_bytes, format_time};

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What a fallible closure returns: any error type will do.
///
/// ```
/// use tine_scheduler::TaskResult;
/// let parse = |s: &str| -> TaskResult<i64> { Ok(s.parse()?) };
/// assert!(parse("x").is_err());
/// ```
pub type TaskResult<T> = std::result::Result<T, Box<dyn StdError + Send + Sync>>;

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A task returned an error of its own.
    Task,
    /// A task panicked.
    Panic,
    /// The process that ran a task was ended by a signal.
    Died,
    /// The process that ran a task left by `exit`.
    Exited,
    /// The graph has a cycle; the message prints its path.
    Cycle,
    /// A task asks for a key that the graph does not define.
    MissingDependency,
    /// Two tasks have the same key.
    DuplicateKey,
    /// A key was asked for that is not in the graph.
    UnknownKey,
    /// A task was given a value of another type than it takes.
    TypeMismatch,
    /// A value could not be encoded or decoded.
    Codec,
    /// A lazy value was built wrongly; the message says how.
    Build,
    /// A task ran longer than it may, or the run did.
    Timeout,
    /// The worker that ran a task took more memory of its own than a worker may.
    MemoryLimit,
    /// The run cannot go on within its memory budget.
    MemoryBudget,
    /// A task can never go on: all threads of its process wait for something that nobody can do.
    Deadlock,
    /// A task made no progress for long, and was ended because the settings ask for it.
    Stalled,
    /// The task was cancelled, or one that it needs.
    Cancelled,
    /// The run was interrupted, by Ctrl-C or SIGTERM.
    Interrupted,
    /// The operating system refused something.
    Os,
    /// A setting could not be understood.
    Config,
    /// What was asked for cannot be done by this scheduler.
    Unsupported,
    /// Shared memory held an impossible value; the run was ended rather than answered.
    Corrupt,
}

/// A place in the user's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path as the compiler knew it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl From<&Location<'_>> for Place {
    fn from(l: &Location<'_>) -> Self {
        Place { file: l.file().to_owned(), line: l.line(), column: l.column() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Which try of how many failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// This try, from 1.
    pub number: u32,
    /// How many tries the task has.
    pub of: u32,
}

/// What went wrong, to which task, and where the user created it.
///
/// One pointer wide. `Debug` prints what `Display` prints, so that a `main` that returns it reads
/// well. It can be sent between processes, and is what `catch()` hands to the user.
///
/// ```
/// use tine_scheduler::{Error, ErrorKind};
/// let e = Error::new(ErrorKind::Build, "shapes (2,) and (3,) do not broadcast");
/// assert_eq!(e.to_string(), "shapes (2,) and (3,) do not broadcast");
/// assert_eq!(std::mem::size_of::<Error>(), std::mem::size_of::<usize>());
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct Error(Box<Facts>);

#[derive(Clone, Serialize, Deserialize)]
struct Facts {
    kind: ErrorKind,
    message: String,
    task: Option<String>,
    group: Option<String>,
    created_at: Option<Place>,
    attempt: Option<Attempt>,
    type_name: Option<String>,
    panicked_at: Option<Place>,
    backtrace: Option<String>,
    signal: Option<i32>,
    stderr: Option<String>,
    peak: Option<u64>,
    limit: Option<String>,
    cause: Option<Cause>,
}

/// One message of the chain below a user's error.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cause {
    message: String,
    next: Option<Box<Cause>>,
}

impl Cause {
    fn chain(e: &(dyn StdError + 'static)) -> Self {
        Cause { message: e.to_string(), next: e.source().map(|s| Box::new(Cause::chain(s))) }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.next.as_deref().map(|c| c as _)
    }
}

impl Error {
    /// Returns an error of this kind that no task is to blame for yet.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Facts {
            kind,
            message: message.into(),
            task: None,
            group: None,
            created_at: None,
            attempt: None,
            type_name: None,
            panicked_at: None,
            backtrace: None,
            signal: None,
            stderr: None,
            peak: None,
            limit: None,
            cause: None,
        }))
    }

    /// Returns the error of a task that returned `error`: type name and chain of messages are kept.
    pub fn from_task<E: Into<Box<dyn StdError + Send + Sync>>>(error: E) -> Self {
        let boxed: Box<dyn StdError + Send + Sync> = error.into();
        let boxed = match boxed.downcast::<Error>() {
            Ok(own) => return *own, // a nested compute() failed: its own report says more
            Err(other) => other,
        };
        let mut e = Error::new(ErrorKind::Task, boxed.to_string());
        e.0.type_name = Some(std::any::type_name::<E>().to_owned());
        e.0.cause = boxed.source().map(Cause::chain);
        e
    }

    /// Returns the error of a task that ran for `took`, and may for `limit`.
    pub(crate) fn timeout(limit: Duration, took: Duration) -> Self {
        let (limit, took) = (format_time(limit), format_time(took));
        let message = format!("ran longer than its timeout of {limit}: for {took}");
        Error::new(ErrorKind::Timeout, message)
    }

    /// Returns the same error with the task that it happened in.
    #[must_use]
    pub fn in_task(mut self, key: impl fmt::Display, created_at: Option<Place>) -> Self {
        if self.0.task.is_none() {
            self.0.task = Some(key.to_string());
            self.0.created_at = created_at;
        }
        self
    }

    /// Returns the same error with the group of its task.
    #[must_use]
    pub fn in_group(mut self, group: &str) -> Self {
        self.0.group.get_or_insert_with(|| group.to_owned());
        self
    }

    /// Returns the same error with the most memory of its own that the process had, in bytes.
    #[must_use]
    pub fn with_peak(mut self, bytes: Option<u64>) -> Self {
        self.0.peak = bytes;
        self
    }

    /// Returns the same error with the limit that it is about, and what sets that.
    #[must_use]
    pub fn with_limit(mut self, limit: Option<String>) -> Self {
        self.0.limit = limit;
        self
    }

    /// Returns the same error with the place where the user built the value that carries it.
    #[must_use]
    pub fn created(mut self, place: impl Into<Place>) -> Self {
        self.0.created_at.get_or_insert(place.into());
        self
    }

    /// Returns the same error with the number of its attempt.
    #[must_use]
    pub fn on_attempt(mut self, number: u32, of: u32) -> Self {
        self.0.attempt.get_or_insert(Attempt { number, of });
        self
    }

    /// Returns the same error with the place and, where asked for, the backtrace of the panic.
    #[must_use]
    pub fn panicked(mut self, at: Option<Place>, backtrace: Option<String>) -> Self {
        self.0.panicked_at = at;
        self.0.backtrace = backtrace;
        self
    }

    /// Returns the same error with the signal that ended the process.
    #[must_use]
    pub fn by_signal(mut self, signal: i32) -> Self {
        self.0.signal = Some(signal);
        self
    }

    /// Returns the same error with the last lines that the task wrote to its standard error.
    #[must_use]
    pub fn with_stderr(mut self, tail: String) -> Self {
        self.0.stderr = Some(tail).filter(|t| !t.is_empty());
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without task, place and attempt.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The key of the task that failed, as printed: `ratio(2)`.
    pub fn task(&self) -> Option<&str> {
        self.0.task.as_deref()
    }

    /// The group of the task that failed.
    pub fn group(&self) -> Option<&str> {
        self.0.group.as_deref()
    }

    /// The most memory that the process had beyond what it had inherited, in bytes, where the task
    /// ended its process.
    pub fn peak(&self) -> Option<u64> {
        self.0.peak
    }

    /// The last lines that the task wrote to its standard error, where it ended its process.
    pub fn stderr(&self) -> Option<&str> {
        self.0.stderr.as_deref()
    }

    /// Where the user created the task, or built the value that carries the error.
    pub fn created_at(&self) -> Option<&Place> {
        self.0.created_at.as_ref()
    }

    /// Where the task panicked.
    pub fn panicked_at(&self) -> Option<&Place> {
        self.0.panicked_at.as_ref()
    }

    /// Which try of how many failed.
    pub fn attempt(&self) -> Option<Attempt> {
        self.0.attempt
    }

    /// The signal that ended the worker process.
    pub fn signal(&self) -> Option<i32> {
        self.0.signal
    }

    /// The type of the user's error, as the compiler names it.
    pub fn type_name(&self) -> Option<&str> {
        self.0.type_name.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        match (&e.task, e.kind) {
            (Some(t), ErrorKind::Panic) => write!(f, "task {t} panicked: {}", e.message)?,
            (Some(t), ErrorKind::Died | ErrorKind::Exited | ErrorKind::Timeout) => {
                write!(f, "task {t} {}", e.message)?;
            }
            (Some(t), _) => write!(f, "task {t} failed: {}", e.message)?,
            (None, _) => f.write_str(&e.message)?,
        }
        let mut cause = e.cause.as_ref();
        while let Some(c) = cause {
            write!(f, ": {}", c.message)?;
            cause = c.next.as_deref();
        }
        if let Some(p) = &e.panicked_at {
            write!(f, " | panicked at {p}")?;
        }
        if let Some(p) = &e.created_at {
            let verb = if e.task.is_some() { "called" } else { "written" };
            write!(f, " | {verb} at {p}")?;
        }
        if let Some(a) = e.attempt {
            write!(f, " | attempt {} of {}", a.number, a.of)?;
        }
        if let (Some(group), ErrorKind::Died | ErrorKind::Exited) = (&e.group, e.kind) {
            write!(f, " | group {group}")?;
        }
        if let Some(bytes) = e.peak {
            write!(f, " | peak memory {} beyond what it inherited", format_bytes(bytes))?;
        }
        if let Some(limit) = &e.limit {
            write!(f, " | limit {limit}")?;
        }
        if let Some(t) = &e.task
            && !matches!(e.kind, ErrorKind::Interrupted | ErrorKind::Cancelled)
        {
            write!(f, " | run it here: TINE_RERUN='{t}'")?;
        }
        if let Some(s) = &e.stderr {
            write!(f, "\nlast lines of its stderr:\n{s}")?;
        }
        if let Some(b) = &e.backtrace {
            write!(f, "\nbacktrace of the panic:\n{b}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|c| c as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_one_line() {
        let e = Error::from_task("b is 0")
            .in_task("ratio(2)", Some(Place { file: "src/main.rs".into(), line: 14, column: 51 }))
            .on_attempt(1, 1);
        let want = "task ratio(2) failed: b is 0 | called at src/main.rs:14:51 | attempt 1 of 1 \
                    | run it here: TINE_RERUN='ratio(2)'";
        assert_eq!(format!("{e}"), want);
        assert_eq!(format!("{e:?}"), want);
    }
}
