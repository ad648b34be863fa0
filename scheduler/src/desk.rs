//! Where a running task meets the run: its inputs come from result cells, its result goes to its own.
//! It does not know how the task was chosen.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

use crate::arena::{self, Heap, Lease, set_lease};
use crate::codec::BlockRef;
use crate::context::{Exchange, Fetched, Inline};
use crate::engine::{Engine, Kept};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Edge, TaskId};
use crate::results::{self, Alias, Shared, Stream};
use crate::table::{LOOKED_AT, PINNED, Phase};
use crate::value::Datum;

/// One task's inputs and result.
pub(crate) struct Desk<'a> {
    engine: &'a Engine<'a>,
    rank: u32,
    task: TaskId,
    worker: u16,
    /// Inputs with buffers in them, and what the task got to look at them.
    leases: RefCell<Vec<(u32, Arc<Lease>)>>,
    /// Inputs that the body may be looking at where they lie, one bit each, the last for all
    /// others: these must not be taken away from under it.
    lent: Cell<u64>,
    /// What keeps the blocks of the value that is being decoded around this run, in a nested one.
    outer: Option<Arc<Lease>>,
    /// Whether turning the result to bytes is worth a look at the clock.
    expects_codec: bool,
    moved: Cell<Moved>,
}

/// What a task moved between its memory and that of results.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    /// Bytes of the result.
    pub(crate) bytes: u64,
    /// Time in the codec, in nanoseconds.
    pub(crate) codec: u64,
}

/// Smaller values are turned to bytes and back in less time than it takes to look at the clock twice
/// a hundred times.
pub(crate) const WORTH_A_LOOK: usize = 4096;

/// The bit of input `i` in `Desk::lent`.
fn lent_bit(i: usize) -> u64 {
    1 << i.min(63)
}

impl<'a> Desk<'a> {
    pub(crate) fn new(engine: &'a Engine<'a>, rank: u32, worker: u16, expects_codec: bool) -> Self {
        if engine.arena.is_some() {
            Heap::run_task(Some(rank));
        }
        let (task, leases, lent) = (engine.task(rank), RefCell::default(), Cell::new(0));
        let (outer, moved) = (set_lease(None), Cell::default());
        Desk { engine, rank, task, worker, leases, lent, outer, expects_codec, moved }
    }

    /// What was moved so far.
    pub(crate) fn moved(&self) -> Moved {
        self.moved.get()
    }

    fn note_bytes(&self, bytes: u64) {
        self.moved.set(Moved { bytes, ..self.moved.get() });
    }

    fn edge(&self, i: usize) -> Result<Edge> {
        let inputs = self.engine.plan.graph().inputs(self.task);
        inputs.get(i).copied().ok_or_else(|| {
            let message = format!("the task reads input {i} but has {}", inputs.len());
            Error::new(ErrorKind::TypeMismatch, message)
        })
    }

