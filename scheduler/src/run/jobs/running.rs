//! One job that runs: what it has taken, what it prints, and who ends it.
//! It does not know how it is started, or what becomes of it.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::slots::Taken;
use super::spawner::End;
use crate::error::Result;
use crate::jobs::Reason;
use crate::observer::OutputStream;

/// The streams, in the order in which they stand in arrays.
pub(super) const STREAMS: [OutputStream; 2] = [OutputStream::Stdout, OutputStream::Stderr];

/// A pipe of a job that prints much is made as large as this, where the kernel lets us.
const LARGE_PIPE: i32 = 1 << 20;
/// A read that fills as much says that a job prints much.
const MUCH: usize = 1 << 16;
/// Reads of one stream before others have their turn.
const TURN: usize = 8;

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
    /// How it ended, once that is known.
    pub(super) end: Option<End>,
    /// Why it is being ended.
    pub(super) reason: Option<Reason>,
    /// When it is killed, if it has not gone by then.
    pub(super) kill_at: Option<u64>,
    pipes: [Option<OwnedFd>; 2],
    is_large: [bool; 2],
    pub(super) printed: [u64; 2],
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
            end: None,
            reason: None,
            kill_at: None,
            pipes: pipes.map(Some),
            is_large: [false; 2],
            printed: [0; 2],
        }
    }

    /// Reads what a stream holds, as much as is one turn, or all of it, and hands it to `show`.
    /// Returns whether the stream is still open.
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
        let mut turns = 0;
        while all || turns < TURN {
            turns += 1;
            let Some(pipe) = &self.pipes[stream] else { return Ok(false) };
            match nix::unistd::read(pipe.as_fd(), buffer) {
                Ok(0) => self.pipes[stream] = None,
                Ok(n) => {
                    self.printed[stream] += n as u64;
                    if n >= MUCH && !std::mem::replace(&mut self.is_large[stream], true) {
                        // Whoever may have no more pages of pipes keeps the small one.
                        let _ = fcntl(pipe.as_fd(), FcntlArg::F_SETPIPE_SZ(LARGE_PIPE));
                    }
                    show(&buffer[..n])?;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(true),
                Err(_) => self.pipes[stream] = None,
            }
        }
        Ok(true)
    }

    /// Its open pipes, with the streams that they are of.
    pub(super) fn pipes(&self) -> impl Iterator<Item = (usize, BorrowedFd<'_>)> {
        self.pipes.iter().enumerate().filter_map(|(i, pipe)| Some((i, pipe.as_ref()?.as_fd())))
    }
}
