//! One job that runs: what it has taken, what it prints, and who ends it.
//! It does not know how it is started, or what becomes of it.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use super::slots::Taken;
use crate::error::Result;
use crate::jobs::Reason;
use crate::observer::OutputStream;

/// The streams, in the order in which they stand in arrays.
pub(super) const STREAMS: [OutputStream; 2] = [OutputStream::Stdout, OutputStream::Stderr];

/// A pipe of a job that prints much is made as large as this, where the kernel lets us.
const LARGE_PIPE: i32 = 1 << 20;
/// A read that fills as much says that a job prints much.
const MUCH: usize = 1 << 16;
/// Buffers full of one stream before others have their turn.
const TURN: usize = 8;

/// Bytes at the end of the standard error that are kept, to be told where the job fails.
const LAST_WORDS: usize = 2048;

/// A job that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) task: u32,
    pub(super) attempt: u32,
    pub(super) taken: Taken,
    /// Bytes at which its tree is ended.
    pub(super) limit: Option<u64>,
    /// In nanoseconds of the run.
    pub(super) started: u64,
    pub(super) pid: u32,
    /// Why it is being ended.
    pub(super) reason: Option<Reason>,
    /// When it is killed, if it has not gone by then.
    pub(super) kill_at: Option<u64>,
    pipes: [Option<OwnedFd>; 2],
    is_large: [bool; 2],
    pub(super) printed: [u64; 2],
    /// The end of what it wrote to its standard error, and some of what was before.
    errors: Vec<u8>,
}

impl Running {
    pub(super) fn new(
        task: u32,
        attempt: u32,
        taken: Taken,
        started: u64,
        pipes: [OwnedFd; 2],
    ) -> Self {
        Running {
            task,
            attempt,
            taken,
            limit: None,
            started,
            pid: 0,
            reason: None,
            kill_at: None,
            pipes: pipes.map(Some),
            is_large: [false; 2],
            printed: [0; 2],
            errors: Vec::new(),
        }
    }

    /// Reads what a stream holds, as much as is one turn, or all that is in it now, and hands it to
    /// `show`. Returns whether there may be more.
    ///
    /// # Errors
    /// Those of `show`.
    pub(super) fn drain(
        &mut self,
        stream: usize,
        all: bool,
        buffer: &mut [u8],
        mut show: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        let Some(pipe) = &self.pipes[stream] else { return Ok(false) };
        // What a job printed is in the pipe when it has ended. Others may go on writing there.
        let most = if all { held_by(pipe) } else { TURN * buffer.len() };
        let mut got = 0;
        while got < most {
            match nix::unistd::read(pipe.as_fd(), buffer) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    got += n;
                    self.printed[stream] += n as u64;
                    if n >= MUCH && !std::mem::replace(&mut self.is_large[stream], true) {
                        // Whoever may have no more pages of pipes keeps the small one.
                        let _ = fcntl(pipe.as_fd(), FcntlArg::F_SETPIPE_SZ(LARGE_PIPE));
                    }
                    if STREAMS[stream] == OutputStream::Stderr {
                        keep_end(&mut self.errors, &buffer[..n]);
                    }
                    show(&buffer[..n])?;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The end of what it has written to its standard error.
    pub(super) fn last_words(&self) -> &[u8] {
        &self.errors[self.errors.len().saturating_sub(LAST_WORDS)..]
    }

    /// Takes a pipe out, to be closed.
    pub(super) fn hang_up(&mut self, stream: usize) -> Option<OwnedFd> {
        self.pipes[stream].take()
    }

    /// Its open pipes, with the streams that they are of.
    pub(super) fn pipes(&self) -> impl Iterator<Item = (usize, BorrowedFd<'_>)> {
        self.pipes.iter().enumerate().filter_map(|(i, pipe)| Some((i, pipe.as_ref()?.as_fd())))
    }
}

/// Adds `new` to `kept`, of which only the end is wanted.
fn keep_end(kept: &mut Vec<u8>, new: &[u8]) {
    kept.extend_from_slice(&new[new.len().saturating_sub(LAST_WORDS)..]);
    if kept.len() > 2 * LAST_WORDS {
        kept.drain(..kept.len() - LAST_WORDS);
    }
}

/// How many bytes are in a pipe.
fn held_by(pipe: &OwnedFd) -> usize {
    let mut held: libc::c_int = 0;
    // SAFETY: the kernel writes a number, which lives through the call.
    let failed = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut held) };
    if failed < 0 { LARGE_PIPE as usize } else { usize::try_from(held).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_what_was_written_is_kept() {
        let all: Vec<u8> = (0..20_000u32).map(|i| (i % 251) as u8).collect();
        let (mut kept, mut rest) = (Vec::new(), &all[..]);
        for size in [1, 2047, 2048, 2049, 1, 7, 9_000, 3, 4_096].into_iter().cycle() {
            let (new, after) = rest.split_at(size.min(rest.len()));
            keep_end(&mut kept, new);
            rest = after;
            let so_far = &all[..all.len() - rest.len()];
            let want = &so_far[so_far.len().saturating_sub(LAST_WORDS)..];
            assert!(kept.ends_with(want) && kept.len() <= 2 * LAST_WORDS);
            if rest.is_empty() {
                break;
            }
        }
    }
}
