//! What lies in a task's result cell: a few bytes, a value in memory, or a block of the arena.
//! It does not know when a result may be freed: the holds of its consumers say that.
//!
//! # Invariant
//! A cell of kind `Memory` owns one leaked `Box<Arc<dyn Any>>`, which whoever moves the cell from
//! `Live` to `Freeing` takes back, exactly once. Such cells only exist within one process.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::arena::{Arena, Tag, with_heap};
use crate::codec::{self, BlockRef};
use crate::context::{Fetched, Inline};
use crate::error::{Error, ErrorKind, Result};
use crate::kill_point::kill_point;
use crate::panics;
use crate::table::{Cell, PINNED, Table};

/// Something that any task may have made.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

/// Where a result is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Status {
    /// Not made yet.
    Empty = 0,
    /// To be read.
    Live = 1,
    /// Its memory is being given back, by the worker in the word.
    Freeing = 2,
    /// Gone.
    Freed = 3,
}

/// What a cell's data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    /// The bytes themselves.
    Inline = 0,
    /// A pointer in this process.
    Memory = 1,
    /// Offset and length of a stream in the arena.
    Block = 2,
}

/// The result word: status 8, kind 8, worker 16, length of inline bytes 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    status: Status,
    kind: Kind,
    worker: u16,
    len: u8,
}

impl Word {
    fn to_bits(self) -> u64 {
        self.status as u64
            | (self.kind as u64) << 8
            | u64::from(self.worker) << 16
            | u64::from(self.len) << 32
    }

    fn from_bits(bits: u64) -> Option<Word> {
        let status = match bits & 0xff {
            0 => Status::Empty,
            1 => Status::Live,
            2 => Status::Freeing,
            3 => Status::Freed,
            _ => return None,
        };
        let kind = match bits >> 8 & 0xff {
            0 => Kind::Inline,
            1 => Kind::Memory,
            2 => Kind::Block,
            _ => return None,
        };
        Some(Word { status, kind, worker: (bits >> 16) as u16, len: (bits >> 32) as u8 })
    }
}

/// A result in the arena: what it refers to, and its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream<'a> {
    /// Offsets of the blocks that belong to this result alone, one word each.
    blocks: &'a [u8],
    /// Blocks of inputs: offset, then producer and bit of the hold, two words each.
    aliases: &'a [u8],
    /// The encoded value.
    pub(crate) payload: &'a [u8],
}

/// Payloads begin at multiples of this, for values that are read in place.
const PAYLOAD_ALIGN: usize = 16;

/// An input's block that a result refers to, and the hold that keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) offset: u64,
    pub(crate) producer: u32,
    pub(crate) bit: u32,
}

fn word_at(bytes: &[u8], i: usize) -> u64 {
    let at = bytes.get(8 * i..8 * i + 8);
    at.map_or(0, |w| u64::from_le_bytes(w.try_into().expect("eight bytes")))
}

