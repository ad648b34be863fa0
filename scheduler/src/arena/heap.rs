//! One worker's way to blocks: from chunks of its own, or whole runs of chunks.
//! It does not know what is written there; what it keeps in private can be rebuilt from the arena.

use std::fmt;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use super::chunk::{Owner, Tag, Use};
use super::extent::PAGE;
use super::take::Place;
use super::{Arena, CHUNK, CLASSES, SEQUENCE, SIZES, class_of, slots};
use crate::codec::BlockRef;
use crate::error::Result;
use crate::kill_point::kill_point;

/// A chunk that this worker cuts into blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) chunk: usize,
    /// Words of used bits before this one are full.
    pub(super) next_word: usize,
    /// How often blocks had been freed when the chunk was last seen full.
    pub(super) frees_seen: u32,
    pub(super) full: bool,
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

    /// Whose it is.
    pub(crate) fn worker(&self) -> u16 {
        self.worker
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
    pub(super) fn next_cut(&mut self, place: Place, class: usize) -> Result<()> {
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

    pub(super) fn owner(&self, usage: Use) -> Owner {
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
            let relief = self.relief.clone().filter(|_| place == Place::Memory);
            let Some(relief) = relief else { return Ok((taken.start, owner)) };
            let (own, limit) = (self.chunks(), relief.limit());
            if own <= limit {
                if taken.grows() {
                    // Free chunks that have pages are memory too, of which nobody has any use.
                    self.cool((own + self.arena.warm_chunks()).saturating_sub(limit));
                }
                return Ok((taken.start, owner));
            }
            self.arena.give_back(&taken, len);
            relief.make_room(self, len)?;
        }
    }

    /// How many chunks of memory the workers of the run own.
    pub(crate) fn chunks(&self) -> usize {
        self.arena.chunks_of(self.epoch)
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

    /// Empties warm chunks, at most `n`.
    fn cool(&mut self, n: usize) {
        if n > 0 {
            self.arena.cool(n, self.owner(Use::Tail).to_bits());
        }
    }

    /// Frees blocks of the file that this worker took for a task and did not publish.
    pub(crate) fn free_in_file(&mut self, task: u32) {
        self.arena.reclaim_file(self.epoch, self.worker, task);
    }
}
