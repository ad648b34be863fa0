//! The memory that results lie in: reserved once, mapped before every fork at the same address.
//! It does not know what a result is, or who may still read it.
//!
//! Chunks of 2 MB have an owner word each, which goes from free to a worker by compare and swap. A
//! worker cuts its chunks into blocks of one size, or takes a run of chunks for a large block. A
//! block has a *used* bit, which only the owner sets and only whoever frees the block clears, and a
//! *tag* that names the task it was allocated for: so that freeing can be done again after a crash
//! without touching a block that has been handed out anew.
//!
//! Behind the chunks in memory lie those of a file, for results that memory has no room for. They
//! are owned, cut and freed alike; only writing them is another thing.
//!
//! # Invariant
//! Nobody writes a block between its publication and its freeing: producers write through the
//! read-write mapping before they publish, readers see the read-only one, where a stray write is a
//! segmentation fault. Every offset is checked against the arena before it is followed.

mod buffer;
mod chunk;
mod class;
mod extent;
mod file;
#[cfg(test)]
mod fuzz;
mod heap;
mod running;
mod sweep;
mod take;
mod waiting;

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

pub use buffer::{Buffer, Element};
pub(crate) use chunk::{Owner, Tag};
pub(crate) use class::{ALIGN, CHUNK};
pub(crate) use heap::{Heap, Relief};
pub(crate) use running::{
    Lease, copied, end_publishing, publish, set_lease, unpublish, with_heap, with_idle_heap,
    with_lease,
};

use crate::codec::BlockRef;
use crate::error::{Error, Result};
use crate::kill_point::kill_point;
use crate::region::{Access, Carver, Sharing, Slab, collapse, map_guarded, memfd, unmap};
use class::{CLASSES, SIZES, class_of, slots};
use file::SpillFile;

/// Freed chunks that are kept warm: this many, 256 MB.
const WARM_CHUNKS: usize = 128;

/// A chunk that is taken for a large block as often as this gets huge pages.
const WORTH_COLLAPSING: u32 = 4;

/// One process's arena.
pub(crate) struct Arena {
    file: OwnedFd,
    write: NonNull<u8>,
    read: NonNull<u8>,
    /// Where results go that memory has no room for, or why there is no such place.
    spill: std::result::Result<SpillFile, Error>,
    /// Chunks in memory.
    chunks: usize,
    owners: Slab<AtomicU64>,
    /// Size class of a cut chunk, length in chunks of a run.
    kinds: Slab<AtomicU32>,
    /// How often a block of the chunk was freed: tells the owner when to look again.
    frees: Slab<AtomicU32>,
    /// How often the chunk was part of a large block, up to `WORTH_COLLAPSING`.
    uses: Slab<AtomicU32>,
    used: Slab<AtomicU64>,
    tags: Slab<AtomicU64>,
    counters: Slab<AtomicU32>,
}

/// Chunks of memory below this have been used.
const TOP: usize = 0;
/// Sequence number of allocations.
const SEQUENCE: usize = 1;
/// Number of the last run.
const EPOCH: usize = 2;
/// Chunks of the file below this have been used, counted from its first.
const FILE_TOP: usize = 3;
/// How often memory was given back: what a worker without room sleeps on.
const BELL: usize = 4;
/// Whether somebody waits for memory, or did when it was given back last.
const LISTENED: usize = 5;
/// Counters, each on a cache line of its own.
const COUNTERS: usize = 6;
/// Words from one counter to the next.
const APART: usize = 32;

// SAFETY: the mappings live as long as the process, and are written only by the rule above.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arena({} chunks)", self.chunks)
    }
}

static ARENA: OnceLock<std::result::Result<Arena, Error>> = OnceLock::new();