impl<'a> Stream<'a> {
    /// Reads the stream in a block.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for one that cannot be.
    pub(crate) fn read(arena: &'a Arena, block: BlockRef) -> Result<Self> {
        let bytes = arena.bytes(block)?;
        let counts = word_at(bytes, 0);
        let (blocks, aliases) = (counts as u32 as usize, (counts >> 32) as usize);
        let len = usize::try_from(word_at(bytes, 1)).ok();
        let (first, second) = (16 + 8 * blocks, 16 + 8 * blocks + 16 * aliases);
        let start = second.next_multiple_of(PAYLOAD_ALIGN);
        let parts = || {
            Some(Stream {
                blocks: bytes.get(16..first)?,
                aliases: bytes.get(first..second)?,
                payload: bytes.get(start..start.checked_add(len?)?)?,
            })
        };
        parts().ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "a result in shared memory has an impossible header")
        })
    }

    fn header(blocks: &[BlockRef], aliases: &[Alias], payload: usize) -> Vec<u8> {
        let counts = blocks.len() as u64 | (aliases.len() as u64) << 32;
        let mut header = Vec::with_capacity(32 + 8 * blocks.len() + 16 * aliases.len());
        header.extend_from_slice(&counts.to_le_bytes());
        header.extend_from_slice(&(payload as u64).to_le_bytes());
        for block in blocks {
            header.extend_from_slice(&block.offset.to_le_bytes());
        }
        for alias in aliases {
            header.extend_from_slice(&alias.offset.to_le_bytes());
            let hold = u64::from(alias.producer) | u64::from(alias.bit) << 32;
            header.extend_from_slice(&hold.to_le_bytes());
        }
        header.resize(header.len().next_multiple_of(PAYLOAD_ALIGN), 0);
        header
    }

    /// Offsets of the blocks that belong to this result alone.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = u64> + use<'a> {
        let blocks = self.blocks;
        (0..blocks.len() / 8).map(move |i| word_at(blocks, i))
    }

    /// Blocks of inputs that it refers to.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = Alias> + use<'a> {
        let aliases = self.aliases;
        (0..aliases.len() / 16).map(move |i| {
            let hold = word_at(aliases, 2 * i + 1);
            let (producer, bit) = (hold as u32, (hold >> 32) as u32);
            Alias { offset: word_at(aliases, 2 * i), producer, bit }
        })
    }

    /// Whether values in it refer to blocks beside the stream.
    pub(crate) fn has_references(&self) -> bool {
        !self.blocks.is_empty() || !self.aliases.is_empty()
    }
}

/// What a cell holds, for whoever may read it.
pub(crate) enum Held {
    /// A few bytes.
    Inline(Inline),
    /// A value in this process.
    Memory(Shared),
    /// A stream in the arena.
    Block(BlockRef),
}

fn data(cell: &Cell) -> [u64; 2] {
    [cell.result_data[0].load(Ordering::Relaxed), cell.result_data[1].load(Ordering::Relaxed)]
}

fn set(cell: &Cell, kind: Kind, words: [u64; 2], len: u8) {
    cell.result_data[0].store(words[0], Ordering::Relaxed);
    cell.result_data[1].store(words[1], Ordering::Relaxed);
    let word = Word { status: Status::Live, kind, worker: 0, len };
    cell.result.store(word.to_bits(), Ordering::Release);
}

fn block_of(cell: &Cell) -> BlockRef {
    let [offset, len] = data(cell);
    BlockRef { offset, len }
}

fn live(cell: &Cell) -> Option<Word> {
    let word = Word::from_bits(cell.result.load(Ordering::Acquire));
    word.filter(|w| w.status == Status::Live)
}

/// Stores a few bytes.
#[inline]
pub(crate) fn store_inline(cell: &Cell, inline: Inline) {
    let (words, len) = inline.to_words();
    set(cell, Kind::Inline, words, len);
}

/// Stores a value of this process, in place of one that the task stored before.
pub(crate) fn store_memory(cell: &Cell, value: Shared) {
    if let Some(word) = live(cell).filter(|w| w.kind == Kind::Memory)
        && begin_free(cell, word, 0)
    {
        panics::dispose(take_memory(cell));
    }
    let pointer = Box::into_raw(Box::new(value)).expose_provenance() as u64;
    set(cell, Kind::Memory, [pointer, 0], 0);
}

/// Stores encoded bytes with the blocks that they refer to, in a block of the running task.
///
/// # Errors
/// The arena is full.
pub(crate) fn store_block(
    cell: &Cell,
    payload: &[u8],
    blocks: &[BlockRef],
    aliases: &[Alias],
) -> Result<()> {
    let header = Stream::header(blocks, aliases, payload.len());
    let len = header.len() + payload.len();
    let stored = with_heap(|heap, task| {
        let block = heap.allocate(len, task)?;
        heap.arena().write(block, &[&header, payload])?;
        Ok(block)
    });
    let block = stored
        .unwrap_or_else(|| Err(Error::new(ErrorKind::Corrupt, "a result outside of a worker")))?;
    set(cell, Kind::Block, [block.offset, block.len], 0);
    Ok(())
}

