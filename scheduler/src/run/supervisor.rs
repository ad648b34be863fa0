//! Looks after the worker processes of one run: starts them, hears of their deaths, mends, replaces.
//! It runs no tasks, and sleeps in one `poll` over pidfds, pipes and an eventfd.

mod burial;

use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::cancelling::Cancelling;
use super::clock::Clock;
use super::death::Reason;
use super::fork::Nursery;
use super::memory::Tally;
use super::output::{Screen, Show};
use super::patrol::{Finding, Patrol, Why};
use super::post::Post;
use super::zygote::Cradle;
use super::{explain, interrupt, volunteer, watch::Watch};
use crate::config;
use crate::engine::{Bell, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::OomKills;
use crate::table::Phase;
use crate::worker;

/// How long tasks whose results nobody needs any more may go on after a failure.
const GRACE: Duration = Duration::from_millis(200);
/// How long a worker whose run is over may take to flush its standard output.
const PARTING: Duration = Duration::from_secs(1);

/// More processes in a row that end before they have come to a task mean that none can live here.
const BARREN: u32 = 64;

/// A poll that ends so much later than it should was not waited for: everything stood still.
const LATE: Duration = Duration::from_millis(100);
/// More looks for lost hints between two ends of tasks mean that the table makes no sense.
const IN_VAIN: u32 = 1000;

/// The process that started the run, as it watches over it.
pub(super) struct Supervisor<'a> {
    engine: &'a Engine<'a>,
    watch: Watch<'a>,
    posts: Vec<Post>,
    nursery: Nursery,
    /// Where all workers come from, if not from this process.
    cradle: Option<Cradle>,
    /// When tasks that do not matter any more are ended.
    deadline: Option<Instant>,
    memory: Tally,
    patrol: Patrol,
    screen: Screen,
    clock: Clock,
    cancelling: Cancelling,
    oom_kills: OomKills,
    /// When the first of the running tasks may be over its time.
    next_expiry: Option<Duration>,
    /// How many tasks had ended at the last look for lost hints, and how often that was so.
    scans: (usize, u32),
}

/// What happened while the supervisor slept.
#[derive(Debug, Default)]
struct News {
    /// Posts and streams that can be read.
    printed: Vec<(usize, usize)>,
    /// Posts whose process has ended.
    dead: Vec<usize>,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(
        engine: &'a Engine<'a>,
        watch: Watch<'a>,
        cradle: Option<Cradle>,
        memory: Tally,
    ) -> Self {
        let workers = engine.table.workers();
        let posts = (0..workers).map(|w| Post::new(w as u16)).collect();
        Supervisor {
            engine,
            watch,
            posts,
            nursery: Nursery::new(),
            cradle,
            deadline: None,
            memory,
            patrol: Patrol::new(workers),
            screen: Screen::new(engine.rules.prefix),
            clock: Clock::default(),
            cancelling: Cancelling::default(),
            oom_kills: OomKills::watch(),
            next_expiry: engine.policies.shortest_timeout,
            scans: (0, 0),
        }
    }

    /// Sees the run through to its last task.
    ///
    /// Approach:
    /// - start a worker at every post;
    /// - sleep until a worker dies, prints, or rings, or until it is time to tick;
    /// - mend what the dead left half done, and put another in their place;
    /// - until the final task has been reached, or the user, or an error, ends it.
    ///
    /// # Errors
    /// No process, an interrupt, or impossible values in shared memory.
    pub(super) fn run(&mut self) -> Result<()> {
        self.watch.memory(&self.memory.budget().memory, false);
        for post in 0..self.posts.len() {
            // The first workers may have done it all before the last are forked.
            if !self.engine.table.is_finished() {
                self.start(post)?;
            }
        }
        while !self.engine.table.is_finished() {
            if interrupt::requested() {
                return Err(interrupt::error());
            }
            self.hurry();
            self.cancel()?;
            self.expire();
            super::hint(self.engine, &self.clock.fire(self.engine)?);
            self.clock.check_run(self.engine)?;
            self.sleep()?;
            self.screen.check()?;
            self.stand_still();
            if self.engine.table.all_asleep() && !self.engine.table.is_finished() {
                self.rescan()?;
            }
            self.engine.table.check_corrupt()?;
            if self.engine.table.is_stopped() && !self.engine.table.is_finished() {
                return Err(self.engine.table.nonsense("the run was stopped by nobody"));
            }
        }
        Ok(())
    }

