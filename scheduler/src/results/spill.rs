//! Moves a result from memory to the file, while consumers may want it and workers may die.
//! It does not know which result to move, or when.
//!
//! # Approach
//! The result is copied while it can still be read, and freed. Then, for a moment, it is *sealed*:
//! a task that wants it waits, and whoever seals it looks whether somebody reads it already. If
//! not, the copy takes its place, and then its memory is freed. A task reads an input only while
//! its own state says that it is claimed. It is claimed before the input's word is looked at, and
//! the word is sealed before the claims are looked at; both are sequentially consistent, so that
//! one of the two sees the other.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use super::stream::{Header, Stream};
use super::word::{Kind, Status, Word};
use super::{Alias, block_of};
use crate::arena::{Arena, Heap, Tag};
use crate::codec::BlockRef;
use crate::error::Result;
use crate::kill_point::kill_point;
use crate::observer::{RareFact, RareKind};
use crate::table::{Cell, LOOKED_AT, PINNED, Phase, Table};

/// What has been found out of results, and how far their inputs were followed for it.
type Known = BTreeMap<u32, (u32, Rc<Moved>)>;

/// Where blocks were, and where they are.
pub(crate) type Moved = BTreeMap<u64, u64>;

/// How many results are looked at, at most, to find out whether one is read: readers wait meanwhile.
const VISITS: u32 = 10_000;

/// How many results in a row may refer to each other's blocks; longer chains stay in memory.
const DEEPEST: u32 = 16;

impl Table {
    /// Moves the result of `task` to the file; returns how many bytes of memory that freed, 0 where
    /// it has to stay.
    ///
    /// # Errors
    /// No file, or a full one.
    pub(crate) fn spill(&self, task: u32, worker: u16, heap: &mut Heap) -> Result<u64> {
        let cell = self.cell(task);
        let Some(word) = Word::load(cell) else { return Ok(0) };
        let from = block_of(cell);
        let is_block = word.status == Status::Live && word.kind == Kind::Block;
        if !is_block || heap.arena().is_in_file(from.offset) || self.must_stay(task) {
            return Ok(0);
        }
        let slot = self.slot(worker.into());
        slot.begin_spill(task, from);
        kill_point!(MidSpill);
        let moved = self.move_live(task, word, from, heap);
        if !matches!(moved, Ok(n) if n > 0) {
            heap.free_in_file(task);
        }
        slot.end_spill();
        if let (Ok(value @ 1..), Some(ring)) = (&moved, self.ring(worker.into())) {
            ring.push(RareFact { task, kind: RareKind::Spilled, value: *value });
        }
        moved
    }

    fn move_live(&self, task: u32, word: Word, from: BlockRef, heap: &mut Heap) -> Result<u64> {
        let (cell, worker) = (self.cell(task), heap.worker());
        let copying = Word { status: Status::Copying, worker, ..word };
        if !word.change(cell, copying) {
            return Ok(0);
        }
        kill_point!(MidSpill);
        if block_of(cell) != from {
            // Somebody else has moved it in between: a word that is Live again looks as before.
            copying.change(cell, word);
            return Ok(0);
        }
        let (to, bytes) = match copy(heap, task, from) {
            Ok(copied) => copied,
            Err(e) => {
                // What was freed meanwhile may read as anything.
                return if copying.change(cell, word) { Err(e) } else { Ok(0) };
            }
        };
        kill_point!(MidSpill);
        let sealing = Word { status: Status::Sealing, ..copying };
        if !copying.change(cell, sealing) {
            // It was freed meanwhile, and what was copied may be anything.
            return Ok(0);
        }
        kill_point!(MidSpill);
        if self.must_stay(task) {
            cell.result.store(word.to_bits(), Ordering::SeqCst);
            return Ok(0);
        }
        self.slot(worker.into()).settle_spill(to);
        // Before anybody can meet the moved result: who sees zero does not ask where blocks lie.
        self.header().spilled.fetch_add(bytes, Ordering::SeqCst);
        kill_point!(MidSpill);
        point(cell, to, word);
        kill_point!(MidSpill);
        Ok(self.free_moved(task, from, heap.arena()))
    }

    /// Whether somebody reads the result, or may without asking again.
    fn must_stay(&self, task: u32) -> bool {
        let is_done = |t| self.cell(t).state.load().is_some_and(|s| s.phase == Phase::Done);
        // The flags last: they are set before the task, or its reader, has ended.
        !is_done(task)
            || self.is_read(task, DEEPEST, &mut VISITS.clone())
            || self.cell(task).flags.load(Ordering::SeqCst) & (PINNED | LOOKED_AT) != 0
    }

    fn is_read(&self, task: u32, depth: u32, visits: &mut u32) -> bool {
        if *visits == 0 {
            return true;
        }
        *visits -= 1;
        self.holders(task).filter(|(consumer, _)| *consumer != self.last()).any(
            |(consumer, holds)| {
                match self.cell(consumer).state.load().map(|s| s.phase) {
                    Some(Phase::Waiting | Phase::Ready | Phase::Backoff) => false,
                    // Its result refers to this one: who reads that, reads this.
                    Some(phase) if phase.is_final() => {
                        holds && (depth == 0 || self.is_read(consumer, depth - 1, visits))
                    }
                    _ => true,
                }
            },
        )
    }

