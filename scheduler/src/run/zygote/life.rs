//! The zygote's life: it forks what it is asked to, and tells how that ended.
//! It runs no tasks, and has one thread.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;

use super::carried;
use super::message::{Message, receive, send};
use crate::run::fork::{self, Lifeline, Nursery};

/// A worker that lives.
struct Worker {
    pid: Pid,
    pidfd: OwnedFd,
    /// Where the program waits for the news of its end.
    record: OwnedFd,
}

/// Signals that a terminal, or whoever ends the whole group, sends to the program. The zygote ends
/// with the program, not by itself: the program may want workers to the last.
const FOR_THE_PROGRAM: [Signal; 4] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

fn set(signal: Signal, handler: SigHandler) {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: neither of the two that are used here is a handler.
    let _ = unsafe { sigaction(signal, &action) };
}

/// Serves the program at the other end of `socket`, until there is none.
pub(super) fn live(socket: OwnedFd, life: Lifeline) {
    FOR_THE_PROGRAM.into_iter().for_each(|s| set(s, SigHandler::SigIgn));
    // Where the program lets the kernel reap its children, the zygote does not.
    set(Signal::SIGCHLD, SigHandler::SigDfl);
    life.belong_to_zygote();
    let nursery = Nursery::new();
    let mut workers: Vec<Worker> = Vec::new();
    loop {
        let mut fds = vec![PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        fds.extend(workers.iter().map(|w| PollFd::new(w.pidfd.as_fd(), PollFlags::POLLIN)));
        if poll(&mut fds, PollTimeout::NONE).is_err() {
            continue;
        }
        let happened: Vec<bool> =
            fds.iter().map(|fd| fd.revents().is_some_and(|r| !r.is_empty())).collect();
        for i in (0..workers.len()).rev().filter(|i| happened[i + 1]) {
            bury(&workers.swap_remove(i));
        }
        if happened[0] {
            match receive(&socket) {
                Ok(Some(message)) => workers.extend(deliver(&nursery, &socket, &workers, message)),
                Ok(None) => return,
                Err(_) => {}
            }
        }
    }
}

/// Tells how a worker ended.
fn bury(worker: &Worker) {
    let mut status = 0;
    // SAFETY: writes a number that lives through the call.
    let reaped = unsafe { libc::waitpid(worker.pid.as_raw(), &mut status, 0) };
    if reaped == worker.pid.as_raw() {
        // A program that does not listen any more does not want to know.
        let _ = send(&worker.record, status as u64, &[]);
    }
}

/// In a worker: waits for the program's word to begin; false where the program has given it up.
fn is_wanted(word: OwnedFd) -> bool {
    matches!(receive(&word), Ok(Some(_)))
}

/// Forks a worker.
fn deliver(
    nursery: &Nursery,
    socket: &OwnedFd,
    others: &[Worker],
    message: Message,
) -> Option<Worker> {
    let number = message.number as u16;
    let [out, err, record, plan, table, event]: [OwnedFd; 6] = message.fds.try_into().ok()?;
    // Another descriptor of the same socket, which the worker has while it waits.
    let Ok(word) = record.try_clone() else {
        let _ = send(&record, libc::EMFILE as u64, &[]);
        return None;
    };
    let known = others.iter().flat_map(|w| [w.pidfd.as_raw_fd(), w.record.as_raw_fd()]);
    let own = [socket.as_raw_fd(), record.as_raw_fd()];
    let strangers: Vec<RawFd> = own.into_iter().chain(known).collect();
    let output = [out.as_raw_fd(), err.as_raw_fd()];
    let born = nursery.spawn(output, &strangers, 0, || {
        let _ = nix::sys::prctl::set_name(c"tine-worker");
        // The only one of those that a worker does not set for itself.
        set(Signal::SIGQUIT, SigHandler::SigDfl);
        if !is_wanted(word) {
            return;
        }
        if let Err(e) = carried::live(plan, table, event, number) {
            // The one reader is whoever started the run.
            let text = format!("tine: a worker cannot start: {e}\n");
            let _ = nix::unistd::write(std::io::stderr(), text.as_bytes());
            fork::exit(1);
        }
    });
    match born {
        Ok((pid, pidfd)) => {
            let _ = send(&record, pid.as_raw() as u64, &[pidfd.as_fd()]);
            Some(Worker { pid, pidfd, record })
        }
        Err(errno) => {
            let _ = send(&record, errno as i32 as u64, &[]);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::{Shutdown, shutdown};

    use super::*;
    use crate::run::packet::pair;

    #[test]
    fn a_worker_begins_when_it_is_told_to() {
        let (program, worker) = pair().expect("sockets");
        send(&program, 0, &[]).expect("it is there");
        assert!(is_wanted(worker));
    }

    #[test]
    fn a_worker_that_was_given_up_never_begins() {
        let (program, worker) = pair().expect("sockets");
        let elsewhere = program.try_clone().expect("a descriptor");
        shutdown(program.as_raw_fd(), Shutdown::Both).expect("it is connected");
        drop(program);
        assert!(!is_wanted(worker));
        drop(elsewhere);
    }
}
