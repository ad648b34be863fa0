//! The state of a run in shared memory: one cache line a task, one slot and one queue a worker.
//! It does not run anything: `worker` does, and `supervisor` looks after it.

#[cfg(all(target_os = "linux", not(tine_portable)))]
mod adopt;
mod asleep;
mod bell;
mod bits;
mod deque;
mod edges;
#[cfg(all(test, target_os = "linux", not(tine_portable)))]
pub(crate) mod fuzz;
mod pressure;
mod recover;
mod release;
mod ring;
mod slot;
mod sources;
mod state;
mod times;

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

pub(crate) use deque::{Deque, Steal};
pub(crate) use recover::{Orphan, Recovery};
pub(crate) use release::Ready;
pub(crate) use ring::Ring;
pub(crate) use slot::{NOBODY, Slot};
pub(crate) use sources::{Range, Sources};
pub(crate) use state::{Phase, State, StateWord};

use crate::error::{Error, ErrorKind, Result};
use crate::observer::{TaskStatus, TaskTimes};
use crate::plan::Plan;
use crate::probe::CurrentTask;
use crate::region::{Atom, Carver, Sharing, Slab, atoms};
use asleep::Asleep;
use bits::WideBits;
use edges::{CATCHES, Edges};
use times::{TimesCell, Tries};

/// The most workers of one run: the asleep set is this many bits.
pub(crate) const MAX_WORKERS: usize = 1024;

/// How many rare facts a worker's ring holds.
const RING: u64 = 4096;

atoms! {
    /// What a task's neighbours and its readers need to know of it: one cache line.
    #[repr(align(64))]
    #[derive(Debug)]
    pub(crate) struct Cell {
        pub(crate) state: StateWord,
        /// Inputs that are missing, one bit an edge; of a wide task the top of a tree of words.
        pub(crate) pending: AtomicU64,
        /// Consumers that may still read the result, one bit an edge; likewise.
        pub(crate) holds: AtomicU64,
        /// What the result is and where: see `store::Results`.
        pub(crate) result: AtomicU64,
        pub(crate) result_data: [AtomicU64; 2],
        /// First entry in the list of successors; the next cell's is the end.
        pub(crate) successors: AtomicU32,
        /// First entry in the list of inputs; the next cell's is the end.
        pub(crate) inputs: AtomicU32,
        /// Head of a list of successors that are appended while the run goes on.
        pub(crate) extra: AtomicU32,
        /// The lowest generation of workers that knows the task's closure.
        pub(crate) min_generation: AtomicU16,
        /// See `POISONED`, `FATAL`, `SOURCE`.
        pub(crate) flags: AtomicU8,
    }
}
const _: () = assert!(size_of::<Cell>() == 64);

/// An input failed, and nobody catches it: the task is skipped.
pub(crate) const POISONED: u8 = 1;
/// If it fails, the run fails.
pub(crate) const FATAL: u8 = 2;
/// Taken through the cursor, never queued.
pub(crate) const SOURCE: u8 = 4;
/// Its result stays until the end of the run.
pub(crate) const PINNED: u8 = 8;
/// Something in a worker looks at its result, though no task does: it stays where it is.
pub(crate) const LOOKED_AT: u8 = 16;

/// In `Header::pressure`: no sources are taken, because memory is short.
pub(crate) const BRAKE: u32 = 1;
/// In `Header::pressure`: a task must run alone.
pub(crate) const ALONE: u32 = 2;

