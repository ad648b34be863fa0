//! One worker of a run as its supervisor knows it: its process, while there is one, and its output.
//! It does not know what the worker does.

use std::os::fd::{AsRawFd, RawFd};

use nix::sys::signal::Signal;

use super::death::{Death, Reason};
use super::fork::Child;
use super::output::{Lines, Show};
use crate::error::Error;
use crate::observer::OutputStream;
use crate::table::Slot;

/// A worker's place.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) child: Option<Child>,
    lines: [Lines; 2],
    /// Why the supervisor has ended the process: whatever task it had come to meanwhile is not to
    /// blame.
    pub(super) reason: Option<Reason>,
    /// The error of a task that was given up while it ran, where that is the reason.
    pub(super) sentence: Option<Error>,
    /// How many processes in a row ended here before they had come to a task.
    pub(super) barren: u32,
}

impl Post {
    pub(super) fn new(worker: u16) -> Self {
        let lines = |stream| Lines::new(worker, stream);
        let lines = [lines(OutputStream::Stdout), lines(OutputStream::Stderr)];
        Post { child: None, lines, reason: None, sentence: None, barren: 0 }
    }

    /// Puts a process here.
    pub(super) fn fill(&mut self, child: Child) {
        self.child = Some(child);
        self.lines.iter_mut().for_each(Lines::begin);
        self.reason = None;
        self.sentence = None;
    }

    pub(super) fn is_alive(&self) -> bool {
        self.child.is_some()
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            child.signal(signal);
        }
    }

    /// Ends the process, for a reason that its death will be judged by. The first one counts.
    pub(super) fn end(&mut self, reason: Reason) {
        if self.child.is_some() && self.reason.is_none() {
            self.reason = Some(reason);
            self.signal(Signal::SIGKILL);
        }
    }

    /// What the parent holds of this post's process, and no other worker may.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = RawFd> + use<> {
        let fds = self
            .child
            .as_ref()
            .map(|c| [c.pidfd.as_raw_fd(), c.pipes[0].as_raw_fd(), c.pipes[1].as_raw_fd()]);
        fds.into_iter().flatten()
    }

    /// Whether anything can still come from a stream.
    pub(super) fn is_open(&self, stream: usize) -> bool {
        self.lines.get(stream).is_none_or(Lines::is_open)
    }

    pub(super) fn drain(&mut self, stream: usize, slot: &Slot, show: &mut Show<'_, '_>) {
        if let Some(child) = &self.child {
            self.lines[stream].drain(&child.pipes[stream], slot, show);
        }
    }

    /// Reads what a process that has ended left in its pipes; `task` is what it was at. Returns the
    /// last lines that this wrote to its standard error.
    pub(super) fn finish(
        &mut self,
        child: &Child,
        slot: &Slot,
        task: Option<u32>,
        show: &mut Show<'_, '_>,
    ) -> String {
        let mut tail = String::new();
        for (lines, pipe) in self.lines.iter_mut().zip(&child.pipes) {
            lines.drain(pipe, slot, show);
            tail = lines.finish(task, show);
        }
        tail
    }
}

/// A process that is left when its post goes, by a panic of an observer, has nobody to end it.
impl Drop for Post {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            child.signal(Signal::SIGKILL);
            let _ = Death::reap(&child);
        }
    }
}
