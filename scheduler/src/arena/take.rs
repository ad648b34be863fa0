//! Taking chunks that nobody owns, and slots of those that one owns.
//! It does not know what they are taken for, or how much may be taken.

use std::sync::atomic::Ordering;

use super::chunk::{COLD, Owner, Tag, Use, WARM};
use super::heap::Cut;
use super::{Arena, CHUNK, slots};
use crate::error::{Error, ErrorKind, Result};
use crate::kill_point::kill_point;

/// Which of the two stretches of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Memory = 0,
    File = 1,
}

/// A run of chunks that was just taken.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) start: usize,
    /// How many of them had no pages.
    pub(super) cold: usize,
    place: Place,
}

impl Taken {
    /// Whether more memory is in use now.
    pub(super) fn grows(&self) -> bool {
        self.place == Place::Memory && self.cold > 0
    }
}

impl Arena {
    /// Takes a slot of a chunk that the caller owns; `None` where it is full.
    pub(super) fn take_slot(&self, cut: &mut Cut, class: usize, tag: Tag) -> Option<usize> {
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

    /// Where a chunk lies.
    pub(super) fn place_of(&self, chunk: usize) -> Place {
        if chunk < self.chunks { Place::Memory } else { Place::File }
    }

    /// Takes the lowest free run of `len` chunks, so that warm ones are used again.
    pub(super) fn take_chunks(&self, place: Place, len: usize, owner: Owner) -> Result<Taken> {
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
    pub(super) fn give_back(&self, taken: &Taken, len: usize) {
        let free = if taken.cold == len { COLD } else { WARM };
        for c in taken.start..taken.start + len {
            self.owners[c].store(free, Ordering::SeqCst);
        }
        self.ring();
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
}