atoms! {
    /// What all workers look at.
    #[derive(Debug)]
    pub(crate) struct Header {
        /// All outputs are there.
        pub(crate) finished: AtomicU32,
        /// Nothing is to be claimed any more.
        pub(crate) stop: AtomicU32,
        /// Rank + 1 of the first failed task that matters; tasks behind it are skipped. 0: none.
        pub(crate) failed: AtomicU32,
        /// Something that cannot be: rank + 1 of the task where it was seen.
        pub(crate) corrupt: AtomicU32,
        /// What a supervisor of threads sleeps on.
        pub(crate) bell: AtomicU32,
        /// `BRAKE` and `ALONE`: 0 in a run that has memory enough.
        pub(crate) pressure: AtomicU32,
        /// The task beside which no other may be begun, + 1.
        pub(crate) alone: AtomicU32,
        /// The first of a list of tasks that wait for another attempt, + 1.
        put_off: AtomicU32,
        /// Bytes that results and workers may take together; 0: no budget.
        pub(crate) budget: AtomicU64,
        /// Bytes that workers hold of their own, as the supervisor last saw.
        pub(crate) private: AtomicU64,
        /// Bytes of results that were moved to the file, in all.
        pub(crate) spilled: AtomicU64,
        /// How often the brake was put on.
        pub(crate) brakes: AtomicU64,
        /// How often the supervisor has looked what workers hold.
        pub(crate) looks: AtomicU64,
        _line: [AtomicU64; 7],
        pub(crate) asleep: Asleep,
    }
}

/// The shared state of one run.
#[derive(Debug)]
pub(crate) struct Table {
    /// One a task by rank, then the final one, then one that only ends the lists.
    cells: Slab<Cell>,
    header: Slab<Header>,
    successors: Edges,
    inputs: Edges,
    wide: WideBits,
    /// Wide tasks and where their words begin, sorted by task: missing inputs, then holds.
    wide_bases: [Vec<(u32, u32)>; 2],
    pub(crate) sources: Sources,
    /// One a worker, then the supervisor's.
    slots: Slab<Slot>,
    deques: Vec<Deque>,
    rings: Vec<Ring>,
    times: Slab<TimesCell>,
    tries: Slab<Tries>,
    epoch: u32,
    workers: usize,
}

/// What a run needs of its table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) sharing: Sharing,
    pub(crate) workers: usize,
    pub(crate) times: bool,
    /// Tasks may be tried again after a failure.
    pub(crate) tries: bool,
    /// Every task is taken in static order, by one worker.
    pub(crate) in_order: bool,
    /// A failure is the matter of those that need the task, and never ends the run.
    pub(crate) independent: bool,
    /// Told apart from every other run in the same arena.
    pub(crate) epoch: u32,
}

/// The counts that size the table.
struct Counts {
    tasks: usize,
    edges: usize,
    sources: usize,
    wide: usize,
    queued: usize,
}

impl Counts {
    fn of(plan: &Plan<'_>, links: &release::Links, shape: Shape) -> Self {
        Counts {
            tasks: plan.room(),
            edges: links.edges(),
            sources: links.sources.len() + links.gated.len(),
            wide: links.wide_words(),
            queued: if shape.in_order { 1 } else { plan.room() - links.sources.len() },
        }
    }
}

