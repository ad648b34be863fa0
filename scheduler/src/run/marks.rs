//! Marks in the output of a worker process that say which task printed what stands before them.
//! It does not read output: see `output`.
//!
//! A task that prints nothing leaves no mark. Whether it has printed is seen by the number of bytes
//! that ever went into the pipe: those that the supervisor has read, and those that still lie in it.
//! Where the supervisor reads at that very moment a mark is written in doubt, which says nothing
//! wrong: between it and the mark before there is only what the task printed.

/// Begins a mark. No text does.
const BEGIN: [u8; 6] = *b"\0\x1btine";
/// `BEGIN`, the run's nonce, and the rank of a task.
pub(super) const LEN: usize = BEGIN.len() + 8 + 4;

/// The mark of a task, or with `NOBODY` one that only ends what was printed before.
pub(super) fn mark(nonce: u64, task: u32) -> [u8; LEN] {
    let mut mark = [0; LEN];
    mark[..6].copy_from_slice(&BEGIN);
    mark[6..14].copy_from_slice(&nonce.to_le_bytes());
    mark[14..].copy_from_slice(&task.to_le_bytes());
    mark
}

/// The first mark in `bytes`: where it begins, and its task.
pub(super) fn find(nonce: u64, bytes: &[u8]) -> Option<(usize, u32)> {
    let head = &mark(nonce, 0)[..LEN - 4];
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|&b| b == 0)?;
        let candidate = bytes.get(at..at + LEN)?;
        if let Some(task) = candidate.strip_prefix(head) {
            return Some((at, u32::from_le_bytes(task.try_into().expect("four bytes"))));
        }
        from = at + 1;
    }
}

/// How many bytes at the end may be the beginning of a mark.
pub(super) fn unfinished(nonce: u64, bytes: &[u8]) -> usize {
    let head = mark(nonce, 0);
    let tail = |n: &usize| {
        let end = &bytes[bytes.len() - n..];
        let known = (*n).min(LEN - 4);
        end[..known] == head[..known]
    };
    (1..LEN.min(bytes.len() + 1)).rev().find(tail).unwrap_or(0)
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
mod imp {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    use super::mark;
    use crate::table::{NOBODY, Slot};

    /// A worker's way to mark its own output.
    #[derive(Debug)]
    pub(crate) struct Marks {
        /// Descriptors of our own: a task may close the standard ones, or put files in their place.
        pipes: [OwnedFd; 2],
        nonce: u64,
        /// What had been written in all when it was last looked at.
        seen: [u64; 2],
    }

    impl Marks {
        /// Marks standard output and error; `None` where there is no descriptor left.
        pub(crate) fn open(nonce: u64, slot: &Slot) -> Option<Self> {
            let mut marks = Marks { pipes: [copy(1)?, copy(2)?], nonce, seen: [0; 2] };
            for (stream, seen) in marks.seen.iter_mut().enumerate() {
                *seen = total(&marks.pipes[stream], slot, stream).unwrap_or(0);
            }
            Some(marks)
        }

        /// Ends whatever was printed before.
        pub(crate) fn begin(&mut self) {
            self.pipes.iter().for_each(|pipe| write(pipe, &mark(self.nonce, NOBODY)));
        }

        /// Says that `task` printed what came since the last mark, where anything did.
        pub(crate) fn end(&mut self, task: u32, slot: &Slot) {
            for (stream, pipe) in self.pipes.iter().enumerate() {
                if total(pipe, slot, stream) != Some(self.seen[stream]) {
                    write(pipe, &mark(self.nonce, task));
                    // Where this is in doubt, the next task leaves a mark too many.
                    self.seen[stream] = total(pipe, slot, stream).unwrap_or(0);
                }
            }
        }
    }

    /// How many bytes lie in a pipe.
    pub(in crate::run) fn inside(pipe: &OwnedFd) -> u64 {
        let mut bytes: libc::c_int = 0;
        // SAFETY: writes one integer, which lives through the call.
        unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
        u64::try_from(bytes).unwrap_or(0)
    }

    /// The bytes that were ever written; `None` where somebody reads at this moment.
    fn total(pipe: &OwnedFd, slot: &Slot, stream: usize) -> Option<u64> {
        let (before, drained) = slot.drained(stream);
        let inside = inside(pipe);
        let (after, _) = slot.drained(stream);
        let still = before == after && before % 2 == 0;
        still.then(|| drained + inside)
    }

    fn copy(fd: i32) -> Option<OwnedFd> {
        // SAFETY: a plain system call; the result is checked.
        let fd = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) };
        // SAFETY: a new descriptor that nobody else has.
        (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// One call: what is no longer than PIPE_BUF is never mixed with what others write.
    fn write(pipe: &OwnedFd, mark: &[u8]) {
        while nix::unistd::write(pipe, mark) == Err(nix::errno::Errno::EINTR) {}
    }
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
mod imp {
    use crate::table::Slot;

    /// Threads print for themselves.
    #[derive(Debug)]
    pub(crate) enum Marks {}

    impl Marks {
        /// Never.
        pub(crate) fn begin(&mut self) {}

        /// Never.
        pub(crate) fn end(&mut self, _task: u32, _slot: &Slot) {}
    }
}

pub(crate) use imp::Marks;
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(super) use imp::inside;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_between_bytes() {
        let (text, mark) = (b"a\0b\0\x1btin", mark(77, 5));
        let all = [&text[..], &mark, b"rest"].concat();
        assert_eq!(find(77, &all), Some((text.len(), 5)));
        assert_eq!(find(78, &all), None);
    }

    #[test]
    fn a_mark_in_two_pieces_is_waited_for() {
        let mark = mark(77, 5);
        for n in 1..LEN {
            let all = [b"text", &mark[..n]].concat();
            assert_eq!((find(77, &all), unfinished(77, &all)), (None, n));
        }
        assert_eq!(unfinished(77, b"text"), 0);
    }
}
