//! One worker's way to blocks: from chunks of its own, or whole runs of chunks.
//! It does not know what is written there; what it keeps in private can be rebuilt from the arena.

use std::fmt;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use super::chunk::{COLD, Owner, PARENT, Tag, Use, WARM};
use super::extent::PAGE;
use super::{Arena, CHUNK, CLASSES, SEQUENCE, SIZES, class_of, slots};
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

/// Who sees to it that results stay within the memory that the run may take.
pub(crate) trait Relief: fmt::Debug {
    /// How many chunks of memory may have pages.
    fn limit(&self) -> usize;

    /// Makes room for that many chunks, or waits until there is.
    ///
    /// # Errors
    /// There never will be.
    fn make_room(&self, heap: &mut Heap, chunks: usize) -> Result<()>;

    /// Chunks have been taken.
    fn took(&self, heap: &mut Heap);
}

/// Which of the two stretches of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Memory = 0,
    File = 1,
}

/// One worker's allocator.
#[derive(Debug)]
pub(crate) struct Heap {
    arena: &'static Arena,
    epoch: u32,
    worker: u16,
    /// By place and class.
    cuts: [[Vec<Cut>; CLASSES]; 2],
    relief: Option<Rc<dyn Relief>>,
}

/// A full chunk is worth another look once this share of its blocks was freed.
const WORTH_A_LOOK: usize = 8;

impl Heap {
    /// The allocator of `worker`, which takes over the chunks of a dead one of that number.
    pub(crate) fn new(arena: &'static Arena, epoch: u32, worker: u16) -> Self {
        let cuts = [const { [const { Vec::new() }; CLASSES] }; 2];
        let mut heap = Heap { arena, epoch, worker, cuts, relief: None };
        for chunk in arena.all_chunks() {
            let owner = Owner::from_bits(arena.word_of(chunk));
            if owner.is_some_and(|o| o.usage == Use::Cut && o.is(epoch, worker)) {
                let class = arena.kinds[chunk].load(Ordering::SeqCst) as usize;
                if arena.size_in(chunk).is_some() {
                    let cut = Cut { chunk, next_word: 0, frees_seen: 0, full: false };
                    heap.cuts[arena.place_of(chunk) as usize][class].push(cut);
                }
            }
        }
        heap
    }

    /// The same, kept within a budget.
    pub(crate) fn within(self, relief: Rc<dyn Relief>) -> Self {
        Heap { relief: Some(relief), ..self }
    }

    /// Keeps it within this budget from now on, or in none; returns the one before.
    pub(crate) fn set_relief(&mut self, relief: Option<Rc<dyn Relief>>) -> Option<Rc<dyn Relief>> {
        std::mem::replace(&mut self.relief, relief)
    }