impl Table {
    /// Lays out the run of `plan`.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn new(plan: &Plan<'_>, shape: Shape) -> Result<Self> {
        let links = release::Links::new(plan, shape);
        let counts = Counts::of(plan, &links, shape);
        let mut table = Carver::carve(shape.sharing, |c| Table::lay(c, &counts, shape))?;
        links.fill(&mut table);
        table.times.populate();
        Ok(table)
    }

    /// The table of the same plan and shape that another process laid out in `file`.
    ///
    /// # Errors
    /// No memory, or a file of another size.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(crate) fn attach(
        plan: &Plan<'_>,
        shape: Shape,
        file: std::os::fd::OwnedFd,
    ) -> Result<Self> {
        let links = release::Links::new(plan, shape);
        let counts = Counts::of(plan, &links, shape);
        let mut table = Carver::attach(file, |c| Table::lay(c, &counts, shape))?;
        table.wide_bases = links.wide_bases();
        Ok(table)
    }

    /// The file that the table lies in.
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    pub(crate) fn file(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.header.file()
    }

    fn lay(c: &mut Carver, n: &Counts, shape: Shape) -> Table {
        let rings = if shape.times { shape.workers } else { 0 };
        let mut deques: Vec<_> = (0..shape.workers).map(|_| Deque::new(c, n.queued + 1)).collect();
        // The supervisor re-hints after deaths, sources and duplicates included.
        deques.push(Deque::new(c, 2 * n.tasks + 1024));
        Table {
            header: c.slab(1),
            cells: c.slab(n.tasks + 2),
            successors: Edges::new(c, n.edges),
            inputs: Edges::new(c, n.edges),
            wide: WideBits::new(c, n.wide),
            wide_bases: [Vec::new(), Vec::new()],
            sources: Sources::new(c, n.sources),
            slots: c.slab(shape.workers + 1),
            deques,
            rings: (0..rings).map(|_| Ring::new(c)).collect(),
            times: c.slab(if shape.times { n.tasks } else { 0 }),
            tries: c.slab(if shape.tries { n.tasks } else { 0 }),
            epoch: shape.epoch,
            workers: shape.workers,
        }
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len() - 2
    }

    /// The rank of the final task, which waits for all outputs.
    pub(crate) fn last(&self) -> u32 {
        self.len() as u32
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header[0]
    }

    pub(crate) fn cell(&self, task: u32) -> &Cell {
        &self.cells[task as usize]
    }

    pub(crate) fn slot(&self, worker: usize) -> &Slot {
        &self.slots[worker]
    }

    pub(crate) fn deque(&self, worker: usize) -> &Deque {
        &self.deques[worker]
    }

    pub(crate) fn ring(&self, worker: usize) -> Option<&Ring> {
        self.rings.get(worker)
    }

    /// The times of a task, where they are recorded.
    pub(crate) fn times(&self, task: u32) -> Option<&TimesCell> {
        self.times.get(task as usize)
    }

    /// The failed attempts of a task, where tasks may be tried again.
    pub(crate) fn tries(&self, task: u32) -> Option<&Tries> {
        self.tries.get(task as usize)
    }

    /// Tells the supervisor of a task in `Phase::Backoff`.
    pub(crate) fn put_off(&self, task: u32) {
        let Some(tries) = self.tries(task) else { return };
        let head = &self.header().put_off;
        let push = |first| {
            tries.link.store(first, Ordering::SeqCst);
            Some(task.wrapping_add(1))
        };
        let _ = head.fetch_update(Ordering::SeqCst, Ordering::SeqCst, push);
    }

    /// The tasks that were put off since the last call.
    pub(crate) fn take_put_off(&self) -> Vec<u32> {
        if self.header().put_off.load(Ordering::Relaxed) == 0 {
            return Vec::new();
        }
        let mut all = Vec::new();
        let mut next = self.header().put_off.swap(0, Ordering::SeqCst);
        // Never more than there are: a stray write must not make a circle of it.
        while let Some(tries) = next.checked_sub(1).and_then(|t| self.tries(t))
            && all.len() < self.len()
        {
            all.push(next - 1);
            next = tries.link.load(Ordering::SeqCst);
        }
        all
    }

    /// A handle on the header that may outlive the table.
    pub(crate) fn header_handle(&self) -> Slab<Header> {
        self.header.clone()
    }

    /// The state of `task`.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the word is not one of this run.
    #[inline]
    pub(crate) fn state(&self, task: u32) -> Result<State> {
        match self.cell(task).state.load() {
            Some(state) if state.epoch == self.epoch => Ok(state),
            _ => Err(self.corrupt(task)),
        }
    }

    /// Notes that something impossible was seen at `task`.
    pub(crate) fn note_corrupt(&self, task: u32) {
        self.header().corrupt.store(task.saturating_add(1), Ordering::SeqCst);
    }

    fn corrupt(&self, task: u32) -> Error {
        self.note_corrupt(task);
        self.nonsense(&format!("the state of task number {task} in shared memory is impossible"))
    }

    /// The error for `what` cannot be.
    pub(crate) fn nonsense(&self, what: &str) -> Error {
        let why = "a task has written where it should not (unsafe code, or a library in C?)";
        Error::new(ErrorKind::Corrupt, format!("{what}: {why}"))
    }

    /// Whether the final task has been reached.
    pub(crate) fn is_finished(&self) -> bool {
        self.header().finished.load(Ordering::SeqCst) != 0
    }

    /// Says that all outputs are there.
    pub(crate) fn finish(&self) {
        self.header().finished.store(1, Ordering::SeqCst);
    }

    /// Fails where a worker has seen an impossible value.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`].
    pub(crate) fn check_corrupt(&self) -> Result<()> {
        match self.header().corrupt.load(Ordering::SeqCst).checked_sub(1) {
            None => Ok(()),
            Some(task) => Err(self.corrupt(task)),
        }
    }

    /// Says that nothing is to be claimed any more.
    pub(crate) fn stop(&self) {
        self.header().stop.store(1, Ordering::SeqCst);
    }

    #[inline]
    pub(crate) fn is_stopped(&self) -> bool {
        self.header().stop.load(Ordering::Relaxed) != 0
    }

    /// The first failed task that matters.
    pub(crate) fn first_failure(&self) -> Option<u32> {
        self.header().failed.load(Ordering::SeqCst).checked_sub(1)
    }

    /// Notes that `task` failed, where that fails the run.
    pub(crate) fn note_failure(&self, task: u32) {
        if self.cell(task).flags.load(Ordering::Relaxed) & FATAL == 0 {
            return;
        }
        let failed = &self.header().failed;
        let _ = failed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |first| {
            (first == 0 || task + 1 < first).then_some(task + 1)
        });
    }

    /// Whether `task` need not be run: an input failed, or the run failed before it in static
    /// order. What comes before the first failure still runs, so that the failure reported is the
    /// same for any number of workers.
    #[inline]
    pub(crate) fn is_doomed(&self, task: u32) -> bool {
        let failed = self.header().failed.load(Ordering::Relaxed);
        (failed != 0 && task >= failed)
            || self.cell(task).flags.load(Ordering::Relaxed) & POISONED != 0
    }

    /// The times of the tasks with these ranks, where they are recorded, with each task's status.
    pub(crate) fn times_of(&self, ranks: std::ops::Range<usize>) -> Vec<TaskTimes> {
        let end = ranks.end.min(self.times.len());
        let tasks = ranks.start.min(end)..end;
        let with_status =
            |t: usize| TaskTimes { status: self.status(t as u32), ..self.times[t].load() };
        tasks.map(with_status).collect()
    }

    fn status(&self, task: u32) -> TaskStatus {
        match self.cell(task).state.load().map(|s| s.phase) {
            Some(Phase::Done | Phase::Releasing) => TaskStatus::Done,
            Some(Phase::Failed | Phase::ReleasingFailed) => TaskStatus::Failed,
            Some(Phase::Skipped | Phase::ReleasingSkipped) => TaskStatus::Skipped,
            _ => TaskStatus::Unfinished,
        }
    }

    /// Which task `worker` runs, for whoever outlives the table.
    pub(crate) fn current(&self, worker: u16) -> CurrentTask {
        CurrentTask::new(self.slots.clone(), worker)
    }

    /// Whether `worker` sleeps.
    pub(crate) fn is_asleep(&self, worker: usize) -> bool {
        self.header().asleep.has(worker)
    }

    /// Whether every worker sleeps.
    pub(crate) fn all_asleep(&self) -> bool {
        self.header().asleep.count() >= self.workers
    }

    /// Wakes one sleeper, where there is one; `false` where there is none. After hints were pushed,
    /// and [`hints_are_out`](Self::hints_are_out).
    #[inline]
    pub(crate) fn wake_one(&self) -> bool {
        let sleeper = self.header().asleep.take_one(self.workers);
        sleeper.inspect(|&worker| self.slots[worker].ring()).is_some()
    }

    /// Orders the hints that this worker pushed before its look at who sleeps.
    #[inline]
    pub(crate) fn hints_are_out(&self) {
        asleep::hints_are_out();
    }

    /// Wakes everybody.
    pub(crate) fn wake_all(&self) {
        self.header().asleep.clear();
        for slot in self.slots.iter() {
            slot.ring();
        }
    }

    /// Says that `worker` sleeps; true where it is the last one awake.
    pub(crate) fn fall_asleep(&self, worker: usize) -> bool {
        self.header().asleep.add(worker);
        self.all_asleep()
    }

    /// Says that `worker` does not sleep.
    pub(crate) fn stay_awake(&self, worker: usize) {
        self.header().asleep.remove(worker);
    }
}

/// Compile-time evidence that what lies in shared memory may.
const fn is_atom<T: Atom>() {}
const _: () = {
    is_atom::<Cell>();
    is_atom::<Header>();
};
