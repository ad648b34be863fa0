//! Keeps a run within its memory budget: holds sources back, moves results to the file, and lets
//! tasks wait, or give way to others, where even that is not enough.
//! It does not know how a result is moved, or how work is found, or of other runs: two that waited
//! for each other's memory would wait for ever.
//!
//! # Approach
//! A worker counts when it takes memory, and when a task ends while the brake is on:
//! - over `BRAKE_ON` of the budget no source is taken, until use is under `BRAKE_OFF`;
//! - over `SPILL_ON` the worker moves results to the file until use is under `SPILL_TO`: those first
//!   that are needed last in static order, and of equals the largest;
//! - over the whole budget it moves whatever it can, and then waits for others to end their tasks. Where all who run wait, the task that is first in static
//!   order goes on: the others give their memory up and are run again later. A task that has the
//!   budget for itself, and still not enough, fails.
//!
//! When nobody runs and only sources are left, which the brake holds back, the last worker that is
//! awake moves results to the file, and then takes a source even so: a run always goes on.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::arena::{Arena, CHUNK, Heap, Relief};
use crate::config::units::format_bytes;
use crate::error::{Error, ErrorKind, Result};
use crate::table::{BRAKE, Phase, Table};

const BRAKE_ON: f64 = 0.60;
const BRAKE_OFF: f64 = 0.45;
const SPILL_ON: f64 = 0.75;
const SPILL_TO: f64 = 0.55;
/// When nothing else can be run: room for what is to come.
const SPILL_ALL_TO: f64 = 0.30;

/// Blocks from this size on are looked for first: of smaller ones there may be very many.
const WORTH_LISTING: u64 = 16 << 10;

/// What one worker knows of the run's memory.
pub(crate) struct Governor {
    table: Arc<Table>,
    arena: &'static Arena,
    worker: u16,
    /// Use, when results were looked for last and none could be moved.
    in_vain: Cell<u64>,
}

impl fmt::Debug for Governor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Governor({})", self.worker)
    }
}

/// A result that could be moved.
#[derive(Debug)]
struct Candidate {
    task: u32,
    bytes: u64,
    /// Rank of the first task that will want it.
    wanted_by: u32,
}

impl Governor {
    /// For one worker of a run.
    pub(crate) fn new(table: Arc<Table>, arena: &'static Arena, worker: u16) -> Self {
        Governor { table, arena, worker, in_vain: Cell::new(0) }
    }

    fn budget(&self) -> u64 {
        match self.table.header().budget.load(Ordering::Relaxed) {
            0 => u64::MAX,
            budget => budget,
        }
    }

    fn private(&self) -> u64 {
        self.table.header().private.load(Ordering::Relaxed)
    }

    /// Bytes of memory that results of this run lie in.
    fn results(&self) -> u64 {
        (self.arena.chunks_of(self.table.epoch()) * CHUNK) as u64
    }

    fn in_use(&self) -> u64 {
        self.results() + self.private()
    }

    fn share(&self, share: f64) -> u64 {
        (self.budget() as f64 * share) as u64
    }

    /// Puts the brake on, or takes it off.
    pub(crate) fn steer(&self) {
        let header = self.table.header();
        let used = self.in_use();
        if used >= self.share(BRAKE_ON) {
            if header.pressure.fetch_or(BRAKE, Ordering::SeqCst) & BRAKE == 0 {
                header.brakes.fetch_add(1, Ordering::Relaxed);
                // Sleepers give up chunks without blocks, and fall asleep again.
                self.table.wake_all();
            }
        } else if used < self.share(BRAKE_OFF)
            && header.pressure.fetch_and(!BRAKE, Ordering::SeqCst) & BRAKE != 0
        {
            self.table.wake_all();
        }
    }

    /// Nobody runs, and the brake holds sources back: makes room for them.
    pub(crate) fn make_way(&self, heap: &mut Heap) {
        heap.give_up_empty();
        // Where there is no file, or it is full, the one source that is taken must do.
        let _ = self.spill_down(heap, self.share(SPILL_ALL_TO));
        heap.give_up_empty();
        self.steer();
    }

    /// Moves results to the file until no more than `target` bytes are in use; returns how many
    /// bytes that freed.
    fn spill_down(&self, heap: &mut Heap, target: u64) -> Result<u64> {
        let mut freed = 0;
        for least in [WORTH_LISTING, 0] {
            // Small blocks free no chunk one by one.
            let mut pending = 0;
            for candidate in self.candidates(least) {
                if self.in_use().saturating_sub(pending) <= target {
                    heap.give_up_empty();
                    pending = 0;
                    if self.in_use() <= target {
                        return Ok(freed);
                    }
                }
                let moved = self.table.spill(candidate.task, self.worker, heap)?;
                (freed, pending) = (freed + moved, pending + moved);
            }
            heap.give_up_empty();
        }
        Ok(freed)
    }

    /// Results in memory with blocks of at least this size, those that are wanted last first.
    fn candidates(&self, least: u64) -> Vec<Candidate> {
        let mut sizes = BTreeMap::<u32, u64>::new();
        self.arena.blocks_of(self.table.epoch(), least, |task, bytes| {
            *sizes.entry(task).or_default() += bytes;
        });
        let known = sizes.into_iter().filter(|&(task, _)| task < self.table.last());
        let mut candidates: Vec<_> = known
            .map(|(task, bytes)| Candidate { task, bytes, wanted_by: self.wanted_by(task) })
            .collect();
        candidates.sort_unstable_by_key(|c| (u32::MAX - c.wanted_by, u64::MAX - c.bytes, c.task));
        candidates
    }

