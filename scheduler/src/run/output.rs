//! What tasks print: read from the workers' pipes, and shown by the process that started the run,
//! line by line, so that a test captures it and lines are never mixed.
//! It does not know how a task is found: marks in the stream, and the worker's slot, say that.

use std::io::IsTerminal;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::marks;
use super::watch::Watch;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::observer::{OutputStream, TaskLine};
use crate::panics;
use crate::table::{NOBODY, Slot};

/// A line that is longer is shown in pieces.
const LONGEST: usize = 64 * 1024;
/// More that nobody can say the task of is shown without.
const MOST_HELD: usize = 1024 * 1024;
/// How much of what a task wrote to its standard error is kept for the case that it dies of it.
const TAIL: usize = 4 * 1024;
/// How many lines of it are told.
const TAIL_LINES: usize = 20;

/// What is read at once: a pipe holds up to 1 MB, and somebody who always writes must not keep the
/// supervisor from all else.
const READS: usize = 64;

/// One stream of one worker.
#[derive(Debug)]
pub(super) struct Lines {
    worker: u16,
    stream: OutputStream,
    /// What has come and was not shown: at most one line, or, where tasks are marked, what nobody
    /// can say the task of yet.
    pending: Vec<u8>,
    /// The last bytes since the last mark.
    tail: Vec<u8>,
    open: bool,
}

impl Lines {
    /// Collects a stream of a worker.
    pub(super) fn new(worker: u16, stream: OutputStream) -> Self {
        Lines { worker, stream, pending: Vec::new(), tail: Vec::new(), open: false }
    }

    /// Begins with the pipe of a new worker.
    pub(super) fn begin(&mut self) {
        self.open = true;
        self.tail.clear();
    }

    /// Whether anything can still come: the pipe's end can be read for ever.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Reads what is there, and shows the lines that are complete.
    ///
    /// Where tasks are marked, approach:
    /// - whoever printed leaves a mark before the next task begins: what stands before a mark, and
    ///   behind the one before, is of its task;
    /// - the marks of all tasks before the one that runs are in the pipe. When as much has been read
    ///   as lay in it then, and the same one still runs, what stands behind the last mark is its;
    ///   else a mark is on the way, or the worker has died.
    pub(super) fn drain(&mut self, pipe: &OwnedFd, slot: &Slot, show: &mut Show<'_, '_>) {
        let mut buffer = [0; 16 * 1024];
        let stream = self.stream as usize;
        let look = |show: &Show<'_, '_>| match show.tagged() {
            true => (slot.running(), marks::inside(pipe)),
            false => (None, 0),
        };
        let (mut before, mut owed) = look(show);
        for _ in 0..READS {
            slot.note_drain(stream, None);
            let read = nix::unistd::read(pipe, &mut buffer);
            let n = read.unwrap_or(0);
            slot.note_drain(stream, Some(n as u64));
            if n == 0 {
                // An end; or nothing more for now, which is an error of its own kind.
                self.open = self.open && read.is_err();
                break;
            }
            self.pending.extend_from_slice(&buffer[..n]);
            owed = owed.saturating_sub(n as u64);
            let same = before.filter(|_| owed == 0 && before == slot.running());
            self.digest(same.map(|(task, _)| task), show);
            if owed == 0 {
                (before, owed) = look(show);
            }
        }
    }

    /// Shows what can be shown; `running` has printed what stands behind the last mark.
    fn digest(&mut self, running: Option<u32>, show: &mut Show<'_, '_>) {
        while let Some((at, task)) = marks::find(show.nonce(), &self.pending) {
            let rest = self.pending.split_off(at);
            self.show_lines(Some(task).filter(|&t| t != NOBODY), show);
            self.pending.extend_from_slice(&rest[marks::LEN..]);
            self.tail.clear();
        }
        if show.tagged() && running.is_none() && self.pending.len() < MOST_HELD {
            return;
        }
        let part = self.pending.len() - marks::unfinished(show.nonce(), &self.pending);
        let rest = self.pending.split_off(part);
        self.show_lines(running, show);
        self.pending.extend_from_slice(&rest);
    }

    /// Shows the complete lines of `pending`.
    fn show_lines(&mut self, task: Option<u32>, show: &mut Show<'_, '_>) {
        let end = match self.pending.iter().rposition(|&b| b == b'\n') {
            Some(last) => last + 1,
            None if self.pending.len() > LONGEST => self.pending.len(),
            None => return,
        };
        let lines: Vec<u8> = self.pending.drain(..end).collect();
        self.remember(&lines);
        show.lines(self.worker, self.stream, task, &lines);
    }

