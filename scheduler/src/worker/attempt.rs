//! Running the body of a claimed task: attempts, what counts as a failure, and whether there is another.
//! It does not know how the task was found, nor who is told of its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Worker;
use crate::cancel::{self, CancelToken};
use crate::context::TaskContext;
use crate::desk::Desk;
use crate::engine::Kept;
use crate::error::{Error, ErrorKind, Result};
use crate::futex;
use crate::kill_point::kill_point;
use crate::panics;
use crate::results;
use crate::stop::Watching;
use crate::table::{Phase, State};

/// What came of an attempt.
enum Tried {
    /// The task has ended, by a result or an error that is in its cell.
    Ended(Phase),
    /// There is another attempt, after this time.
    Again(Duration),
}

impl Worker<'_> {
    /// Runs the body, again where it fails and may: the result or the error is then in the task's
    /// cell. `None` where the next attempt is to wait for its time.
    pub(super) fn execute(&mut self, task: u32, claimed: State, kept: &mut Kept) -> Option<Phase> {
        loop {
            match self.attempt(task, claimed, kept) {
                Tried::Ended(phase) => return Some(phase),
                Tried::Again(Duration::ZERO) => {}
                Tried::Again(delay) if self.engine.rules.in_order => {
                    self.rest(delay);
                    self.meter.woke();
                }
                Tried::Again(_) => return None,
            }
        }
    }

    /// Runs the body once.
    fn attempt(&mut self, task: u32, claimed: State, kept: &mut Kept) -> Tried {
        let engine = self.engine;
        if self.probed.begin(engine, task) {
            self.meter.woke();
        }
        self.meter.begin(task);
        if claimed.deaths > 0
            && let Some(marks) = &mut self.marks
        {
            marks.begin();
        }
        let number = u32::from(claimed.deaths) + engine.failed(task) + 1;
        let desk = Desk::new(engine, task, self.id, self.meter.expects_codec());
        let slot = self.slot();
        if engine.rules.stamped {
            slot.set_since(engine.now());
        }
        slot.set_in_body(true);
        let done = if engine.rules.asked {
            self.run_asked(task, &desk)
        } else {
            self.run_body(task, &desk)
        };
        let tried = match done {
            Ok(()) => Tried::Ended(Phase::Releasing),
            Err(error) => {
                crate::arena::unpublish();
                self.fail(task, number, error)
            }
        };
        slot.set_in_body(false);
        if engine.rules.tagged
            && let Some(marks) = &mut self.marks
        {
            marks.end(task, slot);
        }
        let moved = desk.moved();
        match tried {
            Tried::Ended(_) => desk.close(&mut self.lingering, kept),
            Tried::Again(_) => desk.abandon(),
        }
        self.meter.end(task, number as u8, moved);
        if self.probed.end(engine, task) {
            self.meter.woke();
        }
        tried
    }

    fn run_body(&self, task: u32, desk: &Desk<'_>) -> Result<()> {
        let body = self.engine.plan.graph().body(self.engine.task(task));
        if self.engine.rules.uncaught {
            return body.run(&TaskContext::new(desk)).map(drop);
        }
        let run = || body.run(&TaskContext::new(desk)).map(drop);
        panics::watch(self.slot(), || catch_unwind(AssertUnwindSafe(run)))
    }

    /// Runs a body that nobody can kill: it may ask whether it should stop, and what it returns too
    /// late does not count.
    fn run_asked(&self, task: u32, desk: &Desk<'_>) -> Result<()> {
        let policies = &self.engine.policies;
        let timed = policies.shortest_timeout.is_some() || policies.run_timeout.is_some();
        if !timed && policies.token.is_none() {
            return self.run_body(task, desk);
        }
        let began = Instant::now();
        let limit = self.engine.policy(task).timeout;
        let own = limit.and_then(|l| began.checked_add(l));
        let whole = policies.run_timeout.and_then(|l| self.engine.started.checked_add(l));
        let deadline = own.into_iter().chain(whole).min();
        let done = {
            let _watching = Watching::begin(deadline, policies.token.clone());
            self.run_body(task, desk)
        };
        if whole.is_some_and(|d| d <= Instant::now()) && !self.engine.rules.in_order {
            self.wait_for_the_end();
        }
        if self.slot().is_asked() {
            return Err(cancel::task_error());
        }
        match limit.filter(|&l| began.elapsed() >= l) {
            Some(limit) => Err(Error::timeout(limit, began.elapsed())),
            None => done,
        }
    }

    /// The run is over its time, as its supervisor is about to say: with the name of this task.
    fn wait_for_the_end(&self) {
        loop {
            let heard = self.slot().bell();
            if self.engine.table.is_stopped() {
                return;
            }
            self.slot().sleep(heard);
        }
    }

    /// An attempt failed: decides whether there is another, and stores the error if not.
    fn fail(&self, task: u32, number: u32, error: Error) -> Tried {
        let (engine, table) = (self.engine, &self.engine.table);
        let cell = table.cell(task);
        let last = error.kind() == ErrorKind::Cancelled || table.is_doomed(task);
        if !last && table.tries(task).is_some() {
            // The failure is counted now; a death from here on is not.
            self.slot().set_in_body(false);
            kill_point!(BeforeRetry);
            if let Some(delay) = engine.try_again(task) {
                if engine.arena.is_some() {
                    results::forget(cell);
                }
                kill_point!(BeforeRetry);
                return Tried::Again(delay);
            }
        }
        let error = engine.blame(error, task, number, number);
        results::store_error(cell, error, engine.arena.is_some());
        Tried::Ended(Phase::ReleasingFailed)
    }

    /// Hands a task whose next attempt must wait to the supervisor.
    pub(super) fn put_off(&self, task: u32, claimed: State) {
        kill_point!(BeforeBackoff);
        self.engine.table.cell(task).state.publish(claimed.to(Phase::Backoff));
        kill_point!(AfterBackoff);
        self.engine.table.put_off(task);
        kill_point!(AfterBackoff);
        self.engine.ring();
    }

    /// Waits for the next attempt in place: nobody else is there.
    fn rest(&self, delay: Duration) {
        let end = Instant::now() + delay;
        let bell = &self.engine.table.header().bell;
        loop {
            let heard = bell.load(Ordering::SeqCst);
            let left = end.saturating_duration_since(Instant::now());
            let token = self.engine.policies.token.as_ref();
            if left.is_zero() || token.is_some_and(CancelToken::is_cancelled) {
                return;
            }
            futex::wait(bell, heard, Some(left));
        }
    }
}
