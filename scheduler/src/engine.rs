//! One run as workers and supervisor share it: the plan, the table, and where results lie.
//! It decides what happens when a task ends; it does not run tasks and knows no process.

use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::arena::Arena;
use crate::error::{Error, Result};
use crate::futex;
use crate::graph::TaskId;
use crate::observer::{Observer, Wanted};
use crate::plan::Plan;
use crate::policy::{Policies, Policy};
use crate::probe::Probe;
use crate::region::Slab;
use crate::results;
use crate::table::{Header, Phase, Ready, State, Table};

/// How the supervisor is told that the run is over, or that nobody is awake.
#[derive(Debug)]
pub(crate) enum Bell {
    /// It sleeps on the table's `bell` word.
    Futex,
    /// It sleeps in `poll`.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    Event(nix::sys::eventfd::EventFd),
}

/// Wakes a supervisor, and may outlive its run.
#[derive(Debug)]
pub(crate) enum Waker {
    /// By the table's `bell` word.
    Futex(Slab<Header>),
    /// By an eventfd of its own.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    Event(std::os::fd::OwnedFd),
}

impl Waker {
    pub(crate) fn wake(&self) {
        match self {
            Waker::Futex(header) => {
                header[0].bell.fetch_add(1, Ordering::SeqCst);
                futex::wake_all(&header[0].bell);
            }
            #[cfg(all(target_os = "linux", not(tine_portable)))]
            Waker::Event(event) => {
                // A full counter wakes it just as well.
                let _ = nix::unistd::write(event, &1u64.to_ne_bytes());
            }
        }
    }
}

/// How a run treats its tasks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Rules {
    /// Workers note when each body begins.
    pub(crate) stamped: bool,
    /// Workers mark in their output which task printed what.
    pub(crate) tagged: bool,
    /// Lines are shown with the task that printed them.
    pub(crate) prefix: bool,
    /// Tasks may be asked to stop, because nobody can kill them.
    pub(crate) asked: bool,
    /// Tells the marks of this run from whatever tasks print.
    pub(crate) nonce: u64,
    /// Idle workers look around this often before they sleep.
    pub(crate) spins: u32,
    /// Every task is taken in static order.
    pub(crate) in_order: bool,
    /// Panics are not caught: for a debugger.
    pub(crate) uncaught: bool,
}

/// One run.
#[derive(Debug)]
pub(crate) struct Engine<'a> {
    pub(crate) plan: &'a Plan<'a>,
    /// Shared with whoever sees to a worker's memory, which outlives no worker.
    pub(crate) table: Arc<Table>,
    /// Where results lie; `None` where they stay in this process's memory.
    pub(crate) arena: Option<&'static Arena>,
    pub(crate) bell: Bell,
    pub(crate) wanted: Wanted,
    pub(crate) rules: Rules,
    pub(crate) policies: Policies,
    /// Who does something inside of the workers.
    pub(crate) probes: OnceLock<Vec<Arc<dyn Probe>>>,
    pub(crate) started: Instant,
    /// Whether the results that nobody asked for have been freed.
    pub(crate) swept: AtomicBool,
}

/// What all of a run's observers want.
pub(crate) fn wanted(observers: &[Arc<dyn Observer>]) -> Wanted {
    observers.iter().fold(Wanted::NOTHING, |w, o| w.or(o.wanted()))
}

/// Holds that a task does not let go of: its result refers to them, or somebody still looks.
pub(crate) type Kept = Vec<(u32, u32)>;

