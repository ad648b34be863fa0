//! The loop of a run of jobs, on one plan.
//! It does not know how jobs begin (`begin`), end (`close`), or what wakes it (`sleep`).

use std::time::Duration;

use nix::sys::signal::Signal;

use super::running::Running;
use super::shift::{Closing, Shift};
use crate::engine::Engine;
use crate::error::Result;
use crate::jobs::{Feed, Foreman, Job, Reason, Standing, Tally};
use crate::run::interrupt;
use crate::run::watch::Watch;
use crate::table::Phase;

/// Nanoseconds between two ticks of the foreman.
const TICK: u64 = 100_000_000;
/// Nanoseconds after which time limits are asked for anew: what the foreman says may change.
const LOOK: u64 = 1_000_000_000;

/// One plan's part of a run.
pub(super) struct Dispatcher<'d, 'f, 'r> {
    pub(super) engine: &'d Engine<'d>,
    pub(super) foreman: &'f mut dyn Foreman,
    pub(super) shift: &'f mut Shift<'r>,
    pub(super) watch: Watch<'d>,
}

/// Why a plan is left.
pub(super) enum Outcome {
    /// All is done that will be.
    Over(Tally),
    /// More jobs are known than it has room for.
    Grow(Feed),
}

impl<'d> Dispatcher<'d, '_, '_> {
    /// Runs the jobs of the plan.
    ///
    /// Approach:
    /// - take in what jobs have become known, and queue those that are ready;
    /// - start jobs as long as the foreman lets us and there is room;
    /// - sleep until a job prints or ends, the user asks, or it is time for something;
    /// - when one ends, tell its successors, which may become ready by that;
    /// - until nothing runs and nothing more will come, or the plan is too small for what came.
    ///
    /// # Errors
    /// Those of the foreman, of the system, a run over its time.
    pub(super) fn work(&mut self, mut feed: Feed) -> Result<Outcome> {
        let mut grown = self.take_in(feed)?;
        while !grown {
            self.heed_user()?;
            for task in self.shift.clock.fire(self.engine)? {
                self.queue(task);
            }
            let running = || self.shift.running.values().map(|job| job.task).collect();
            self.shift.clock.check_jobs(self.engine, running)?;
            if std::mem::take(&mut self.shift.has_ended) || self.is_time() {
                self.review()?;
            }
            let begun = self.begin_jobs()?;
            self.tick();
            if self.is_over(feed) {
                let standing = self.standing();
                self.foreman.tick(&standing);
                return Ok(Outcome::Over(self.tally()));
            }
            // What ended without a program may have made room, or others ready.
            let hungry = self.is_hungry(feed);
            let news = self.sleep(hungry, begun)?;
            self.hear(&news)?;
            if self.engine.now() >= self.shift.expire_at {
                self.expire()?;
            }
            if news.input || (hungry && self.foreman.input().is_none()) {
                feed = self.foreman.feed()?;
                grown = self.take_in(feed)?;
            }
        }
        Ok(Outcome::Grow(feed))
    }

    /// Queues the jobs that have become known; true where there is no room for them.
    fn take_in(&mut self, feed: Feed) -> Result<bool> {
        let (Feed::Known(jobs) | Feed::Closed(jobs)) = feed;
        let plan = self.engine.plan;
        if jobs > plan.room() {
            return Ok(true);
        }
        let before = self.shift.taken_in;
        // What was known once stays known.
        let jobs = jobs.max(before);
        self.watch.learned(plan.len()..jobs);
        plan.learn(jobs);
        for task in before as u32..jobs as u32 {
            if self.engine.table.state(task)?.phase == Phase::Ready {
                self.queue(task);
            }
        }
        self.shift.taken_in = jobs;
        Ok(false)
    }

    /// Queues a job that is ready.
    pub(super) fn queue(&mut self, task: u32) {
        let needs = self.foreman.needs(self.engine.plan, self.engine.task(task));
        self.shift.queue.push(task, needs.priority);
    }

    /// Whether more jobs should be asked for.
    fn is_hungry(&self, feed: Feed) -> bool {
        let shift = &self.shift;
        let wanted = shift.closing == Closing::No && shift.queue.len() < shift.slots.all();
        wanted && matches!(feed, Feed::Known(_))
    }

    fn is_over(&self, feed: Feed) -> bool {
        let shift = &self.shift;
        let closed = matches!(feed, Feed::Closed(_));
        let all = closed && shift.queue.is_empty() && !shift.clock.is_waiting();
        shift.running.is_empty() && (all || shift.closing > Closing::No)
    }

    fn tally(&self) -> Tally {
        let tally = self.shift.tally;
        let ended = tally.done + tally.failed + tally.skipped;
        let unstarted = self.engine.plan.len().saturating_sub(ended);
        Tally { unstarted, interrupts: self.shift.told, ..tally }
    }

    /// Does what the user asks for: the first time starts nothing more, the second ends what runs,
    /// the third kills it.
    fn heed_user(&mut self) -> Result<()> {
        if interrupt::should_stand_still() {
            self.stand_still()?;
        }
        let level = interrupt::level();
        if level <= self.shift.told {
            return Ok(());
        }
        self.shift.told = level;
        self.foreman.interrupted(level);
        self.close_down(match level {
            1 => Closing::Starting,
            2 => Closing::Ending,
            _ => Closing::Killing,
        })
    }

