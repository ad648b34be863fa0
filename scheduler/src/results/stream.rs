//! A result in the arena: what it refers to, then its encoded bytes.
//! It does not know whose it is, or whether it may be read.

use crate::arena::Arena;
use crate::codec::BlockRef;
use crate::error::{Error, ErrorKind, Result};

/// A result in the arena: what it refers to, and its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream<'a> {
    /// The blocks that belong to this result alone: offset and length, two words each.
    blocks: &'a [u8],
    /// Offsets of these blocks when the payload was written, where they have been moved since.
    before: &'a [u8],
    /// Blocks of inputs: offset, then producer and bit of the hold, two words each.
    aliases: &'a [u8],
    /// The encoded value.
    pub(crate) payload: &'a [u8],
}

/// Payloads begin at multiples of this, for values that are read in place.
const PAYLOAD_ALIGN: usize = 16;
/// Bytes before the lists.
const HEAD: usize = 16;
/// In the count of aliases: the blocks have been moved, and it is written from where.
const MOVED: usize = 1 << 31;

/// What stands before the payload.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) blocks: &'a [BlockRef],
    /// As many, or none.
    pub(super) before: &'a [u64],
    pub(super) aliases: &'a [Alias],
    /// Length of the payload.
    pub(super) payload: usize,
}

impl Header<'_> {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let moved = if self.before.is_empty() { 0 } else { MOVED };
        let counts = self.blocks.len() as u64 | ((self.aliases.len() | moved) as u64) << 32;
        let aliases = self
            .aliases
            .iter()
            .flat_map(|a| [a.offset, u64::from(a.producer) | u64::from(a.bit) << 32]);
        let blocks = self.blocks.iter().flat_map(|b| [b.offset, b.len]);
        let lists = blocks.chain(self.before.iter().copied()).chain(aliases);
        let words = [counts, self.payload as u64].into_iter().chain(lists);
        let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        bytes.resize(bytes.len().next_multiple_of(PAYLOAD_ALIGN), 0);
        bytes
    }
}

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
        let (blocks, aliases) = (counts as u32 as usize, (counts >> 32) as usize & !MOVED);
        let moved = if counts >> 63 == 1 { blocks } else { 0 };
        let len = usize::try_from(word_at(bytes, 1)).ok();
        let first = HEAD + 16 * blocks;
        let second = first + 8 * moved;
        let third = second + 16 * aliases;
        let start = third.next_multiple_of(PAYLOAD_ALIGN);
        let parts = || {
            Some(Stream {
                blocks: bytes.get(HEAD..first)?,
                before: bytes.get(first..second)?,
                aliases: bytes.get(second..third)?,
                payload: bytes.get(start..start.checked_add(len?)?)?,
            })
        };
        parts().ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "a result in shared memory has an impossible header")
        })
    }

    /// The header of a stream.
    pub(super) fn header(blocks: &[BlockRef], aliases: &[Alias], payload: usize) -> Vec<u8> {
        Header { blocks, before: &[], aliases, payload }.to_bytes()
    }

    /// The header of any stream, for tests.
    #[cfg(test)]
    pub(crate) fn any_header(
        blocks: &[BlockRef],
        before: &[u64],
        aliases: &[Alias],
        payload: usize,
    ) -> Vec<u8> {
        Header { blocks, before, aliases, payload }.to_bytes()
    }

    /// The blocks that belong to this result alone.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = BlockRef> + use<'a> {
        let blocks = self.blocks;
        (0..blocks.len() / 16).map(move |i| BlockRef {
            offset: word_at(blocks, 2 * i),
            len: word_at(blocks, 2 * i + 1),
        })
    }

    /// Where its own blocks lay when the payload was written, and where they lie now, if they have
    /// been moved.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (u64, u64)> + use<'a> {
        let (before, blocks) = (self.before, self.blocks);
        (0..before.len() / 8).map(move |i| (word_at(before, i), word_at(blocks, 2 * i)))
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
