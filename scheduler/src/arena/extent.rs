//! The two stretches of chunks: those in memory, then those in the file; and where their control
//! words and their bytes lie.
//! It does not know who owns a chunk.
//!
//! Blocks in the file are at least a page, so that their chunks need fewer control words.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use super::class::SIZES;
use super::{ALIGN, Arena, CHUNK, FILE_TOP, TOP, chunk};
use crate::codec::BlockRef;
use crate::error::{Error, ErrorKind, Result};

/// The smallest block in the file.
pub(super) const PAGE: usize = 4096;

const SLOTS: usize = CHUNK / ALIGN;
const FILE_SLOTS: usize = CHUNK / PAGE;

/// How many tags the chunks before `chunk` have, where the first `memory` lie in memory.
pub(super) fn tags_before(memory: usize, chunk: usize) -> usize {
    chunk.min(memory) * SLOTS + chunk.saturating_sub(memory) * FILE_SLOTS
}

/// How many words of used bits they have.
pub(super) fn used_before(memory: usize, chunk: usize) -> usize {
    tags_before(memory, chunk) / 64
}

impl Arena {
    /// The word of used bits, number `w` of this chunk.
    pub(super) fn used_word(&self, chunk: usize, w: usize) -> &AtomicU64 {
        &self.used[used_before(self.chunks, chunk) + w]
    }

    /// The word with the used bit of a slot, and the bit.
    pub(super) fn used_bit(&self, chunk: usize, slot: usize) -> (&AtomicU64, u64) {
        (self.used_word(chunk, slot / 64), 1 << (slot % 64))
    }

    pub(super) fn tag(&self, chunk: usize, slot: usize) -> &AtomicU64 {
        &self.tags[tags_before(self.chunks, chunk) + slot]
    }

    /// The size of the blocks of a cut chunk; `None` where its kind cannot be.
    pub(super) fn size_in(&self, chunk: usize) -> Option<usize> {
        let class = self.kinds[chunk].load(Ordering::SeqCst) as usize;
        let least = if chunk < self.chunks { ALIGN } else { PAGE };
        SIZES.get(class).copied().filter(|&size| size >= least)
    }

    pub(super) fn word_of(&self, chunk: usize) -> u64 {
        self.owners[chunk].load(Ordering::SeqCst)
    }

    /// The chunks in memory that have ever been used.
    pub(super) fn memory(&self) -> Range<usize> {
        0..(self.counter(TOP).load(Ordering::SeqCst) as usize).min(self.chunks)
    }

    /// All chunks that have ever been used, those in memory first.
    pub(super) fn all_chunks(&self) -> impl Iterator<Item = usize> + use<> {
        let file = self.counter(FILE_TOP).load(Ordering::SeqCst) as usize;
        self.memory().chain(self.chunks..(self.chunks + file).min(self.owners.len()))
    }

    /// The end of the stretch that this chunk lies in.
    pub(super) fn end_of(&self, chunk: usize) -> usize {
        if chunk < self.chunks { self.chunks } else { self.owners.len() }
    }

    /// Notes that the chunks before `end` have been used.
    pub(super) fn raise_top(&self, end: usize) {
        let (top, end) =
            if end <= self.chunks { (TOP, end) } else { (FILE_TOP, end - self.chunks) };
        if self.counter(top).load(Ordering::SeqCst) < end as u32 {
            self.counter(top).fetch_max(end as u32, Ordering::SeqCst);
        }
    }

    pub(super) fn warm_chunks(&self) -> usize {
        self.memory().filter(|&c| self.owners[c].load(Ordering::Relaxed) == chunk::WARM).count()
    }

    /// Chunks in memory that workers of a run own.
    pub(crate) fn chunks_of(&self, epoch: u32) -> usize {
        let owner = |c: usize| chunk::Owner::from_bits(self.owners[c].load(Ordering::Relaxed));
        self.memory().filter(|&c| owner(c).is_some_and(|o| o.is_of(epoch))).count()
    }

