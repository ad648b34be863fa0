//! Sleeping until a word changes, and waking who sleeps, across processes.
//! It does not know what the word stands for.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Sleeps while `word` holds `expected`, at most for `timeout`; may wake early.
pub(crate) fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
    imp::wait(word, expected, timeout);
}

/// Wakes everybody who sleeps on `word`.
pub(crate) fn wake_all(word: &AtomicU32) {
    imp::wake_all(word);
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
mod imp {
    use std::ptr;
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    pub(super) fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
        let spec = timeout.map(|t| libc::timespec {
            tv_sec: t.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: t.subsec_nanos().into(),
        });
        let spec = spec.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the word and the time live through the call; the kernel only reads them.
        // Not FUTEX_PRIVATE_FLAG: the sleeper and the waker may be different processes.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, spec) };
    }

    pub(super) fn wake_all(word: &AtomicU32) {
        // SAFETY: waking reads no memory; the address only names the queue.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
    }
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
mod imp {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::time::Duration;

    /// One queue for all words: threads of one process, woken rarely.
    static QUEUE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

    pub(super) fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
        let guard = QUEUE.0.lock().unwrap_or_else(PoisonError::into_inner);
        if word.load(Ordering::SeqCst) != expected {
            return;
        }
        match timeout {
            Some(t) => drop(QUEUE.1.wait_timeout(guard, t)),
            None => drop(QUEUE.1.wait(guard)),
        }
    }

    pub(super) fn wake_all(_word: &AtomicU32) {
        let _guard = QUEUE.0.lock().unwrap_or_else(PoisonError::into_inner);
        QUEUE.1.notify_all();
    }
}
