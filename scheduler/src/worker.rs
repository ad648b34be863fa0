//! The loop that every worker runs, whether it is a process, a thread, or the caller itself.
//! It does not know which, nor who looks after it.
//!
//! A worker may be killed between any two instructions. It writes into its slot what it is about to
//! take before it takes it, publishes a result before it says so, and every step that others depend
//! on can be done again by the supervisor: see `table/README.md`.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::arena;
use crate::context::TaskContext;
use crate::desk::{Desk, Lingering};
use crate::engine::{Engine, Kept};
use crate::error::{Error, Result};
use crate::facts::Meter;
use crate::governor::Governor;
use crate::kill_point::kill_point;
use crate::panics;
use crate::results;
use crate::table::{ALONE, BRAKE, NOBODY, Phase, Range, Ready, Slot, State, Steal};

/// A batch of sources may grow while the last one took less than this.
const BATCH_TIME: Duration = Duration::from_micros(20);
/// The largest batch of sources. A batch keeps a path of its own from collapsing, one result a
/// level: with four, no worker adds more than two of a binary tree to the order's own peak.
const LARGEST_BATCH: u32 = 4;
/// How far the cursor of gated sources looks past one that is not ready.
const LOOK_AHEAD: u32 = 64;

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

/// The life of a worker process.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) fn live(engine: &Engine<'_>, id: u16) {
    WORKER_PROCESS.store(true, Ordering::Relaxed);
    let governor = engine.arena.map(|arena| {
        let governor = Rc::new(Governor::new(engine.table.clone(), arena, id));
        arena::Heap::new(arena, engine.table.epoch(), id).within(governor.clone()).install();
        governor
    });
    // An impossible value is noted in the table, where the supervisor sees it. So is one that was
    // met as an index: another worker would only meet it again.
    let run = AssertUnwindSafe(|| Worker { governor, ..Worker::new(engine, id) }.run());
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
    lingering: Lingering,
    /// Where the last gated source was found far behind the cursor.
    last_distant: u32,
    /// Who keeps the run within its memory, where that is shared.
    governor: Option<Rc<Governor>>,
}

impl<'a> Worker<'a> {
    /// Worker number `id` of a run.
    pub(crate) fn new(engine: &'a Engine<'a>, id: u16) -> Self {
        let meter = Meter::new(engine, id);
        let (ready, lingering) = (Ready::default(), Lingering::default());
        let (batch, batch_began, last_distant) = (1, None, 0);
        let governor = None;
        Worker { engine, id, batch, batch_began, ready, meter, lingering, last_distant, governor }
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
    pub(crate) fn run_alone(&mut self, mut between: impl FnMut()) -> Result<()> {
        let _inside = Inside::enter();
        let mut ran = Ok(None);
        while !self.engine.table.is_finished() && ran.is_ok() {
            let Some(task) = self.next_source() else { break };
            ran = self.process(task);
            between();
        }
        ran.map(drop)
    }

    /// A task that may be ready, noted in the slot as current.
    fn find(&mut self) -> Result<Option<u32>> {
        let table = &self.engine.table;
        let slot = self.slot();
        let pressure = table.pressure();
        if pressure & ALONE != 0 {
            return self.find_alone();
        }
        if let Some(task) = table.deque(self.id.into()).pop(|t| slot.set_current(t)) {
            return Ok(Some(task));
        }
        if let Some(task) = self.steal() {
            return Ok(Some(task));
        }
        if pressure & BRAKE != 0 {
            return Ok(None);
        }
        self.find_source()
    }

    /// A source that may be ready, noted in the slot as current.
    fn find_source(&mut self) -> Result<Option<u32>> {
        if let Some(task) = self.next_source() {
            return Ok(Some(task));
        }
        if let Some(task) = self.next_gated()? {
            return Ok(Some(task));
        }
        Ok(self.steal_sources())
    }

    /// The task that must run alone, where it waits for somebody to run it.
    fn find_alone(&self) -> Result<Option<u32>> {
        let table = &self.engine.table;
        let Some(task) = table.alone().filter(|&t| t < table.last()) else { return Ok(None) };
        match table.state(task)?.phase {
            Phase::Ready => {
                self.slot().set_current(task);
                Ok(Some(task))
            }
            phase => {
                if phase.is_final() {
                    table.end_alone(task);
                }
                Ok(None)
            }
        }
    }

    /// Queues a task that this worker would have gone on with.
    fn put_back(&self, task: Option<u32>) {
        let table = &self.engine.table;
        if let Some(task) = task.filter(|&t| table.alone() != Some(t)) {
            table.deque(self.id.into()).push(task);
        }
    }

    /// The other workers, the supervisor included, beginning with the next one.
    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let (n, id) = (self.engine.table.workers() + 1, usize::from(self.id));
        (1..n).map(move |i| (id + i) % n)
    }

