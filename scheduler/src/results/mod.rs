//! What lies in a task's result cell: a few bytes, a value in memory, or a block of the arena.
//! It does not know when a result may be freed, or moved to a file: its consumers say that.
//!
//! # Invariant
//! A cell of kind `Memory` owns one leaked `Box<Arc<dyn Any>>`, which whoever moves the cell from
//! `Live` to `Freeing` takes back, exactly once. Such cells only exist within one process.

mod free;
#[cfg(all(test, target_os = "linux", not(tine_portable)))]
mod fuzz;
mod spill;
mod stream;
mod word;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::arena::{Arena, with_heap};
use crate::codec::{self, BlockRef};
use crate::context::{Fetched, Inline};
use crate::error::{Error, ErrorKind, Result};
use crate::panics;
use crate::table::Cell;
pub(crate) use spill::Moved;
pub(crate) use stream::{Alias, Stream};
use word::{Kind, Status, Word, live, settled};

/// Something that any task may have made.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

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
    // It must be told also that there is no memory.
    let relief = with_heap(|heap, _| heap.set_relief(None)).flatten();
    let encoded = codec::encode(&error, |payload, _| store_block(cell, payload, &[], &[]));
    with_heap(|heap, _| heap.set_relief(relief));
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
    let word = settled(cell);
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
    let word = Word::load(cell);
    word.is_some_and(|w| w.kind != Kind::Inline && (w.is_live() || w.status == Status::Sealing))
}

/// Whether the result lies in a block of the arena, now or a moment ago.
#[inline]
pub(crate) fn is_in_block(cell: &Cell) -> bool {
    Word::load(cell).is_some_and(|w| w.kind == Kind::Block)
}

/// Whether the result is just being put elsewhere, and cannot be read.
pub(crate) fn is_moving(cell: &Cell) -> bool {
    Word::load(cell).is_some_and(|w| w.status == Status::Sealing)
}

/// All that says where a result lies: unequal before and after it was moved.
pub(crate) fn version(cell: &Cell) -> [u64; 3] {
    let [first, second] = &cell.result_data;
    [&cell.result, first, second].map(|w| w.load(Ordering::SeqCst))
}

/// The stream of a result in the arena.
pub(crate) fn stream<'a>(cell: &Cell, arena: &'a Arena) -> Option<Stream<'a>> {
    live(cell).filter(|w| w.kind == Kind::Block)?;
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
    word.change(cell, freeing)
}

fn end_free(cell: &Cell) {
    let word = Word { status: Status::Freed, kind: Kind::Inline, worker: 0, len: 0 };
    cell.result.store(word.to_bits(), Ordering::SeqCst);
}
