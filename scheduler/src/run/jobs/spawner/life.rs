//! The spawner's life: it starts what it is asked to, and tells how that ended.
//! It decides nothing, and has one thread.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::launch::Launcher;
use super::trees::{TOKEN, Trees};
use super::wire::{End, Received, Report, Request, next_request, tell};
use crate::jobs::Exit;

/// How long what a program leaves behind has to end by itself, once it is asked to.
const GRACE: Duration = Duration::from_millis(500);
/// How long it is tried to end everything, when the program that all is for has gone.
const LAST: Duration = Duration::from_secs(5);

/// A program whose leader has ended.
struct Leaving {
    end: End,
    /// When what is left of its tree is killed.
    deadline: Instant,
}

struct Spawner {
    socket: OwnedFd,
    launcher: Launcher,
    trees: Trees,
    leaving: BTreeMap<u64, Leaving>,
}

/// Serves the program at the other end of `socket`, until there is none; then ends all that it has
/// started.
pub(super) fn live(socket: OwnedFd, nonce: u64) {
    let Ok(children) = listen() else { return };
    let mut spawner = Spawner {
        socket,
        launcher: Launcher::new(),
        trees: Trees::new(nonce),
        leaving: BTreeMap::new(),
    };
    let mut buffer = Vec::new();
    while spawner.serve(&children, &mut buffer) {}
    spawner.end_all(&children);
}

/// Takes no signal but by a descriptor, and becomes the parent of all that lose theirs.
fn listen() -> nix::Result<SignalFd> {
    // Where the program lets the kernel reap its children, the spawner does not.
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default is no handler.
    unsafe { sigaction(Signal::SIGCHLD, &default) }?;
    SigSet::all().thread_set_mask()?;
    nix::sys::prctl::set_child_subreaper(true)?;
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    SignalFd::with_flags(&children, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

impl Spawner {
    /// Waits for something to happen, and sees to it; false where nobody wants anything any more.
    fn serve(&mut self, children: &SignalFd, buffer: &mut Vec<u8>) -> bool {
        let due = self.leaving.values().map(|l| l.deadline).chain(self.trees.due()).min();
        let mut fds = [
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(children.as_fd(), PollFlags::POLLIN),
        ];
        let patience = due.map_or(PollTimeout::NONE, |at| {
            let left = at.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, patience) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return false,
        }
        let [asked, ended] = fds.map(|fd| fd.any().unwrap_or(false));
        if ended && !self.reap(children) {
            return false;
        }
        self.trees.look_around();
        let late = self.leaving.values().any(|l| l.deadline <= Instant::now());
        if (ended || late) && !self.see_off() {
            return false;
        }
        !asked || self.answer(buffer)
    }

    /// Carries out what is asked for, as long as there is something.
    fn answer(&mut self, buffer: &mut Vec<u8>) -> bool {
        loop {
            match next_request(self.socket.as_fd(), buffer) {
                Received::Message(request, fds) => {
                    if !self.carry_out(request, fds) {
                        return false;
                    }
                }
                Received::Nothing => return true,
                Received::Gone => return false,
            }
        }
    }

    fn tell(&self, report: Report) -> bool {
        tell(self.socket.as_fd(), &report).is_ok()
    }

    fn carry_out(&mut self, request: Request, fds: Vec<OwnedFd>) -> bool {
        match request {
            Request::Start { id, limit, mut command } => {
                let [a, b, c] = &fds[..] else { return false };
                command.env.push((TOKEN.into(), Some(self.trees.token(id).into())));
                let streams: [BorrowedFd<'_>; 3] = [a.as_fd(), b.as_fd(), c.as_fd()];
                match self.launcher.launch(&command, streams) {
                    Ok(leader) => {
                        self.trees.add(id, leader, limit);
                        self.tell(Report::Started { id, pid: leader.as_raw() as u32 })
                    }
                    Err(errno) => {
                        let exit = Exit::NotStarted(errno as i32);
                        self.tell(Report::Ended { id, end: End::of(exit) })
                    }
                }
            }
            Request::Signal { id, signal } => {
                if let Ok(signal) = Signal::try_from(signal) {
                    self.trees.signal(id, signal);
                }
                true
            }
        }
    }

    /// Takes the news of all that have ended.
    fn reap(&mut self, children: &SignalFd) -> bool {
        // One signal may stand for many.
        while let Ok(Some(_)) = children.read_signal() {}
        while let Some((pid, end)) = reap_one() {
            let Some(id) = self.trees.reaped(pid) else { continue };
            let left = self.trees.left_behind(id);
            if left.is_empty() {
                if !self.close(id, end) {
                    return false;
                }
                continue;
            }
            let condemned = self.trees.get(id).is_some_and(|t| t.condemned);
            let signal = if condemned { Signal::SIGKILL } else { Signal::SIGTERM };
            self.trees.signal(id, signal);
            let end = End { leftovers: left.len() as u64, ..end };
            self.leaving.insert(id, Leaving { end, deadline: Instant::now() + GRACE });
        }
        true
    }

    /// Sees to programs that are leaving: tells of those of which nothing is left, and kills those
    /// that do not go.
    fn see_off(&mut self) -> bool {
        let all: Vec<u64> = self.leaving.keys().copied().collect();
        for id in all {
            if self.trees.left_behind(id).is_empty() {
                let Some(leaving) = self.leaving.remove(&id) else { continue };
                if !self.close(id, leaving.end) {
                    return false;
                }
            } else if let Some(leaving) = self.leaving.get_mut(&id)
                && leaving.deadline <= Instant::now()
            {
                leaving.deadline += GRACE;
                self.trees.signal(id, Signal::SIGKILL);
            }
        }
        true
    }

    /// Nothing is left of a program.
    fn close(&mut self, id: u64, end: End) -> bool {
        let Some(tree) = self.trees.remove(id) else { return true };
        let end = End { peak: end.peak.max(tree.peak), excess: tree.excess, ..end };
        self.tell(Report::Ended { id, end })
    }

    /// The last thing that a spawner does.
    fn end_all(&mut self, children: &SignalFd) {
        let until = Instant::now() + LAST;
        while self.trees.end_all() && Instant::now() < until {
            let mut fds = [PollFd::new(children.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut fds, PollTimeout::from(50u8));
            while let Ok(Some(_)) = children.read_signal() {}
            while let Some((pid, _)) = reap_one() {
                self.trees.reaped(pid);
            }
        }
    }
}

impl End {
    fn of(exit: Exit) -> End {
        let none = 0;
        End {
            exit,
            user_us: none,
            system_us: none,
            peak: none,
            read: none,
            written: none,
            leftovers: none,
            excess: false,
        }
    }
}

/// Reaps one child that has ended, whoever it was: this process has no children but those of the
/// programs it started.
fn reap_one() -> Option<(i32, End)> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the kernel writes a number and a struct, which live through the call.
    let pid = unsafe { libc::wait4(-1, &mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    if pid <= 0 {
        return None;
    }
    // SAFETY: zero is a value of it, and the kernel has written another.
    let usage = unsafe { usage.assume_init() };
    let exit = if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Code(libc::WEXITSTATUS(status))
    };
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let micros = |t: libc::timeval| count(t.tv_sec) * 1_000_000 + count(t.tv_usec);
    let end = End {
        user_us: micros(usage.ru_utime),
        system_us: micros(usage.ru_stime),
        peak: count(usage.ru_maxrss) * 1024,
        read: count(usage.ru_inblock) * 512,
        written: count(usage.ru_oublock) * 512,
        ..End::of(exit)
    };
    Some((pid, end))
}