impl Engine<'_> {
    /// Nanoseconds since the run started.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The task of the graph with this rank.
    pub(crate) fn task(&self, rank: u32) -> TaskId {
        self.plan.task(rank as usize)
    }

    /// Something that wakes the supervisor; `None` where the system refuses.
    pub(crate) fn waker(&self) -> Option<Waker> {
        match &self.bell {
            Bell::Futex => Some(Waker::Futex(self.table.header_handle())),
            #[cfg(all(target_os = "linux", not(tine_portable)))]
            Bell::Event(event) => {
                std::os::fd::AsFd::as_fd(event).try_clone_to_owned().ok().map(Waker::Event)
            }
        }
    }

    /// What `task` may do.
    pub(crate) fn policy(&self, task: u32) -> &Policy {
        self.policies.of(self.plan.graph(), self.task(task))
    }

    /// How many attempts of `task` have failed so far.
    pub(crate) fn failed(&self, task: u32) -> u32 {
        self.table.tries(task).map_or(0, |t| t.failed.load(Ordering::SeqCst))
    }

    /// Counts a failed attempt of `task`; the wait before the next one, `None` where there is none.
    pub(crate) fn try_again(&self, task: u32) -> Option<Duration> {
        let policy = self.policy(task);
        let tries = self.table.tries(task)?;
        let failed = tries.failed.fetch_add(1, Ordering::SeqCst) + 1;
        if failed > u32::from(policy.retries) {
            return None;
        }
        let delay = policy.delay(failed, || self.plan.graph().key(self.task(task)).to_string());
        let due = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX).saturating_add(self.now());
        tries.due.store(due, Ordering::SeqCst);
        Some(delay)
    }

    /// Wakes the supervisor.
    pub(crate) fn ring(&self) {
        match &self.bell {
            Bell::Futex => {
                let bell = &self.table.header().bell;
                bell.fetch_add(1, Ordering::SeqCst);
                futex::wake_all(bell);
            }
            #[cfg(all(target_os = "linux", not(tine_portable)))]
            Bell::Event(event) => {
                // A full counter wakes it just as well.
                let _ = event.write(1);
            }
        }
    }

    /// Puts a claimed task into a releasing phase: its result, error or cause is published.
    pub(crate) fn publish(&self, task: u32, claimed: State, phase: Phase) {
        self.table.cell(task).state.publish(claimed.to(phase));
    }

    /// Notes the failure of a task whose error is published. Not before: a death in between would
    /// leave the note without the error, and the task may well succeed when it is run again.
    fn note_failure(&self, task: u32) {
        self.table.note_failure(task);
        if self.table.first_failure().is_some() {
            self.ring();
        }
    }

    /// Tells everybody that `task` ended, and lets go of its inputs but for those in `kept`.
    /// `held` is its state: releasing, by whoever calls or by the dead on whose behalf it does.
    ///
    /// # Errors
    /// Impossible values in shared memory.
    pub(crate) fn settle(
        &self,
        task: u32,
        held: State,
        kept: &Kept,
        ready: &mut Ready,
    ) -> Result<()> {
        if held.phase == Phase::ReleasingFailed {
            self.note_failure(task);
        }
        // Before anybody is told: consumers may then free the result, and the list with it.
        let aliases = self.aliases(task).unwrap_or_default();
        self.table.release(task, held.phase, ready)?;
        self.let_go(task, held.worker, kept, &aliases);
        Ok(())
    }

    /// Says that nothing more will happen to `task`.
    pub(crate) fn close(&self, task: u32, held: State) {
        self.table.cell(task).state.publish(held.to(held.phase.released()));
    }

    /// Lets go of the inputs that a dead worker had kept when it ended `task`: its views are gone.
    pub(crate) fn let_go_again(&self, task: u32, held: State) {
        // Of a result that is being moved nothing can be said: its inputs stay.
        if let Some(aliases) = self.aliases(task) {
            self.let_go(task, held.worker, &Kept::new(), &aliases);
        }
    }

    /// Lets go of the inputs of `task`, but for those in `kept` and in `aliases`.
    fn let_go(&self, task: u32, worker: u16, kept: &Kept, aliases: &Kept) {
        for (producer, bit) in self.table.producers(task) {
            let cell = self.table.cell(producer);
            if !results::is_worth_freeing(cell) || kept.contains(&(producer, bit)) {
                continue;
            }
            let failed = || self.phase(producer) != Some(Phase::Done);
            if aliases.contains(&(producer, bit)) || (failed() && self.is_report(producer)) {
                continue;
            }
            self.let_go_of(producer, bit, worker);
        }
    }

    /// Lets go of one input; frees it where this was the last hold.
    pub(crate) fn let_go_of(&self, producer: u32, bit: u32, worker: u16) {
        if self.table.drop_hold(producer, bit) {
            self.table.free_result(producer, worker, self.arena);
        }
    }

    fn phase(&self, task: u32) -> Option<Phase> {
        self.table.cell(task).state.load().map(|s| s.phase)
    }

    /// The reports of failed tasks stay until the end of the run.
    fn is_report(&self, task: u32) -> bool {
        !matches!(self.phase(task), Some(Phase::Done | Phase::Releasing))
    }

    /// The inputs whose blocks the result of `task` refers to. Of a result that has been freed,
    /// none: whoever freed it has let go of them, or recovery will on their behalf. `None` where it
    /// is just being moved.
    fn aliases(&self, task: u32) -> Option<Kept> {
        let cell = self.table.cell(task);
        let arena = self.arena.filter(|_| results::is_in_block(cell));
        let Some(arena) = arena else { return Some(Kept::new()) };
        loop {
            let before = results::version(cell);
            let stream = results::stream(cell, arena);
            let aliases: Kept = stream
                .map_or_else(Vec::new, |s| s.aliases().map(|a| (a.producer, a.bit)).collect());
            // On behalf of a dead worker this may run beside consumers that it had told already,
            // and beside somebody who moves the result. Both change the cell before they free the
            // block: what was read stands if the cell still does.
            fence(Ordering::Acquire);
            if results::is_worth_freeing(cell) && results::version(cell) == before {
                return Some(aliases);
            }
            if !results::is_worth_freeing(cell) {
                return (!results::is_moving(cell)).then(Kept::new);
            }
        }
    }

    /// Writes down why `task` was not run: the failed task that comes first among those that its
    /// inputs hang on and it does not catch, or the one that failed the run.
    pub(crate) fn note_cause(&self, task: u32) {
        let inputs = self.plan.graph().inputs(self.task(task)).iter();
        let uncaught = inputs.filter(|e| !e.catches()).filter_map(|e| self.plan.rank(e.task()));
        let causes = uncaught.filter_map(|p| self.cause(p as u32));
        let cause = causes.min().or_else(|| self.table.first_failure()).unwrap_or(task);
        self.table.cell(task).result_data[0].store(u64::from(cause), Ordering::Relaxed);
    }

    /// The failed task because of which `task` has no result.
    pub(crate) fn cause(&self, task: u32) -> Option<u32> {
        match self.phase(task)? {
            Phase::Failed | Phase::ReleasingFailed => Some(task),
            Phase::Skipped | Phase::ReleasingSkipped => {
                let cause = self.table.cell(task).result_data[0].load(Ordering::Relaxed);
                u32::try_from(cause).ok().filter(|&c| c < self.table.last())
            }
            _ => None,
        }
    }

    /// Why `task` has no result.
    pub(crate) fn failure(&self, task: u32) -> Option<Error> {
        let cause = self.cause(task)?;
        Some(results::load_error(self.table.cell(cause), self.arena))
    }

    /// The error with everything that is known of its task.
    pub(crate) fn blame(&self, error: Error, task: u32, attempt: u32, of: u32) -> Error {
        let (graph, id) = (self.plan.graph(), self.task(task));
        let error = error.in_task(graph.key(id), Some(graph.created_at(id)));
        error.in_group(graph.group(graph.group_of(id)).name()).on_attempt(attempt, of)
    }
}
