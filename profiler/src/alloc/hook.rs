//! What happens at every allocation while a run is profiled, and the little that it needs.
//! It does not know who asks, nor what its records become.
//!
//! # Invariant
//! `CONTEXT` of a thread is null or points to a [`Context`] that lives until the same thread clears
//! it. `PROCESS` is null or points to one that lives as long as the process, a worker which ends with
//! its run. Nothing here allocates, unwinds or waits for long: a lock that another thread holds is
//! given up after some tries, and the sample counted as lost.

use std::cell::Cell;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use tine_scheduler::{CurrentTask, ProbedWorker};

use super::live::{Live, Table};
use super::peak::Peak;
use super::{SAMPLE_EVERY, draw};
use crate::sampler::ring::{Fact, Ring};
use crate::sampler::system::{Shared, own};
use crate::sampler::walk::Registers;

/// How many want to know what is allocated; the one word that is read at every call.
static ON: AtomicU32 = AtomicU32::new(0);
/// The context of all threads, in a worker process.
static PROCESS: AtomicPtr<Context> = AtomicPtr::new(ptr::null_mut());
/// Which run the threads of this process are profiled for, by the address of its shared words; and
/// how many of its threads are in it.
static RUN: AtomicUsize = AtomicUsize::new(0);
static USERS: AtomicU32 = AtomicU32::new(0);
/// Taken to write to a ring that threads of a worker process share, and to write the peak down.
static RING: AtomicBool = AtomicBool::new(false);
static PEAK: AtomicBool = AtomicBool::new(false);
/// Bytes between two samples, on average.
static EVERY: AtomicU64 = AtomicU64::new(SAMPLE_EVERY);
static LIVE: Table = Table::new();

/// Tries to take a lock that is held for microseconds.
const TRIES: usize = 10_000;

thread_local! {
    /// Bytes until the next sample.
    static LEFT: Cell<i64> = const { Cell::new(-1) };
    /// The state of this thread's random numbers; 0 before there was one.
    static RANDOM: Cell<u64> = const { Cell::new(0) };
    static CONTEXT: Cell<*const Context> = const { Cell::new(ptr::null()) };
    /// Runs that were started inside of the profiled one, on the same thread.
    static INNER: Cell<u32> = const { Cell::new(0) };
    /// Runs of this thread that are not looked at, because another of the process is.
    static REFUSED: Cell<u32> = const { Cell::new(0) };
    /// Whether this thread asks if the allocator is there at all.
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// What a sample needs to be written down.
pub(crate) struct Context {
    words: Arc<Shared>,
    /// Where in the words the ring is, and the numbers and the peak.
    ring: Range<usize>,
    peak: Range<usize>,
    /// Where the peak of the process is written down: that of the first worker, for threads.
    process_peak: Range<usize>,
    current: CurrentTask,
    worker: u16,
    started: Instant,
    /// The bounds of the stack of the thread that runs the tasks.
    stack: Range<usize>,
}

/// The places of a worker in the shared words.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) ring: Range<usize>,
    pub(crate) peak: Range<usize>,
    pub(crate) first_peak: Range<usize>,
}

/// Starts to look at what the calling thread allocates, or in a worker process all threads. Where it
/// is looked at already, for a run around this one, it stays so. `false` where another run of this
/// process is looked at.
pub(crate) fn start(
    words: &Arc<Shared>,
    places: Places,
    every: u64,
    worker: &ProbedWorker,
) -> bool {
    let forked = worker.forked;
    if !CONTEXT.get().is_null() || (!forked && !PROCESS.load(Ordering::Acquire).is_null()) {
        INNER.set(INNER.get() + 1);
        return true;
    }
    let run = words.as_ptr().addr();
    if forked {
        // What the parent was looking at is not this process's.
        LIVE.clear();
        RING.store(false, Ordering::Relaxed);
        PEAK.store(false, Ordering::Relaxed);
    } else {
        let mine = RUN.compare_exchange(0, run, Ordering::AcqRel, Ordering::Acquire);
        match mine {
            Ok(_) => LIVE.clear(),
            Err(other) if other == run => {}
            Err(_) => {
                REFUSED.set(REFUSED.get() + 1);
                return false;
            }
        }
        USERS.fetch_add(1, Ordering::AcqRel);
    }
    EVERY.store(every.max(1), Ordering::Relaxed);
    let process_peak = if forked { places.peak.clone() } else { places.first_peak };
    let context = Box::new(Context {
        words: words.clone(),
        ring: places.ring,
        peak: places.peak,
        process_peak,
        current: worker.current.clone(),
        worker: worker.worker,
        started: worker.started,
        stack: own::stack_bounds(),
    });
    context.write_base();
    let context = Box::into_raw(context);
    CONTEXT.set(context);
    if forked {
        PROCESS.store(context, Ordering::Release);
    }
    // Distances drawn for another mean do not count.
    RANDOM.set(0);
    LEFT.set(-1);
    ON.fetch_add(1, Ordering::Release);
    true
}

/// Ends what [`start`] did.
pub(crate) fn stop() {
    if let Some(others) = REFUSED.get().checked_sub(1) {
        REFUSED.set(others);
        return;
    }
    let context = CONTEXT.get();
    if let Some(outer) = INNER.get().checked_sub(1) {
        INNER.set(outer);
        return;
    }
    if context.is_null() {
        return;
    }
    // SAFETY: live until it is cleared below.
    unsafe { &*context }.write_peak(0);
    CONTEXT.set(ptr::null());
    if PROCESS.load(Ordering::Acquire).cast_const() == context {
        // Other threads may be in the midst of using it, and this process is about to end.
        return;
    }
    ON.fetch_sub(1, Ordering::Release);
    // SAFETY: made by `Box::into_raw`; only this thread had it.
    drop(unsafe { Box::from_raw(context.cast_mut()) });
    if USERS.fetch_sub(1, Ordering::AcqRel) == 1 {
        RUN.store(0, Ordering::Release);
    }
}