    /// A value that was there before the run.
    fn fetch_datum(&self, edge: Edge) -> Result<Fetched<'_>> {
        match self.engine.plan.graph().datum(edge.task()) {
            Some(Datum::Memory(any)) => Ok(Fetched::Memory(any.as_ref())),
            Some(Datum::Stored(stored)) => stored.fetch(),
            None => Err(Error::new(ErrorKind::Corrupt, "an input that is not in the plan")),
        }
    }

    /// Lets the buffers in an input be read as long as the task, or whoever it gave them to, lives.
    fn lease(&self, producer: u32) {
        let Some(arena) = self.engine.arena else { return };
        let stream = results::stream(self.engine.table.cell(producer), arena);
        if !stream.is_some_and(|s| s.has_references()) {
            return;
        }
        let mut leases = self.leases.borrow_mut();
        let lease = match leases.iter().find(|(p, _)| *p == producer) {
            Some((_, lease)) => lease.clone(),
            None => {
                let moved = self.engine.table.moved_blocks(producer, arena);
                let lease = Arc::new(Lease::Input { consumer: self.rank, moved });
                leases.push((producer, lease.clone()));
                lease
            }
        };
        drop(set_lease(Some(lease)));
    }

    /// Which input keeps a block that the result refers to.
    fn alias(&self, block: BlockRef) -> Result<Alias> {
        let producers = self.engine.arena.map(|a| (a, self.engine.table.producers(self.rank)));
        for (arena, (producer, bit)) in
            producers.into_iter().flat_map(|(a, p)| p.map(move |p| (a, p)))
        {
            let cell = self.engine.table.cell(producer);
            let Some(stream) = results::stream(cell, arena) else { continue };
            let moved = self.engine.table.moved_blocks(producer, arena);
            let mut own = stream.blocks().map(|b| b.offset);
            let mut aliases =
                stream.aliases().map(|a| moved.get(&a.offset).copied().unwrap_or(a.offset));
            if own.any(|o| o == block.offset) || aliases.any(|o| o == block.offset) {
                return Ok(Alias { offset: block.offset, producer, bit });
            }
        }
        Err(Error::new(ErrorKind::Corrupt, "the result refers to a block that is no input's"))
    }

    /// Keeps an input at which something in this worker still looks. Where the result refers to it
    /// too, the result itself stays until the end of the run: freeing it would free the input.
    fn linger(&self, producer: u32, bit: u32, lease: Arc<Lease>, lingering: &mut Lingering) {
        self.look_at(producer);
        let cell = self.engine.table.cell(self.rank);
        let stream = self.engine.arena.and_then(|a| results::stream(cell, a));
        let aliased = |s: Stream<'_>| s.aliases().any(|a| (a.producer, a.bit) == (producer, bit));
        if stream.is_some_and(aliased) {
            cell.flags.fetch_or(PINNED, Ordering::SeqCst);
        } else {
            self.engine.table.slot(self.worker.into()).set_lingers();
            lingering.0.push((producer, bit, lease));
        }
    }

    /// Keeps the result of `producer`, and those whose blocks it refers to, where they lie.
    fn look_at(&self, producer: u32) {
        let (mut tasks, mut seen) = (vec![producer], BTreeSet::from([producer]));
        while let Some(task) = tasks.pop() {
            let cell = self.engine.table.cell(task);
            cell.flags.fetch_or(LOOKED_AT, Ordering::SeqCst);
            let stream = self.engine.arena.and_then(|a| results::stream(cell, a));
            let aliases = stream.into_iter().flat_map(|s| s.aliases().map(|a| a.producer));
            tasks.extend(aliases.filter(|&p| seen.insert(p)));
        }
    }

    /// Ends the task's look at its inputs. What somebody still looks at is kept.
    pub(crate) fn close(mut self, lingering: &mut Lingering, kept: &mut Kept) {
        drop(set_lease(self.outer.take()));
        if self.engine.arena.is_none() {
            return;
        }
        Heap::run_task(None);
        if arena::end_publishing() {
            // Consumers would free what a static, or a thread, of this worker still looks at.
            self.engine.table.cell(self.rank).flags.fetch_or(PINNED, Ordering::SeqCst);
        }
        for (producer, lease) in self.leases.take() {
            if is_held(&lease) {
                let mut holds = self.engine.table.producers(self.rank);
                if let Some((_, bit)) = holds.find(|(p, _)| *p == producer) {
                    kept.push((producer, bit));
                    self.linger(producer, bit, lease, lingering);
                }
            }
        }
    }
}

impl Desk<'_> {
    /// Ends the look of an attempt that failed, while another may come. An input at which somebody
    /// still looks stays until the end of the run: the next attempt holds it as well, and may be
    /// another worker's.
    pub(crate) fn abandon(mut self) {
        drop(set_lease(self.outer.take()));
        if self.engine.arena.is_none() {
            return;
        }
        Heap::run_task(None);
        arena::end_publishing();
        for (producer, lease) in self.leases.take() {
            if is_held(&lease) {
                self.look_at(producer);
                self.engine.table.cell(producer).flags.fetch_or(PINNED, Ordering::SeqCst);
            }
        }
    }
}

