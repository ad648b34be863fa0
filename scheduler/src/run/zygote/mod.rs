//! Workers for a program that has grown threads: forked by a process that has none.
//! It does not know what the workers do: see `carried` for what they are handed.
//!
//! [`init`] forks the *zygote* before the program has started a thread. It sleeps on a socket; for
//! each message it forks a worker, which is handed the table of the run, the plan, and the pipes, as
//! descriptors. The zygote sends back a descriptor of the process, and when that has ended, how: it
//! is the worker's parent, so that only it can know. It ends when the other end of the socket does.
//!
//! The worker waits for the program's word before it touches anything of the run: a program that has
//! given it up, which cannot end it, frees what it would have worked on.

mod carried;
mod life;
mod message;

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{Shutdown, shutdown};
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, getpid, gettid};

use super::fork::{self, Child, Lifeline};
use super::memory::private_of;
use super::packet;
use crate::arena::Arena;
use crate::engine::{Bell, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::worker;
use message::{Message, receive, send};

/// The zygote forks at once; a machine that takes longer than this has other troubles.
const PATIENCE: Duration = Duration::from_secs(20);
/// How a process ended is known as soon as that it has.
const RECORD: Duration = Duration::from_secs(2);

/// This program's zygote, as the process that has it knows it.
#[derive(Debug)]
struct Zygote {
    socket: OwnedFd,
    /// Tells of its memory, and of no other process that is given its number later.
    statm: Option<File>,
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
    let (ours, theirs) = packet::pair()?;
    let pid = fork::fork_zygote(|| life::live(theirs, life), ours.as_raw_fd())?;
    let statm = File::open(format!("/proc/{pid}/statm")).ok();
    let _ = ZYGOTE.set(Zygote { socket: ours, statm, maker: getpid() });
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

    /// Bytes of private memory that workers have from their beginning; 0 where that is not told.
    pub(super) fn inherited(&self) -> u64 {
        self.zygote.statm.as_ref().map_or(0, private_of)
    }

    /// Has a worker forked.
    ///
    /// # Errors
    /// No process, no descriptors, or no zygote any more.
    pub(super) fn spawn(&self, engine: &Engine<'_>, worker: u16) -> Result<Child> {
        let (out, err) = (fork::pipe()?, fork::pipe()?);
        let (record, theirs) = packet::pair()?;
        let Bell::Event(event) = &engine.bell else { return Err(lost("the run has no bell")) };
        let table = engine.table.file().ok_or_else(|| lost("the table is in no file"))?;
        let fds: [BorrowedFd<'_>; 6] =
            [out.1.as_fd(), err.1.as_fd(), theirs.as_fd(), self.plan.as_fd(), table, event.as_fd()];
        send(&self.zygote.socket, u64::from(worker), &fds).map_err(|e| lost(e.desc()))?;
        drop(theirs);
        let (pid, pidfd) = adopt(&record)?;
        Ok(Child { pid, pidfd, pipes: [out.0, err.0], others: 0, record: Some(record) })
    }
}

/// Waits until a worker was forked, and tells it to begin: until then it has touched nothing.
///
/// # Errors
/// No worker, or none that can be had: such a one never begins.
fn adopt(record: &OwnedFd) -> Result<(Pid, OwnedFd)> {
    meet(record).inspect_err(|_| {
        // Not by closing the socket: a process that another thread has forked may hold it too.
        let _ = shutdown(record.as_raw_fd(), Shutdown::Both);
    })
}

fn meet(record: &OwnedFd) -> Result<(Pid, OwnedFd)> {
    if !is_readable(record, PATIENCE) {
        return Err(lost("it does not answer"));
    }
    let (pid, pidfd) = match receive(record).map_err(|e| lost(e.desc()))? {
        Some(Message { number, mut fds }) if fds.len() == 1 => {
            (Pid::from_raw(number as i32), fds.remove(0))
        }
        Some(Message { number, .. }) => {
            return Err(fork::refused(Errno::from_raw(number as i32)));
        }
        None => return Err(lost("it has ended")),
    };
    match send(record, 0, &[]) {
        // Nobody listens any more: the worker has ended already, which its descriptor tells.
        Ok(()) | Err(Errno::EPIPE | Errno::ECONNRESET) => Ok((pid, pidfd)),
        Err(e) => Err(lost(e.desc())),
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

/// Whether there is something to read within this time, however many signals arrive meanwhile.
fn is_readable(fd: &OwnedFd, within: Duration) -> bool {
    let start = Instant::now();
    loop {
        let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
        let left = within.saturating_sub(start.elapsed());
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Err(Errno::EINTR) => {}
            polled => return polled.is_ok_and(|n| n > 0),
        }
    }
}

fn lost(why: &str) -> Error {
    let message = format!(
        "no worker from the process that tine::init() forked: {why}; it ends with the program, and \
         otherwise only if somebody kills it"
    );
    Error::new(ErrorKind::Os, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_told_to_begin() {
        let (record, zygote) = packet::pair().expect("sockets");
        send(&zygote, 7, &[zygote.as_fd()]).expect("it is there");
        let (pid, _) = adopt(&record).expect("a worker");
        assert_eq!(pid.as_raw(), 7);
        assert!(receive(&zygote).expect("no error").is_some());
    }

    /// The descriptor was lost on its way, and somebody else holds the socket.
    #[test]
    fn a_worker_that_cannot_be_had_is_told_so() {
        let (record, zygote) = packet::pair().expect("sockets");
        let elsewhere = record.try_clone().expect("a descriptor");
        send(&zygote, 7, &[]).expect("it is there");
        assert_eq!(adopt(&record).expect_err("no descriptor").kind(), ErrorKind::Os);
        drop(record);
        assert!(receive(&zygote).expect("no error").is_none());
        drop(elsewhere);
    }
}
