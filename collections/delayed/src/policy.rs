//! What the task of a lazy value may do before it is given up: retries, timeouts, deaths.
//! They do not enforce it: they put tags on the task, which the run reads.

use std::time::Duration;

use tine_collection::Input;

use crate::delayed::Delayed;

impl<T> Delayed<T> {
    /// The same value, made by a task that is run up to this many times more where it fails, by an
    /// error or a panic, or takes too long.
    ///
    /// Another handle on the same call: of the value before and of this one, only what is computed
    /// runs. The same holds for the methods below. To say it of many calls, put them into a scope
    /// of [`annotate`](tine_scheduler::annotate); to say it of a whole run, tell the scheduler.
    ///
    /// ```
    /// use tine::prelude::*;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// #[delayed]
    /// fn flaky(path: &str) -> Result<usize, String> {
    ///     static CALLS: AtomicU32 = AtomicU32::new(0);
    ///     if CALLS.fetch_add(1, Ordering::SeqCst) == 0 { Err("not yet".into()) } else { Ok(path.len()) }
    /// }
    /// assert_eq!(flaky("/a/b").retries(2).compute()?, 4);
    /// # Ok::<(), tine::Error>(())
    /// ```
    pub fn retries(&self, retries: u32) -> Self {
        self.tagged("retries", retries.to_string())
    }

    /// The same value, whose task waits this long before its first retry, and twice as long before
    /// each further one.
    pub fn backoff(&self, first: Duration) -> Self {
        self.tagged("backoff", nanoseconds(first))
    }

    /// The same value, whose task may run for this long, each attempt for itself.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tine::prelude::*;
    /// use tine::{ErrorKind, Processes, compute_with};
    /// #[delayed]
    /// fn endless() -> i64 {
    ///     loop { std::thread::park() }
    /// }
    /// let late = endless().timeout(Duration::from_millis(50)).catch();
    /// let outcome = compute_with(&late, &Processes::new().workers(1))?;
    /// assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Timeout);
    /// # Ok::<(), tine::Error>(())
    /// ```
    pub fn timeout(&self, limit: Duration) -> Self {
        self.tagged("timeout", nanoseconds(limit))
    }

    /// The same value, whose task is given up after more deaths of its worker than this.
    pub fn allowed_failures(&self, deaths: u32) -> Self {
        self.tagged("allowed_failures", deaths.to_string())
    }

    fn tagged(&self, name: &str, value: String) -> Self {
        let input = self.input();
        let node = input.node().tagged(&[(name, value)]);
        let same = Input::part(node, u32::try_from(input.index()).unwrap_or(0));
        Delayed::from_input(if input.catches() { same.catching() } else { same })
    }
}

/// As the settings read it.
fn nanoseconds(time: Duration) -> String {
    format!("{}ns", time.as_nanos())
}
