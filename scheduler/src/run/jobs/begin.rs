//! How jobs begin: whose turn it is, whether it may, what is started.
//! It does not know how they end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;

use super::dispatcher::{Dispatcher, later};
use super::running::Running;
use super::shift::{Closing, Shift, refused};
use super::slots::Taken;
use crate::error::{Error, Result};
use crate::jobs::{Admit, Command, Order, Reason, Stdin};
use crate::observer::TaskStatus;
use crate::table::Phase;

/// How often jobs are begun before somebody else has a turn.
const TURN: usize = 64;
/// Time between two looks at cores that others have, where nothing says when there are enough.
const PAUSE: Duration = Duration::from_millis(20);

impl Dispatcher<'_, '_, '_> {
    /// Starts jobs as long as there is room and the foreman lets us; true where more could be
    /// started at once.
    pub(super) fn begin_jobs(&mut self) -> Result<bool> {
        for _ in 0..TURN {
            let idle = self.shift.queue.is_empty() || self.shift.slots.is_full();
            if idle || self.shift.starved || self.shift.closing > Closing::No {
                return Ok(false);
            }
            if self.shift.admit_at.is_some_and(|at| at > self.engine.now()) || !self.admit()? {
                return Ok(false);
            }
            let Some((task, taken)) = self.next()? else { return Ok(false) };
            self.begin(task, taken)?;
        }
        Ok(true)
    }

    /// Asks the foreman what is to become of the run.
    pub(super) fn review(&mut self) -> Result<()> {
        if self.shift.closing == Closing::Ending || self.shift.running.is_empty() {
            return Ok(());
        }
        let standing = self.standing();
        let verdict = self.foreman.review(&standing);
        self.heed(verdict)
    }

    /// Asks the foreman whether a job may start.
    fn admit(&mut self) -> Result<bool> {
        let standing = self.standing();
        self.shift.admit_at = None;
        let verdict = self.foreman.admit(&standing);
        self.heed(verdict)?;
        Ok(verdict == Admit::Now)
    }

    fn heed(&mut self, verdict: Admit) -> Result<()> {
        match verdict {
            Admit::Now => {}
            Admit::After(time) => self.wait(time),
            Admit::Retreat(time) => {
                self.wait(time);
                self.retreat()?;
            }
            Admit::Never => self.close_down(Closing::Starting)?,
            Admit::EndAll => self.close_down(Closing::Ending)?,
        }
        Ok(())
    }

    fn wait(&mut self, time: Duration) {
        self.shift.admit_at = Some(later(self.engine.now(), time));
    }

    /// Ends the youngest job, where it is not the only one: it will be run again.
    fn retreat(&mut self) -> Result<()> {
        let going = self.shift.running.iter().filter(|(_, job)| job.reason.is_none());
        let (count, youngest) = going.fold((0, None), |(n, _), (&id, _)| (n + 1, Some(id)));
        match youngest.filter(|_| count > 1) {
            Some(id) => self.end(&[id], Reason::GaveWay),
            None => Ok(()),
        }
    }

    /// The job whose turn it is, with what it takes. What could never run fails.
    fn next(&mut self) -> Result<Option<(u32, Taken)>> {
        loop {
            let (engine, foreman) = (self.engine, &*self.foreman);
            let Shift { queue, slots, .. } = &mut *self.shift;
            let found = queue.pop(|task| {
                let needs = foreman.needs(engine.plan, engine.task(task));
                match slots.check(needs) {
                    Ok(()) => slots.take(needs).map(Ok),
                    Err(error) => Some(Err(error)),
                }
            });
            match found {
                Some((task, Ok(taken))) if self.share(&taken) => return Ok(Some((task, taken))),
                Some((task, Ok(taken))) => {
                    self.shift.slots.give_back(taken);
                    self.queue(task);
                    match self.foreman.shared() {
                        Some(_) => self.shift.starved = true,
                        None => self.wait(PAUSE),
                    }
                    return Ok(None);
                }
                Some((task, Err(error))) => {
                    self.claim(task, 0)?;
                    self.refuse(task, 0, error)?;
                }
                None => return Ok(None),
            }
        }
    }

    /// Takes what a job needs from what is shared with others, too.
    fn share(&mut self, taken: &Taken) -> bool {
        let (slot, alone) = (usize::from(taken.first()) + 1, self.shift.running.is_empty());
        self.foreman.take_shared(slot, taken.cores(), alone)
    }

    /// Gives back what a job had, to this run and to others.
    pub(super) fn give_back(&mut self, taken: Taken) {
        self.foreman.give_shared(usize::from(taken.first()) + 1);
        self.shift.slots.give_back(taken);
        self.shift.starved = false;
    }

    /// Begins a job: as a program, or, where there is nothing to do, as one that is done.
    fn begin(&mut self, task: u32, taken: Taken) -> Result<()> {
        let slot = taken.first();
        self.claim(task, slot)?;
        let attempt = self.engine.failed(task) + 1;
        let job = self.job_of(task, attempt, slot);
        match self.foreman.order(&job) {
            Ok(Order::Run(command)) => self.start(task, attempt, taken, &command),
            Ok(Order::Done) => {
                self.give_back(taken);
                self.conclude(&job, task, TaskStatus::Done)
            }
            Err(error) => {
                self.give_back(taken);
                self.refuse(task, slot, error)
            }
        }
    }

    pub(super) fn claim(&mut self, task: u32, slot: u16) -> Result<()> {
        let state = self.engine.table.state(task)?;
        self.engine.table.cell(task).state.store(state.held(slot, Phase::Claimed));
        Ok(())
    }

    /// Fails a job for which no program was started.
    fn refuse(&mut self, task: u32, slot: u16, error: Error) -> Result<()> {
        let job = self.job_of(task, self.engine.failed(task) + 1, slot);
        let error = self.engine.blame(error, task, job.attempt, job.attempt);
        self.foreman.refused(&job, &error);
        self.conclude(&job, task, TaskStatus::Failed)
    }

    /// Has the program of a job started.
    fn start(&mut self, task: u32, attempt: u32, taken: Taken, command: &Command) -> Result<()> {
        let [out, err] = [pipe()?, pipe()?];
        let now = self.engine.now();
        self.tell_of_slots(taken.first());
        let needs = self.foreman.needs(self.engine.plan, self.engine.task(task));
        let mut running = Running::new(task, attempt, taken, now, [out.0, err.0]);
        running.limit = needs.limit;
        let id = self.shift.enter(running)?;
        let shift = &mut *self.shift;
        let terminal = std::io::stdin();
        // Where this process has closed it there is nothing to read.
        let is_open = || fcntl(terminal.as_fd(), FcntlArg::F_GETFD).is_ok();
        let stdin: BorrowedFd<'_> = match &command.stdin {
            Stdin::Inherit if is_open() => terminal.as_fd(),
            Stdin::Null | Stdin::Inherit => shift.nothing.as_fd(),
            Stdin::File(file) => file.as_fd(),
        };
        let mut fds = vec![stdin, out.1.as_fd(), err.1.as_fd()];
        fds.extend(self.foreman.inherited().into_iter().flatten());
        if let Err(error) = shift.spawner.start(id, needs.limit, command, &fds) {
            // Nobody will say that it has ended.
            shift.leave(id);
            return Err(error);
        }
        if let Some(limit) = self.time_limit(id) {
            self.shift.expire_at = self.shift.expire_at.min(later(now, limit));
        }
        Ok(())
    }

    /// Tells observers of slots that are used for the first time: they take them for workers.
    fn tell_of_slots(&mut self, slot: u16) {
        while self.shift.seen_slots <= usize::from(slot) {
            self.watch.worker(self.shift.seen_slots as u16, std::process::id(), None);
            self.shift.seen_slots += 1;
        }
    }
}

/// A pipe whose read end does not wait.
fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(refused)?;
    fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(refused)?;
    Ok((read, write))
}