    /// All sleep: looks for tasks whose hints were lost. That is rare, and a task ends soon after.
    fn rescan(&mut self) -> Result<()> {
        let (engine, clock) = (self.engine, &mut self.clock);
        if !super::sound(engine, || super::rehint(engine, clock))? {
            return Ok(());
        }
        let ended = super::sound(engine, || engine.table.count_ended())?;
        let (before, in_vain) = self.scans;
        self.scans = if ended == before { (before, in_vain + 1) } else { (ended, 0) };
        if self.scans.1 > IN_VAIN {
            let what = "tasks are ready, and nobody comes to them";
            return Err(engine.table.nonsense(what));
        }
        Ok(())
    }

    /// Ends what was cancelled.
    fn cancel(&mut self) -> Result<()> {
        for task in self.cancelling.apply(self.engine)? {
            for (w, post) in self.posts.iter_mut().enumerate() {
                let state = self.engine.table.state(task)?;
                if state.phase == Phase::Claimed && usize::from(state.worker) == w {
                    post.end(Reason::Cancelled { task });
                }
            }
        }
        Ok(())
    }

    /// Ends workers whose tasks are over their time, and notes when to look again.
    fn expire(&mut self) {
        let Some(shortest) = self.engine.policies.shortest_timeout else { return };
        let now = self.engine.now();
        // Nobody that begins from now on is over its time before this.
        let mut next = shortest;
        for (w, post) in self.posts.iter_mut().enumerate().filter(|(_, p)| p.is_alive()) {
            let Some((task, since)) = self.engine.table.slot(w).running() else { continue };
            if task >= self.engine.table.last() {
                continue;
            }
            let Some(limit) = self.engine.policy(task).timeout else { continue };
            let ran = self.clock.ran(since, now);
            match limit.checked_sub(ran).filter(|left| !left.is_zero()) {
                Some(left) => next = next.min(left),
                None => post.end(Reason::Timeout { task, since, limit, ran }),
            }
        }
        self.next_expiry = Some(next);
    }

    /// Stops the workers and this process where the user asks for it, until they are continued.
    fn stand_still(&mut self) {
        if !interrupt::should_stand_still() {
            return;
        }
        let from = self.engine.now();
        self.signal(Signal::SIGSTOP);
        interrupt::stand_still();
        self.signal(Signal::SIGCONT);
        self.clock.pause(from, self.engine.now());
    }

    /// Forks a worker for a post.
    fn start(&mut self, post: usize) -> Result<()> {
        let strangers: Vec<RawFd> = self.posts.iter().flat_map(Post::descriptors).collect();
        let engine = self.engine;
        let id = post as u16;
        let score = volunteer::score();
        let child = match &self.cradle {
            Some(cradle) => cradle.spawn(engine, id)?,
            None => self.nursery.fork(&strangers, || {
                volunteer::step_forward(score);
                worker::live(engine, id);
            })?,
        };
        self.watch.worker(id, child.pid.as_raw() as u32, None);
        self.posts[post].fill(child);
        Ok(())
    }

    /// Sleeps until something happens, then sees to it.
    fn sleep(&mut self) -> Result<()> {
        let News { printed, dead } = self.poll()?;
        for (post, stream) in printed {
            let Supervisor { engine, watch, screen, .. } = self;
            let mut show = Show { engine, screen, watch };
            self.posts[post].drain(stream, engine.table.slot(post), &mut show);
        }
        for post in dead {
            self.bury(post)?;
        }
        let posts = &self.posts;
        self.watch.tick(|| pids(posts));
        self.limit_memory();
        self.watch.memory(&self.memory.budget().memory, false);
        self.look_around()
    }

