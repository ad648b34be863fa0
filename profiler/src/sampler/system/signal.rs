//! Interrupts a thread at regular moments of its CPU time, to write down where it is.
//! It does not know what is made of that.
//!
//! # Invariant
//! While `WATCH` of a thread is not null, it points to a live [`Watch`] that no other thread has; it
//! is set before the thread's timer is made, and cleared after the timer is deleted and no signal of
//! it waits any more. The handler of SIGPROF is in place while any thread of the process has a
//! timer. The handler allocates nothing and takes no lock: it reads its own thread's stack, two
//! clocks and words of shared memory, and writes words of shared memory.

use std::cell::Cell;
use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;

use tine_scheduler::{CurrentTask, ProbedWorker};

use super::shared::Shared;
use super::{disposition, own};
use crate::sampler::ring::{Fact, Ring};
use crate::sampler::walk::Registers;

const SECOND: u64 = 1_000_000_000;

thread_local! {
    static WATCH: Cell<*const Watch> = const { Cell::new(ptr::null()) };
    /// Runs that were started inside of the watched one, on the same thread.
    static INNER: Cell<u32> = const { Cell::new(0) };
}

/// What the handler needs, of one thread.
struct Watch {
    words: Arc<Shared>,
    /// Where in the words its ring is.
    place: Range<usize>,
    current: CurrentTask,
    /// The start of the run, on the clock that the handler reads.
    zero: u64,
    stack: Range<usize>,
    /// Between two samples, in nanoseconds of CPU time.
    interval: u64,
    timer: Cell<libc::c_int>,
    /// Whether the thread had blocked the signal.
    blocked: bool,
}

/// Starts to sample the calling thread, into the ring in these words. Where it is sampled already,
/// for a run around this one, it stays so, and nothing else happens.
pub(in crate::sampler) fn start(
    words: &Arc<Shared>,
    place: Range<usize>,
    interval: u64,
    worker: &ProbedWorker,
) -> io::Result<()> {
    if !WATCH.get().is_null() {
        INNER.set(INNER.get() + 1);
        return Ok(());
    }
    let elapsed = u64::try_from(worker.started.elapsed().as_nanos()).unwrap_or(0);
    // First the handler: a signal that is pending already would end the process.
    disposition::enter(on_signal);
    let watch = Box::new(Watch {
        words: words.clone(),
        place,
        current: worker.current.clone(),
        zero: now().saturating_sub(elapsed),
        stack: own::stack_bounds(),
        interval,
        timer: Cell::new(0),
        blocked: mask(libc::SIG_UNBLOCK),
    });
    watch.write_base();
    // The first moment of each worker lies elsewhere in the interval: code at the beginning of many
    // short workers is seen as often as it should be.
    let golden = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(u64::from(worker.worker) + 1);
    let first = 1 + ((u128::from(golden) * u128::from(interval)) >> 64) as u64;
    let watch: *const Watch = Box::into_raw(watch);
    WATCH.set(watch);
    // SAFETY: just made, and nobody else has it.
    let armed = unsafe { &*watch }.arm(first);
    armed.inspect_err(|_| end_watch(watch))
}

/// Ends what [`start`] did.
pub(in crate::sampler) fn stop() {
    let watch = WATCH.get();
    if watch.is_null() {
        return;
    }
    if let Some(outer) = INNER.get().checked_sub(1) {
        INNER.set(outer);
        return;
    }
    // SAFETY: live while it stands in `WATCH`.
    let timer = unsafe { &*watch }.timer.get();
    // SAFETY: a plain system call on a timer of this process.
    unsafe { libc::syscall(libc::SYS_timer_delete, timer) };
    end_watch(watch);
}

/// Lets go of a watch whose timer is gone.
fn end_watch(watch: *const Watch) {
    swallow();
    WATCH.set(ptr::null());
    // SAFETY: made by `Box::into_raw`; the handler finds it no more.
    let watch = unsafe { Box::from_raw(watch.cast_mut()) };
    if watch.blocked {
        mask(libc::SIG_BLOCK);
    }
    disposition::leave(on_signal);
}

