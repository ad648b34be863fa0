//! A small process that starts programs, and sees to it that nothing of them is left.
//! What the program that has it may ask of it stands here; what it does, in `life`.
//!
//! It is forked while the program is small: what a job's memory is said to have been at its most
//! never is less than what the process had that started it. It is the parent of all jobs, so that
//! their numbers are nobody else's until it has taken note of their ends, and the subreaper of what
//! they start. When the program is gone, however that ended, its end of the socket is closed, and the
//! spawner ends all trees before it goes too. Where the spawner is killed, the kernel kills jobs, and
//! the program what they have started. See `README.md`.

mod census;
mod hunt;
mod launch;
mod life;
mod trees;
mod wire;

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::error::{Error, ErrorKind, Result};
use crate::jobs::Command;
use crate::run::{fork, packet};
pub(super) use wire::{End, Report};
use wire::{Packet, Received};

/// Jobs are numbered from here, so that twice their number is none of what `shift` names by 0 and 1.
const FIRST: u64 = 1;

/// The spawner, as the program that has it knows it.
#[derive(Debug)]
pub(super) struct Spawner {
    socket: OwnedFd,
    pid: Pid,
    /// The process that forked it: in no other does a drop end it.
    owner: Pid,
    /// Tells the tokens of its jobs from those of another.
    nonce: u64,
    /// The number of the next job: never used twice.
    next: u64,
    /// Reports that came in while there was no room for a request.
    early: VecDeque<Report>,
    buffer: Vec<u8>,
}

impl Spawner {
    /// Forks it.
    ///
    /// # Errors
    /// No process, no descriptors, or threads that this process has.
    pub(super) fn fork() -> Result<Spawner> {
        let (socket, theirs) = pair()?;
        let nonce = super::super::nonce();
        let body = || life::live(theirs, nonce);
        let pid = fork::fork_spawner(body, socket.as_raw_fd())?;
        let (owner, early, buffer) = (Pid::this(), VecDeque::new(), Vec::new());
        Ok(Spawner { socket, pid, owner, nonce, next: FIRST, early, buffer })
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw() as u32
    }

    /// What can be read when there are reports.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// A number for a job.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Whether there are reports that have been taken in already.
    pub(super) fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// Has a program started, with these descriptors from 0 on (three or five), under a number that is used once.
    ///
    /// # Errors
    /// No memory, no descriptors, or no spawner any more.
    pub(super) fn start(
        &mut self,
        id: u64,
        limit: Option<u64>,
        command: &Command,
        fds: &[BorrowedFd<'_>],
    ) -> Result<()> {
        let packet = Packet::start(id, limit, command).map_err(|e| lost(e.desc()))?;
        self.send(&packet, fds)
    }

    /// Has the whole trees of programs signalled; SIGTERM together with SIGCONT.
    ///
    /// # Errors
    /// No spawner any more.
    pub(super) fn signal(&mut self, ids: &[u64], signal: Signal) -> Result<()> {
        match ids {
            [] => Ok(()),
            ids => self.send(&Packet::signal(ids, signal as i32), &[]),
        }
    }

    /// Ends what is left of these programs, where the spawner has not seen to it: it was killed.
    pub(super) fn hunt(&self, leaders: &[u32]) {
        hunt::hunt(self.nonce, leaders);
    }

    /// Sends a request. While there is no room for it, reports are taken in: neither side ever waits
    /// for one that waits for it.
    fn send(&mut self, packet: &Packet, fds: &[BorrowedFd<'_>]) -> Result<()> {
        loop {
            match packet.send(self.socket.as_fd(), fds) {
                Ok(()) => return Ok(()),
                Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::ETOOMANYREFS) => {}
                Err(e) => return Err(lost(e.desc())),
            }
            while let Some(report) = self.receive()? {
                self.early.push_back(report);
            }
            let both = PollFlags::POLLIN | PollFlags::POLLOUT;
            wait_until(self.socket.as_fd(), both).map_err(|e| lost(e.desc()))?;
        }
    }

    /// Waits until there are reports, or no spawner any more.
    pub(super) fn wait(&self) {
        let _ = wait_until(self.socket.as_fd(), PollFlags::POLLIN);
    }

    /// The next report, where there is one.
    ///
    /// # Errors
    /// No spawner any more.
    pub(super) fn next(&mut self) -> Result<Option<Report>> {
        match self.early.pop_front() {
            Some(report) => Ok(Some(report)),
            None => self.receive(),
        }
    }

    fn receive(&mut self) -> Result<Option<Report>> {
        match wire::next_report(self.socket.as_fd(), &mut self.buffer) {
            Received::Message(report, _) => Ok(Some(report)),
            Received::Nothing => Ok(None),
            Received::Gone => Err(lost("it has ended")),
        }
    }
}

/// When its end of the socket is closed, the spawner ends all trees, and itself: then it is reaped.
impl Drop for Spawner {
    fn drop(&mut self) {
        if self.owner != Pid::this() {
            return;
        }
        let shut =
            nix::sys::socket::shutdown(self.socket.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        if shut.is_ok() {
            while nix::sys::wait::waitpid(self.pid, None) == Err(Errno::EINTR) {}
        }
    }
}

/// Two ends that keep messages apart. None of them takes the place of a standard stream, where this
/// process has closed one: the spawner has its own there.
fn pair() -> Result<(OwnedFd, OwnedFd)> {
    let (a, b) = packet::pair()?;
    let refused = |e| os(&format!("cannot copy a socket: {e}"));
    Ok((above_standard(a).map_err(refused)?, above_standard(b).map_err(refused)?))
}

fn above_standard(fd: OwnedFd) -> nix::Result<OwnedFd> {
    if fd.as_raw_fd() > 2 {
        return Ok(fd);
    }
    let copy = fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(3))?;
    // SAFETY: a new descriptor that nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

fn wait_until(fd: BorrowedFd<'_>, what: PollFlags) -> nix::Result<()> {
    match poll(&mut [PollFd::new(fd, what)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(e) => Err(e),
    }
}

fn os(message: &str) -> Error {
    Error::new(ErrorKind::Os, message)
}

fn lost(why: &str) -> Error {
    os(&format!(
        "the process that starts programs does not answer: {why}; it ends with this one, and \
         otherwise only if somebody kills it"
    ))
}
