//! Ending a run, or a task of it, from another thread of the program.
//! It does not know how: it notes what is asked for, and wakes whoever looks after the runs.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::{Engine, Waker};
use crate::error::{Error, ErrorKind};
use crate::graph::Key;

/// Ends runs, or tasks of them, from outside. Clones are the same token.
///
/// It belongs to the process that made it: a task of [`Processes`](crate::Processes) has a copy, which
/// does nothing.
///
/// ```
/// use tine_scheduler::{CancelToken, ErrorKind, Graph, Processes, get};
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || -> i32 { loop { std::thread::yield_now() } });
/// g.task("y", ["x"], |x: &i32| x + 1);
/// let (graph, token) = (g.build()?, CancelToken::new());
/// token.cancel_key("x"); // from wherever the user's wish is heard
/// let run = Processes::new().workers(2).cancel_token(&token);
/// let error = get(&graph, ["y"], &run).unwrap_err();
/// assert_eq!((error.kind(), error.task()), (ErrorKind::Cancelled, Some("x")));
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone)]
pub struct CancelToken(Arc<Inner>);

struct Inner {
    /// The process that it belongs to. Elsewhere its lock may be one that nobody will ever open.
    owner: u32,
    all: AtomicBool,
    wishes: Mutex<Wishes>,
}

#[derive(Default)]
struct Wishes {
    keys: Vec<Key>,
    /// Runs that listen, with a number for each.
    runs: Vec<(u64, Waker)>,
    next: u64,
}

impl CancelToken {
    /// A token that nobody has used.
    pub fn new() -> Self {
        let (all, wishes) = (AtomicBool::new(false), Mutex::default());
        CancelToken(Arc::new(Inner { owner: std::process::id(), all, wishes }))
    }

    fn is_mine(&self) -> bool {
        self.0.owner == std::process::id()
    }

    /// Ends all runs that the token is attached to, now and later: running tasks are killed (under
    /// `Threads` and `Serial` they are waited for), and the call of `compute` returns an error of
    /// kind [`Cancelled`](ErrorKind::Cancelled).
    pub fn cancel(&self) {
        if self.is_mine() {
            self.0.all.store(true, Ordering::SeqCst);
            self.wake();
        }
    }

    /// Ends one task and all that depends on it, in all runs that the token is attached to, now and
    /// later. A task that has ended keeps its result; those that depend on it are ended all the
    /// same. Where a failure is caught, an error of kind [`Cancelled`](ErrorKind::Cancelled) is. A
    /// key that a run does not have changes nothing.
    pub fn cancel_key(&self, key: impl Into<Key>) {
        if self.is_mine() {
            self.wishes().keys.push(key.into());
            self.wake();
        }
    }

    /// Whether [`cancel`](Self::cancel) has been called.
    pub fn is_cancelled(&self) -> bool {
        self.0.all.load(Ordering::SeqCst)
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.wishes().runs.iter().for_each(|(_, waker)| waker.wake());
    }

    /// The keys that were asked for after the first `seen`.
    pub(crate) fn keys_after(&self, seen: usize) -> Vec<Key> {
        if !self.is_mine() {
            return Vec::new();
        }
        self.wishes().keys.get(seen..).unwrap_or_default().to_vec()
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        CancelToken::new()
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CancelToken({})", if self.is_cancelled() { "cancelled" } else { "idle" })
    }
}

/// Wakes a run when its token is used, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Listening(Option<(CancelToken, u64)>);

impl Listening {
    /// Listens for a run, where it has a token.
    pub(crate) fn begin(engine: &Engine<'_>) -> Self {
        let token = engine.policies.token.as_ref().filter(|t| t.is_mine());
        let Some((token, waker)) = token.zip(engine.waker()) else { return Listening(None) };
        let mut wishes = token.wishes();
        let number = wishes.next;
        wishes.next += 1;
        wishes.runs.push((number, waker));
        Listening(Some((token.clone(), number)))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some((token, number)) = &self.0 {
            token.wishes().runs.retain(|(n, _)| n != number);
        }
    }
}

/// The error of a run that was cancelled.
pub(crate) fn run_error() -> Error {
    Error::new(ErrorKind::Cancelled, "the run was cancelled before all tasks were done")
}

/// The error of a task that was cancelled.
pub(crate) fn task_error() -> Error {
    Error::new(ErrorKind::Cancelled, "it was cancelled")
}
