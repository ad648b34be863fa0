//! Workers for a program that has grown threads: forked by a process that has none.
//! It does not know what the workers do: see `carried` for what they are handed.
//!
//! [`init`] forks the *zygote* before the program has started a thread. It sleeps on a socket; for
//! each message it forks a worker, which is handed the table of the run, the plan, and the pipes, as
//! descriptors. The zygote sends back a descriptor of the process, and when that has ended, how: it
//! is the worker's parent, so that only it can know. It ends when the other end of the socket does.

mod carried;
mod life;
mod message;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, getpid, gettid};

use super::fork::{self, Child, Lifeline};
use crate::arena::Arena;
use crate::engine::{Bell, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::worker;
use message::{Message, pair, receive, send};

/// The zygote forks at once; a machine that takes longer than this has other troubles.
const PATIENCE: Duration = Duration::from_secs(20);
/// How a process ended is known as soon as that it has.
const RECORD: Duration = Duration::from_secs(2);

/// This program's zygote, as the process that has it knows it.
#[derive(Debug)]
struct Zygote {
    socket: OwnedFd,
    /// A process that the program itself forks has the socket, but not the zygote.
    maker: Pid,
}

static ZYGOTE: OnceLock<Zygote> = OnceLock::new();

/// Prepares for a program that will have threads when it computes: call it first in `main`.
///
/// [`Processes`](crate::Processes) forks its workers from the calling process. Where that has other
/// threads by then (a pool of rayon's, an async runtime, a library's own), a worker that needs a
/// lock that one of them held at the fork, or a pool that they served, can never go on. `init` forks
/// a small process that stays without threads. A run in a program with threads gets its workers from
/// there, if all its tasks are *portable*: plain functions, or closures that capture nothing, of
/// values that serde can write, as `#[delayed]`, `call` and `map` make them. Other runs are forked
/// as always, and a task that is locked for ever is found out and named.
///
/// Workers from there know the memory, the environment variables and the current directory as they
/// were when `init` was called, plus what their tasks are given.
///
/// # Errors
/// A call off the main thread, a second one, one in a process that has threads already, or inside of
/// a task; a process or shared memory that the system refuses.
///
/// ```no_run
/// use tine_scheduler::{Graph, Processes, get};
///
/// fn main() -> tine_scheduler::Result<()> {
///     tine_scheduler::init()?; // before anything starts a thread
///     std::thread::spawn(|| println!("a thread, a pool, a runtime"));
///     let mut g = Graph::builder();
///     g.task("x", [] as [&str; 0], || 42); // portable: it captures nothing
///     let out = get(&g.build()?, ["x"], &Processes::new())?;
///     assert_eq!(out.get::<i32>(0)?, 42);
///     Ok(())
/// }
/// ```
pub fn init() -> Result<()> {
    let wrong = |why: &str| {
        let message = format!("tine::init() {why}: call it once, first in `main`");
        Err(Error::new(ErrorKind::Unsupported, message))
    };
    if worker::is_inside() {
        return wrong("was called by a task");
    }
    if ZYGOTE.get().is_some() {
        return wrong("was called a second time");
    }
    if gettid() != getpid() {
        return wrong("was called off the main thread");
    }
    if fork::threads() > 1 {
        return wrong("was called when the process had other threads already");
    }
    // Before the fork, so that the arena lies at the same addresses in all processes for good.
    Arena::global()?;
    let life = Lifeline::of_this_process()?;
    let (ours, theirs) = pair()?;
    fork::fork_zygote(|| life::live(theirs, life), ours.as_raw_fd())?;
    let _ = ZYGOTE.set(Zygote { socket: ours, maker: getpid() });
    Ok(())
}

/// What workers of one run are handed.
#[derive(Debug)]
pub(super) struct Cradle {
    zygote: &'static Zygote,
    plan: OwnedFd,
}

impl Cradle {
    /// A run whose workers come from the zygote: where there is one, the process has threads, and
    /// all tasks are portable.
    ///
    /// # Errors
    /// No memory for the plan.
    pub(super) fn of(engine: &Engine<'_>) -> Result<Option<Self>> {
        let Some(zygote) = ZYGOTE.get().filter(|z| z.maker == getpid()) else { return Ok(None) };
        if fork::threads() == 1 {
            return Ok(None);
        }
        let plan = carried::write(engine)?;
        Ok(plan.map(|plan| Cradle { zygote, plan }))
    }

    /// Has a worker forked.
    ///
    /// # Errors
    /// No process, no descriptors, or no zygote any more.
    pub(super) fn spawn(&self, engine: &Engine<'_>, worker: u16) -> Result<Child> {
        let (out, err) = (fork::pipe()?, fork::pipe()?);
        let (record, theirs) = pair()?;
        let Bell::Event(event) = &engine.bell else { return Err(lost("the run has no bell")) };
        let table = engine.table.file().ok_or_else(|| lost("the table is in no file"))?;
        let fds: [BorrowedFd<'_>; 6] =
            [out.1.as_fd(), err.1.as_fd(), theirs.as_fd(), self.plan.as_fd(), table, event.as_fd()];
        send(&self.zygote.socket, u64::from(worker), &fds).map_err(|e| lost(e.desc()))?;
        drop(theirs);
        if !is_readable(&record, PATIENCE) {
            return Err(lost("it does not answer"));
        }
        match receive(&record).map_err(|e| lost(e.desc()))? {
            Some(Message { number, mut fds }) if fds.len() == 1 => {
                let pid = Pid::from_raw(number as i32);
                let (pidfd, pipes) = (fds.remove(0), [out.0, err.0]);
                Ok(Child { pid, pidfd, pipes, others: 0, record: Some(record) })
            }
            Some(Message { number, .. }) => Err(fork::refused(Errno::from_raw(number as i32))),
            None => Err(lost("it has ended")),
        }
    }
}

/// How a worker ended, as the zygote has written it down; `None` where it could not.
pub(super) fn read_record(pid: Pid, record: &OwnedFd) -> Option<WaitStatus> {
    if !is_readable(record, RECORD) {
        return None;
    }
    let message = receive(record).ok()??;
    WaitStatus::from_raw(pid, message.number as i32).ok()
}

fn is_readable(fd: &OwnedFd, within: Duration) -> bool {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::MAX);
    poll(&mut fds, timeout).is_ok_and(|n| n > 0)
}

fn lost(why: &str) -> Error {
    let message = format!(
        "no worker from the process that tine::init() forked: {why}; it ends with the program, and \
         otherwise only if somebody kills it"
    );
    Error::new(ErrorKind::Os, message)
}