    /// Tells `found` of the blocks in memory that workers of a run hold: task and size, where that is
    /// at least `least`.
    pub(crate) fn blocks_of(&self, epoch: u32, least: u64, mut found: impl FnMut(u32, u64)) {
        for c in self.memory() {
            let Some(owner) = chunk::Owner::from_bits(self.word_of(c)) else { continue };
            if !owner.is_of(epoch) || owner.usage == chunk::Use::Tail {
                continue;
            }
            let kind = self.kinds[c].load(Ordering::SeqCst) as usize;
            if owner.usage == chunk::Use::Head {
                let task = self.tag(c, 0).load(Ordering::SeqCst) as u32;
                found(task, (kind * CHUNK) as u64);
                continue;
            }
            let Some(size) = self.size_in(c).filter(|&size| size as u64 >= least) else { continue };
            for w in 0..(CHUNK / size).div_ceil(64) {
                let mut bits = self.used_word(c, w).load(Ordering::SeqCst);
                while bits != 0 {
                    let slot = 64 * w + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    found(self.tag(c, slot).load(Ordering::SeqCst) as u32, size as u64);
                }
            }
        }
    }

    /// Whether a block lies in the file.
    pub(crate) fn is_in_file(&self, offset: u64) -> bool {
        offset >= (self.chunks * CHUNK) as u64
    }

    /// Empties warm chunks, at most `n`. Meanwhile they bear `mark`, by which they
    /// are found if the caller dies.
    pub(super) fn cool(&self, n: usize, mark: u64) {
        let mut cooled = 0;
        for c in self.memory() {
            if cooled == n {
                break;
            }
            let owner = &self.owners[c];
            let taken = owner.load(Ordering::Relaxed) == chunk::WARM
                && owner
                    .compare_exchange(chunk::WARM, mark, Ordering::SeqCst, Ordering::Relaxed)
                    .is_ok();
            if taken {
                let free = if self.punch(c, 1) { chunk::COLD } else { chunk::WARM };
                cooled += usize::from(free == chunk::COLD);
                owner.store(free, Ordering::SeqCst);
            }
        }
    }

    /// The bytes of a published block.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a block that cannot be.
    pub(crate) fn bytes(&self, block: BlockRef) -> Result<&[u8]> {
        let (offset, len) = self.check(block)?;
        let first = match &self.spill {
            // SAFETY: in the file's mapping, as just checked.
            Ok(spill) if self.is_in_file(block.offset) => unsafe {
                spill.read.add(offset - self.chunks * CHUNK)
            },
            // SAFETY: in the memory's mapping, as just checked.
            _ => unsafe { self.read.add(offset) },
        };
        // SAFETY: the mapping lives as long as the process; nobody writes a published block (the
        // arena's invariant).
        Ok(unsafe { std::slice::from_raw_parts(first.as_ptr(), len) })
    }

    fn check(&self, block: BlockRef) -> Result<(usize, usize)> {
        let limit = self.end_of(block.offset as usize / CHUNK) * CHUNK;
        match block.offset.checked_add(block.len) {
            Some(end) if end <= limit as u64 => Ok((block.offset as usize, block.len as usize)),
            _ => Err(Error::new(
                ErrorKind::Corrupt,
                format!("a result in shared memory lies outside of it, at {}", block.offset),
            )),
        }
    }

    /// Where to write a block in memory that was allocated and not yet published.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub(crate) fn writable(&self, block: BlockRef) -> Result<NonNull<u8>> {
        let (offset, len) = self.check(block)?;
        if offset + len > self.chunks * CHUNK {
            return Err(Error::new(ErrorKind::Corrupt, "a file's block is not written in place"));
        }
        // SAFETY: in the memory's mapping, as just checked.
        Ok(unsafe { self.write.add(offset) })
    }

    /// Writes `parts`, one after the other, into a block of the file that is not yet published.
    ///
    /// # Errors
    /// A full disk, or a broken one.
    pub(crate) fn write_file(&self, block: BlockRef, parts: &[&[u8]]) -> Result<()> {
        let spill = self.spill.as_ref().map_err(Clone::clone)?;
        let (offset, _) = self.check(block)?;
        let mut at = offset.saturating_sub(self.chunks * CHUNK);
        for part in parts {
            spill.write(part, at)?;
            at += part.len();
        }
        Ok(())
    }

    /// How far address `start`, in any mapping, lies behind the beginning of `block`.
    pub(crate) fn offset_in(&self, block: BlockRef, start: usize) -> Option<u64> {
        let memory = self.chunks * CHUNK;
        let file = self.spill.as_ref().ok().map(|s| (s.read, memory, s.chunks * CHUNK));
        let maps = [Some((self.write, 0, memory)), Some((self.read, 0, memory)), file];
        let offset = maps.into_iter().flatten().find_map(|(base, before, len)| {
            let within = start.checked_sub(base.addr().get()).filter(|o| *o <= len)?;
            Some((before + within) as u64)
        })?;
        offset.checked_sub(block.offset).filter(|w| *w <= block.len)
    }
}
