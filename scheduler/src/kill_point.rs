//! Places in the protocol where a test may end the worker's process.
//! Compiled to nothing without the feature `kill-points`.

/// A step of the protocol.
#[cfg(all(feature = "kill-points", target_os = "linux", not(tine_portable)))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    BeforeCursor,
    AfterCursor,
    AfterRangeSteal,
    BeforeSleep,
    AfterClaim,
    BeforePublish,
    AfterPublish,
    AfterSettle,
    AfterPush,
    AfterClose,
    BeforeRetry,
    BeforeBackoff,
    AfterBackoff,
    MidRelease,
    MidFree,
    MidAllocate,
    MidSpill,
    MidPush,
    MidPop,
    MidSteal,
}

#[cfg(all(feature = "kill-points", target_os = "linux", not(tine_portable)))]
mod countdown {
    use std::sync::atomic::{AtomicU64, Ordering};

    /// How many points this process passes before it ends; 0: for ever.
    static LEFT: AtomicU64 = AtomicU64::new(0);

    /// Ends this process at the `n`th point from now.
    pub fn arm(n: u64) {
        LEFT.store(n, Ordering::SeqCst);
    }

    pub(crate) fn pass(_point: super::Point) {
        if LEFT.load(Ordering::Relaxed) > 0 && LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
        }
    }
}
#[cfg(all(feature = "kill-points", target_os = "linux", not(tine_portable)))]
pub use countdown::arm;
#[cfg(all(feature = "kill-points", target_os = "linux", not(tine_portable)))]
pub(crate) use countdown::pass;

/// A place where a test may end the process.
macro_rules! kill_point {
    ($point:ident) => {
        #[cfg(all(feature = "kill-points", target_os = "linux", not(tine_portable)))]
        $crate::kill_point::pass($crate::kill_point::Point::$point);
    };
}
pub(crate) use kill_point;