    fn remember(&mut self, lines: &[u8]) {
        if self.stream == OutputStream::Stderr {
            self.tail.extend_from_slice(&lines[lines.len().saturating_sub(TAIL)..]);
            let surplus = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..surplus);
        }
    }

    /// Shows what is left when the worker has ended, and returns the last lines of the task that it
    /// died of, which is `task`.
    pub(super) fn finish(&mut self, task: Option<u32>, show: &mut Show<'_, '_>) -> String {
        self.digest(task, show);
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.remember(&rest);
            show.lines(self.worker, self.stream, task, &rest);
        }
        let text = String::from_utf8_lossy(&self.tail).into_owned();
        let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

/// How the output of a run is shown.
#[derive(Debug)]
pub(super) struct Screen {
    /// Lines are shown with the task that printed them.
    prefix: bool,
    /// Who has begun a line on each stream that is not complete.
    begun: [Option<u16>; 2],
    /// Why standard output cannot be written any more.
    broken: Option<String>,
}

impl Screen {
    /// Shows lines with their task where `prefix` says so.
    pub(super) fn new(prefix: bool) -> Self {
        Screen { prefix, begun: [None; 2], broken: None }
    }

    /// Fails where nobody reads the output any more.
    ///
    /// # Errors
    /// [`ErrorKind::Os`].
    pub(super) fn check(&self) -> Result<()> {
        let Some(why) = &self.broken else { return Ok(()) };
        let message = format!("the run was ended: what its tasks print cannot be written: {why}");
        Err(Error::new(ErrorKind::Os, message))
    }
}

/// Where lines go: to the screen, and to observers.
pub(super) struct Show<'s, 'a> {
    pub(super) engine: &'a Engine<'a>,
    pub(super) screen: &'s mut Screen,
    pub(super) watch: &'s Watch<'a>,
}

impl Show<'_, '_> {
    fn nonce(&self) -> u64 {
        self.engine.rules.nonce
    }

    fn tagged(&self) -> bool {
        self.engine.rules.tagged
    }

    /// Shows bytes that end a line, or a worker's output.
    fn lines(&mut self, worker: u16, stream: OutputStream, task: Option<u32>, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let task = task.filter(|&t| t < self.engine.table.last());
        if self.engine.wanted.lines {
            for text in text.lines() {
                self.watch.line(&TaskLine { task, worker, stream, text });
            }
        }
        let begun = &mut self.screen.begun[stream as usize];
        let foreign = begun.is_some_and(|w| w != worker);
        *begun = (!text.ends_with('\n')).then_some(worker);
        let gap = if foreign { "\n" } else { "" };
        if self.screen.prefix {
            let graph = self.engine.plan.graph();
            let name = task.map_or("?".into(), |t| graph.key(self.engine.task(t)).to_string());
            let lines = text.split_inclusive('\n').map(|line| format!("[{name}] {line}"));
            self.print(stream, &format!("{gap}{}", lines.collect::<String>()));
        } else if foreign {
            self.print(stream, &format!("{gap}{text}"));
        } else {
            self.print(stream, &text);
        }
    }

    /// Through the macros, which a test's harness listens to.
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "a task printed it")]
    fn print(&mut self, stream: OutputStream, text: &str) {
        if stream == OutputStream::Stderr {
            // Nobody to complain to: the run goes on.
            let _ = panics::quietly(|| eprint!("{text}"));
            return;
        }
        if self.screen.broken.is_some() {
            return;
        }
        self.screen.broken = broken_pipe();
        if self.screen.broken.is_none() {
            self.screen.broken = panics::quietly(|| print!("{text}")).err();
        }
    }
}

/// Whether nobody reads standard output any more. Asked before it is written to: `print!` panics
/// then, which where panics abort is the end of the program.
fn broken_pipe() -> Option<String> {
    let out = std::io::stdout();
    let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
    let asked = poll(&mut fds, PollTimeout::ZERO);
    let events = fds[0].revents().unwrap_or(PollFlags::empty());
    let gone = events.contains(PollFlags::POLLERR)
        || (events.contains(PollFlags::POLLHUP) && out.is_terminal());
    (asked.is_ok() && gone).then(|| Errno::EPIPE.desc().to_owned())
}
