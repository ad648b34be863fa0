//! Ctrl-C, SIGTERM and SIGHUP during a run: counted, and every supervisor woken; and Ctrl-Z.
//! It does not decide what a run does about it: the first stops starting, the second terminates,
//! the third kills. A terminal that is closed can ask only once: SIGHUP counts as two.
//!
//! # Invariant
//! The handler touches nothing but atomics, `errno`, which it puts back, and `write` and `futex`,
//! which are safe in a handler. A bell is registered and unregistered while `HANDLERS` is held; it
//! is gone only after no handler, on any thread, is between its look at the list and its end:
//! a handler counts itself in `BUSY` first, and whoever unregisters waits for zero afterwards. Both
//! are sequentially consistent, so one of the two sees the other.

use crate::engine::Engine;
use crate::error::{Error, ErrorKind};

/// The error of a run that was interrupted.
pub(super) fn error() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "interrupted: the run was stopped by a signal before all tasks were done",
    )
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
mod imp {
    use std::os::fd::{AsRawFd, RawFd};
    use std::ptr;
    use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
    use std::sync::{Mutex, PoisonError};

    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

    use super::Engine;
    use crate::engine::Bell;

    /// Runs at a time that are woken by a signal; more are only stopped.
    const BELLS: usize = 64;

    static COUNT: AtomicU32 = AtomicU32::new(0);
    /// How often this process was asked to stand still, and how often it has.
    static STOPS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
    /// How many threads are in the handler.
    static BUSY: AtomicU32 = AtomicU32::new(0);
    static EVENTS: [AtomicI32; BELLS] = [const { AtomicI32::new(-1) }; BELLS];
    static WORDS: [AtomicPtr<AtomicU32>; BELLS] =
        [const { AtomicPtr::new(ptr::null_mut()) }; BELLS];
    /// How many runs listen, and the actions to put back after the last.
    static HANDLERS: Mutex<(usize, Vec<(Signal, SigAction)>)> = Mutex::new((0, Vec::new()));

