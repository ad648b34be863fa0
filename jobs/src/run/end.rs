//! What is said of a program that did not succeed.
//! It does not know what is done about it.

use std::time::Duration;

use tine_scheduler::TaskStatus;
use tine_scheduler::config::units::{format_bytes, format_time};
use tine_scheduler::jobs::{Ended, Exit, Reason};

use super::journal::State;

/// What is said of a job that nothing more will become of, and why, where nothing else is known of
/// that; `attempted` is its last attempt, where it was decided that it runs, and `failed` whether others
/// were skipped for a failure alone. `None` where nothing is to be said.
pub(crate) fn state(
    status: TaskStatus,
    attempted: Option<u32>,
    failed: bool,
) -> Option<(State, &'static str)> {
    Some(match (status, attempted) {
        // Nothing was to be done for it.
        (TaskStatus::Done, None) => return None,
        // Between two attempts.
        (TaskStatus::Unfinished, Some(1..)) => {
            (State::Canceled, "the run ended before its next attempt")
        }
        // Nothing was decided about it.
        (TaskStatus::Unfinished, _) => return None,
        (TaskStatus::Done, Some(_)) => (State::Done, ""),
        (TaskStatus::Skipped, _) if failed => (State::Skipped, "a job that it waits for failed"),
        (TaskStatus::Skipped, _) => (State::Skipped, "a job that it waits for was not done"),
        (TaskStatus::Failed, _) => (State::Failed, "it could not be started"),
    })
}

/// Why this end is a failure; `None` where it is none.
pub(crate) fn failure(ended: &Ended) -> Option<String> {
    if ended.is_success() {
        return None;
    }
    let how = match ended.exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal}{}", signal_name(signal)),
        // Which program that was is not known here.
        Exit::NotStarted(errno) => {
            format!("cannot be started: {}", std::io::Error::from_raw_os_error(errno))
        }
    };
    Some(match ended.reason {
        None if ended.out_of_memory => format!("{how}: the kernel ended it for lack of memory"),
        None => how,
        Some(Reason::Timeout(limit)) => format!("ended after its timeout of {}", time(limit)),
        Some(Reason::Memory(limit)) => format!(
            "ended at {} of memory, above its limit of {}",
            format_bytes(ended.peak),
            format_bytes(limit)
        ),
        Some(Reason::Stopped) => format!("ended with the run ({how})"),
        Some(Reason::GaveWay) => "ended to make room in memory".to_owned(),
    })
}

fn time(limit: Duration) -> String {
    format_time(limit)
}

/// The name of a signal that ends programs.
fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        14 => " (SIGALRM)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU)",
        25 => " (SIGXFSZ)",
        _ => "",
    }
}
