//! The monotonic clock as a number, for whoever reads it once a task: `Instant` takes twice the time.
//! It does not know what is timed.

/// Nanoseconds of the system's monotonic clock, which is that of `Instant` and of all processes.
#[cfg(all(target_os = "linux", not(tine_portable)))]
#[inline]
pub(crate) fn monotonic() -> u64 {
    use nix::time::{ClockId, clock_gettime};
    let Ok(t) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { return 0 };
    t.tv_sec() as u64 * 1_000_000_000 + t.tv_nsec() as u64
}

/// Nanoseconds since the first question.
#[cfg(any(not(target_os = "linux"), tine_portable))]
pub(crate) fn monotonic() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static FIRST: OnceLock<Instant> = OnceLock::new();
    u64::try_from(FIRST.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