    /// Goes on with less, never with more.
    pub(super) fn close_down(&mut self, to: Closing) -> Result<()> {
        if to <= self.shift.closing {
            return Ok(());
        }
        let was = std::mem::replace(&mut self.shift.closing, to);
        let jobs: Vec<u64> = self.shift.running.keys().copied().collect();
        match to {
            Closing::No | Closing::Starting => {}
            Closing::Ending => self.end(&jobs, Reason::Stopped)?,
            Closing::Killing => self.kill(&jobs, Reason::Stopped)?,
        }
        if was == Closing::No { self.give_up_retries() } else { Ok(()) }
    }

    /// Asks jobs to end, and notes when they are killed.
    pub(super) fn end(&mut self, ids: &[u64], reason: Reason) -> Result<()> {
        let shift = &mut *self.shift;
        let kill_at = later(self.engine.now(), shift.grace);
        let mut asked = Vec::new();
        for &id in ids {
            if let Some(job) = shift.running.get_mut(&id)
                && job.reason.is_none()
            {
                job.reason = Some(reason);
                job.kill_at = Some(kill_at);
                asked.push(id);
            }
        }
        shift.expire_at = shift.expire_at.min(kill_at);
        shift.spawner.signal(&asked, Signal::SIGTERM)
    }

    /// Kills jobs.
    fn kill(&mut self, ids: &[u64], reason: Reason) -> Result<()> {
        for id in ids {
            if let Some(job) = self.shift.running.get_mut(id) {
                job.reason.get_or_insert(reason);
                job.kill_at = None;
            }
        }
        self.shift.spawner.signal(ids, Signal::SIGKILL)
    }

    /// Ends jobs that are over their time, kills those that were asked to go and have not, and notes
    /// when to look again.
    fn expire(&mut self) -> Result<()> {
        let now = self.engine.now();
        let mut next = now + LOOK;
        let (mut late, mut killed) = (Vec::new(), Vec::new());
        for (&id, job) in &self.shift.running {
            if job.kill_at.is_some_and(|at| at <= now) {
                killed.push(id);
            } else if let Some(limit) = self.time_limit(id) {
                let left = limit.saturating_sub(self.shift.clock.ran(job.started, now));
                next = next.min(later(now, left));
                if left.is_zero() {
                    late.push((id, limit));
                }
            }
        }
        self.kill(&killed, Reason::Stopped)?;
        for (id, limit) in late {
            self.end(&[id], Reason::Timeout(limit))?;
        }
        let kills = self.shift.running.values().filter_map(|job| job.kill_at).min();
        self.shift.expire_at = kills.map_or(next, |at| at.min(next));
        Ok(())
    }

    /// How long a job may take that nobody ends already.
    pub(super) fn time_limit(&self, id: u64) -> Option<Duration> {
        let job = self.shift.running.get(&id).filter(|job| job.reason.is_none())?;
        let own = self.foreman.timeout(&self.job(job));
        own.or(self.engine.policy(job.task).timeout)
    }

    /// Stops all jobs and this process where the user asks for it, until they are continued.
    fn stand_still(&mut self) -> Result<()> {
        let from = self.engine.now();
        self.signal_all(Signal::SIGSTOP)?;
        interrupt::stand_still();
        self.signal_all(Signal::SIGCONT)?;
        self.shift.clock.pause(from, self.engine.now());
        Ok(())
    }

    fn signal_all(&mut self, signal: Signal) -> Result<()> {
        let jobs: Vec<u64> = self.shift.running.keys().copied().collect();
        self.shift.spawner.signal(&jobs, signal)
    }

    pub(super) fn standing(&self) -> Standing {
        let shift = &self.shift;
        Standing {
            elapsed: Duration::from_nanos(self.engine.now()),
            running: shift.running.len(),
            busy: shift.slots.busy(),
            ready: shift.queue.len(),
            put_off: shift.clock.waiting(),
        }
    }

    /// Whether the foreman is to tick.
    fn is_time(&self) -> bool {
        self.engine.now() >= self.shift.next_tick
    }

    fn tick(&mut self) {
        if self.is_time() {
            self.shift.next_tick = self.engine.now() + TICK;
            let standing = self.standing();
            self.foreman.tick(&standing);
        }
        let shift = &self.shift;
        self.watch.tick(|| shift.pids());
    }

    /// One attempt of a job, for the foreman.
    pub(super) fn job(&self, running: &Running) -> Job<'d> {
        self.job_of(running.task, running.attempt, running.taken.first())
    }

    pub(super) fn job_of(&self, task: u32, attempt: u32, slot: u16) -> Job<'d> {
        let (plan, task) = (self.engine.plan, self.engine.task(task));
        Job { plan, task, attempt, slot: usize::from(slot) + 1 }
    }
}

/// A moment of the run, in nanoseconds, so much later than another.
pub(super) fn later(than: u64, by: Duration) -> u64 {
    than.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX))
}
