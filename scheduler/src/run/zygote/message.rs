//! Messages between the program, the zygote and its workers: a number, and descriptors.
//! It does not know what they mean.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::run::packet::{self, Patience};

/// What was received.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) number: u64,
    pub(super) fds: Vec<OwnedFd>,
}

/// Sends one message; a peer that has gone is an error, not a signal.
pub(super) fn send(to: &OwnedFd, number: u64, fds: &[BorrowedFd<'_>]) -> nix::Result<()> {
    packet::send(to.as_fd(), &number.to_ne_bytes(), fds, Patience::Wait)
}

/// Waits for one message; `None` when the other end is gone, and all that it sent has been read.
pub(super) fn receive(from: &OwnedFd) -> nix::Result<Option<Message>> {
    let mut bytes = [0; 8];
    let (n, fds) = packet::receive(from.as_fd(), &mut bytes, Patience::Wait)?;
    Ok((n == bytes.len()).then(|| Message { number: u64::from_ne_bytes(bytes), fds }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::packet::pair;

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
