//! Giving blocks and chunks back for those that are gone: dead workers, and runs that are over.
//! It does not know which results are kept: it is told their offsets.

use std::sync::atomic::Ordering;

use super::chunk::{COLD, Owner, PARENT, Tag, Use, WARM};
use super::take::Place;
use super::{Arena, CHUNK, SEQUENCE};

impl Arena {
    /// Frees blocks of the file that a worker took for a task, and that no result refers to.
    pub(crate) fn reclaim_file(&self, epoch: u32, worker: u16, task: u32) {
        let tag = Some(Tag { epoch, task });
        for chunk in self.all_chunks().filter(|&c| c >= self.chunks) {
            let word = self.word_of(chunk);
            match Owner::from_bits(word).filter(|o| o.is(epoch, worker)).map(|o| o.usage) {
                Some(Use::Cut) => self.free_tagged(chunk, tag),
                Some(Use::Head) => self.free_run(chunk, word, tag),
                _ => {}
            }
        }
    }

    /// Frees what a dead worker had allocated for the task that it did not finish, and the runs
    /// that it was taking.
    pub(crate) fn reclaim(&self, epoch: u32, worker: u16, unfinished: Option<u32>) {
        // The word of the tails that belong to the head that was seen last.
        let mut tail = COLD;
        for chunk in self.all_chunks() {
            let word = self.word_of(chunk);
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
        let Some(size) = self.size_in(chunk) else { return false };
        let mut left = false;
        for w in 0..(CHUNK / size).div_ceil(64) {
            let word = self.used_word(chunk, w);
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
        for chunk in self.all_chunks() {
            let word = self.word_of(chunk);
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
            } else if (chunk >= self.chunks || warm >= super::WARM_CHUNKS) && self.punch(chunk, 1) {
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

    /// Gives a chunk back to everybody, where its word is still this. One of the file is emptied, by
    /// one of those who give it up: meanwhile it is the parent's, who does not die of anything that
    /// the others live through.
    pub(super) fn give_up_chunk(&self, chunk: usize, word: u64) {
        let owner = &self.owners[chunk];
        let change = |from, to| {
            owner.compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        };
        if self.place_of(chunk) == Place::Memory {
            change(word, WARM);
        } else {
            let sequence = self.counter(SEQUENCE).fetch_add(1, Ordering::Relaxed);
            let mark = Owner { usage: Use::Tail, worker: PARENT, sequence, epoch: 0 }.to_bits();
            if change(word, mark) {
                let free = if self.punch(chunk, 1) { COLD } else { WARM };
                owner.store(free, Ordering::SeqCst);
            }
        }
        self.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Heap, class_of};
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
        Heap::new(arena, 2, 0).next_cut(Place::Memory, class_of(5000).unwrap()).unwrap();
        arena.free_kept(b);
        assert_eq!(arena.bytes_owned(), CHUNK);
    }

    #[test]
    fn a_kept_block_in_the_file_gives_its_disk_back() {
        let arena = arena(64);
        let mut heap = Heap::new(arena, 1, 0);
        let spill = arena.spill.as_ref().unwrap();
        let on_disk = || nix::sys::stat::fstat(&spill.file).unwrap().st_blocks;
        for len in [5000, CHUNK + 1] {
            let block = heap.allocate_in_file(len, 1).unwrap();
            arena.write_file(block, &[&vec![7; len]]).unwrap();
            assert!(on_disk() > 0);
            arena.sweep(1, &[block.offset]);
            assert_eq!(arena.bytes(block).unwrap()[..4], [7; 4]);
            arena.free_kept(block.offset);
            assert_eq!(on_disk(), 0, "{len} bytes");
        }
    }

    #[test]
    fn a_run_without_a_head_is_reclaimed_beside_one_with() {
        let arena = arena(64);
        let mut heap = Heap::new(arena, 1, 0);
        let kept = heap.allocate(3 * CHUNK, 1).unwrap();
        let mark = heap.owner(Use::Head);
        assert_eq!(arena.take_chunks(Place::Memory, 2, mark).unwrap().start, 3);
        arena.reclaim(1, 0, None);
        assert_eq!(arena.bytes_owned(), 3 * CHUNK);
        arena.free(kept.offset, Some(Tag { epoch: 1, task: 1 }));
        assert_eq!(arena.bytes_owned(), 0);
    }
}