    pub(crate) fn arena(&self) -> &'static Arena {
        self.arena
    }

    /// Allocates `len` bytes of memory for a task.
    ///
    /// # Errors
    /// The arena is full, or the budget is spent.
    pub(crate) fn allocate(&mut self, len: usize, task: u32) -> Result<BlockRef> {
        self.allocate_at(Place::Memory, len, task)
    }

    /// Allocates `len` bytes of the file for a task.
    ///
    /// # Errors
    /// There is no file, or it is full.
    pub(crate) fn allocate_in_file(&mut self, len: usize, task: u32) -> Result<BlockRef> {
        self.arena.spill.as_ref().map_err(Clone::clone)?;
        self.allocate_at(Place::File, len, task)
    }

    fn allocate_at(&mut self, place: Place, len: usize, task: u32) -> Result<BlockRef> {
        let tag = Tag { epoch: self.epoch, task };
        let least = if place == Place::File { PAGE } else { 0 };
        let offset = match class_of(len.max(least)) {
            Some(class) => self.allocate_slot(place, class, tag)?,
            None => self.allocate_run(place, len.div_ceil(CHUNK), tag)? * CHUNK,
        };
        Ok(BlockRef { offset: offset as u64, len: len as u64 })
    }

    fn allocate_slot(&mut self, place: Place, class: usize, tag: Tag) -> Result<usize> {
        loop {
            // The last chunk is the one in use; the others are full, or were.
            if let Some(cut) = self.cuts[place as usize][class].last_mut()
                && let Some(slot) = self.arena.take_slot(cut, class, tag)
            {
                return Ok(cut.chunk * CHUNK + slot * SIZES[class]);
            }
            self.next_cut(place, class)?;
        }
    }

    /// Puts a chunk with room last: one where blocks were freed, or a new one.
    fn next_cut(&mut self, place: Place, class: usize) -> Result<()> {
        let arena = self.arena;
        let enough = u32::try_from((slots(class) / WORTH_A_LOOK).max(1)).unwrap_or(1);
        let freed =
            |c: &Cut| arena.frees[c.chunk].load(Ordering::Relaxed).wrapping_sub(c.frees_seen);
        let cuts = &mut self.cuts[place as usize][class];
        if let Some(i) = cuts.iter().position(|c| !c.full || freed(c) >= enough) {
            let cut = cuts.remove(i);
            cuts.push(Cut { full: false, next_word: 0, ..cut });
            return Ok(());
        }
        let (chunk, owner) = self.take(place, 1, Use::Cut)?;
        kill_point!(MidAllocate);
        arena.kinds[chunk].store(class as u32, Ordering::SeqCst);
        let frees_seen = arena.frees[chunk].load(Ordering::Relaxed);
        arena.owners[chunk].store(owner.to_bits(), Ordering::SeqCst);
        kill_point!(MidAllocate);
        let cut = Cut { chunk, next_word: 0, frees_seen, full: false };
        self.cuts[place as usize][class].push(cut);
        self.took(place);
        Ok(())
    }

    fn took(&mut self, place: Place) {
        if let Some(relief) = self.relief.clone().filter(|_| place == Place::Memory) {
            relief.took(self);
        }
    }

    fn owner(&self, usage: Use) -> Owner {
        let sequence = self.arena.counter(SEQUENCE).fetch_add(1, Ordering::Relaxed);
        Owner { usage, worker: self.worker, sequence, epoch: self.epoch }
    }

    fn allocate_run(&mut self, place: Place, len: usize, tag: Tag) -> Result<usize> {
        let arena = self.arena;
        let (head, owner) = self.take(place, len, Use::Head)?;
        kill_point!(MidAllocate);
        arena.kinds[head].store(len as u32, Ordering::SeqCst);
        arena.tag(head, 0).store(tag.to_bits(), Ordering::SeqCst);
        kill_point!(MidAllocate);
        arena.owners[head].store(owner.to_bits(), Ordering::SeqCst);
        kill_point!(MidAllocate);
        if place == Place::Memory {
            arena.count_use(head, len);
        }
        self.took(place);
        Ok(head)
    }

    /// Takes a run of chunks, which are left marked as tails; the caller marks the first as what it
    /// is. Memory is taken first and counted afterwards, so that no two workers take the same room.
    fn take(&mut self, place: Place, len: usize, usage: Use) -> Result<(usize, Owner)> {
        loop {
            let owner = self.owner(usage);
            let taken = self.arena.take_chunks(place, len, owner)?;
            let Some(relief) = self.relief.clone().filter(|_| taken.grows()) else {
                return Ok((taken.start, owner));
            };
            if self.arena.resident_chunks() <= relief.limit() {
                return Ok((taken.start, owner));
            }
            self.arena.give_back(&taken, len);
            relief.make_room(self, taken.cold)?;
        }
    }

    /// Gives back chunks of memory in which no block is in use; returns how many.
    pub(crate) fn give_up_empty(&mut self) -> usize {
        let arena = self.arena;
        let mut given = 0;
        for (class, cuts) in self.cuts[Place::Memory as usize].iter_mut().enumerate() {
            cuts.retain(|cut| {
                let words = slots(class).div_ceil(64);
                // Nobody else sets a bit here.
                if (0..words).any(|w| arena.used_word(cut.chunk, w).load(Ordering::SeqCst) != 0) {
                    return true;
                }
                arena.give_up_chunk(cut.chunk, arena.word_of(cut.chunk));
                given += 1;
                false
            });
        }
        given
    }

    /// Empties warm chunks, at most `n`; returns how many.
    pub(crate) fn cool(&mut self, n: usize) -> usize {
        self.arena.cool(n, self.owner(Use::Tail).to_bits())
    }

    /// Frees blocks of the file that this worker took for a task and did not publish.
    pub(crate) fn free_in_file(&mut self, task: u32) {
        self.arena.reclaim_file(self.epoch, self.worker, task);
    }
}

