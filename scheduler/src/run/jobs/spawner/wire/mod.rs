//! Messages between a program and its spawner: bytes and descriptors, each message by itself.
//! It does not know what is done about them.

use std::ffi::{OsStr, OsString};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

use crate::jobs::{Command, Exit};
use crate::region::memfd;

/// A longer order goes through a file of memory: sockets take messages of some 200 KiB.
const INLINE: usize = 32 << 10;
/// Standard input, output and error, two that a program may have beside them, and the file of a long
/// order.
const MOST_FDS: usize = 6;

/// What the spawner is told to do.
#[derive(Debug)]
pub(super) enum Request {
    /// Start a program, under a number that is used once. With a limit, its tree is ended when it
    /// has more memory than that.
    Start { id: u64, limit: Option<u64>, command: Command },
    /// Signal the whole trees of programs.
    Signal { ids: Vec<u64>, signal: i32 },
}

/// What the spawner tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run::jobs) enum Report {
    /// A program runs.
    Started { id: u64, pid: u32 },
    /// A program has ended, and nothing of its tree is left.
    Ended { id: u64, end: End },
}

/// How a program and its tree ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run::jobs) struct End {
    pub(in crate::run::jobs) exit: Exit,
    pub(in crate::run::jobs) user_us: u64,
    pub(in crate::run::jobs) system_us: u64,
    pub(in crate::run::jobs) peak: u64,
    pub(in crate::run::jobs) read: u64,
    pub(in crate::run::jobs) written: u64,
    pub(in crate::run::jobs) leftovers: u64,
    /// Whether it was ended because it had more memory than its limit.
    pub(in crate::run::jobs) excess: bool,
}

const START: u64 = 1;
const START_LONG: u64 = 2;
const SIGNAL: u64 = 3;
const STARTED: u64 = 4;
const ENDED: u64 = 5;

const CODE: u64 = 0;
const SIGNALLED: u64 = 1;
const NOT_STARTED: u64 = 2;

/// Appends numbers and strings.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, n: u64) {
        self.0.extend_from_slice(&n.to_ne_bytes());
    }

    fn text(&mut self, s: &OsStr) {
        self.number(s.len() as u64);
        self.0.extend_from_slice(s.as_bytes());
    }
}

/// Takes them apart again.
struct In<'a>(&'a [u8]);

impl In<'_> {
    fn number(&mut self) -> Option<u64> {
        let (n, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*n))
    }

    fn text(&mut self) -> Option<OsString> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(OsString::from_vec(text.to_vec()))
    }

    /// Never more at once than there can be.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|&n| n <= self.0.len())
    }
}

/// A program's order as bytes.
fn write_order(id: u64, limit: Option<u64>, command: &Command) -> Vec<u8> {
    let mut out = Out::default();
    out.number(START);
    out.number(id);
    out.number(limit.unwrap_or(0));
    out.number(command.nice as u64);
    out.text(command.cwd.as_deref().map_or(OsStr::new(""), |cwd| cwd.as_os_str()));
    out.number(command.argv.len() as u64);
    command.argv.iter().for_each(|arg| out.text(arg));
    out.number(command.env.len() as u64);
    for (name, value) in &command.env {
        out.text(name);
        out.number(u64::from(value.is_some()));
        out.text(value.as_deref().unwrap_or_default());
    }
    out.0
}

fn read_order(from: &mut In<'_>) -> Option<(u64, Option<u64>, Command)> {
    let id = from.number()?;
    let limit = Some(from.number()?).filter(|&l| l > 0);
    let nice = from.number()? as i32;
    let cwd = Some(from.text()?).filter(|cwd| !cwd.is_empty()).map(Into::into);
    let argv = (0..from.count()?).map(|_| from.text()).collect::<Option<_>>()?;
    let env = (0..from.count()?).map(|_| {
        let (name, set, value) = (from.text()?, from.number()? != 0, from.text()?);
        Some((name, set.then_some(value)))
    });
    let env = env.collect::<Option<_>>()?;
    Some((id, limit, Command { argv, env, cwd, nice, ..Command::default() }))
}

/// A message that is ready to be sent.
#[derive(Debug)]
pub(super) struct Packet {
    bytes: Vec<u8>,
    /// Where a long order lies.
    file: Option<OwnedFd>,
}

impl Packet {
    /// The order to start a program; its descriptors are sent beside.
    ///
    /// # Errors
    /// No memory for a long one.
    pub(super) fn start(id: u64, limit: Option<u64>, command: &Command) -> nix::Result<Packet> {
        let bytes = write_order(id, limit, command);
        if bytes.len() <= INLINE {
            return Ok(Packet { bytes, file: None });
        }
        let file = memfd("tine-order", bytes.len()).map_err(|_| Errno::ENOMEM)?;
        let file = std::fs::File::from(file);
        file.write_all_at(&bytes, 0).map_err(|_| Errno::ENOMEM)?;
        let mut out = Out::default();
        out.number(START_LONG);
        out.number(bytes.len() as u64);
        Ok(Packet { bytes: out.0, file: Some(file.into()) })
    }

    /// The order to signal trees: at most as many as there are slots.
    pub(super) fn signal(ids: &[u64], signal: i32) -> Packet {
        let mut out = Out::default();
        let head = [SIGNAL, signal as u64, ids.len() as u64];
        head.iter().chain(ids).for_each(|&n| out.number(n));
        Packet { bytes: out.0, file: None }
    }