    fn steal(&self) -> Option<u32> {
        let slot = self.slot();
        for victim in self.others() {
            let deque = self.engine.table.deque(victim);
            loop {
                match deque.steal(|t| slot.set_current(t)) {
                    Steal::Got(task) => return Some(task),
                    Steal::Empty => break,
                    Steal::Lost => {}
                }
            }
        }
        None
    }

    /// The next open source: of the batch in hand, or of a new one.
    fn next_source(&mut self) -> Option<u32> {
        let sources = &self.engine.table.sources;
        loop {
            if let Some(task) = self.take_from_batch() {
                return Some(task);
            }
            if !sources.has_open() {
                return None;
            }
            self.size_batch();
            let workers = self.engine.table.workers() as u32;
            let range = sources.peek(self.batch, workers);
            if range.is_empty() {
                return None;
            }
            // The intent first: a death behind the cursor's move must not lose the sources.
            self.slot().intent.store(range.to_bits(), Ordering::SeqCst);
            kill_point!(BeforeCursor);
            if sources.take(range) {
                kill_point!(AfterCursor);
                self.slot().range.store(range.to_bits(), Ordering::SeqCst);
            }
            self.slot().intent.store(Range::EMPTY.to_bits(), Ordering::SeqCst);
        }
    }

    /// Takes sources one by one where they are long, in larger batches where they are short.
    fn size_batch(&mut self) {
        if self.engine.rules.in_order {
            return;
        }
        let now = Instant::now();
        let quick = self.batch_began.is_some_and(|t| now.duration_since(t) < BATCH_TIME);
        self.batch = if quick { (2 * self.batch).min(LARGEST_BATCH) } else { 1 };
        self.batch_began = Some(now);
    }

    fn take_from_batch(&self) -> Option<u32> {
        let slot = self.slot();
        loop {
            let bits = slot.range.load(Ordering::SeqCst);
            let range = Range::from_bits(bits);
            if range.is_empty() {
                return None;
            }
            let Some(task) = self.engine.table.sources.task(range.from) else {
                // Not what a worker writes there. It would be looked at again and again.
                self.engine.table.note_corrupt(0);
                self.engine.ring();
                slot.range.store(Range::EMPTY.to_bits(), Ordering::SeqCst);
                return None;
            };
            slot.set_current(task);
            let rest = Range { from: range.from + 1, ..range }.to_bits();
            if slot.range.compare_exchange(bits, rest, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                return Some(task);
            }
        }
    }

    /// Takes the later half of somebody's batch.
    fn steal_sources(&self) -> Option<u32> {
        let table = &self.engine.table;
        for victim in self.others() {
            let theirs = &table.slot(victim).range;
            let bits = theirs.load(Ordering::SeqCst);
            let range = Range::from_bits(bits);
            if range.is_empty() {
                continue;
            }
            let middle = range.from + (range.to - range.from) / 2;
            let (left, mine) = (Range { to: middle, ..range }, Range { from: middle, ..range });
            self.slot().intent.store(mine.to_bits(), Ordering::SeqCst);
            let left = left.to_bits();
            if theirs.compare_exchange(bits, left, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                kill_point!(AfterRangeSteal);
                self.slot().range.store(mine.to_bits(), Ordering::SeqCst);
            }
            self.slot().intent.store(Range::EMPTY.to_bits(), Ordering::SeqCst);
            return self.take_from_batch();
        }
        None
    }

    /// The next gated source that is ready, in static order.
    fn next_gated(&self) -> Result<Option<u32>> {
        let table = &self.engine.table;
        let gated = table.sources.gated();
        for i in gated.from..gated.to.min(gated.from.saturating_add(LOOK_AHEAD)) {
            let Some(task) = table.sources.task(i) else { break };
            match table.state(task)?.phase {
                Phase::Ready => {
                    self.slot().set_current(task);
                    return Ok(Some(task));
                }
                Phase::Waiting => {}
                _ => table.sources.pass_gated(i),
            }
        }
        Ok(None)
    }

