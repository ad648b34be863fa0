//! A worker's queue of hints: the owner pushes and pops at one end, everybody steals at the other.
//! It does not know whether a hinted task is still to be run: the task's state word does.
//!
//! Chase and Lev, *Dynamic circular work-stealing deque* (SPAA 2005), with the memory orders of
//! Lê et al., *Correct and efficient work-stealing for weak memory models* (PPoPP 2013), on a ring
//! that is large enough never to grow. A worker may die between any two instructions: see
//! [`Deque::mend`].

use crate::kill_point::kill_point;
use crate::region::{Carver, Slab};
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// The ends, each on a cache line of its own.
const TOP: usize = 0;
const BOTTOM: usize = 16;
const ENDS: usize = 32;

/// One worker's queue.
#[derive(Debug)]
pub(crate) struct Deque {
    ends: Slab<AtomicU64>,
    ring: Slab<AtomicU32>,
    mask: u64,
}

/// What came of an attempt to take from the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steal {
    /// There was nothing.
    Empty,
    /// Somebody else was faster.
    Lost,
    /// This hint.
    Got(u32),
}

impl Deque {
    /// A queue for at most `capacity` hints.
    pub(crate) fn new(carver: &mut Carver, capacity: usize) -> Self {
        let capacity = capacity.next_power_of_two();
        Deque { ends: carver.slab(ENDS), ring: carver.slab(capacity), mask: capacity as u64 - 1 }
    }

    fn entry(&self, at: u64) -> &AtomicU32 {
        &self.ring[usize::try_from(at & self.mask).expect("masked by the ring's size")]
    }

    /// Whether there are hints between these ends. Ends that cannot be, because a task has written
    /// where it should not, have none: nobody goes round and round between them.
    fn is_some(&self, top: u64, bottom: u64) -> bool {
        bottom.wrapping_sub(top).wrapping_sub(1) <= self.mask
    }

    /// Adds a hint; false where the ring is full. Owner only.
    pub(crate) fn push(&self, hint: u32) -> bool {
        let bottom = self.ends[BOTTOM].load(Ordering::Relaxed);
        let top = self.ends[TOP].load(Ordering::Acquire);
        if bottom.wrapping_sub(top) > self.mask {
            return false;
        }
        self.entry(bottom).store(hint, Ordering::Relaxed);
        kill_point!(MidPush);
        self.ends[BOTTOM].store(bottom + 1, Ordering::Release);
        true
    }

    /// Takes the youngest hint, after telling `note` which it is. Owner only.
    pub(crate) fn pop(&self, note: impl FnOnce(u32)) -> Option<u32> {
        let bottom = self.ends[BOTTOM].load(Ordering::Relaxed);
        if !self.is_some(self.ends[TOP].load(Ordering::Relaxed), bottom) {
            return None;
        }
        let bottom = bottom - 1;
        let hint = self.entry(bottom).load(Ordering::Relaxed);
        note(hint);
        // Release, for the note must not sink below it: a death in between would lose the hint.
        self.ends[BOTTOM].store(bottom, Ordering::Release);
        kill_point!(MidPop);
        fence(Ordering::SeqCst);
        let top = self.ends[TOP].load(Ordering::Relaxed);
        if top < bottom {
            return Some(hint);
        }
        let won = top == bottom && self.advance_top(top);
        kill_point!(MidPop);
        self.ends[BOTTOM].store(bottom + 1, Ordering::Relaxed);
        won.then_some(hint)
    }

    /// Takes the oldest hint, after telling `note` which it would be.
    pub(crate) fn steal(&self, note: impl FnOnce(u32)) -> Steal {
        let top = self.ends[TOP].load(Ordering::Acquire);
        fence(Ordering::SeqCst);
        if !self.is_some(top, self.ends[BOTTOM].load(Ordering::Acquire)) {
            return Steal::Empty;
        }
        let hint = self.entry(top).load(Ordering::Relaxed);
        note(hint);
        kill_point!(MidSteal);
        if self.advance_top(top) { Steal::Got(hint) } else { Steal::Lost }
    }

    fn advance_top(&self, top: u64) -> bool {
        let ends = &self.ends[TOP];
        ends.compare_exchange(top, top + 1, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// Its words, for a test that damages them.
    #[cfg(test)]
    pub(super) fn words(&self) -> (&Slab<AtomicU64>, &Slab<AtomicU32>) {
        (&self.ends, &self.ring)
    }

    /// Whether there seems to be a hint.
    pub(crate) fn has_some(&self) -> bool {
        let top = self.ends[TOP].load(Ordering::SeqCst);
        self.is_some(top, self.ends[BOTTOM].load(Ordering::SeqCst))
    }

    /// Repairs the ends after the owner's death: in the middle of a pop of the last hint, the
    /// bottom may lie below the top. The hint itself stands in the dead worker's slot.
    ///
    /// Where the ends are equal, the owner may have died between lowering the bottom and looking at
    /// the top, and a thief who saw the bottom before may still raise the top. So the top is raised
    /// here, past an entry that is empty or in the slot: the thief then loses, or has won already.
    pub(crate) fn mend(&self) {
        let top = self.ends[TOP].load(Ordering::SeqCst);
        if self.ends[BOTTOM].load(Ordering::SeqCst) <= top {
            self.advance_top(top);
            let top = self.ends[TOP].load(Ordering::SeqCst);
            self.ends[BOTTOM].store(top, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::Sharing;

    fn deque() -> Deque {
        Carver::carve(Sharing::Private, |c| Deque::new(c, 8)).unwrap()
    }

    #[test]
    fn the_owner_takes_the_youngest_and_thieves_the_oldest() {
        let deque = deque();
        assert!((1..=3).all(|hint| deque.push(hint)));
        assert_eq!(deque.pop(|_| ()), Some(3));
        assert_eq!(deque.steal(|_| ()), Steal::Got(1));
        assert_eq!(deque.steal(|_| ()), Steal::Got(2));
        assert_eq!((deque.pop(|_| ()), deque.steal(|_| ())), (None, Steal::Empty));
    }

    #[test]
    fn a_full_ring_says_so() {
        let deque = deque();
        assert!((0..8).all(|hint| deque.push(hint)));
        assert!(!deque.push(8));
    }

    #[test]
    fn an_owner_who_died_in_a_pop_leaves_a_queue_that_works() {
        let deque = deque();
        deque.push(7);
        // The owner lowers the bottom and dies; a thief had read both ends before, and goes on
        // only when the queue has been mended.
        let top = deque.ends[TOP].load(Ordering::SeqCst);
        deque.ends[BOTTOM].store(0, Ordering::SeqCst);
        deque.mend();
        assert!(!deque.advance_top(top), "the thief loses");
        assert!(deque.push(8));
        assert_eq!(deque.pop(|_| ()), Some(8));
        // The thief goes on first.
        deque.push(9);
        let top = deque.ends[TOP].load(Ordering::SeqCst);
        deque.ends[BOTTOM].store(top, Ordering::SeqCst);
        assert!(deque.advance_top(top));
        deque.mend();
        assert!(deque.push(10));
        assert_eq!((deque.pop(|_| ()), deque.pop(|_| ())), (Some(10), None));
    }
}