    /// Gives up tasks that are proved to be locked for ever, and has those explained that seem so.
    fn look_around(&mut self) -> Result<()> {
        let posts = &self.posts;
        let process = |post: usize| {
            let child = posts[post].child.as_ref()?;
            Some((child.pid.as_raw(), child.others > 0))
        };
        for finding in self.patrol.look(self.engine, process) {
            self.see_to(&finding)?;
        }
        Ok(())
    }

    fn see_to(&mut self, finding: &Finding) -> Result<()> {
        let Some(child) = &self.posts[finding.post].child else { return Ok(()) };
        let subject = child.subject();
        let error = match (finding.why, finding.task) {
            (Why::Locked, None) => return Err(explain::deadlock(finding, subject)),
            (Why::Locked, Some(_)) => Some(explain::deadlock(finding, subject)),
            (Why::Quiet, _) if config::kills_stalled() => Some(explain::killed(finding, subject)),
            _ => None,
        };
        match (error, finding.task) {
            (Some(error), Some(task)) => {
                let post = &mut self.posts[finding.post];
                post.sentence = Some(error);
                post.end(Reason::Sentenced { task });
            }
            (None, Some(task)) => self.watch.stalled(finding, task, subject),
            (_, None) => {}
        }
        Ok(())
    }

    /// Ends a worker that holds too much memory of its own.
    fn limit_memory(&mut self) {
        let pids = self.posts.iter().map(|p| p.child.as_ref().map(|c| c.pid.as_raw() as u32));
        let Some((post, excess)) = self.memory.look(self.engine, pids) else { return };
        let slot = self.engine.table.slot(post);
        match (excess, slot.current().filter(|_| slot.in_body())) {
            (Some(excess), Some(task)) => self.posts[post].end(Reason::Excess { task, excess }),
            (None, _) => self.posts[post].end(Reason::Unneeded),
            (Some(_), None) => {}
        }
    }

