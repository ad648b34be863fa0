//! Stands for `scheduler/src/futex.rs`: the kernel looks at the word again before a thread sleeps,
//! with the queue of its sleepers locked.
//! It does not know what the word stands for.

use std::time::Duration;

use loom::sync::{Condvar, Mutex};

use crate::sync::atomic::{AtomicU32, Ordering};

loom::lazy_static! {
    /// One queue for all words: who is woken too often looks again.
    static ref QUEUE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
}

pub(crate) fn wait(word: &AtomicU32, expected: u32, _timeout: Option<Duration>) {
    let guard = QUEUE.0.lock().expect("no model panics with it");
    if word.load(Ordering::Relaxed) == expected {
        drop(QUEUE.1.wait(guard));
    }
}

pub(crate) fn wake_all(_word: &AtomicU32) {
    let _guard = QUEUE.0.lock().expect("no model panics with it");
    QUEUE.1.notify_all();
}
