//! What goes on in a run of jobs, whatever plan it is on: who runs, who is ready, what is free.
//! It decides nothing.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::EventFd;
use nix::sys::signal::Signal;

use super::queue::Queue;
use super::running::{Running, STREAMS};
use super::slots::Slots;
use super::spawner::{Report, Spawner};
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::Tally;
use crate::limits::{Limit, OomKills};
use crate::run::clock::Clock;

/// What the descriptor of the spawner, and that of the bell, are known as.
pub(super) const SPAWNER: u64 = 0;
pub(super) const BELL: u64 = 1;
/// What is read in one go.
const BUFFER: usize = 1 << 18;

/// What may still be started, and what may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closing {
    /// Everything.
    No,
    /// Nothing more is started.
    Starting,
    /// What runs has been asked to end.
    Ending,
    /// What runs has been killed.
    Killing,
}

/// One run of jobs.
pub(super) struct Shift<'r> {
    pub(super) spawner: &'r mut Spawner,
    pub(super) slots: Slots,
    pub(super) queue: Queue,
    pub(super) clock: Clock,
    pub(super) running: BTreeMap<u64, Running>,
    pub(super) epoll: Epoll,
    pub(super) event: EventFd,
    pub(super) nothing: OwnedFd,
    pub(super) buffer: Vec<u8>,
    pub(super) closing: Closing,
    /// What the user asked for and has been done.
    pub(super) told: u32,
    pub(super) grace: Duration,
    pub(super) tally: Tally,
    pub(super) oom_kills: OomKills,
    /// When to ask again whether a job may start, in nanoseconds of the run.
    pub(super) admit_at: Option<u64>,
    pub(super) next_tick: u64,
    /// Nothing is started before others have given back some of what is shared with them.
    pub(super) starved: bool,
    /// A job has ended since the foreman was asked what is to become of the run.
    pub(super) has_ended: bool,
    /// When to look at time limits.
    pub(super) expire_at: u64,
    /// How many jobs have been taken in.
    pub(super) taken_in: usize,
    /// How many slots observers have been told of.
    pub(super) seen_slots: usize,
}

impl<'r> Shift<'r> {
    /// # Errors
    /// No descriptors.
    pub(super) fn begin(
        spawner: &'r mut Spawner,
        slots: usize,
        memory: Limit,
        event: EventFd,
        grace: Duration,
    ) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(refused)?;
        let readable = |data| EpollEvent::new(EpollFlags::EPOLLIN, data);
        epoll.add(spawner.descriptor(), readable(SPAWNER)).map_err(refused)?;
        epoll.add(event.as_fd(), readable(BELL)).map_err(refused)?;
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let nothing = nix::fcntl::open("/dev/null", flags, nix::sys::stat::Mode::empty());
        Ok(Shift {
            spawner,
            slots: Slots::new(slots, memory),
            queue: Queue::default(),
            clock: Clock::default(),
            running: BTreeMap::new(),
            epoll,
            event,
            nothing: nothing.map_err(refused)?,
            buffer: vec![0; BUFFER],
            closing: Closing::No,
            told: 0,
            grace,
            tally: Tally::default(),
            oom_kills: OomKills::watch(),
            admit_at: None,
            next_tick: 0,
            starved: false,
            has_ended: false,
            expire_at: 0,
            taken_in: 0,
            seen_slots: 0,
        })
    }

    /// Another descriptor of the bell.
    ///
    /// # Errors
    /// No descriptors.
    pub(super) fn bell(&self) -> Result<EventFd> {
        let copy = self.event.as_fd().try_clone_to_owned();
        let copy = copy.map_err(|e| Error::new(ErrorKind::Os, format!("no descriptor: {e}")))?;
        // SAFETY: it is another descriptor of the eventfd.
        Ok(unsafe { EventFd::from_owned_fd(copy) })
    }

    /// Takes in a job that is about to run, and listens to its pipes; its number.
    ///
    /// # Errors
    /// No descriptors.
    pub(super) fn enter(&mut self, job: Running) -> Result<u64> {
        let id = self.spawner.number();
        for (stream, pipe) in job.pipes() {
            let event = EpollEvent::new(EpollFlags::EPOLLIN, 2 * id + stream as u64);
            self.epoll.add(pipe, event).map_err(refused)?;
        }
        self.running.insert(id, job);
        Ok(id)
    }

    /// Lets go of a stream of a job that has ended, or that nobody writes to any more. Where another
    /// process has the descriptor too, closing it would not end the news of it.
    pub(super) fn hang_up(&mut self, id: u64, stream: usize) {
        let Some(pipe) = self.running.get_mut(&id).and_then(|job| job.hang_up(stream)) else {
            return;
        };
        let _ = self.epoll.delete(pipe);
    }

    /// Forgets a job, and listens to it no more.
    pub(super) fn leave(&mut self, id: u64) -> Option<Running> {
        (0..STREAMS.len()).for_each(|stream| self.hang_up(id, stream));
        self.running.remove(&id)
    }

    /// Kills all jobs, and waits until nothing of them is left.
    pub(super) fn abandon(&mut self) {
        let jobs: Vec<u64> = self.running.keys().copied().collect();
        let mut there = self.spawner.signal(&jobs, Signal::SIGKILL).is_ok();
        while there && !self.running.is_empty() {
            match self.spawner.next() {
                Ok(Some(Report::Ended { id, .. })) => drop(self.leave(id)),
                Ok(Some(Report::Started { id, pid })) => {
                    self.running.get_mut(&id).into_iter().for_each(|job| job.pid = pid);
                }
                Ok(None) => self.spawner.wait(),
                Err(_) => there = false,
            }
        }
        if !self.running.is_empty() {
            let leaders: Vec<u32> =
                self.running.values().map(|job| job.pid).filter(|&p| p > 0).collect();
            self.spawner.hunt(&leaders);
        }
        self.running.clear();
    }

    /// The processes of the jobs that run.
    pub(super) fn pids(&self) -> Vec<u32> {
        let jobs = self.running.values().map(|job| job.pid).filter(|&pid| pid != 0);
        [std::process::id(), self.spawner.pid()].into_iter().chain(jobs).collect()
    }
}

/// A run that is left by an error, or by a panic of the foreman, leaves nothing running.
impl Drop for Shift<'_> {
    fn drop(&mut self) {
        if !self.running.is_empty() {
            self.abandon();
        }
    }
}

impl std::fmt::Debug for Shift<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shift({} jobs run, {} are ready)", self.running.len(), self.queue.len())
    }
}

/// The error for descriptors that the system refuses.
pub(super) fn refused(e: nix::Error) -> Error {
    let message = format!(
        "cannot open a descriptor for a job: {e}; a job that runs needs 2, see `ulimit -n`"
    );
    Error::new(ErrorKind::Os, message)
}