impl Exchange for Desk<'_> {
    fn len(&self) -> usize {
        self.engine.plan.graph().inputs(self.task).len()
    }

    fn fetch(&self, i: usize) -> Result<Fetched<'_>> {
        let edge = self.edge(i)?;
        let producer = match self.engine.plan.rank(edge.task()) {
            Some(rank) => rank as u32,
            None => return self.fetch_datum(edge),
        };
        if edge.catches() {
            let phase = self.engine.table.state(producer)?.phase;
            if !matches!(phase, Phase::Done | Phase::Releasing)
                && let Some(error) = self.engine.failure(producer)
            {
                return Ok(Fetched::Failed(Box::new(error)));
            }
        }
        let fetched = results::fetch(self.engine.table.cell(producer), self.engine.arena)?;
        match fetched {
            Fetched::Encoded(_) => self.lease(producer),
            Fetched::Memory(_) => self.lent.set(self.lent.get() | lent_bit(i)),
            _ => {}
        }
        Ok(fetched)
    }

    fn take(&self, i: usize) -> Option<Shared> {
        if self.engine.arena.is_some() || self.lent.get() & lent_bit(i) != 0 {
            return None;
        }
        let edge = self.edge(i).ok().filter(|e| !e.catches())?;
        let inputs = self.engine.plan.graph().inputs(self.task);
        if inputs.iter().filter(|e| e.task() == edge.task()).count() > 1 {
            return None;
        }
        let producer = self.engine.plan.rank(edge.task())? as u32;
        if !self.engine.table.is_sole_holder(producer, self.rank) {
            return None;
        }
        results::take(self.engine.table.cell(producer), self.worker)
    }

    fn position(&self) -> usize {
        self.engine.plan.graph().index_in_group(self.task)
    }

    fn wants_bytes(&self) -> bool {
        self.engine.arena.is_some()
    }

    fn store_bytes(&self, bytes: &[u8], blocks: &[BlockRef]) -> Result<()> {
        let cell = self.engine.table.cell(self.rank);
        if blocks.is_empty()
            && let Some(inline) = Inline::new(bytes)
        {
            results::store_inline(cell, inline);
            self.note_bytes(bytes.len() as u64);
            return Ok(());
        }
        let Some(arena) = self.engine.arena else {
            return Err(Error::new(ErrorKind::Corrupt, "bytes where there is no shared memory"));
        };
        let tag = crate::arena::Tag { epoch: self.engine.table.epoch(), task: self.rank };
        let (own, others): (Vec<_>, Vec<_>) =
            blocks.iter().copied().partition(|b| arena.has_tag(b.offset, tag));
        let aliases: Vec<_> = others.into_iter().map(|b| self.alias(b)).collect::<Result<_>>()?;
        results::store_block(cell, bytes, &own, &aliases)?;
        arena::publish(&own);
        self.note_bytes(bytes.len() as u64 + own.iter().map(|b| b.len).sum::<u64>());
        Ok(())
    }

    fn store_memory(&self, value: Shared) {
        results::store_memory(self.engine.table.cell(self.rank), value);
    }

    fn codec_begins(&self, bytes: Option<usize>) -> Option<Instant> {
        let worth = bytes.map_or(self.expects_codec, |b| b >= WORTH_A_LOOK);
        (worth && self.engine.wanted.times).then(Instant::now)
    }

    fn codec_ended(&self, began: Instant) {
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let moved = self.moved.get();
        self.moved.set(Moved { codec: moved.codec + took, ..moved });
    }
}

/// Whether somebody else holds it. If not, all that others did with it happened before: the count
/// that they left was released by them, and is acquired here.
fn is_held<T>(shared: &Arc<T>) -> bool {
    let held = Arc::strong_count(shared) > 1;
    fence(Ordering::Acquire);
    held
}

/// Inputs of tasks that ended, at which something in this worker still looks.
#[derive(Debug, Default)]
pub(crate) struct Lingering(Vec<(u32, u32, Arc<Lease>)>);

impl Lingering {
    /// Lets go of those at which nobody looks any more.
    pub(crate) fn let_go(&mut self, engine: &Engine<'_>, worker: u16) {
        self.0.retain(|(producer, bit, lease)| {
            let looked_at = is_held(lease);
            if !looked_at {
                engine.let_go_of(*producer, *bit, worker);
            }
            looked_at
        });
    }
}
