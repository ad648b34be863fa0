//! The loop that every worker runs, whether it is a process, a thread, or the caller itself.
//! It does not know which, nor who looks after it.
//!
//! A worker may be killed between any two instructions. It writes into its slot what it is about to
//! take before it takes it, publishes a result before it says so, and every step that others depend
//! on can be done again by the supervisor: see `table/README.md`.

mod attempt;
mod find;
mod sleep;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::arena;
use crate::desk::Lingering;
use crate::engine::{Engine, Kept};
use crate::error::Result;
use crate::facts::Meter;
use crate::governor::Governor;
use crate::kill_point::kill_point;
use crate::probe::Probed;
use crate::run::Marks;
#[cfg(all(target_os = "linux", not(tine_portable)))]
use crate::scheduler::forget_inherited_observers;
use crate::table::{ALONE, NOBODY, Phase, Ready, Slot, State};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}
/// Set in worker processes, for the threads that tasks start there.
static WORKER_PROCESS: AtomicBool = AtomicBool::new(false);

/// Says that this thread runs tasks, until it is dropped.
struct Inside {
    outer: bool,
}

impl Inside {
    fn enter() -> Self {
        Inside { outer: INSIDE.replace(true) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.outer);
    }
}

/// Whether this code is run by a task: nested runs are serial, and never fork.
pub(crate) fn is_inside() -> bool {
    INSIDE.get() || WORKER_PROCESS.load(Ordering::Relaxed)
}

/// Whether this process is a worker, which another has forked.
pub(crate) fn is_process() -> bool {
    WORKER_PROCESS.load(Ordering::Relaxed)
}

/// The life of a worker process.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn live(engine: &Engine<'_>, id: u16) {
    WORKER_PROCESS.store(true, Ordering::Relaxed);
    forget_inherited_observers();
    let governor = engine.arena.map(|arena| {
        let governor = Rc::new(Governor::new(engine.table.clone(), arena, id));
        arena::Heap::new(arena, engine.table.epoch(), id).within(governor.clone()).install();
        governor
    });
    // An impossible value is noted in the table, where the supervisor sees it. So is one that was
    // met as an index: another worker would only meet it again.
    let run = AssertUnwindSafe(|| {
        let mut worker = Worker { governor, ..Worker::new(engine, id) };
        worker.marks = Marks::open(engine.rules.nonce, worker.slot());
        worker.run()
    });
    if catch_unwind(run).is_err() {
        engine.table.note_corrupt(engine.table.slot(id.into()).current().unwrap_or(0));
    }
    // Before the output is flushed: whoever hangs in that is ended by the supervisor.
    engine.table.slot(id.into()).set_leaving();
}

/// One worker of a run.
pub(crate) struct Worker<'a> {
    engine: &'a Engine<'a>,
    id: u16,
    batch: u32,
    batch_began: Option<Instant>,
    ready: Ready,
    meter: Meter<'a>,
    probed: Probed<'a>,
    lingering: Lingering,
    /// Says in the output of this process which task printed what.
    marks: Option<Marks>,
    /// Where the last gated source was found far behind the cursor.
    last_distant: u32,
    /// Who keeps the run within its memory, where that is shared.
    governor: Option<Rc<Governor>>,
}

impl<'a> Worker<'a> {
    /// Worker number `id` of a run.
    pub(crate) fn new(engine: &'a Engine<'a>, id: u16) -> Self {
        let meter = Meter::new(engine, id);
        let probed = Probed::enter(engine, id);
        let (ready, lingering) = (Ready::default(), Lingering::default());
        let (batch, batch_began, last_distant) = (1, None, 0);
        let (marks, governor) = (None, None);
        Worker {
            engine,
            id,
            batch,
            batch_began,
            ready,
            meter,
            probed,
            lingering,
            marks,
            last_distant,
            governor,
        }
    }