    /// A gated source that is ready, behind many that are not: their gate may be open for long.
    fn distant_gated(&mut self) -> Result<Option<u32>> {
        let table = &self.engine.table;
        let gated = table.sources.gated();
        let (from, to) = (gated.from.saturating_add(LOOK_AHEAD).min(gated.to), gated.to);
        let last = self.last_distant.clamp(from, to);
        for i in (last..to).chain(from..last) {
            let Some(task) = table.sources.task(i) else { continue };
            if table.state(task)?.phase == Phase::Ready {
                self.last_distant = i;
                self.slot().set_current(task);
                return Ok(Some(task));
            }
        }
        Ok(None)
    }

    /// Sleeps until there may be work, unless it finds some in the end.
    fn sleep(&mut self) -> Result<Option<u32>> {
        let table = &self.engine.table;
        let heard = self.slot().bell();
        if table.pressure() != 0 {
            arena::with_idle_heap(arena::Heap::give_up_empty);
        }
        let last = table.fall_asleep(self.id.into());
        let over = table.is_stopped() || table.is_finished();
        let found = if over || table.pressure() != 0 { None } else { self.distant_gated()? };
        if over || found.is_some() || self.sees_work()? {
            table.stay_awake(self.id.into());
            return Ok(found);
        }
        if let Some(arena) = self.engine.arena {
            // Who waits for memory decides by who is awake.
            arena.ring();
        }
        if last && table.pressure() == BRAKE && table.sees_sources()? {
            table.stay_awake(self.id.into());
            return self.admit();
        }
        if last {
            // Nobody is left to make work: either the run is over, or a hint was lost.
            self.engine.ring();
        }
        kill_point!(BeforeSleep);
        self.slot().sleep(heard);
        table.stay_awake(self.id.into());
        self.meter.woke();
        Ok(None)
    }

    /// Nobody runs, and the brake holds back what is left: makes room, and takes a source even so.
    fn admit(&mut self) -> Result<Option<u32>> {
        if let Some(governor) = &self.governor {
            arena::with_idle_heap(|heap| governor.make_way(heap));
        }
        self.batch = 1;
        match self.find_source()? {
            Some(task) => Ok(Some(task)),
            None => self.distant_gated(),
        }
    }

    fn sees_work(&self) -> Result<bool> {
        let table = &self.engine.table;
        let pressure = table.pressure();
        if pressure & ALONE != 0 {
            let alone = table.alone().filter(|&t| t < table.last());
            let phase = alone.map(|t| table.state(t)).transpose()?.map(|s| s.phase);
            return Ok(phase.is_some_and(|p| p == Phase::Ready || p.is_final()));
        }
        let queued = (0..=table.workers()).any(|w| table.deque(w).has_some());
        if pressure & BRAKE != 0 {
            return Ok(queued);
        }
        let batched = (0..table.workers())
            .any(|w| !Range::from_bits(table.slot(w).range.load(Ordering::SeqCst)).is_empty());
        Ok(queued || batched || table.sources.has_open() || self.next_gated()?.is_some())
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
        } else {
            self.execute(task, claimed, &mut kept)
        };
        kill_point!(BeforePublish);
        self.engine.publish(task, claimed, phase);
        kill_point!(AfterPublish);
        self.release(task, claimed.to(phase), &kept)
    }

    /// Runs the body; the result or the error is then in the task's cell.
    fn execute(&mut self, task: u32, claimed: State, kept: &mut Kept) -> Phase {
        let engine = self.engine;
        self.meter.begin(task);
        let desk = Desk::new(engine, task, self.id);
        let body = engine.plan.graph().body(engine.task(task));
        let slot = self.slot();
        slot.set_in_body(true);
        let done = if engine.rules.uncaught {
            body.run(&TaskContext::new(&desk)).map(drop)
        } else {
            let run = || body.run(&TaskContext::new(&desk)).map(drop);
            panics::watch(slot, || catch_unwind(AssertUnwindSafe(run)))
        };
        let phase = match done {
            Ok(()) => Phase::Releasing,
            Err(error) => {
                arena::unpublish();
                self.fail(task, claimed, error);
                Phase::ReleasingFailed
            }
        };
        slot.set_in_body(false);
        desk.close(&mut self.lingering, kept);
        self.meter.end(task, claimed.deaths + 1);
        phase
    }

    fn fail(&self, task: u32, claimed: State, error: Error) {
        let attempt = u32::from(claimed.deaths) + 1;
        let error = self.engine.blame(error, task, attempt, attempt);
        let bytes = self.engine.arena.is_some();
        results::store_error(self.engine.table.cell(task), error, bytes);
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
