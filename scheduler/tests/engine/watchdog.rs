//! Notices that a test makes no progress, prints what it knows, and aborts the test binary.
//! It looks at a counter that the test moves, never at how long the whole takes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// No single step of a test takes this long, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Watched {
    name: &'static str,
    steps: AtomicU64,
    last: Mutex<String>,
    over: AtomicBool,
    bell: (Mutex<()>, Condvar),
}

/// Watches until it is dropped.
pub(crate) struct Watchdog {
    watched: Arc<Watched>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watchdog {
    pub(crate) fn new(name: &'static str) -> Self {
        let watched = Arc::new(Watched {
            name,
            steps: AtomicU64::new(0),
            last: Mutex::default(),
            over: AtomicBool::new(false),
            bell: Default::default(),
        });
        let same = watched.clone();
        Watchdog { watched, thread: Some(std::thread::spawn(move || same.watch())) }
    }

    /// Says that the test got on, and with what.
    pub(crate) fn step(&self, what: impl Into<String>) {
        *self.watched.last.lock().unwrap_or_else(PoisonError::into_inner) = what.into();
        self.watched.steps.fetch_add(1, Ordering::SeqCst);
    }
}

impl Watched {
    fn watch(&self) {
        let mut seen = u64::MAX;
        let mut guard = self.bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.over.load(Ordering::SeqCst) {
            let (back, waited) =
                self.bell.1.wait_timeout(guard, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            guard = back;
            let steps = self.steps.load(Ordering::SeqCst);
            if waited.timed_out() && !self.over.load(Ordering::SeqCst) {
                if steps == seen {
                    self.bark(steps);
                }
                seen = steps;
            }
        }
    }

    #[expect(clippy::print_stderr, reason = "the last words of a test that hangs")]
    fn bark(&self, steps: u64) {
        let last = self.last.lock().map(|l| l.clone()).unwrap_or_default();
        eprintln!("{} hangs after {steps} steps, at: {last}", self.name);
        eprintln!("children: {:?}", crate::repeat::children());
        std::process::abort();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.watched.over.store(true, Ordering::SeqCst);
        drop(self.watched.bell.0.lock());
        self.watched.bell.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
