//! One worker's way to blocks: from chunks of its own, or whole runs of chunks.
//! It does not know what is written there; what it keeps in private can be rebuilt from the arena.

use std::sync::atomic::Ordering;

use super::chunk::{COLD, Owner, PARENT, Tag, Use, WARM};
use super::{Arena, CHUNK, CLASSES, SIZES, TAGS, USED_WORDS, class_of, slots};
use crate::codec::BlockRef;
use crate::error::{Error, ErrorKind, Result};

/// A chunk that this worker cuts into blocks.
#[derive(Clone, Copy, Debug)]
struct Cut {
    chunk: usize,
    /// Words of used bits before this one are full.
    next_word: usize,
    /// How often blocks had been freed when the chunk was last seen full.
    frees_seen: u32,
    full: bool,
}

/// One worker's allocator.
#[derive(Debug)]
pub(crate) struct Heap {
    arena: &'static Arena,
    epoch: u32,
    worker: u16,
    cuts: [Vec<Cut>; CLASSES],
}

/// A full chunk is worth another look once this share of its blocks was freed.
const WORTH_A_LOOK: usize = 8;

impl Heap {
    /// The allocator of `worker`, which takes over the chunks of a dead one of that number.
    pub(crate) fn new(arena: &'static Arena, epoch: u32, worker: u16) -> Self {
        let mut heap = Heap { arena, epoch, worker, cuts: [const { Vec::new() }; CLASSES] };
        for chunk in 0..arena.top() {
            let owner = Owner::from_bits(arena.owners[chunk].load(Ordering::SeqCst));
            if owner.is_some_and(|o| o.usage == Use::Cut && o.is(epoch, worker)) {
                let class = arena.kinds[chunk].load(Ordering::SeqCst) as usize;
                if class < CLASSES {
                    heap.cuts[class].push(Cut { chunk, next_word: 0, frees_seen: 0, full: false });
                }
            }
        }
        heap
    }

    pub(crate) fn arena(&self) -> &'static Arena {
        self.arena
    }

    /// Allocates `len` bytes for a task.
    ///
    /// # Errors
    /// The arena is full.
    pub(crate) fn allocate(&mut self, len: usize, task: u32) -> Result<BlockRef> {
        let tag = Tag { epoch: self.epoch, task };
        let offset = match class_of(len) {
            Some(class) => self.allocate_slot(class, tag)?,
            None => self.allocate_run(len.div_ceil(CHUNK), tag)? * CHUNK,
        };
        Ok(BlockRef { offset: offset as u64, len: len as u64 })
    }

    fn allocate_slot(&mut self, class: usize, tag: Tag) -> Result<usize> {
        loop {
            // The last chunk is the one in use; the others are full, or were.
            if let Some(cut) = self.cuts[class].last_mut()
                && let Some(slot) = self.arena.take_slot(cut, class, tag)
            {
                return Ok(cut.chunk * CHUNK + slot * SIZES[class]);
            }
            self.next_cut(class)?;
        }
    }

    /// Puts a chunk with room last: one where blocks were freed, or a new one.
    fn next_cut(&mut self, class: usize) -> Result<()> {
        let arena = self.arena;
        let enough = u32::try_from((slots(class) / WORTH_A_LOOK).max(1)).unwrap_or(1);
        let freed =
            |c: &Cut| arena.frees[c.chunk].load(Ordering::Relaxed).wrapping_sub(c.frees_seen);
        let cuts = &mut self.cuts[class];
        if let Some(i) = cuts.iter().position(|c| !c.full || freed(c) >= enough) {
            let cut = cuts.remove(i);
            cuts.push(Cut { full: false, next_word: 0, ..cut });
            return Ok(());
        }
        let owner = self.owner(Use::Cut);
        let chunk = arena.take_chunks(1, owner)?;
        arena.kinds[chunk].store(class as u32, Ordering::SeqCst);
        let frees_seen = arena.frees[chunk].load(Ordering::Relaxed);
        arena.owners[chunk].store(owner.to_bits(), Ordering::SeqCst);
        self.cuts[class].push(Cut { chunk, next_word: 0, frees_seen, full: false });
        Ok(())
    }

    fn owner(&self, usage: Use) -> Owner {
        let sequence = self.arena.counters[1].fetch_add(1, Ordering::Relaxed);
        Owner { usage, worker: self.worker, sequence, epoch: self.epoch }
    }

    fn allocate_run(&mut self, len: usize, tag: Tag) -> Result<usize> {
        let arena = self.arena;
        let owner = self.owner(Use::Head);
        let head = arena.take_chunks(len, owner)?;
        arena.kinds[head].store(len as u32, Ordering::SeqCst);
        arena.tag(head, 0).store(tag.to_bits(), Ordering::SeqCst);
        arena.owners[head].store(owner.to_bits(), Ordering::SeqCst);
        arena.count_use(head, len);
        Ok(head)
    }
}

impl Arena {
    fn take_slot(&self, cut: &mut Cut, class: usize, tag: Tag) -> Option<usize> {
        let total = slots(class);
        let frees = self.frees[cut.chunk].load(Ordering::Relaxed);
        for w in cut.next_word..total.div_ceil(64) {
            let word = &self.used[cut.chunk * USED_WORDS + w];
            let slot = 64 * w + word.load(Ordering::Acquire).trailing_ones() as usize;
            if slot < total.min(64 * (w + 1)) {
                cut.next_word = w;
                // The tag before the bit: whoever sees the bit sees what it is for.
                self.tags[cut.chunk * TAGS + slot].store(tag.to_bits(), Ordering::SeqCst);
                word.fetch_or(1 << (slot % 64), Ordering::SeqCst);
                return Some(slot);
            }
        }
        (cut.full, cut.frees_seen) = (true, frees);
        None
    }

