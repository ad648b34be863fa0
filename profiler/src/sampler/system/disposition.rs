//! What the process does with SIGPROF: ours while anybody samples, what it was before and after.
//! It does not know what ours does.
//!
//! # Invariant
//! The disposition is changed by one thread at a time, the one that holds `HOLDER`, and `KEPT` is
//! touched by no other. The handler of a program that had one is called as that program asked for.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// What the kernel calls.
pub(super) type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut c_void);

/// The process that is changing the disposition, or 0. A process that was forked meanwhile
/// inherits the number of another, which it does not wait for.
static HOLDER: AtomicU32 = AtomicU32::new(0);
/// Threads that are sampled; guarded by `HOLDER`.
static USERS: AtomicUsize = AtomicUsize::new(0);
/// The handler before ours, where there was one, and its flags.
static BEFORE: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);
static FLAGS: AtomicU32 = AtomicU32::new(0);
static KEPT: Kept = Kept(UnsafeCell::new(MaybeUninit::zeroed()));

/// The whole of what was there before; used by who holds `HOLDER` alone.
struct Kept(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: only `enter` and `leave` touch it, inside of `locked`.
unsafe impl Sync for Kept {}

fn locked(change: impl FnOnce()) {
    let this = std::process::id();
    loop {
        let holder = HOLDER.load(Ordering::Relaxed);
        let free = holder != this
            && HOLDER.compare_exchange(holder, this, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if free {
            break;
        }
        std::thread::yield_now();
    }
    change();
    HOLDER.store(0, Ordering::Release);
}

/// Puts our handler in place.
pub(super) fn enter(ours: Handler) {
    locked(|| {
        let old = action(None);
        if old.sa_sigaction != ours as usize {
            BEFORE.store(old.sa_sigaction, Ordering::Relaxed);
            FLAGS.store(old.sa_flags as u32, Ordering::Relaxed);
            // SAFETY: nobody else touches it inside of `locked`.
            unsafe { *KEPT.0.get() = MaybeUninit::new(old) };
            let mut new = old;
            new.sa_sigaction = ours as usize;
            // System calls go on after the signal, and a task that runs on a small stack of
            // its own is not asked for more of it.
            new.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
            // SAFETY: fills the set.
            unsafe { libc::sigemptyset(&mut new.sa_mask) };
            action(Some(&new));
        }
        USERS.fetch_add(1, Ordering::Relaxed);
    });
}

/// Puts back what was there, where nobody else samples and nobody else has changed it.
pub(super) fn leave(ours: Handler) {
    locked(|| {
        let last = USERS.fetch_sub(1, Ordering::Relaxed) == 1;
        if last && action(None).sa_sigaction == ours as usize {
            // SAFETY: nobody else touches it inside of `locked`.
            let before = unsafe { *KEPT.0.get() };
            // SAFETY: ours is in place, so that `enter` has filled it.
            let before = unsafe { before.assume_init() };
            action(Some(&before));
        }
    });
}

/// Sets the disposition, where it is given, and returns the one before.
fn action(new: Option<&libc::sigaction>) -> libc::sigaction {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `new` is null or a whole action, whose handler keeps to the module's invariant or
    // was there before; `old` is written to.
    unsafe { libc::sigaction(libc::SIGPROF, new, old.as_mut_ptr()) };
    // SAFETY: zeros are an action too, should the kernel have refused.
    unsafe { old.assume_init() }
}

/// A signal that is not ours: the handler that was there before gets it. Where there was
/// none, it is ignored, also if it would have ended the process.
pub(super) fn forward(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let before = BEFORE.load(Ordering::Relaxed);
    if before == libc::SIG_DFL || before == libc::SIG_IGN {
        return;
    }
    if FLAGS.load(Ordering::Relaxed) as libc::c_int & libc::SA_SIGINFO != 0 {
        // SAFETY: the kernel had this address as a handler of this type.
        let handler = unsafe { std::mem::transmute::<usize, Handler>(before) };
        handler(signal, info, context);
    } else {
        // SAFETY: as above.
        let handler = unsafe { std::mem::transmute::<usize, extern "C" fn(libc::c_int)>(before) };
        handler(signal);
    }
}