impl Watch {
    /// Makes the timer, which is due after `first` nanoseconds of CPU time of this thread.
    fn arm(&self, first: u64) -> io::Result<()> {
        // SAFETY: a structure of numbers and pointers, for which zeros are values.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_value.sival_ptr = ptr::from_ref(self).cast_mut().cast();
        event.sigev_signo = libc::SIGPROF;
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        // SAFETY: has no requirements.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer: libc::c_int = 0;
        let clock = libc::CLOCK_THREAD_CPUTIME_ID;
        // SAFETY: the kernel reads `event` and writes `timer`.
        let made = unsafe { libc::syscall(libc::SYS_timer_create, clock, &event, &mut timer) };
        if made != 0 {
            return Err(io::Error::last_os_error());
        }
        self.timer.set(timer);
        let times =
            libc::itimerspec { it_interval: timespec(self.interval), it_value: timespec(first) };
        let old = ptr::null_mut::<libc::itimerspec>();
        // SAFETY: the kernel reads `times`, and is asked for no old ones.
        let set = unsafe { libc::syscall(libc::SYS_timer_settime, timer, 0, &times, old) };
        if set == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        // SAFETY: the timer was made above.
        unsafe { libc::syscall(libc::SYS_timer_delete, timer) };
        Err(error)
    }

    fn ring(&self) -> Ring<'_> {
        Ring::new(&self.words[self.place.clone()])
    }

    /// Writes down the stack that the worker is called from, as a record of no weight: what samples
    /// have in common with it is not the worker's.
    #[inline(never)]
    fn write_base(&self) {
        let registers = own::here();
        self.ring().write(Fact::default(), |frames| {
            // SAFETY: the registers are of this very function.
            unsafe { own::walk_own(registers, &self.stack, |frame| frames.push(frame)) };
        });
    }

    /// Writes down where the thread is.
    ///
    /// # Safety
    /// Called in a signal handler that interrupted this thread, with its registers.
    unsafe fn sample(&self, registers: Registers) {
        // SAFETY: a plain system call on the timer of this thread; -1 at worst.
        let missed = unsafe { libc::syscall(libc::SYS_timer_getoverrun, self.timer.get()) };
        let times = u64::try_from(missed).unwrap_or(0).saturating_add(1);
        // SAFETY: the caller's promise.
        let note = unsafe { own::top(registers, &self.stack) } as u64;
        let fact = Fact {
            at: now().saturating_sub(self.zero),
            task: self.current.get(),
            weight: times.saturating_mul(self.interval),
            note,
        };
        self.ring().write(fact, |frames| {
            // SAFETY: the caller's promise.
            unsafe { own::walk_own(registers, &self.stack, |frame| frames.push(frame)) };
        });
    }
}

fn timespec(nanos: u64) -> libc::timespec {
    let split = |n: u64| n.try_into().unwrap_or(0);
    libc::timespec { tv_sec: split(nanos / SECOND), tv_nsec: split(nanos % SECOND) }
}

/// The clock of `Instant`, in nanoseconds.
fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to `time`; allowed in signal handlers.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * SECOND + time.tv_nsec as u64
}

fn only_sigprof() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: fills the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the set was filled.
    let mut set = unsafe { set.assume_init() };
    // SAFETY: changes a set that is there.
    unsafe { libc::sigaddset(&mut set, libc::SIGPROF) };
    set
}

/// Blocks or unblocks the signal for this thread, and returns whether it was blocked.
fn mask(how: libc::c_int) -> bool {
    let mut old = only_sigprof();
    // SAFETY: reads one set and writes the other.
    unsafe { libc::pthread_sigmask(how, &only_sigprof(), &mut old) };
    // SAFETY: the set was filled.
    unsafe { libc::sigismember(&old, libc::SIGPROF) == 1 }
}

/// Takes signals that wait because a task has blocked them, and left it so.
fn swallow() {
    let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let set = only_sigprof();
    // SAFETY: reads a set and a time. Ends when nothing waits: the timer is gone.
    while unsafe { libc::sigtimedwait(&set, ptr::null_mut(), &none) } == libc::SIGPROF {}
}

extern "C" fn on_signal(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let watch = WATCH.get();
    // SAFETY: the kernel gives handlers that ask for it a valid `info`.
    let told = unsafe { &*info };
    let code = told.si_code;
    // SAFETY: whatever sent the signal, the value is some bytes.
    let value = unsafe { told.si_value() }.sival_ptr;
    if watch.is_null() || code != libc::SI_TIMER || !ptr::addr_eq(value, watch) {
        return disposition::forward(signal, info, context);
    }
    // SAFETY: the C library's place for this thread's `errno`.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above. The code around is not to see what system calls here leave in it.
    let kept = unsafe { *errno };
    // SAFETY: `context` comes from the kernel.
    let registers = unsafe { own::interrupted(context) };
    // SAFETY: live while it stands in `WATCH`.
    let watch = unsafe { &*watch };
    // SAFETY: these are the registers of this thread, which was interrupted.
    unsafe { watch.sample(registers) };
    // SAFETY: as above.
    unsafe { *errno = kept };
}
