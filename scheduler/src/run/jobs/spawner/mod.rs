//! A small process that starts programs, and sees to it that nothing of them is left.
//! What the program that has it may ask of it stands here; what it does, in `life`.
//!
//! It is forked while the program is small: what a job's memory is said to have been at its most
//! never is less than what the process had that started it. It is the parent of all jobs, so that
//! their numbers are nobody else's until it has taken note of their ends, and the subreaper of what
//! they start. When the program is gone, however that ended, its end of the socket is closed, and the
//! spawner ends all trees before it goes too. Where the spawner is killed, jobs are by the kernel.

mod census;
mod launch;
mod life;
mod trees;
mod wire;

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::Pid;

use crate::error::{Error, ErrorKind, Result};
use crate::jobs::Command;
use crate::run::fork;
pub(super) use wire::{End, Report};
use wire::{Packet, Received};

/// The spawner, as the program that has it knows it.
#[derive(Debug)]
pub(super) struct Spawner {
    socket: OwnedFd,
    pid: Pid,
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
        let (socket, theirs) =
            pair().map_err(|e| os(&format!("cannot make a pair of sockets: {e}")))?;
        let nonce = super::super::nonce();
        let body = || life::live(theirs, nonce);
        let pid = fork::fork_spawner(body, socket.as_raw_fd())?;
        Ok(Spawner { socket, pid, early: VecDeque::new(), buffer: Vec::new() })
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw() as u32
    }

    /// What can be read when there are reports.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Has a program started, with these streams, under a number that is used once.
    ///
    /// # Errors
    /// No memory, no descriptors, or no spawner any more.
    pub(super) fn start(
        &mut self,
        id: u64,
        limit: Option<u64>,
        command: &Command,
        streams: [BorrowedFd<'_>; 3],
    ) -> Result<()> {
        let packet = Packet::start(id, limit, command).map_err(|e| lost(e.desc()))?;
        self.send(&packet, &streams)
    }

    /// Has the whole tree of a program signalled.
    ///
    /// # Errors
    /// No spawner any more.
    pub(super) fn signal(&mut self, id: u64, signal: Signal) -> Result<()> {
        self.send(&Packet::signal(id, signal as i32), &[])
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
        let shut =
            nix::sys::socket::shutdown(self.socket.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        if shut.is_ok() {
            while nix::sys::wait::waitpid(self.pid, None) == Err(Errno::EINTR) {}
        }
    }
}

/// Two ends that keep messages apart.
fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
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
