//! What a task may ask: whether it should stop, where nobody can make it.
//! It does not stop anything.

use std::cell::RefCell;
use std::time::Instant;

use crate::cancel::CancelToken;
use crate::panics;

/// What the running task of a thread must look at.
#[derive(Clone, Debug, Default)]
struct Stop {
    deadline: Option<Instant>,
    token: Option<CancelToken>,
}

thread_local! {
    static STOP: RefCell<Stop> = RefCell::default();
}

/// Whether the task that runs on this thread is over its time, or was cancelled: it should clean up
/// and return. What it returns then is dropped.
///
/// For `Threads` and `Serial`, where a task cannot be killed; under `Processes` it is, and need not
/// ask. Asked by a thread that the task has started, and outside of tasks, it is `false`.
///
/// ```
/// use std::time::Duration;
/// use tine_scheduler::{ErrorKind, Graph, Threads, get, should_stop};
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || {
///     while !should_stop() {
///         std::thread::yield_now();
///     }
///     1
/// });
/// let run = Threads::new().task_timeout(Duration::from_millis(20)).cooperative(true);
/// let error = get(&g.build()?, ["x"], &run).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Timeout);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn should_stop() -> bool {
    let told = STOP.with_borrow(|stop| {
        let over = stop.deadline.is_some_and(|d| d <= Instant::now());
        over || stop.token.as_ref().is_some_and(CancelToken::is_cancelled)
    });
    told || panics::is_asked_to_stop()
}

/// Says what the task that begins on this thread must look at, until this is dropped.
pub(crate) struct Watching(Stop);

impl Watching {
    pub(crate) fn begin(deadline: Option<Instant>, token: Option<CancelToken>) -> Self {
        Watching(STOP.replace(Stop { deadline, token }))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        STOP.set(std::mem::take(&mut self.0));
    }
}
