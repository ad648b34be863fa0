//! What a run of jobs waits for, and what it hears.
//! It does not decide what is done about it.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{EpollEvent, EpollTimeout};

use super::dispatcher::Dispatcher;
use super::shift::{BELL, SPAWNER};
use super::spawner::Report;
use crate::error::{Error, ErrorKind, Result};

/// Descriptors that are heard of at once.
const EVENTS: usize = 256;
/// A wait that ends so much later than it should was none: everything stood still.
const LATE: Duration = Duration::from_millis(100);

/// What happened.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Jobs and streams that can be read.
    printed: Vec<(u64, usize)>,
    spawner: bool,
    /// The foreman can read more jobs.
    pub(super) input: bool,
}

impl Dispatcher<'_, '_, '_> {
    /// Sleeps until something happens; not at all where there is `more` to do. Where it is `hungry`,
    /// news of more jobs are something too.
    pub(super) fn sleep(&mut self, hungry: bool, more: bool) -> Result<News> {
        let input = self.foreman.input().filter(|_| hungry);
        let early = self.shift.spawner.has_early();
        let at_once = more || early || (hungry && input.is_none());
        let from = self.engine.now();
        let patience = if at_once { Duration::ZERO } else { self.patience() };
        let shared = self.foreman.shared().filter(|_| self.shift.starved);
        let mut fds = vec![PollFd::new(self.shift.epoll.0.as_fd(), PollFlags::POLLIN)];
        fds.extend(input.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        fds.extend(shared.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        // Rounded up: a wait that ends early would only be begun again.
        let limit = patience + Duration::from_millis(u64::from(!at_once));
        match poll(&mut fds, PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(cannot_wait(e)),
        }
        let happened = |fd: &PollFd<'_>| fd.revents().is_some_and(|r| !r.is_empty());
        let waits = input.is_some();
        let input = waits && happened(&fds[1]);
        let freed = shared.is_some() && fds.last().is_some_and(happened);
        let mut news = News { input, spawner: early, ..News::default() };
        let rings = happened(&fds[0]);
        self.shift.starved &= !freed;
        let (due, now) = (from + limit.as_nanos() as u64, self.engine.now());
        if Duration::from_nanos(now.saturating_sub(due)) > LATE && !rings {
            self.shift.clock.pause(due, now);
        }
        if rings {
            self.listen(&mut news)?;
        }
        Ok(news)
    }

    fn listen(&mut self, news: &mut News) -> Result<()> {
        let mut events = [EpollEvent::empty(); EVENTS];
        let n = match self.shift.epoll.wait(&mut events, EpollTimeout::ZERO) {
            Ok(n) => n,
            Err(Errno::EINTR) => 0,
            Err(e) => return Err(cannot_wait(e)),
        };
        for event in &events[..n] {
            match event.data() {
                SPAWNER => news.spawner = true,
                BELL => drop(self.shift.event.read()),
                data => news.printed.push((data / 2, (data % 2) as usize)),
            }
        }
        Ok(())
    }

    /// How long nothing has to be done.
    fn patience(&self) -> Duration {
        let (engine, shift, now) = (self.engine, &self.shift, self.engine.now());
        let until = |at: u64| Duration::from_nanos(at.saturating_sub(now));
        let own = [until(shift.next_tick), until(shift.expire_at)];
        let others =
            [shift.admit_at.map(until), self.watch.patience(), shift.clock.patience(engine)];
        let all = own.into_iter().chain(others.into_iter().flatten());
        all.chain(shift.clock.left(engine)).min().unwrap_or_default()
    }

    /// Sees to what happened: takes in what was printed, and who has ended.
    pub(super) fn hear(&mut self, news: &News) -> Result<()> {
        for &(id, stream) in &news.printed {
            self.drain(id, stream, false)?;
        }
        if news.spawner {
            while let Some(report) = self.shift.spawner.next()? {
                self.take_report(report)?;
            }
        }
        Ok(())
    }

    fn take_report(&mut self, report: Report) -> Result<()> {
        match report {
            Report::Started { id, pid } => {
                let Some(running) = self.shift.running.get_mut(&id) else { return Ok(()) };
                running.pid = pid;
                let job = self.shift.running.get(&id).map(|running| self.job(running));
                job.iter().for_each(|job| self.foreman.started(job, pid));
                Ok(())
            }
            Report::Ended { id, end } => self.close(id, end),
        }
    }
}

fn cannot_wait(e: nix::Error) -> Error {
    Error::new(ErrorKind::Os, format!("cannot wait for jobs: {e}"))
}