    fn wanted_by(&self, task: u32) -> u32 {
        let to_come = self.table.holders(task).map(|(consumer, _)| consumer).filter(|&consumer| {
            let phase = self.table.cell(consumer).state.load().map(|s| s.phase);
            matches!(phase, Some(Phase::Waiting | Phase::Ready | Phase::Backoff))
        });
        to_come.min().unwrap_or(u32::MAX)
    }

    fn has_room(&self, heap: &mut Heap, chunks: usize) -> bool {
        heap.give_up_empty();
        heap.chunks() + chunks <= self.limit()
    }

    /// Whether a task of another worker may end, or its worker may give memory back.
    fn others_run(&self) -> bool {
        (0..self.table.workers()).filter(|&w| w != usize::from(self.worker)).any(|w| {
            let slot = self.table.slot(w);
            !(self.table.is_asleep(w) || slot.is_starved() && slot.in_body())
        })
    }

    /// The task that is first in static order among those that wait for memory.
    fn first_starved(&self) -> Option<u32> {
        let slots = (0..self.table.workers()).map(|w| self.table.slot(w));
        slots.filter(|s| s.is_starved() && s.in_body()).filter_map(|s| s.current()).min()
    }

    fn wait_for_room(&self, heap: &mut Heap, chunks: usize, target: u64) -> Result<()> {
        let slot = self.table.slot(self.worker.into());
        let looks = || self.table.header().looks.load(Ordering::SeqCst);
        let mut last_look = None;
        loop {
            let heard = self.arena.listen();
            if self.has_room(heap, chunks) {
                return Ok(());
            }
            if self.table.is_stopped() {
                // Nobody will free anything any more.
                slot.set_gave_way();
                leave();
            }
            if let Some(mine) = slot.current().filter(|_| slot.in_body())
                && !self.others_run()
            {
                // Sleepers may own chunks without blocks, and give them up when they fall asleep;
                // and what others held may be gone since it was looked at. Only then it is said
                // that there is no room.
                match last_look {
                    None => {
                        last_look = Some(looks() + 2);
                        self.table.wake_all();
                    }
                    Some(last) if looks() >= last => self.give_way(mine, chunks)?,
                    Some(_) => {}
                }
            }
            self.arena.wait(heard);
            // What ended meanwhile may be moved. What cannot be has been told of before.
            let _ = self.spill_down(heap, target);
        }
    }

    /// All who run wait for memory. The first goes on, and the others end.
    fn give_way(&self, mine: u32, chunks: usize) -> Result<()> {
        // One that has been said to run alone may be waiting for this one to end.
        let said = self.table.alone().filter(|&t| t != mine);
        let Some(first) = said.or_else(|| self.first_starved()) else { return Ok(()) };
        let others = (0..self.table.workers())
            .any(|w| w != usize::from(self.worker) && !self.table.is_asleep(w));
        if others {
            self.table.let_run_alone(first);
        }
        if first != mine {
            self.table.slot(self.worker.into()).set_gave_way();
            self.arena.ring();
            leave();
        }
        if others { Ok(()) } else { Err(self.spent(chunks)) }
    }

    fn spent(&self, chunks: usize) -> Error {
        let message = format!(
            "it needs {} more for its result than the memory budget of {} leaves, though nothing \
             else runs and whatever can be moved to disk is there; its inputs and its result so \
             far take {}, and workers hold {} of their own; raise `memory`, or use smaller chunks \
             in this layer",
            format_bytes((chunks * CHUNK) as u64),
            format_bytes(self.budget()),
            format_bytes(self.results()),
            format_bytes(self.private()),
        );
        Error::new(ErrorKind::MemoryBudget, message)
    }
}

/// Ends this process: what it had begun is given back, and nobody is to blame.
#[cfg(all(target_os = "linux", not(tine_portable)))]
fn leave() {
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
}

/// There are no processes here.
#[cfg(any(not(target_os = "linux"), tine_portable))]
fn leave() {}

impl Relief for Governor {
    fn limit(&self) -> usize {
        let left = self.budget().saturating_sub(self.private());
        usize::try_from(left / CHUNK as u64).unwrap_or(usize::MAX).max(1)
    }

    fn make_room(&self, heap: &mut Heap, chunks: usize) -> Result<()> {
        if self.has_room(heap, chunks) {
            return Ok(());
        }
        self.steer();
        let target = self.share(SPILL_TO).saturating_sub((chunks * CHUNK) as u64);
        let refused = self.spill_down(heap, target).err();
        let slot = self.table.slot(self.worker.into());
        slot.set_starved(true);
        // Others that wait decide by who waits.
        self.arena.ring();
        let waited = self.wait_for_room(heap, chunks, target);
        slot.set_starved(false);
        waited.map_err(|e| match refused {
            Some(why) => Error::new(e.kind(), format!("{}; {}", e.message(), why.message())),
            None => e,
        })
    }

    fn took(&self, heap: &mut Heap) {
        self.steer();
        let used = self.in_use();
        let again = used > self.in_vain.get() + self.share(1.0 / 16.0);
        if used > self.share(SPILL_ON) && (again || used < self.in_vain.get()) {
            let freed = self.spill_down(heap, self.share(SPILL_TO)).unwrap_or(0);
            self.in_vain.set(if freed == 0 { used } else { 0 });
        }
    }
}
