//! How a worker finds work: its own queue, those of others, and sources where there is nothing else.
//! It does not know what becomes of a task that it has found.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Worker;
use crate::error::Result;
use crate::kill_point::kill_point;
use crate::table::{ALONE, BRAKE, Phase, Range, Steal};

/// A batch of sources may grow while the last one took less than this.
const BATCH_TIME: Duration = Duration::from_micros(20);
/// The largest batch of sources. A batch keeps a path of its own from collapsing, one result a
/// level: with four, no worker adds more than two of a binary tree to the order's own peak.
const LARGEST_BATCH: u32 = 4;
/// How far the cursor of gated sources looks past one that is not ready.
const LOOK_AHEAD: u32 = 64;

impl Worker<'_> {
    /// A task that may be ready, noted in the slot as current.
    pub(super) fn find(&mut self) -> Result<Option<u32>> {
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
    pub(super) fn find_source(&mut self) -> Result<Option<u32>> {
        if let Some(task) = self.next_source() {
            return Ok(Some(task));
        }
        if let Some(task) = self.next_gated()? {
            return Ok(Some(task));
        }
        Ok(self.steal_sources())
    }

    /// The task that must run alone, where it waits for somebody to run it.
    pub(super) fn find_alone(&self) -> Result<Option<u32>> {
        let table = &self.engine.table;
        table.settle_alone();
        let Some(task) = table.alone() else { return Ok(None) };
        match table.state(task)?.phase {
            Phase::Ready if table.others_in_body(self.id.into()) => Ok(None),
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
    pub(super) fn put_back(&self, task: Option<u32>) {
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
    pub(super) fn next_source(&mut self) -> Option<u32> {
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
    pub(super) fn next_gated(&self) -> Result<Option<u32>> {
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
    pub(super) fn distant_gated(&mut self) -> Result<Option<u32>> {
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
}
