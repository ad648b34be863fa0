//! How workers wait for memory that others give back.
//! It does not know whose turn it is, or what is done where there is none: see `governor`.
//!
//! # Invariant
//! Whoever gives memory back does so before it looks whether somebody listens; whoever waits says
//! that it listens before it looks for room. A death repairs nothing here: the mark is a word that is
//! written anew by each who waits, not a count, and who hears of a death rings for all.

use std::sync::atomic::Ordering;

use super::{Arena, BELL, LISTENED};
use crate::futex;

impl Arena {
    /// From now on the next who gives memory back rings. Returns the value to sleep on: read before
    /// looking for room a last time.
    pub(crate) fn listen(&self) -> u32 {
        let heard = self.counter(BELL).load(Ordering::SeqCst);
        self.counter(LISTENED).store(1, Ordering::SeqCst);
        heard
    }

    /// Sleeps until somebody has rung after `heard` was read.
    pub(crate) fn wait(&self, heard: u32) {
        futex::wait(self.counter(BELL), heard, None);
    }

    /// Says that memory was given back, to those that wait for some.
    pub(crate) fn ring(&self) {
        let listened = self.counter(LISTENED);
        if listened.load(Ordering::SeqCst) != 0 && listened.swap(0, Ordering::SeqCst) != 0 {
            self.ring_for_all();
        }
    }

    /// The same, whether anybody listens or not: the dead may have taken the mark away and not rung.
    pub(crate) fn ring_for_all(&self) {
        self.counter(BELL).fetch_add(1, Ordering::SeqCst);
        futex::wake_all(self.counter(BELL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::CHUNK;

    #[test]
    fn who_listens_is_rung_for_once() {
        let arena = Arena::with_len(64 * CHUNK).unwrap();
        let bell = || arena.counter(BELL).load(Ordering::SeqCst);
        arena.ring();
        assert_eq!(bell(), 0, "nobody listens");
        let heard = arena.listen();
        let _other = arena.listen();
        arena.ring();
        arena.ring();
        assert_eq!(bell(), 1);
        arena.wait(heard);
    }

    /// Who took the mark away may have died before it rang.
    #[test]
    fn a_death_is_rung_for_whoever_listens() {
        let arena = Arena::with_len(64 * CHUNK).unwrap();
        let heard = arena.listen();
        arena.counter(LISTENED).store(0, Ordering::SeqCst);
        arena.ring();
        arena.ring_for_all();
        arena.wait(heard);
    }
}
