//! The result word of a cell: where a result is in its life, and what the cell's data mean.
//! It does not know who moves it.

use std::sync::atomic::Ordering;

use crate::sync::yield_now;
use crate::table::Cell;

/// Where a result is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Status {
    /// Not made yet.
    Empty = 0,
    /// To be read.
    Live = 1,
    /// Its memory is being given back, by the worker in the word.
    Freeing = 2,
    /// Gone.
    Freed = 3,
    /// To be read, while the worker in the word copies it to a file.
    Copying = 4,
    /// For a moment not to be read: the worker in the word puts the copy in its place.
    Sealing = 5,
}

/// What a cell's data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// The bytes themselves.
    Inline = 0,
    /// A pointer in this process.
    Memory = 1,
    /// Offset and length of a stream in the arena.
    Block = 2,
}

/// The result word: status 8, kind 8, worker 16, length of inline bytes 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) status: Status,
    pub(super) kind: Kind,
    pub(super) worker: u16,
    pub(super) len: u8,
}

impl Word {
    pub(super) fn to_bits(self) -> u64 {
        self.status as u64
            | (self.kind as u64) << 8
            | u64::from(self.worker) << 16
            | u64::from(self.len) << 32
    }

    pub(super) fn from_bits(bits: u64) -> Option<Word> {
        let status = match bits & 0xff {
            0 => Status::Empty,
            1 => Status::Live,
            2 => Status::Freeing,
            3 => Status::Freed,
            4 => Status::Copying,
            5 => Status::Sealing,
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

    /// Sequentially consistent: a reader has claimed its task before, and whoever seals the result
    /// looks at the claims afterwards.
    #[inline]
    pub(super) fn load(cell: &Cell) -> Option<Word> {
        Word::from_bits(cell.result.load(Ordering::SeqCst))
    }

    /// Moves the cell's word from this one to another; false where it is not this one any more.
    pub(super) fn change(self, cell: &Cell, to: Word) -> bool {
        let (from, to) = (self.to_bits(), to.to_bits());
        cell.result.compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// Whether there is a result to be read.
    pub(super) fn is_live(self) -> bool {
        matches!(self.status, Status::Live | Status::Copying)
    }
}

/// How often somebody who meets a result that is being sealed looks again. Sealing is a walk over
/// the consumers' states; who does it may have been killed, and then the supervisor takes it back.
const LOOKS: u32 = 20_000;

/// The word of a result that can be read.
#[inline]
pub(super) fn live(cell: &Cell) -> Option<Word> {
    let word = Word::load(cell)?;
    if word.status == Status::Sealing {
        return after_sealing(cell);
    }
    word.is_live().then_some(word)
}

#[cold]
fn after_sealing(cell: &Cell) -> Option<Word> {
    for _ in 0..LOOKS {
        yield_now();
        let word = Word::load(cell)?;
        if word.status != Status::Sealing {
            return word.is_live().then_some(word);
        }
    }
    None
}

/// The word of a result that can be read, for whoever must read it: who seals it may have been held
/// up, or killed, and then the supervisor takes it back.
pub(super) fn settled(cell: &Cell) -> Option<Word> {
    let mut word = live(cell);
    while word.is_none() && Word::load(cell).is_some_and(|w| w.status == Status::Sealing) {
        word = live(cell);
    }
    word
}