/// Whether anybody wants to know.
#[inline]
pub(super) fn is_on() -> bool {
    ON.load(Ordering::Relaxed) != 0
}

/// Where `LIVE` lies.
pub(super) fn own_statics() -> std::ops::Range<usize> {
    let start = std::ptr::from_ref(&LIVE).addr();
    start..start + size_of::<Table>()
}

/// Whether allocations come by here at all.
pub(super) fn is_installed() -> bool {
    ON.fetch_add(1, Ordering::Relaxed);
    ASKING.set(true);
    let left = LEFT.replace(-1);
    drop(std::hint::black_box(Box::new(1u8)));
    LEFT.set(left);
    ON.fetch_sub(1, Ordering::Relaxed);
    !ASKING.replace(false)
}

/// `size` bytes were allocated at `address`; 0 where there were none.
#[inline]
pub(super) fn allocated(address: usize, size: usize) {
    let left = LEFT.get().saturating_sub(size as i64);
    LEFT.set(left);
    if left < 0 {
        sample(address, size);
    }
}

/// What was allocated at `address` is about to be freed. Returns what was known of it.
#[inline]
pub(super) fn freed(address: usize) -> Option<Live> {
    if LIVE.may_have(address) { forget(address) } else { None }
}

#[cold]
#[inline(never)]
fn forget(address: usize) -> Option<Live> {
    let place = LIVE.find(address)?;
    if let Some(context) = context() {
        let known = context.process_peak().total();
        context.write_peak(known / 50);
    }
    Some(LIVE.remove(place, address))
}

/// What was to be freed lives on.
#[cold]
pub(super) fn put_back(address: usize, live: Live) {
    LIVE.insert(address, live);
}

/// The context of the calling thread.
fn context() -> Option<&'static Context> {
    let own = CONTEXT.get();
    let context = if own.is_null() { PROCESS.load(Ordering::Acquire).cast_const() } else { own };
    // SAFETY: null, or live for as long as this call: see the module's invariant. It does not leave
    // this module.
    unsafe { context.as_ref() }
}

#[cold]
#[inline(never)]
fn sample(address: usize, size: usize) {
    if ASKING.replace(false) {
        return;
    }
    let every = EVERY.load(Ordering::Relaxed);
    let random = RANDOM.get();
    if random == 0 {
        // The first of this thread: no distance was drawn yet.
        let seed = ptr::from_ref(&random).addr() as u64 ^ (u64::from(std::process::id()) << 32);
        let first = draw::step(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        RANDOM.set(first);
        let left = draw::distance(first, every).saturating_sub(size as i64);
        LEFT.set(left);
        if left >= 0 {
            return;
        }
    }
    let random = draw::step(RANDOM.get());
    RANDOM.set(random);
    LEFT.set(draw::distance(random, every));
    if address == 0 || size == 0 {
        return;
    }
    if let Some(context) = context() {
        let mut registers = own::here();
        registers.ip = sample as fn(usize, usize) as usize;
        context.note(registers, address, draw::weight(size, every));
    }
}

/// Runs `critical` with the lock taken, unless another thread holds it for too long.
fn locked(lock: &AtomicBool, critical: impl FnOnce()) -> bool {
    let free = || !lock.swap(true, Ordering::Acquire);
    let taken = (0..TRIES).any(|_| {
        let free = free();
        if !free {
            std::hint::spin_loop();
        }
        free
    });
    if taken {
        critical();
        lock.store(false, Ordering::Release);
    }
    taken
}

impl Context {
    fn ring(&self) -> Ring<'_> {
        Ring::new(&self.words[self.ring.clone()])
    }

    fn process_peak(&self) -> Peak<'_> {
        Peak::new(&self.words[self.process_peak.clone()])
    }

    /// Writes down the stack that the worker is called from, as a record of no weight.
    #[inline(never)]
    fn write_base(&self) {
        let registers = own::here();
        self.ring().write(Fact::default(), |frames| {
            // SAFETY: the registers are of this very function.
            unsafe { own::walk_own(registers, &self.stack, |frame| frames.push(frame)) };
        });
    }

    /// Writes down an allocation, with the stack above `registers`, which are the caller's.
    fn note(&self, registers: Registers, address: usize, weight: u64) {
        let number = Peak::new(&self.words[self.peak.clone()]).number();
        let at = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let fact = Fact { at, task: self.current.get(), weight, note: number };
        let mut written = false;
        let had_lock = locked(&RING, || {
            written = self.ring().write(fact, |frames| {
                // SAFETY: the registers are of a function that has called this one.
                unsafe { own::walk_own(registers, &self.stack, |frame| frames.push(frame)) };
            });
        });
        if !had_lock {
            self.ring().lose(1);
        }
        let key = super::key(self.worker, number);
        if written && LIVE.insert(address, Live { key, weight }) {
            let known = self.process_peak().total();
            self.write_peak((known / 10).max(EVERY.load(Ordering::Relaxed)));
        }
    }

    /// Writes down what is live, if that is more by `margin` than it ever was.
    fn write_peak(&self, margin: u64) {
        let total = LIVE.total();
        if total > self.process_peak().total().saturating_add(margin) {
            locked(&PEAK, || self.process_peak().write(total, LIVE.keys()));
        }
    }
}
