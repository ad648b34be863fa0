//! Waits for what is asynchronous, with a runtime of its own.
//! It does not know what it waits for.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that lives no longer than its owner, with no thread but those that look up names.
#[derive(Debug)]
pub(super) struct Driver {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Driver {
    /// # Errors
    /// What the system refuses.
    pub(super) fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Driver { runtime: Some(runtime) })
    }

    /// Waits for `future`. In the midst of another runtime, which must not be blocked by one of its
    /// own kind, a thread does it that is gone before this returns.
    pub(super) fn wait<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        let runtime = self.runtime.as_ref().expect("it is dropped with its owner");
        elsewhere(|| runtime.block_on(future))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let runtime = self.runtime.take();
        // Waits for its threads: none may be left when a process forks.
        elsewhere(|| drop(runtime));
    }
}

/// Calls `f` here, or on a thread of its own where this one belongs to a runtime.
fn elsewhere<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    if Handle::try_current().is_err() {
        return f();
    }
    thread::scope(|scope| match scope.spawn(f).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