    const SIGNALS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGTSTP];

    extern "C" fn on_signal(signal: libc::c_int) {
        // SAFETY: the address of this thread's `errno`, valid as long as the thread.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: as above.
        let before = unsafe { *errno };
        BUSY.fetch_add(1, Ordering::SeqCst);
        match signal {
            libc::SIGTSTP => STOPS[0].fetch_add(1, Ordering::SeqCst),
            libc::SIGHUP => COUNT.fetch_add(2, Ordering::SeqCst),
            _ => COUNT.fetch_add(1, Ordering::SeqCst),
        };
        ring_all();
        BUSY.fetch_sub(1, Ordering::SeqCst);
        // SAFETY: as above.
        unsafe { *errno = before };
    }

    fn ring_all() {
        for event in &EVENTS {
            let fd = event.load(Ordering::SeqCst);
            if fd >= 0 {
                let one = 1u64;
                // SAFETY: eight bytes that live through the call; the descriptor is registered.
                unsafe { libc::write(fd, ptr::from_ref(&one).cast(), 8) };
            }
        }
        for word in &WORDS {
            let word = word.load(Ordering::SeqCst);
            if !word.is_null() {
                // SAFETY: a registered bell lives until it is unregistered.
                let bell = unsafe { &*word };
                bell.fetch_add(1, Ordering::SeqCst);
                crate::futex::wake_all(bell);
            }
        }
    }

    /// Listens to signals for one run, where nobody else does.
    pub(in crate::run) struct Signals {
        place: usize,
    }

    impl Signals {
        /// Begins to listen, for the bell of `engine`, which must outlive this.
        pub(in crate::run) fn listen(engine: &Engine<'_>) -> Self {
            match &engine.bell {
                Bell::Futex => {
                    let bell = ptr::from_ref(&engine.table.header().bell).cast_mut();
                    Signals::begin(|place| WORDS[place].store(bell, Ordering::SeqCst))
                }
                Bell::Event(event) => Signals::listen_for(event),
            }
        }

        /// Begins to listen, for an eventfd that must outlive this.
        pub(in crate::run) fn listen_for(event: &nix::sys::eventfd::EventFd) -> Self {
            let fd = event.as_fd_raw();
            Signals::begin(|place| EVENTS[place].store(fd, Ordering::SeqCst))
        }

        fn begin(register: impl FnOnce(usize)) -> Self {
            let mut handlers = HANDLERS.lock().unwrap_or_else(PoisonError::into_inner);
            let free = |i: &usize| {
                EVENTS[*i].load(Ordering::SeqCst) < 0 && WORDS[*i].load(Ordering::SeqCst).is_null()
            };
            let place = (0..BELLS).find(free).unwrap_or(BELLS);
            if place < BELLS {
                register(place);
            }
            if handlers.0 == 0 {
                COUNT.store(0, Ordering::SeqCst);
                STOPS[1].store(STOPS[0].load(Ordering::SeqCst), Ordering::SeqCst);
                handlers.1 = SIGNALS.into_iter().filter_map(take_over).collect();
            }
            handlers.0 += 1;
            Signals { place }
        }
    }

    trait AsFdRaw {
        fn as_fd_raw(&self) -> RawFd;
    }

    impl AsFdRaw for nix::sys::eventfd::EventFd {
        fn as_fd_raw(&self) -> RawFd {
            std::os::fd::AsFd::as_fd(self).as_raw_fd()
        }
    }

    /// Handles a signal whose disposition is the default; somebody else's handler stays.
    fn take_over(signal: Signal) -> Option<(Signal, SigAction)> {
        if !is_default(signal) {
            return None;
        }
        // SAFETY: the handler keeps to the module's invariant.
        let before = unsafe { sigaction(signal, &ours()) }.ok()?;
        Some((signal, before))
    }

    fn ours() -> SigAction {
        SigAction::new(SigHandler::Handler(on_signal), SaFlags::SA_RESTART, SigSet::empty())
    }

    /// Whether Ctrl-Z was pressed and nobody has seen to it.
    pub(in crate::run) fn should_stand_still() -> bool {
        STOPS[0].load(Ordering::SeqCst) != STOPS[1].load(Ordering::SeqCst)
    }

    /// Stops this process as the default of the signal would, until it is continued. Of several
    /// runs one does so. The signal goes to this thread, so that it is not left for the handler.
    pub(in crate::run) fn stand_still() {
        let asked = STOPS[0].load(Ordering::SeqCst);
        if STOPS[1].swap(asked, Ordering::SeqCst) == asked {
            return;
        }
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: no handler is installed.
        let _ = unsafe { sigaction(Signal::SIGTSTP, &default) };
        let _ = nix::sys::signal::raise(Signal::SIGTSTP);
        // SAFETY: as in `take_over`.
        let _ = unsafe { sigaction(Signal::SIGTSTP, &ours()) };
    }

    /// Only looks: somebody's handler must not be away even for a moment.
    fn is_default(signal: Signal) -> bool {
        let mut now = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: the kernel writes the whole struct where it returns 0.
        let failed = unsafe { libc::sigaction(signal as i32, ptr::null(), now.as_mut_ptr()) };
        // SAFETY: just written.
        failed == 0 && unsafe { now.assume_init() }.sa_sigaction == libc::SIG_DFL
    }

    impl Drop for Signals {
        fn drop(&mut self) {
            let mut handlers = HANDLERS.lock().unwrap_or_else(PoisonError::into_inner);
            handlers.0 -= 1;
            if handlers.0 == 0 {
                for (signal, before) in handlers.1.drain(..) {
                    // SAFETY: puts back what was there.
                    let _ = unsafe { sigaction(signal, &before) };
                }
            }
            if self.place < BELLS {
                EVENTS[self.place].store(-1, Ordering::SeqCst);
                WORDS[self.place].store(ptr::null_mut(), Ordering::SeqCst);
            }
            // A handler on another thread is over in microseconds; on this one it is over.
            while BUSY.load(Ordering::SeqCst) > 0 {
                std::thread::yield_now();
            }
        }
    }

    /// How often the user has asked the runs of this process to end.
    pub(in crate::run) fn level() -> u32 {
        COUNT.load(Ordering::SeqCst)
    }
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
mod imp {
    use super::Engine;

    /// Signals are left to the program here.
    pub(in crate::run) struct Signals;

    impl Signals {
        /// Does nothing.
        pub(in crate::run) fn listen(_engine: &Engine<'_>) -> Self {
            Signals
        }
    }

    /// Never.
    pub(in crate::run) fn level() -> u32 {
        0
    }

    /// Never.
    pub(in crate::run) fn should_stand_still() -> bool {
        false
    }

    /// Left to the program.
    pub(in crate::run) fn stand_still() {}
}

pub(super) use imp::{Signals, level, should_stand_still, stand_still};

/// Whether the user has asked the runs of this process to end.
pub(super) fn requested() -> bool {
    level() > 0
}