/// A run of chunks that was just taken.
#[derive(Debug)]
struct Taken {
    start: usize,
    /// How many of them had no pages.
    cold: usize,
    place: Place,
}

impl Taken {
    fn grows(&self) -> bool {
        self.place == Place::Memory && self.cold > 0
    }
}

impl Arena {
    fn take_slot(&self, cut: &mut Cut, class: usize, tag: Tag) -> Option<usize> {
        let total = slots(class);
        let frees = self.frees[cut.chunk].load(Ordering::Relaxed);
        for w in cut.next_word..total.div_ceil(64) {
            let word = self.used_word(cut.chunk, w);
            let slot = 64 * w + word.load(Ordering::Acquire).trailing_ones() as usize;
            if slot < total.min(64 * (w + 1)) {
                cut.next_word = w;
                // The tag before the bit: whoever sees the bit sees what it is for.
                self.tag(cut.chunk, slot).store(tag.to_bits(), Ordering::SeqCst);
                kill_point!(MidAllocate);
                word.fetch_or(1 << (slot % 64), Ordering::SeqCst);
                return Some(slot);
            }
        }
        (cut.full, cut.frees_seen) = (true, frees);
        None
    }

    fn place_of(&self, chunk: usize) -> Place {
        if chunk < self.chunks { Place::Memory } else { Place::File }
    }

    /// Takes the lowest free run of `len` chunks, so that warm ones are used again.
    fn take_chunks(&self, place: Place, len: usize, owner: Owner) -> Result<Taken> {
        let mark = Owner { usage: Use::Tail, ..owner }.to_bits();
        let (mut start, end) = match place {
            Place::Memory => (0, self.chunks),
            Place::File => (self.chunks, self.owners.len()),
        };
        while start + len <= end {
            // The mark first: what lies behind it is not looked at after a death.
            self.raise_top(start + len);
            let mut cold = 0;
            let taken = (start..start + len).find(|&c| match self.try_take(c, mark) {
                Some(free) => {
                    cold += usize::from(free == COLD);
                    false
                }
                None => true,
            });
            let Some(taken) = taken else { return Ok(Taken { start, cold, place }) };
            self.give_back(&Taken { start, cold, place }, taken - start);
            start = taken + 1;
        }
        Err(self.full(place, len))
    }

    fn full(&self, place: Place, len: usize) -> Error {
        let size = (len * CHUNK) >> 20;
        let message = match &self.spill {
            Ok(spill) if place == Place::File => format!(
                "no room for {size} MB of results in {}: `spill.limit` is {} MB, or that is what \
                 was free there",
                spill.directory.display(),
                (spill.chunks * CHUNK) >> 20
            ),
            _ => format!(
                "no room for a result of {size} MB: shared memory is reserved once, {} MB here, by \
                 the machine's memory and `ulimit -v`; use smaller chunks",
                (self.chunks * CHUNK) >> 20
            ),
        };
        Error::new(ErrorKind::Os, message)
    }

    /// Gives back the first `len` chunks of a run that was taken, and not used.
    fn give_back(&self, taken: &Taken, len: usize) {
        let free = if taken.cold == len { COLD } else { WARM };
        for c in taken.start..taken.start + len {
            self.owners[c].store(free, Ordering::SeqCst);
        }
    }

    /// Takes a chunk that is free; returns its word before.
    fn try_take(&self, chunk: usize, mark: u64) -> Option<u64> {
        let word = &self.owners[chunk];
        let free = word.load(Ordering::Relaxed);
        let taken = (free == COLD || free == WARM)
            && word.compare_exchange(free, mark, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        kill_point!(MidAllocate);
        taken.then_some(free)
    }

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
    fn give_up_chunk(&self, chunk: usize, word: u64) {
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