    fn slot(&self) -> &'a Slot {
        self.engine.table.slot(self.id.into())
    }

    /// Runs tasks until the run is over or stopped.
    ///
    /// Approach:
    /// - a task that this worker made ready comes first: its inputs are warm, and die with it;
    /// - then its own queue, youngest first; then what others have queued, oldest first;
    /// - new sources only when there is nothing else: that is what holds memory down;
    /// - with nothing at all, it says so, looks once more, and sleeps until somebody rings.
    ///
    /// # Errors
    /// Impossible values in shared memory.
    pub(crate) fn run(&mut self) -> Result<()> {
        let table = &self.engine.table;
        let mut next = None;
        let mut idle = 0;
        let _inside = Inside::enter();
        while !table.is_stopped() && !table.is_finished() {
            if table.pressure() & ALONE != 0 {
                self.put_back(next.take());
            }
            let task = match next.take() {
                Some(task) => Some(task),
                None => self.find()?,
            };
            match task {
                Some(task) => {
                    next = self.process(task)?;
                    idle = 0;
                }
                None if idle < self.engine.rules.spins => {
                    idle += 1;
                    std::hint::spin_loop();
                }
                None => next = self.sleep()?,
            }
        }
        Ok(())
    }

    /// Runs all tasks in static order, calling `between` after each.
    ///
    /// # Errors
    /// Impossible values in shared memory.
    pub(crate) fn run_alone(&mut self, mut between: impl FnMut() -> Result<()>) -> Result<()> {
        let _inside = Inside::enter();
        let mut ran = Ok(None);
        while !self.engine.table.is_finished() && ran.is_ok() {
            let Some(task) = self.next_source() else { break };
            ran = self.process(task);
            between()?;
            self.meter.woke();
        }
        ran.map(drop)
    }

    /// Runs a task that may be ready; returns the successor to go on with.
    fn process(&mut self, task: u32) -> Result<Option<u32>> {
        let table = &self.engine.table;
        if task >= table.last() {
            return Ok(None);
        }
        let state = table.state(task)?;
        let claimed = state.held(self.id, Phase::Claimed);
        if state.phase != Phase::Ready || !table.cell(task).state.change(state, claimed) {
            return Ok(None);
        }
        kill_point!(AfterClaim);
        let mut kept = Kept::new();
        let phase = if table.is_doomed(task) {
            self.engine.note_cause(task);
            Phase::ReleasingSkipped
        } else if let Some(phase) = self.execute(task, claimed, &mut kept) {
            phase
        } else {
            self.put_off(task, claimed);
            return Ok(None);
        };
        kill_point!(BeforePublish);
        self.engine.publish(task, claimed, phase);
        kill_point!(AfterPublish);
        self.release(task, claimed.to(phase), &kept)
    }

    /// Queues what became ready, but for the first; wakes as many sleepers as there is work for.
    fn queue_others(&self) {
        let table = &self.engine.table;
        let deque = table.deque(self.id.into());
        let mut queued = 0;
        for &other in self.ready.tasks.iter().skip(1).rev() {
            queued += usize::from(deque.push(other));
            kill_point!(AfterPush);
        }
        if queued > 0 {
            table.hints_are_out();
            let _woken = (0..queued).take_while(|_| table.wake_one()).count();
        }
    }

    /// Tells the successors; keeps the first that became ready, queues the others.
    fn release(&mut self, task: u32, held: State, kept: &Kept) -> Result<Option<u32>> {
        let table = &self.engine.table;
        self.ready.tasks.clear();
        (self.ready.gated, self.ready.finished) = (false, false);
        self.engine.settle(task, held, kept, &mut self.ready)?;
        kill_point!(AfterSettle);
        let next = self.ready.tasks.first().copied();
        if let Some(next) = next {
            self.slot().set_next(next);
        }
        self.queue_others();
        // Before the task is closed: a death behind that is not asked what it had found.
        if self.ready.gated && !self.engine.rules.in_order {
            table.wake_all();
        }
        if self.ready.finished {
            table.finish();
            self.engine.ring();
        }
        self.engine.close(task, held);
        kill_point!(AfterClose);
        if let Some(next) = next {
            self.slot().set_current(next);
            self.slot().set_next(NOBODY);
        }
        self.lingering.let_go(self.engine, self.id);
        if table.pressure() != 0 {
            self.ease(task);
        }
        Ok(next)
    }

    /// A task ended in a run that is short of memory: others may have waited for it.
    #[cold]
    fn ease(&self, task: u32) {
        self.engine.table.end_alone(task);
        if let Some(governor) = &self.governor {
            governor.steer();
        }
        if let Some(arena) = self.engine.arena {
            arena.ring();
        }
    }
}
