//! An allocator that can say, of a sample of what is allocated, where that was and whether it lives.
//! It does not know what becomes of the samples, and allocates nothing itself.
//!
//! A program opts in by one line, and from then on its profiled runs show what tasks allocated:
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: tine_profiler::alloc::Allocator = tine_profiler::alloc::Allocator::new();
//! ```
//!
//! **What is sampled.** Bytes, not calls: points lie on the bytes that a thread allocates one after the
//! other, at random distances of 512 KiB on average (an exponential distribution), and an allocation
//! with a point in it is looked at. One of `s` bytes is seen with the probability `1 - exp(-s / mean)`
//! and stands for `s` divided by that, so that sums are right on average whatever the sizes. This is
//! what tcmalloc and jemalloc do: see "How sampling in TCMalloc works"
//! (<https://google.github.io/tcmalloc/sampling.html>) and `prof_unbias` in jemalloc's `src/prof_data.c`.
//! A sum of `b` bytes of small allocations has a relative error of about `sqrt(mean / b)`: 7 % of
//! 100 MB. An exact count would need a word of the task's to be written at every call; the estimate
//! needs none.
//!
//! **What is live.** Sampled allocations are kept in a table by address until they are freed. Whenever
//! more is live than ever before, by a tenth, or by a fiftieth just before something is freed, what is
//! in the table is written down. So what is shown is at most that much below the true peak.
//!
//! **Which threads.** In a worker process all of its threads, also those that tasks start. Under
//! `Threads` and `Serial` the threads that run tasks; what another thread frees is noticed. A run
//! inside of a task counts as that task's.
//!
//! **Bounds.** The table has 16,384 places, which at 512 KiB each is 8 GiB in use; what finds none is
//! counted as allocated, but is not shown as live.
//!
//! **Price.** While no run is profiled, one load of a word at every call.
//!
//! # Invariant
//! Every method hands on to the inner allocator exactly what it was given, and returns what that
//! returned. The hook sees addresses only and uses none as a pointer.

use std::alloc::{GlobalAlloc, Layout, System};

mod draw;
#[cfg_attr(
    not(all(
        target_os = "linux",
        not(tine_portable),
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    path = "none.rs"
)]
#[cfg_attr(
    all(
        target_os = "linux",
        not(tine_portable),
        any(target_arch = "x86_64", target_arch = "aarch64")
    ),
    expect(unsafe_code, reason = "its own stack and context: see the module's invariant")
)]
pub(crate) mod hook;
mod live;
pub(crate) mod peak;

/// Bytes between two samples, on average, where nothing else is asked for.
pub const SAMPLE_EVERY: u64 = 512 * 1024;

/// The global allocator of programs that want to see what their tasks allocate.
///
/// It allocates with the system's allocator, or with the one that it is put
/// [`around`](Self::around).
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocator<A = System> {
    inner: A,
}

impl Allocator {
    /// Allocates as the system does.
    pub const fn new() -> Allocator {
        Allocator { inner: System }
    }
}

impl<A> Allocator<A> {
    /// Allocates as `inner` does.
    pub const fn around(inner: A) -> Allocator<A> {
        Allocator { inner }
    }
}

/// What a sampled allocation is known by: its worker, and a number that the worker gave it.
pub(crate) fn key(worker: u16, number: u64) -> u64 {
    u64::from(worker) << 48 | number & 0xFFFF_FFFF_FFFF
}

/// Where the table of what is live lies: it changes with every allocation.
pub(crate) fn own_statics() -> std::ops::Range<usize> {
    hook::own_statics()
}

/// Whether the program has this allocator as its global one.
pub fn is_installed() -> bool {
    hook::is_installed()
}

// SAFETY: every request is handed on unchanged, with its answer: the inner allocator keeps the
// contract. The hook neither allocates nor unwinds.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Allocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let made = unsafe { self.inner.alloc(layout) };
        if hook::is_on() {
            hook::allocated(made.addr(), layout.size());
        }
        made
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let made = unsafe { self.inner.alloc_zeroed(layout) };
        if hook::is_on() {
            hook::allocated(made.addr(), layout.size());
        }
        made
    }

    #[inline]
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // Before it is free: another thread may get the address at once.
        if hook::is_on() {
            hook::freed(old.addr());
        }
        // SAFETY: the caller's promise.
        unsafe { self.inner.dealloc(old, layout) };
    }

    #[inline]
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !hook::is_on() {
            // SAFETY: the caller's promise.
            return unsafe { self.inner.realloc(old, layout, size) };
        }
        let was = hook::freed(old.addr());
        // SAFETY: the caller's promise.
        let made = unsafe { self.inner.realloc(old, layout, size) };
        match was {
            // Refused: the old block lives on.
            Some(was) if made.is_null() => hook::put_back(old.addr(), was),
            _ => hook::allocated(made.addr(), size),
        }
        made
    }
}
