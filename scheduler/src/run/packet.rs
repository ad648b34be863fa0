//! Packets over a pair of sockets: bytes with descriptors, each packet by itself.
//! It does not know what they mean.
//!
//! **Invariant.** Descriptors that come with a packet are made by the kernel for this process as it
//! is received, closed on exec; nobody else has their numbers. Each is owned from here on, also
//! where whoever asked for the packet has no use for it.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};

use crate::error::{Error, ErrorKind, Result};

/// As many descriptors as a packet has.
const MOST_FDS: usize = 8;

/// What is done where a packet cannot be sent, or none is there, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Wait.
    Wait,
    /// Return `EAGAIN`.
    Refuse,
}

impl Patience {
    fn flags(self) -> MsgFlags {
        match self {
            Patience::Wait => MsgFlags::empty(),
            Patience::Refuse => MsgFlags::MSG_DONTWAIT,
        }
    }
}

/// Two ends that keep packets apart.
pub(super) fn pair() -> Result<(OwnedFd, OwnedFd)> {
    let (family, kind) = (AddressFamily::Unix, SockType::SeqPacket);
    socketpair(family, kind, None, SockFlag::SOCK_CLOEXEC)
        .map_err(|e| Error::new(ErrorKind::Os, format!("cannot make a pair of sockets: {e}")))
}

/// Sends one packet; a peer that has gone is an error, not a signal.
pub(super) fn send(
    to: BorrowedFd<'_>,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
    patience: Patience,
) -> nix::Result<()> {
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let control = [ControlMessage::ScmRights(&raw)];
    let control = if raw.is_empty() { &control[..0] } else { &control[..] };
    let flags = MsgFlags::MSG_NOSIGNAL | patience.flags();
    loop {
        let iov = [IoSlice::new(bytes)];
        match sendmsg::<()>(to.as_raw_fd(), &iov, control, flags, None) {
            Err(Errno::EINTR) => {}
            sent => return sent.map(drop),
        }
    }
}

/// Receives one packet into `bytes`: how many bytes it has, and its descriptors. None at all means
/// that the other end is gone, and all that it sent has been read.
pub(super) fn receive(
    from: BorrowedFd<'_>,
    bytes: &mut [u8],
    patience: Patience,
) -> nix::Result<(usize, Vec<OwnedFd>)> {
    let mut space = nix::cmsg_space!([RawFd; MOST_FDS]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC | patience.flags();
    loop {
        let mut iov = [IoSliceMut::new(bytes)];
        match recvmsg::<()>(from.as_raw_fd(), &mut iov, Some(&mut space), flags) {
            // The second says, once, that the other end has gone without reading all that it was
            // sent: what it sent itself is still there.
            Err(Errno::EINTR | Errno::ECONNRESET) => {}
            Err(e) => return Err(e),
            Ok(received) => {
                let mut fds: Vec<OwnedFd> = Vec::new();
                for control in received.cmsgs()? {
                    if let ControlMessageOwned::ScmRights(raw) = control {
                        // SAFETY: new descriptors that came with the packet; see the invariant.
                        fds.extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
                    }
                }
                return Ok((received.bytes, fds));
            }
        }
    }
}