    fn report(report: &Report) -> Packet {
        let mut out = Out::default();
        match *report {
            Report::Started { id, pid } => {
                [STARTED, id, pid.into()].into_iter().for_each(|n| out.number(n));
            }
            Report::Ended { id, end } => {
                let (kind, value) = match end.exit {
                    Exit::Code(code) => (CODE, code),
                    Exit::Signal(signal) => (SIGNALLED, signal),
                    Exit::NotStarted(errno) => (NOT_STARTED, errno),
                };
                let how = [ENDED, id, kind, value as u64, end.leftovers, end.excess.into()];
                let used = [end.user_us, end.system_us, end.peak, end.read, end.written];
                how.into_iter().chain(used).for_each(|n| out.number(n));
            }
        }
        Packet { bytes: out.0, file: None }
    }

    /// Sends it with these descriptors; `EAGAIN` where there is no room now.
    pub(super) fn send(&self, to: BorrowedFd<'_>, fds: &[BorrowedFd<'_>]) -> nix::Result<()> {
        let own = self.file.as_ref().map(AsRawFd::as_raw_fd);
        let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).chain(own).collect();
        let control = [ControlMessage::ScmRights(&raw)];
        let control = if raw.is_empty() { &control[..0] } else { &control[..] };
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        loop {
            let iov = [IoSlice::new(&self.bytes)];
            match sendmsg::<()>(to.as_raw_fd(), &iov, control, flags, None) {
                Err(Errno::EINTR) => {}
                sent => return sent.map(drop),
            }
        }
    }
}

impl Report {
    /// Sends it to the program; `EAGAIN` where there is no room now.
    pub(super) fn send(&self, to: BorrowedFd<'_>) -> nix::Result<()> {
        Packet::report(self).send(to, &[])
    }
}

/// One message, if there is one: bytes and descriptors.
fn receive(from: BorrowedFd<'_>, bytes: &mut [u8]) -> nix::Result<(usize, Vec<OwnedFd>)> {
    let mut space = nix::cmsg_space!([RawFd; MOST_FDS]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_DONTWAIT;
    loop {
        let mut iov = [IoSliceMut::new(bytes)];
        match recvmsg::<()>(from.as_raw_fd(), &mut iov, Some(&mut space), flags) {
            Err(Errno::EINTR | Errno::ECONNRESET) => {}
            Err(e) => return Err(e),
            Ok(received) => {
                let mut fds: Vec<OwnedFd> = Vec::new();
                for control in received.cmsgs()? {
                    if let ControlMessageOwned::ScmRights(raw) = control {
                        // SAFETY: new descriptors that came with the message, and nobody else has.
                        fds.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
                    }
                }
                return Ok((received.bytes, fds));
            }
        }
    }
}

/// What came in.
#[derive(Debug)]
pub(super) enum Received<T> {
    /// A message, with its descriptors.
    Message(T, Vec<OwnedFd>),
    /// Nothing now.
    Nothing,
    /// The other end is gone.
    Gone,
}

fn receive_as<T>(
    from: BorrowedFd<'_>,
    buffer: &mut Vec<u8>,
    read: impl FnOnce(&[u8], &mut Vec<OwnedFd>) -> Option<T>,
) -> Received<T> {
    buffer.resize(INLINE + 1024, 0);
    match receive(from, buffer) {
        Err(Errno::EAGAIN) => Received::Nothing,
        Err(_) | Ok((0, _)) => Received::Gone,
        Ok((n, mut fds)) => match read(&buffer[..n], &mut fds) {
            Some(message) => Received::Message(message, fds),
            // What cannot be read was not sent by the other half of this file.
            None => Received::Gone,
        },
    }
}

/// The next request, where there is one.
pub(super) fn next_request(from: BorrowedFd<'_>, buffer: &mut Vec<u8>) -> Received<Request> {
    receive_as(from, buffer, |bytes, fds| {
        let mut input = In(bytes);
        match input.number()? {
            START => start(&mut input),
            START_LONG => {
                let file = std::fs::File::from(fds.pop()?);
                let mut bytes = vec![0; usize::try_from(input.number()?).ok()?];
                file.read_exact_at(&mut bytes, 0).ok()?;
                let mut input = In(&bytes);
                input.number()?;
                start(&mut input)
            }
            SIGNAL => {
                let signal = input.number()? as i32;
                let ids = (0..input.count()?).map(|_| input.number()).collect::<Option<_>>()?;
                Some(Request::Signal { ids, signal })
            }
            _ => None,
        }
    })
}

fn start(input: &mut In<'_>) -> Option<Request> {
    let (id, limit, command) = read_order(input)?;
    Some(Request::Start { id, limit, command })
}

/// The next report, where there is one.
pub(super) fn next_report(from: BorrowedFd<'_>, buffer: &mut Vec<u8>) -> Received<Report> {
    receive_as(from, buffer, |bytes, _| {
        let mut input = In(bytes);
        let mut n = || input.number();
        Some(match n()? {
            STARTED => Report::Started { id: n()?, pid: n()? as u32 },
            ENDED => {
                let (id, kind, value, leftovers) = (n()?, n()?, n()? as i32, n()?);
                let exit = match kind {
                    CODE => Exit::Code(value),
                    SIGNALLED => Exit::Signal(value),
                    _ => Exit::NotStarted(value),
                };
                let (excess, user_us, system_us) = (n()? != 0, n()?, n()?);
                let (peak, read, written) = (n()?, n()?, n()?);
                let end = End { exit, user_us, system_us, peak, read, written, leftovers, excess };
                Report::Ended { id, end }
            }
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests;