    /// Frees what the moved result of `task` was made of in memory; returns how many bytes. Doing it
    /// again does no harm.
    fn free_moved(&self, task: u32, from: BlockRef, arena: &Arena) -> u64 {
        let tag = Tag { epoch: self.epoch(), task };
        if !arena.has_tag(from.offset, tag) {
            return 0;
        }
        let mut freed = 0;
        if let Ok(stream) = Stream::read(arena, from) {
            for block in stream.blocks() {
                freed += block.len;
                arena.free(block.offset, Some(tag));
                kill_point!(MidSpill);
            }
        }
        freed += from.len;
        arena.free(from.offset, Some(tag));
        freed
    }

    /// Ends, or takes back, the move that a dead worker was in the middle of.
    pub(crate) fn resume_spill(&self, worker: u16, arena: &Arena) {
        let Some((task, from, to)) = self.slot(worker.into()).spilling() else { return };
        if task >= self.last() {
            return;
        }
        let cell = self.cell(task);
        let word = Word::load(cell);
        let moving = |w: &Word| matches!(w.status, Status::Copying | Status::Sealing);
        if let Some(word) = word.filter(|w| moving(w) && w.worker == worker) {
            let live = Word { status: Status::Live, worker: 0, ..word };
            if word.status == Status::Sealing {
                point(cell, from, live);
            } else {
                // Somebody may be freeing it instead.
                word.change(cell, live);
            }
            arena.reclaim_file(self.epoch(), worker, task);
        } else if to.is_some() {
            self.free_moved(task, from, arena);
        } else {
            arena.reclaim_file(self.epoch(), worker, task);
        }
    }

    /// Where blocks that the result of `task` refers to were when it was written, and where they
    /// lie now: its own, and those of inputs. For whoever has claimed a reader.
    pub(crate) fn moved_blocks(&self, task: u32, arena: &Arena) -> Moved {
        if self.header().spilled.load(Ordering::SeqCst) == 0 {
            return Moved::new();
        }
        let moved = self.places(task, arena, DEEPEST + 1, &mut Known::new());
        moved.iter().filter(|(before, now)| before != now).map(|(b, n)| (*b, *n)).collect()
    }

    /// Where each block that the result of `task` refers to may be said to lie, and where it does.
    ///
    /// An offset alone says nothing: another result may have lain there before, or lie there since.
    /// But a block is moved once at most, and those that one result refers to were there at the same
    /// time; so each of them is either where it was then, or where it is now.
    fn places(&self, task: u32, arena: &Arena, depth: u32, known: &mut Known) -> Rc<Moved> {
        if let Some((_, places)) = known.get(&task).filter(|(d, _)| *d >= depth) {
            return places.clone();
        }
        let mut places = Moved::new();
        let Some(stream) = super::stream(self.cell(task), arena) else { return places.into() };
        places.extend(stream.moved());
        for alias in stream.aliases() {
            // One in the file stays there, and what hangs on it by a longer chain is not moved.
            let mut now = alias.offset;
            if !arena.is_in_file(now) && depth > 0 && alias.producer < self.last() {
                let above = self.places(alias.producer, arena, depth - 1, known);
                now = above.get(&now).copied().unwrap_or(now);
            }
            places.insert(alias.offset, now);
        }
        let places = Rc::new(places);
        known.insert(task, (depth, places.clone()));
        places
    }
}

/// Makes a sealed cell one that can be read, with its stream at `block`.
fn point(cell: &Cell, block: BlockRef, live: Word) {
    cell.result_data[0].store(block.offset, Ordering::SeqCst);
    kill_point!(MidSpill);
    cell.result_data[1].store(block.len, Ordering::SeqCst);
    cell.result.store(live.to_bits(), Ordering::SeqCst);
}

/// Copies the result of `task`, whose stream is at `from`, to the file; returns where its stream is,
/// and how many bytes that was.
fn copy(heap: &mut Heap, task: u32, from: BlockRef) -> Result<(BlockRef, u64)> {
    let arena = heap.arena();
    let stream = Stream::read(arena, from)?;
    let mut blocks = Vec::new();
    for block in stream.blocks() {
        let to = heap.allocate_in_file(block.len as usize, task)?;
        kill_point!(MidSpill);
        arena.write_file(to, &[arena.bytes(block)?])?;
        blocks.push(to);
        kill_point!(MidSpill);
    }
    let before: Vec<u64> = stream.blocks().map(|b| b.offset).collect();
    let aliases: Vec<Alias> = stream.aliases().collect();
    let payload = stream.payload;
    let header =
        Header { blocks: &blocks, before: &before, aliases: &aliases, payload: payload.len() };
    let header = header.to_bytes();
    let to = heap.allocate_in_file(header.len() + payload.len(), task)?;
    arena.write_file(to, &[&header, payload])?;
    Ok((to, blocks.iter().map(|b| b.len).sum::<u64>() + to.len))
}
