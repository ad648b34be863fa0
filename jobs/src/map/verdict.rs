//! What is said of a job that did not end well.
//! It does not know where that is printed.

use tine_scheduler::ErrorKind;
use tine_scheduler::config::units::{format_bytes, format_time};
use tine_scheduler::jobs::{Ended, Exit, Reason};

use crate::gates::{Halted, When};

/// Its exit code, as shells have it for programs that a signal ended or that could not be started.
pub(super) fn code(ended: &Ended) -> i32 {
    match ended.exit {
        Exit::Code(0) => 1,
        Exit::Code(code) => code,
        Exit::Signal(signal) => 128 + signal,
        Exit::NotStarted(errno) if errno == nix::errno::Errno::ENOENT as i32 => 127,
        Exit::NotStarted(_) => 126,
    }
}

/// Whether it was ended because the run was.
pub(super) fn is_stopped(ended: &Ended) -> bool {
    ended.reason == Some(Reason::Stopped)
}

pub(super) fn kind(ended: &Ended) -> ErrorKind {
    match (ended.reason, ended.exit) {
        (Some(Reason::Timeout(_)), _) => ErrorKind::Timeout,
        (Some(Reason::Memory(_)), _) => ErrorKind::MemoryLimit,
        (Some(Reason::Stopped | Reason::GaveWay), _) => ErrorKind::Cancelled,
        (None, Exit::Signal(_)) => ErrorKind::Died,
        (None, Exit::NotStarted(_)) => ErrorKind::Os,
        (None, Exit::Code(_)) => ErrorKind::Exited,
    }
}

/// How it ended, in a few words.
pub(super) fn describe(ended: &Ended) -> String {
    match (ended.reason, ended.exit) {
        (Some(Reason::Timeout(limit)), _) => {
            format!("was ended because it ran for more than {}", format_time(limit))
        }
        (Some(Reason::Memory(limit)), _) => {
            format!("was ended because it had more than {} of memory", format_bytes(limit))
        }
        (Some(Reason::Stopped), _) => "was ended because the run was".to_owned(),
        (Some(Reason::GaveWay), _) => "was ended because memory was short".to_owned(),
        (None, Exit::Code(0)) => "succeeded".to_owned(),
        (None, Exit::Code(code)) => format!("failed with exit code {code}"),
        (None, Exit::Signal(signal)) => {
            let memory = if ended.out_of_memory { ", perhaps for lack of memory" } else { "" };
            format!("was ended by signal {signal}{memory}")
        }
        (None, Exit::NotStarted(errno)) => {
            let error = nix::errno::Errno::from_raw(errno).desc();
            format!("could not be started ({error})")
        }
    }
}

/// The same, where the program itself cannot have said it.
pub(super) fn explain(ended: &Ended) -> Option<String> {
    let silent = matches!((ended.reason, ended.exit), (None, Exit::Code(_)));
    let silent = silent
        || is_stopped(ended)
        || matches!((ended.reason, ended.exit), (None, Exit::Signal(_)) if !ended.out_of_memory);
    (!silent).then(|| describe(ended))
}

/// What follows from it for the others.
pub(super) fn halt(halted: Halted) -> &'static str {
    match halted.when {
        When::Soon => "no more jobs are started; those that run go on to their end",
        When::Now => "no more jobs are started; those that run are ended",
    }
}