    /// Takes the lowest free run of `len` chunks, so that warm ones are used again. They are left
    /// marked as tails; the caller marks the first as what it is.
    fn take_chunks(&self, len: usize, owner: Owner) -> Result<usize> {
        let mark = Owner { usage: Use::Tail, ..owner }.to_bits();
        let mut start = 0;
        while start + len <= self.chunks {
            match (start..start + len).find(|&c| !self.try_take(c, mark)) {
                None => {
                    self.counters[0].fetch_max((start + len) as u32, Ordering::SeqCst);
                    return Ok(start);
                }
                Some(taken) => {
                    for c in start..taken {
                        self.owners[c].store(WARM, Ordering::SeqCst);
                    }
                    start = taken + 1;
                }
            }
        }
        Err(Error::new(
            ErrorKind::Os,
            format!(
                "no room for a result of {} MB: shared memory is reserved once, {} MB here, by the \
                 machine's memory and `ulimit -v`; use smaller chunks",
                (len * CHUNK) >> 20,
                (self.chunks * CHUNK) >> 20
            ),
        ))
    }

    fn try_take(&self, chunk: usize, mark: u64) -> bool {
        let word = &self.owners[chunk];
        let free = word.load(Ordering::Relaxed);
        (free == COLD || free == WARM)
            && word.compare_exchange(free, mark, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// Frees what a dead worker had allocated for the task that it did not finish, and the runs
    /// that it was taking.
    pub(crate) fn reclaim(&self, epoch: u32, worker: u16, unfinished: Option<u32>) {
        let mut covered = 0;
        for chunk in 0..self.top() {
            let word = self.owners[chunk].load(Ordering::SeqCst);
            let Some(owner) = Owner::from_bits(word).filter(|o| o.is(epoch, worker)) else {
                continue;
            };
            let tag = unfinished.map(|task| Tag { epoch, task });
            match owner.usage {
                Use::Cut => self.free_tagged(chunk, tag),
                Use::Head => {
                    covered = chunk + self.kinds[chunk].load(Ordering::SeqCst) as usize;
                    if tag.is_some() {
                        self.free_run(chunk, word, tag);
                    }
                }
                Use::Tail if chunk >= covered => self.owners[chunk].store(WARM, Ordering::SeqCst),
                Use::Tail => {}
            }
        }
    }

    fn free_tagged(&self, chunk: usize, tag: Option<Tag>) {
        let Some(tag) = tag else { return };
        self.retain(chunk, |slot, _| self.tag(chunk, slot).load(Ordering::SeqCst) != tag.to_bits());
    }

    /// Frees the blocks of a cut chunk that `keep` does not want; true where some are left.
    fn retain(&self, chunk: usize, keep: impl Fn(usize, u64) -> bool) -> bool {
        let class = self.kinds[chunk].load(Ordering::SeqCst) as usize;
        let Some(&size) = SIZES.get(class) else { return false };
        let mut left = false;
        for w in 0..slots(class).div_ceil(64) {
            let word = &self.used[chunk * USED_WORDS + w];
            let mut bits = word.load(Ordering::SeqCst);
            while bits != 0 {
                let slot = 64 * w + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if keep(slot, (chunk * CHUNK + slot * size) as u64) {
                    left = true;
                } else {
                    word.fetch_and(!(1 << (slot % 64)), Ordering::SeqCst);
                }
            }
        }
        left
    }

    /// Ends a run: the blocks that `keep` names go to the parent, everything else is freed.
    pub(crate) fn sweep(&self, epoch: u32, keep: &[u64]) {
        let kept = |offset: u64| keep.binary_search(&offset).is_ok();
        let mut give = 0;
        let mut warm = self.warm_chunks();
        for chunk in 0..self.top() {
            let word = self.owners[chunk].load(Ordering::SeqCst);
            let Some(owner) = Owner::from_bits(word).filter(|o| o.is_of(epoch)) else { continue };
            let stays = match owner.usage {
                Use::Cut => self.retain(chunk, |_, offset| kept(offset)),
                Use::Head => {
                    let stays = kept((chunk * CHUNK) as u64);
                    let len = self.kinds[chunk].load(Ordering::SeqCst) as usize;
                    give = if stays { chunk + len } else { give };
                    stays
                }
                Use::Tail => chunk < give,
            };
            let next = if stays {
                Owner { worker: PARENT, ..owner }.to_bits()
            } else if warm >= super::WARM_CHUNKS && self.punch(chunk, 1) {
                COLD
            } else {
                warm += 1;
                WARM
            };
            self.owners[chunk].store(next, Ordering::SeqCst);
        }
    }

    /// Frees blocks that a run left to the parent; an empty chunk goes back to everybody.
    pub(crate) fn free_kept(&self, offsets: &[u64]) {
        for &offset in offsets {
            self.free(offset, None);
            let chunk = offset as usize / CHUNK;
            let word = self.owners[chunk].load(Ordering::SeqCst);
            let cut = Owner::from_bits(word).is_some_and(|o| o.usage == Use::Cut);
            if cut && !self.retain(chunk, |_, _| true) {
                let owner = &self.owners[chunk];
                let _ = owner.compare_exchange(word, WARM, Ordering::SeqCst, Ordering::Relaxed);
            }
        }
    }
}
