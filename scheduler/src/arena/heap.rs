//! One worker's way to blocks: from chunks of its own, or whole runs of chunks.
//! It does not know what is written there; what it keeps in private can be rebuilt from the arena.

use std::sync::atomic::Ordering;

use super::chunk::{COLD, Owner, PARENT, Tag, Use, WARM};
use super::{Arena, CHUNK, CLASSES, SIZES, TAGS, USED_WORDS, class_of, slots};
use crate::codec::BlockRef;
use crate::error::{Error, ErrorKind, Result};
use crate::kill_point::kill_point;

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
        kill_point!(MidAllocate);
        arena.kinds[chunk].store(class as u32, Ordering::SeqCst);
        let frees_seen = arena.frees[chunk].load(Ordering::Relaxed);
        arena.owners[chunk].store(owner.to_bits(), Ordering::SeqCst);
        kill_point!(MidAllocate);
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
        kill_point!(MidAllocate);
        arena.kinds[head].store(len as u32, Ordering::SeqCst);
        arena.tag(head, 0).store(tag.to_bits(), Ordering::SeqCst);
        kill_point!(MidAllocate);
        arena.owners[head].store(owner.to_bits(), Ordering::SeqCst);
        kill_point!(MidAllocate);
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
                kill_point!(MidAllocate);
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
            // The mark first: what lies behind it is not looked at after a death.
            if start + len > self.top() {
                self.counters[0].fetch_max((start + len) as u32, Ordering::SeqCst);
            }
            match (start..start + len).find(|&c| !self.try_take(c, mark)) {
                None => return Ok(start),
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
        let taken = (free == COLD || free == WARM)
            && word.compare_exchange(free, mark, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        kill_point!(MidAllocate);
        taken
    }

    /// Frees what a dead worker had allocated for the task that it did not finish, and the runs
    /// that it was taking.
    pub(crate) fn reclaim(&self, epoch: u32, worker: u16, unfinished: Option<u32>) {
        // The word of the tails that belong to the head that was seen last.
        let mut tail = COLD;
        for chunk in 0..self.top() {
            let word = self.owners[chunk].load(Ordering::SeqCst);
            let Some(owner) = Owner::from_bits(word).filter(|o| o.is(epoch, worker)) else {
                continue;
            };
            let tag = unfinished.map(|task| Tag { epoch, task });
            match owner.usage {
                Use::Cut => self.free_tagged(chunk, tag),
                Use::Head => {
                    tail = Owner::tail_of(word);
                    if tag.is_some() {
                        self.free_run(chunk, word, tag);
                    }
                }
                // Of a run that never got a head.
                Use::Tail if word != tail => self.give_up_chunk(chunk, word),
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
        let mut tail = COLD;
        let mut warm = self.warm_chunks();
        for chunk in 0..self.top() {
            let word = self.owners[chunk].load(Ordering::SeqCst);
            let Some(owner) = Owner::from_bits(word).filter(|o| o.is_of(epoch)) else { continue };
            let stays = match owner.usage {
                Use::Cut => self.retain(chunk, |_, offset| kept(offset)),
                Use::Head => {
                    let stays = kept((chunk * CHUNK) as u64);
                    tail = if stays { Owner::tail_of(word) } else { COLD };
                    stays
                }
                Use::Tail => word == tail,
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

    /// Frees a block that a run left to the parent; an empty chunk goes back to everybody.
    ///
    /// Threads may do so side by side: of those that clear the last bits of a chunk, at least one
    /// finds it empty. The owner is read while the block still keeps the chunk: read later, it may
    /// be a worker of another run, which has taken the chunk and cut no block from it yet.
    pub(crate) fn free_kept(&self, offset: u64) {
        let chunk = offset as usize / CHUNK;
        let Some(word) = self.owners.get(chunk).map(|o| o.load(Ordering::SeqCst)) else { return };
        let Some(owner) = Owner::from_bits(word).filter(|o| o.worker == PARENT) else { return };
        self.free(offset, None);
        if owner.usage == Use::Cut && !self.retain(chunk, |_, _| true) {
            self.give_up_chunk(chunk, word);
        }
    }

    /// Gives a chunk back to everybody, where its word is still this.
    fn give_up_chunk(&self, chunk: usize, word: u64) {
        let owner = &self.owners[chunk];
        let _ = owner.compare_exchange(word, WARM, Ordering::SeqCst, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arena(chunks: usize) -> &'static Arena {
        Box::leak(Box::new(Arena::with_len(chunks * CHUNK).unwrap()))
    }

    #[test]
    fn freeing_a_run_again_leaves_alone_what_others_took_of_it() {
        let arena = arena(256);
        let tag = Tag { epoch: 1, task: 1 };
        let run = Heap::new(arena, 1, 0).allocate(200 * CHUNK, tag.task).unwrap();
        // Whoever freed it died when the last chunk was free, and somebody took that.
        arena.owners[199].store(WARM, Ordering::SeqCst);
        let theirs = Heap::new(arena, 1, 1).allocate(CHUNK, 2).unwrap();
        assert_eq!(theirs.offset, 199 * CHUNK as u64);
        arena.write(theirs, &[&[7; 64]]).unwrap();
        arena.free(run.offset, Some(tag));
        assert_eq!(arena.bytes(theirs).unwrap()[..64], [7; 64]);
        assert_eq!(arena.bytes_owned(), CHUNK);
    }

    #[test]
    fn a_kept_block_is_freed_for_its_keeper_only() {
        let arena = arena(64);
        let mut heap = Heap::new(arena, 1, 0);
        let [a, b] = [1, 2].map(|task| heap.allocate(5000, task).unwrap().offset);
        arena.sweep(1, &[a, b]);
        arena.free_kept(a);
        assert_eq!(arena.bytes_owned(), CHUNK);
        arena.free_kept(b);
        assert_eq!(arena.bytes_owned(), 0);
        // The chunk goes to another run, which has cut nothing from it yet.
        Heap::new(arena, 2, 0).next_cut(class_of(5000).unwrap()).unwrap();
        arena.free_kept(b);
        assert_eq!(arena.bytes_owned(), CHUNK);
    }

    #[test]
    fn a_run_without_a_head_is_reclaimed_beside_one_with() {
        let arena = arena(64);
        let mut heap = Heap::new(arena, 1, 0);
        let kept = heap.allocate(3 * CHUNK, 1).unwrap();
        let mark = heap.owner(Use::Head);
        assert_eq!(arena.take_chunks(2, mark).unwrap(), 3);
        arena.reclaim(1, 0, None);
        assert_eq!(arena.bytes_owned(), 3 * CHUNK);
        arena.free(kept.offset, Some(Tag { epoch: 1, task: 1 }));
        assert_eq!(arena.bytes_owned(), 0);
    }
}