impl Arena {
    /// This process's arena, made at the first call; forked children inherit it.
    ///
    /// # Errors
    /// No address space for it.
    pub(crate) fn global() -> Result<&'static Arena> {
        ARENA.get_or_init(Arena::create).as_ref().map_err(Clone::clone)
    }

    /// Reserves twice the machine's memory, or as much as the limits of this process allow.
    fn create() -> Result<Arena> {
        let mut len = (2 * physical_memory()).max(64 * CHUNK);
        loop {
            match Arena::with_len(len / CHUNK * CHUNK) {
                Err(_) if len > 64 * CHUNK => len /= 2,
                made => return made,
            }
        }
    }

    fn with_len(len: usize) -> Result<Arena> {
        let chunks = len / CHUNK;
        let file = memfd("tine-arena", len)?;
        let write = map_guarded(len, &file, Access::ReadWrite)?;
        // The address space that the first half took is what the next, smaller attempt needs.
        let read = map_guarded(len, &file, Access::Read).inspect_err(|_| unmap(write, len))?;
        let unmap_both = || [write, read].into_iter().for_each(|start| unmap(start, len));
        let spill = SpillFile::open();
        let all = chunks + spill.as_ref().map_or(0, |s| s.chunks);
        let control = Carver::carve(Sharing::Forks, |c| {
            let owners = c.slab(all);
            let (kinds, frees, uses) = (c.slab(all), c.slab(all), c.slab(chunks));
            let used = c.slab(extent::used_before(chunks, all));
            let tags = c.slab(extent::tags_before(chunks, all));
            (owners, (kinds, frees, uses), (used, tags), c.slab(COUNTERS * APART))
        });
        let (owners, (kinds, frees, uses), (used, tags), counters) =
            control.inspect_err(|_| unmap_both())?;
        #[rustfmt::skip]
        let arena = Arena { file, write, read, spill, chunks, owners, kinds, frees, uses, used, tags, counters };
        Ok(arena)
    }

    fn counter(&self, which: usize) -> &AtomicU32 {
        &self.counters[which * APART]
    }

    /// Copies `parts`, one after the other, into a block that is not yet published.
    ///
    /// # Errors
    /// Parts that are longer than the block.
    pub(crate) fn write(&self, block: BlockRef, parts: &[&[u8]]) -> Result<()> {
        let total: usize = parts.iter().map(|p| p.len()).sum();
        let start =
            self.writable(BlockRef { len: total.max(block.len as usize) as u64, ..block })?;
        let mut at = 0;
        for part in parts {
            // SAFETY: `at + part.len()` stays within the block, whose only user is this worker.
            let to = unsafe { start.add(at) };
            // SAFETY: as above; source and block do not overlap: one is read-only or private.
            unsafe { to.copy_from_nonoverlapping(NonNull::from(*part).cast(), part.len()) };
            at += part.len();
        }
        Ok(())
    }

    /// Whether the block at `offset` is in use for `tag`.
    pub(crate) fn has_tag(&self, offset: u64, tag: Tag) -> bool {
        let chunk = offset as usize / CHUNK;
        let Some(owner) = self.owners.get(chunk) else { return false };
        match Owner::from_bits(owner.load(Ordering::SeqCst)) {
            // A run that is being taken still has the tag of the one before, but no head yet.
            Some(o) if o.is_run() => {
                o.usage == chunk::Use::Head
                    && self.tag(chunk, 0).load(Ordering::SeqCst) == tag.to_bits()
            }
            Some(_) => {
                let Some(size) = self.size_in(chunk) else { return false };
                let slot = offset as usize % CHUNK / size;
                let (word, bit) = self.used_bit(chunk, slot);
                word.load(Ordering::SeqCst) & bit != 0
                    && self.tag(chunk, slot).load(Ordering::SeqCst) == tag.to_bits()
            }
            None => false,
        }
    }

    /// Frees a block. `only` makes it safe to do again after a crash: nothing happens unless the
    /// block still has this tag.
    pub(crate) fn free(&self, offset: u64, only: Option<Tag>) {
        let chunk = offset as usize / CHUNK;
        if chunk >= self.owners.len() {
            return;
        }
        let word = self.owners[chunk].load(Ordering::SeqCst);
        match Owner::from_bits(word) {
            Some(owner) if owner.usage == chunk::Use::Head => self.free_run(chunk, word, only),
            Some(owner) if owner.is_run() => {}
            Some(_) => self.free_slot(chunk, offset as usize % CHUNK, only),
            None => {}
        }
    }

    fn free_slot(&self, chunk: usize, within: usize, only: Option<Tag>) {
        let Some(size) = self.size_in(chunk) else { return };
        let slot = within / size;
        let (word, bit) = self.used_bit(chunk, slot);
        if let Some(tag) = only {
            let is_used = word.load(Ordering::SeqCst) & bit != 0;
            if !is_used || self.tag(chunk, slot).load(Ordering::SeqCst) != tag.to_bits() {
                return;
            }
        }
        word.fetch_and(!bit, Ordering::SeqCst);
        kill_point!(MidFree);
        self.frees[chunk].fetch_add(1, Ordering::Relaxed);
    }

    /// Frees a run of chunks from behind, the head last, so that a crash in between can be mended by
    /// repeating. What is still of this run is then a prefix: the chunks behind it may have gone to
    /// somebody else, and must be neither freed nor emptied.
    fn free_run(&self, head: usize, word: u64, only: Option<Tag>) {
        if only.is_some_and(|t| self.tag(head, 0).load(Ordering::SeqCst) != t.to_bits()) {
            return;
        }
        let len = self.kinds[head].load(Ordering::SeqCst) as usize;
        let tail = Owner::tail_of(word);
        let tails = head + 1..(head + len).min(self.end_of(head));
        let left = tails.take_while(|&c| self.owners[c].load(Ordering::SeqCst) == tail).count();
        let end = head + 1 + left;
        let free = self.empty(head, end - head);
        for c in (head + 1..end).rev() {
            let owner = &self.owners[c];
            let _ = owner.compare_exchange(tail, free, Ordering::SeqCst, Ordering::Relaxed);
            kill_point!(MidFree);
        }
        let owner = &self.owners[head];
        let _ = owner.compare_exchange(word, free, Ordering::SeqCst, Ordering::Relaxed);
        self.ring();
    }

    /// Empties chunks that nobody reads any more, if they are not to be kept warm; returns the word
    /// of a free chunk that they get.
    fn empty(&self, head: usize, len: usize) -> u64 {
        let keep = head < self.chunks && self.warm_chunks() + len <= WARM_CHUNKS;
        if !keep && self.punch(head, len) { chunk::COLD } else { chunk::WARM }
    }

    /// Gives the memory of a run, which nobody reads any more, back to the kernel.
    fn punch(&self, head: usize, len: usize) -> bool {
        use nix::fcntl::{FallocateFlags, fallocate};
        let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        let (file, first) = match &self.spill {
            Ok(spill) if head >= self.chunks => (&spill.file, head - self.chunks),
            _ => (&self.file, head),
        };
        let (from, bytes) = ((first * CHUNK) as i64, (len * CHUNK) as i64);
        let punched = fallocate(file.as_fd(), flags, from, bytes).is_ok();
        for uses in self.uses.iter().skip(head).take(len).filter(|_| punched) {
            uses.store(0, Ordering::Relaxed);
        }
        punched
    }

    /// Counts a use of the chunks of a large block. Those that are used again and again get huge
    /// pages: reading and writing 8 MB on small ones costs more in address translation than in
    /// memory. It costs a copy of the chunk, once.
    fn count_use(&self, head: usize, len: usize) {
        for c in head..head + len {
            let before = self.uses[c].load(Ordering::Relaxed);
            if before >= WORTH_COLLAPSING {
                continue;
            }
            self.uses[c].store(before + 1, Ordering::Relaxed);
            if before + 1 == WORTH_COLLAPSING {
                // SAFETY: in the mapping: the caller owns these chunks.
                collapse(unsafe { self.write.add(c * CHUNK) }, CHUNK);
            }
        }
    }

    /// A number for a run, unlike those of all others that use this arena: also of other processes,
    /// where the program itself has forked.
    pub(crate) fn next_epoch(&self) -> u32 {
        self.counter(EPOCH).fetch_add(1, Ordering::Relaxed)
    }

    /// Bytes of chunks in memory that somebody owns.
    pub(crate) fn bytes_owned(&self) -> usize {
        self.memory().filter(|&c| Owner::from_bits(self.word_of(c)).is_some()).count() * CHUNK
    }
}

/// How many bytes of shared memory this process and its runs hold: whole chunks of 2 MB that results
/// lie in. 0 when no run is on and no result of an earlier one is kept.
///
/// ```
/// use tine_scheduler::{Graph, Processes, get, memory_in_use};
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || vec![1u64; 1000]);
/// let out = get(&g.build()?, ["x"], &Processes::new())?;
/// assert!(memory_in_use() > 0);
/// drop(out);
/// assert_eq!(memory_in_use(), 0);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub fn memory_in_use() -> usize {
    ARENA.get().and_then(|a| a.as_ref().ok()).map_or(0, Arena::bytes_owned)
}

fn physical_memory() -> usize {
    let pages = nix::unistd::sysconf(nix::unistd::SysconfVar::_PHYS_PAGES);
    let pages = pages.ok().flatten().and_then(|p| usize::try_from(p).ok());
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    let size = size.and_then(|s| usize::try_from(s).ok()).unwrap_or(4096);
    pages.map_or(8 << 30, |p| p * size)
}