/// Stores why there is no result: under `Processes` encoded, so that every worker can read it.
pub(crate) fn store_error(cell: &Cell, error: Error, bytes: bool) {
    if !bytes {
        return store_memory(cell, Arc::new(error));
    }
    let encoded = codec::encode(&error, |payload, _| store_block(cell, payload, &[], &[]));
    if !matches!(encoded, Ok(Ok(()))) {
        // No room even for the reason: an empty record says so when it is read.
        store_inline(cell, Inline::new(&[]).expect("nothing fits"));
    }
}

/// Why there is no result in this cell.
pub(crate) fn load_error(cell: &Cell, arena: Option<&'static Arena>) -> Error {
    let lost =
        |why: &str| Error::new(ErrorKind::Os, format!("failed, and its report was lost: {why}"));
    match load(cell, arena.is_some()) {
        Some(Held::Memory(any)) => {
            any.downcast_ref::<Error>().cloned().unwrap_or_else(|| lost("it is not one"))
        }
        Some(Held::Block(block)) => {
            let decoded = arena
                .ok_or_else(|| lost("no shared memory"))
                .and_then(|arena| Stream::read(arena, block))
                .and_then(|stream| codec::decode(stream.payload));
            decoded.unwrap_or_else(|e| lost(&e.to_string()))
        }
        _ => lost("shared memory was full"),
    }
}

/// Forgets a result that its maker did not live to publish; its blocks are freed by their tags.
pub(crate) fn forget(cell: &Cell) {
    cell.result.store(0, Ordering::SeqCst);
}

/// What a live cell holds. Where processes share it, a pointer in it can only be a stray write.
pub(crate) fn load(cell: &Cell, shared: bool) -> Option<Held> {
    let word = live(cell)?;
    match word.kind {
        Kind::Inline => Some(Held::Inline(Inline::from_words(data(cell), word.len))),
        Kind::Memory if shared => None,
        Kind::Memory => Some(Held::Memory(memory(cell).clone())),
        Kind::Block => Some(Held::Block(block_of(cell))),
    }
}

/// The value in a live cell of kind `Memory`.
#[expect(unsafe_code, reason = "the module's invariant")]
fn memory(cell: &Cell) -> &Shared {
    let pointer = std::ptr::with_exposed_provenance::<Shared>(data(cell)[0] as usize);
    // SAFETY: a live cell of kind `Memory` owns the box, and the caller's hold on the cell keeps
    // it from being freed.
    unsafe { &*pointer }
}

/// Takes back the box of a cell that was just moved out of `Live`.
#[expect(unsafe_code, reason = "the module's invariant")]
fn take_memory(cell: &Cell) -> Shared {
    let pointer = std::ptr::with_exposed_provenance_mut::<Shared>(data(cell)[0] as usize);
    // SAFETY: made by `store_memory`; only the winner of the move out of `Live` comes here.
    *unsafe { Box::from_raw(pointer) }
}

/// An input as a task reads it.
///
/// # Errors
/// A cell that holds nothing, or a stream that cannot be.
pub(crate) fn fetch<'a>(cell: &'a Cell, arena: Option<&'static Arena>) -> Result<Fetched<'a>> {
    let word = live(cell);
    match (word.map(|w| w.kind), arena) {
        (Some(Kind::Inline), _) => {
            let len = word.map_or(0, |w| w.len);
            Ok(Fetched::Inline(Inline::from_words(data(cell), len)))
        }
        (Some(Kind::Memory), None) => Ok(Fetched::Memory(memory(cell).as_ref())),
        (Some(Kind::Block), Some(arena)) => {
            Ok(Fetched::Encoded(Stream::read(arena, block_of(cell))?.payload))
        }
        _ => Err(Error::new(ErrorKind::Corrupt, "an input has no result")),
    }
}

/// Whether freeing the result would give memory back.
#[inline]
pub(crate) fn is_worth_freeing(cell: &Cell) -> bool {
    live(cell).is_some_and(|w| w.kind != Kind::Inline)
}

