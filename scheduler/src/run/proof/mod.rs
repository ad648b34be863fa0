//! The proof that a worker can never go on: nobody is left who could wake any of its threads.
//! It does not know what the worker was doing, or what becomes of it.
//!
//! A fork copies the locks that other threads of the parent held, and the pools that they served,
//! but not the threads. Whoever waits for one of them in the child waits for ever. That can be
//! proved, because a sleep on a *private* futex can only be ended by a thread of the same process,
//! by a timeout, or by a signal:
//!
//! - in two scans, all threads of the process sleep in such waits, without a timeout, on memory
//!   that is not mapped shared;
//! - no thread has been switched in between the scans. So there was a moment, between the end of
//!   the first and the beginning of the second, in which all slept: at that moment nobody was there
//!   to wake anybody, and it has not ended since;
//! - nothing outside the process would wake it: it has no timer, no io_uring (which can wake a
//!   futex), no tracer, and no handler for a signal that another process, a child of its own or an
//!   alarm might send.
//!
//! Whatever cannot be read is not proved.

mod calls;
mod maps;
mod scan;

pub(super) use maps::Maps;
pub(super) use scan::Scan;

/// Signals whose handlers run because of what the process itself does, or of the user at the
/// terminal. All others may be sent by somebody who means to wake it.
const HARMLESS: [i32; 18] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGTSTP,
    libc::SIGCONT,
    libc::SIGWINCH,
    libc::SIGPIPE,
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGSYS,
    // These two count processor time, of which a sleeper uses none.
    libc::SIGPROF,
    libc::SIGVTALRM,
    libc::SIGXCPU,
];
/// Signals that the C library keeps for itself: cancelling threads, and changing their user.
const OF_THE_LIBRARY: [i32; 2] = [32, 33];

/// Whether nothing outside of the process could wake one of its threads. To be asked between two
/// scans: what holds then holds for as long as all threads sleep.
pub(super) fn is_left_alone(pid: i32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return false };
    let value = |name| scan::value_of(&status, name);
    let caught = value("SigCgt:").and_then(|mask| u64::from_str_radix(mask, 16).ok());
    value("TracerPid:") == Some("0")
        && caught.is_some_and(|mask| mask & !harmless() == 0)
        && has_no_timer(pid)
        && has_no_ring(pid)
}

fn harmless() -> u64 {
    let signals = HARMLESS.into_iter().chain(OF_THE_LIBRARY);
    signals.fold(0, |mask, signal| mask | 1 << (signal - 1))
}

/// No timer that could end a sleep: those on the process's own CPU time stand still in it.
fn has_no_timer(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/timers"))
        .is_ok_and(|timers| all_stand_still(&timers))
}

fn all_stand_still(timers: &str) -> bool {
    // Process and thread by their names, and as the kernel writes those of the calling one.
    const OWN_CPU: [&str; 4] = ["2", "3", "-2", "-6"];
    let clocks = timers.lines().filter_map(|l| l.strip_prefix("ClockID:"));
    let standing = clocks.filter(|clock| OWN_CPU.contains(&clock.trim())).count();
    standing == timers.lines().filter(|l| l.starts_with("ID:")).count()
}

/// No io_uring, neither open nor mapped.
fn has_no_ring(pid: i32) -> bool {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let is_ring = |path: &std::path::Path| path.to_string_lossy().contains("io_uring");
    for descriptor in descriptors {
        let target = descriptor.and_then(|d| std::fs::read_link(d.path()));
        if target.map_or(true, |path| is_ring(&path)) {
            return false;
        }
    }
    std::fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|m| !m.contains("io_uring"))
}

/// Whether two scans, with [`is_left_alone`] between them, prove that the process sleeps for ever.
pub(super) fn holds(first: &Scan, second: &Scan, maps: &Maps) -> bool {
    first.is_all_waits() && second.is_all_waits() && first.is_same_sleep(second) && {
        second.waits().all(|wait| wait.is_eternal(maps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody who sleeps with others awake is not proved to be locked, and nothing of this
    /// process is: it is not asleep.
    #[test]
    fn who_reads_is_awake() {
        let me = i32::try_from(std::process::id()).expect("a pid");
        let (first, second) = (Scan::of(me), Scan::of(me));
        assert!(!first.is_all_waits());
        assert!(!holds(&first, &second, &Maps::of(me)));
    }

    #[test]
    fn a_handler_that_others_could_call_is_not_harmless() {
        for signal in [libc::SIGALRM, libc::SIGCHLD, libc::SIGUSR1, libc::SIGIO, 34] {
            assert_eq!(harmless() & 1 << (signal - 1), 0, "{signal}");
        }
        assert_ne!(harmless() & 1 << (libc::SIGSEGV - 1), 0);
    }
}
