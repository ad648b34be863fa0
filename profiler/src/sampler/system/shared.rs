//! Zeroed words that a process shares with those that it forks.
//! It does not know what the words mean.
//!
//! # Invariant
//! `first` points to `len` atomic words of one mapping, page-aligned, which is unmapped when the
//! last owner is gone and not before. The words are only ever used atomically, so that whatever
//! another process stores there, every load is a value.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

/// A mapping of words. A page of it takes memory only once somebody has written to it.
pub(crate) struct Shared {
    first: NonNull<AtomicU64>,
    len: usize,
}

// SAFETY: only shared references to atomics are handed out.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// Maps `len` words of zero.
    pub(crate) fn new(len: usize) -> io::Result<Shared> {
        let len = len.max(1);
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let bytes = len * size_of::<AtomicU64>();
        // SAFETY: the kernel chooses the address, so that no other mapping is touched.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, -1, 0) };
        match NonNull::new(start.cast::<AtomicU64>()) {
            Some(first) if start != libc::MAP_FAILED => Ok(Shared { first, len }),
            _ => {
                let e = io::Error::last_os_error();
                let text = format!(
                    "cannot map {bytes} bytes for the samples of workers: {e}; see `ulimit -v`"
                );
                Err(io::Error::new(e.kind(), text))
            }
        }
    }
}

impl Deref for Shared {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping has `len` words, and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `new` made; no reference outlives `self`.
        unsafe { libc::munmap(self.first.as_ptr().cast(), self.len * size_of::<AtomicU64>()) };
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({} words)", self.len)
    }
}
