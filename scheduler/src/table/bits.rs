//! Sets of edges, one bit an edge, that can be cleared twice without harm.
//! It does not know what an edge means.
//!
//! Up to 64 edges are one word. More are a tree of words: a leaf bit an edge, and above each full
//! level one bit a word of it, until one word is left: the *top*, which stands in the task's cell.
//! A bit is cleared from the leaf up, and a level only when the word below has become zero. A crash
//! between two levels is mended by clearing the same bit again: a zero leaf climbs again.

use crate::kill_point::kill_point;
use crate::region::{Carver, Slab};
use crate::sync::atomic::{AtomicU64, Ordering};

/// The words of wide sets, below their tops.
#[derive(Debug)]
pub(super) struct WideBits {
    words: Slab<AtomicU64>,
}

/// How many words a set of `n` edges has below its top.
pub(super) fn words_below_top(n: u32) -> u32 {
    let mut level = n;
    let mut words = 0;
    while level > 64 {
        level = level.div_ceil(64);
        words += level;
    }
    words
}

/// The word with the lowest `n` bits set.
fn ones(n: u32) -> u64 {
    if n >= 64 { u64::MAX } else { (1 << n) - 1 }
}

impl WideBits {
    pub(super) fn new(carver: &mut Carver, words: usize) -> Self {
        WideBits { words: carver.slab(words) }
    }

    /// Sets the bits of `n` edges: the top in `top`, the levels below from `base` on.
    pub(super) fn fill(&self, top: &AtomicU64, base: u32, n: u32) {
        let mut level = n;
        let mut base = base as usize;
        while level > 64 {
            let words = level.div_ceil(64);
            for w in 0..words {
                let set = ones(level - 64 * w);
                self.words[base + w as usize].store(set, Ordering::Relaxed);
            }
            base += words as usize;
            level = words;
        }
        top.store(ones(level), Ordering::Relaxed);
    }

    /// Clears the bit of edge `edge` of a set of `n`; true where the set is then empty.
    #[inline]
    pub(super) fn clear(&self, top: &AtomicU64, base: u32, n: u32, edge: u32) -> bool {
        let mut edge = edge;
        let mut level = n;
        let mut base = base as usize;
        while level > 64 {
            let word = &self.words[base + (edge / 64) as usize];
            if !clear_bit(word, edge % 64) {
                return false;
            }
            kill_point!(MidRelease);
            level = level.div_ceil(64);
            base += level as usize;
            edge /= 64;
        }
        clear_bit(top, edge)
    }

    /// Whether the bit of edge `edge` of a set of `n` is set.
    pub(super) fn is_set(&self, top: &AtomicU64, base: u32, n: u32, edge: u32) -> bool {
        let word = if n > 64 { &self.words[base as usize + (edge / 64) as usize] } else { top };
        word.load(Ordering::SeqCst) >> (edge % 64) & 1 == 1
    }
}

/// Clears a bit; true where the word is then zero, whoever made it so.
#[inline]
fn clear_bit(word: &AtomicU64, bit: u32) -> bool {
    let bit = 1 << bit;
    word.fetch_and(!bit, Ordering::SeqCst) & !bit == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::Sharing;

    #[test]
    fn empties_with_the_last_bit_only() {
        for n in [1, 2, 63, 64, 65, 128, 4096, 4097, 10_000, 300_000] {
            let bits =
                Carver::carve(Sharing::Private, |c| WideBits::new(c, words_below_top(n) as usize));
            let bits = bits.unwrap();
            let top = AtomicU64::new(0);
            bits.fill(&top, 0, n);
            for edge in (1..n).rev() {
                assert!(!bits.clear(&top, 0, n, edge), "{edge} of {n}");
                assert!(!bits.clear(&top, 0, n, edge), "{edge} of {n}, again");
            }
            assert!(bits.clear(&top, 0, n, 0), "the last of {n}");
            assert!(bits.clear(&top, 0, n, 0), "a repeated clear still says so");
        }
    }
}
