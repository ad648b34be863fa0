//! Messages between the program, the zygote and its workers: a number, and descriptors.
//! It does not know what they mean.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};

use crate::error::{Error, ErrorKind, Result};

/// As many descriptors as a message has.
const MOST: usize = 8;

/// What was received.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) number: u64,
    pub(super) fds: Vec<OwnedFd>,
}

/// Two ends that keep messages apart.
pub(super) fn pair() -> Result<(OwnedFd, OwnedFd)> {
    let (family, kind) = (AddressFamily::Unix, SockType::SeqPacket);
    socketpair(family, kind, None, SockFlag::SOCK_CLOEXEC)
        .map_err(|e| Error::new(ErrorKind::Os, format!("cannot make a pair of sockets: {e}")))
}

/// Sends one message; a peer that has gone is an error, not a signal.
pub(super) fn send(to: &OwnedFd, number: u64, fds: &[BorrowedFd<'_>]) -> nix::Result<()> {
    let bytes = number.to_ne_bytes();
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let control = [ControlMessage::ScmRights(&raw)];
    let control = if raw.is_empty() { &control[..0] } else { &control[..] };
    loop {
        let iov = [IoSlice::new(&bytes)];
        let to = to.as_fd().as_raw_fd();
        match sendmsg::<()>(to, &iov, control, MsgFlags::MSG_NOSIGNAL, None) {
            Err(Errno::EINTR) => {}
            sent => return sent.map(drop),
        }
    }
}

/// Waits for one message; `None` when the other end is gone, and all that it sent has been read.
pub(super) fn receive(from: &OwnedFd) -> nix::Result<Option<Message>> {
    let mut bytes = [0; 8];
    let mut space = nix::cmsg_space!([RawFd; MOST]);
    let (n, fds) = loop {
        let mut iov = [IoSliceMut::new(&mut bytes)];
        let from = from.as_fd().as_raw_fd();
        match recvmsg::<()>(from, &mut iov, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
            // The second says, once, that the other end has gone without reading all that it was
            // sent: what it sent itself is still there.
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
                break (received.bytes, fds);
            }
        }
    };
    Ok((n == bytes.len()).then(|| Message { number: u64::from_ne_bytes(bytes), fds }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_heard_of_one_who_did_not_listen() {
        let (ours, theirs) = pair().expect("sockets");
        send(&ours, 1, &[]).expect("it is there");
        send(&theirs, 2, &[]).expect("it is there");
        drop(theirs);
        let heard = receive(&ours).expect("no error").expect("a message");
        assert_eq!(heard.number, 2);
        assert!(receive(&ours).expect("no error").is_none());
        assert!(send(&ours, 3, &[]).is_err());
    }
}