/// The stream of a result in the arena.
pub(crate) fn stream<'a>(cell: &Cell, arena: &'a Arena) -> Option<Stream<'a>> {
    let word = live(cell).filter(|w| w.kind == Kind::Block)?;
    debug_assert_eq!(word.status, Status::Live);
    Stream::read(arena, block_of(cell)).ok()
}

/// Takes a value out for its last consumer, who holds it.
pub(crate) fn take(cell: &Cell, worker: u16) -> Option<Shared> {
    let word = live(cell).filter(|w| w.kind == Kind::Memory)?;
    let value = begin_free(cell, word, worker).then(|| take_memory(cell))?;
    end_free(cell);
    Some(value)
}

fn begin_free(cell: &Cell, word: Word, worker: u16) -> bool {
    let freeing = Word { status: Status::Freeing, worker, ..word };
    cell.result
        .compare_exchange(word.to_bits(), freeing.to_bits(), Ordering::SeqCst, Ordering::Relaxed)
        .is_ok()
}

fn end_free(cell: &Cell) {
    let word = Word { status: Status::Freed, kind: Kind::Inline, worker: 0, len: 0 };
    cell.result.store(word.to_bits(), Ordering::SeqCst);
}

impl Table {
    /// Frees the result of `task`, which nobody holds, and those that only it held.
    pub(crate) fn free_result(&self, task: u32, worker: u16, arena: Option<&'static Arena>) {
        let mut stack = vec![task];
        while let Some(task) = stack.pop() {
            let cell = self.cell(task);
            let Some(word) = live(cell) else { continue };
            if cell.flags.load(Ordering::SeqCst) & PINNED != 0 {
                continue;
            }
            let slot = self.slot(worker.into());
            slot.set_freeing(task);
            kill_point!(MidFree);
            if begin_free(cell, word, worker) {
                kill_point!(MidFree);
                match word.kind {
                    Kind::Inline => {}
                    Kind::Memory if arena.is_some() => {}
                    Kind::Memory => panics::dispose(take_memory(cell)),
                    Kind::Block => self.free_blocks(task, arena, &mut stack),
                }
                kill_point!(MidFree);
                end_free(cell);
            }
            slot.set_freeing(crate::table::NOBODY);
        }
    }

    /// Frees the blocks of a result, its stream last: while that is there, all can be done again.
    fn free_blocks(&self, task: u32, arena: Option<&'static Arena>, stack: &mut Vec<u32>) {
        let Some(arena) = arena else { return };
        let block = block_of(self.cell(task));
        let tag = Tag { epoch: self.epoch(), task };
        if !arena.has_tag(block.offset, tag) {
            return;
        }
        if let Ok(stream) = Stream::read(arena, block) {
            for alias in stream.aliases() {
                if self.drop_hold(alias.producer, alias.bit) {
                    stack.push(alias.producer);
                }
                kill_point!(MidFree);
            }
            for offset in stream.blocks() {
                arena.free(offset, Some(tag));
                kill_point!(MidFree);
            }
        }
        arena.free(block.offset, Some(tag));
    }

    /// Ends the freeing that dead `worker` was in the middle of, or about to begin.
    pub(crate) fn resume_free(&self, task: u32, worker: u16, arena: Option<&'static Arena>) {
        let cell = self.cell(task);
        let word = Word::from_bits(cell.result.load(Ordering::SeqCst));
        if word.is_some_and(|w| w.status == Status::Live) && self.is_let_go(task) {
            return self.free_result(task, self.workers() as u16, arena);
        }
        let mine = word.is_some_and(|w| w.status == Status::Freeing && w.worker == worker);
        if !mine {
            return;
        }
        let mut stack = Vec::new();
        self.free_blocks(task, arena, &mut stack);
        end_free(cell);
        for task in stack {
            self.free_result(task, self.workers() as u16, arena);
        }
    }

    /// Drops what is left in the cells of a run within one process.
    pub(crate) fn drop_results(&self) {
        for task in 0..self.last() {
            let cell = self.cell(task);
            if let Some(word) = live(cell).filter(|w| w.kind == Kind::Memory)
                && begin_free(cell, word, 0)
            {
                panics::dispose(take_memory(cell));
                end_free(cell);
            }
        }
    }
}
