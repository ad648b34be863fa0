//! What the kernel says of this process: CPU time and private memory.
//! It keeps nothing.

/// CPU nanoseconds of the calling thread.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn thread_cpu() -> u64 {
    use nix::time::{ClockId, clock_gettime};
    let Ok(t) = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID) else { return 0 };
    u64::try_from(t.tv_sec()).unwrap_or(0) * 1_000_000_000 + u64::try_from(t.tv_nsec()).unwrap_or(0)
}

/// Bytes of memory that this process shares with no file: resident minus shared pages.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn private_bytes() -> u64 {
    private_in(&std::fs::read_to_string("/proc/self/statm").unwrap_or_default())
}

/// The same, of the process whose `statm` this is.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn private_in(statm: &str) -> u64 {
    let mut fields = statm.split(' ').skip(1).map(|f| f.parse::<u64>().unwrap_or(0));
    let (resident, shared) = (fields.next().unwrap_or(0), fields.next().unwrap_or(0));
    resident.saturating_sub(shared) * 4096
}

/// Not known here.
#[cfg(any(not(target_os = "linux"), tine_portable))]
pub(crate) fn thread_cpu() -> u64 {
    0
}

/// Not known here.
#[cfg(any(not(target_os = "linux"), tine_portable))]
pub(crate) fn private_bytes() -> u64 {
    0
}