    /// Waits; returns which streams can be read, and which posts' processes have ended.
    fn poll(&mut self) -> Result<News> {
        let Bell::Event(event) = &self.engine.bell else { return Ok(News::default()) };
        let mut fds = vec![PollFd::new(event.as_fd(), PollFlags::POLLIN)];
        let mut who = Vec::new();
        for (post, p) in self.posts.iter().enumerate() {
            let Some(child) = &p.child else { continue };
            let streams: [BorrowedFd<'_>; 3] =
                [child.pipes[0].as_fd(), child.pipes[1].as_fd(), child.pidfd.as_fd()];
            for (stream, fd) in streams.into_iter().enumerate() {
                if !p.is_open(stream) {
                    continue;
                }
                fds.push(PollFd::new(fd, PollFlags::POLLIN));
                who.push((post, stream));
            }
        }
        let (patience, from) = (self.patience(), self.engine.now());
        let limit = patience.map(|p| p + Duration::from_millis(1));
        let timeout = limit.map_or(PollTimeout::NONE, |t| {
            // Rounded up: a poll that ends early would only poll again.
            PollTimeout::try_from(t).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, timeout) {
            Ok(0) => {
                let due = from.saturating_add(limit.map_or(0, |p| p.as_nanos() as u64));
                let now = self.engine.now();
                if Duration::from_nanos(now.saturating_sub(due)) > LATE {
                    self.clock.pause(due, now);
                }
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => {
                return Err(Error::new(ErrorKind::Os, format!("cannot wait for workers: {e}")));
            }
        }
        let _ = event.read();
        let happened = |fd: &PollFd<'_>| fd.revents().is_some_and(|r| !r.is_empty());
        let events: Vec<_> =
            fds[1..].iter().zip(who).filter(|(fd, _)| happened(fd)).map(|(_, w)| w).collect();
        let dead = events.iter().filter(|(_, s)| *s == 2).map(|(p, _)| *p).collect();
        Ok(News { printed: events.into_iter().filter(|(_, s)| *s < 2).collect(), dead })
    }

    /// How long nothing has to be done.
    fn patience(&self) -> Option<Duration> {
        let deadline = self.deadline.map(|d| d.saturating_duration_since(Instant::now()));
        let engine = self.engine;
        let running = || [self.clock.left(engine), self.clock.patience(engine), self.next_expiry];
        let waits =
            [deadline, self.watch.patience(), self.patrol.patience(), self.memory.patience(engine)];
        let over = engine.table.is_stopped();
        waits.into_iter().chain((!over).then(running).into_iter().flatten()).flatten().min()
    }

    /// After a failure: ends the tasks that nobody needs any more, when their grace is over.
    fn hurry(&mut self) {
        if self.engine.table.first_failure().is_none() {
            return;
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + GRACE);
        if Instant::now() < deadline {
            return;
        }
        self.deadline = Some(Instant::now() + GRACE);
        let table = &self.engine.table;
        for (post, p) in self.posts.iter_mut().enumerate() {
            // One that sleeps, or is between tasks, still has the last one's number in its slot.
            let slot = table.slot(post);
            let running = slot.current().filter(|_| slot.in_body());
            if running.is_some_and(|t| t < table.last() && table.is_doomed(t)) {
                p.end(Reason::Unneeded);
            }
        }
    }

    /// Ends all workers: at once after an error, and when their tasks are done otherwise.
    pub(super) fn end(mut self, failed: bool) -> Watch<'a> {
        self.engine.table.stop();
        self.engine.table.wake_all();
        if let Some(arena) = self.engine.arena {
            arena.ring();
        }
        self.deadline = None;
        let interrupted = interrupt::requested();
        if failed && !interrupted {
            self.signal(Signal::SIGKILL);
        }
        // What the first signal asks for has been done; the second may be there already.
        let mut told = 1;
        while self.posts.iter().any(|p| p.child.is_some()) {
            let level = interrupt::level();
            if interrupted && level > told {
                told = level;
                self.signal(if level > 2 { Signal::SIGKILL } else { Signal::SIGTERM });
            }
            self.evict();
            if interrupted {
                // The tasks that are waited for are still held to their time.
                self.expire();
            }
            if self.sleep().is_err() {
                self.kill_and_bury();
            }
        }
        self.watch.memory(&self.memory.budget().memory, true);
        self.watch
    }

    /// Ends workers that are leaving but do not get away: the last thing that they do is to flush
    /// their standard output, whose lock another thread of the parent may have held at the fork.
    fn evict(&mut self) {
        let leaving = |post: usize| self.engine.table.slot(post).is_leaving();
        let stuck =
            || self.posts.iter().enumerate().filter(|(p, post)| post.is_alive() && leaving(*p));
        if stuck().next().is_none() {
            return;
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + PARTING);
        if Instant::now() >= deadline {
            stuck().for_each(|(_, post)| post.signal(Signal::SIGKILL));
            self.deadline = None;
        }
    }

    /// Where there is no way to wait for news.
    fn kill_and_bury(&mut self) {
        self.signal(Signal::SIGKILL);
        for post in 0..self.posts.len() {
            // What cannot be mended has been reported; the run is over.
            let _ = self.bury(post);
        }
    }

    fn signal(&self, signal: Signal) {
        self.posts.iter().for_each(|post| post.signal(signal));
    }
}

/// The processes at work, the calling one first.
fn pids(posts: &[Post]) -> Vec<u32> {
    let workers = posts.iter().filter_map(|p| p.child.as_ref());
    [std::process::id()].into_iter().chain(workers.map(|c| c.pid.as_raw() as u32)).collect()
}
