//! Hashes that are the same in every process, and maps in order of first insertion.
//! They do not know what is hashed.
//!
//! No result depends on a hash but by which partition a key goes to: maps are walked in the order
//! in which their keys came.

mod counts;

use std::hash::{BuildHasher, Hash};

use rustc_hash::FxBuildHasher;

pub(crate) use counts::Counts;

/// A map that remembers the order of its keys.
pub(crate) type Map<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;

/// Which of `parts` parts a key goes to.
pub(crate) fn part_of<K: Hash + ?Sized>(key: &K, parts: u32) -> u32 {
    // Spread anew: the tables of a part find their places by the bits of the hash itself.
    let spread = FxBuildHasher.hash_one(key).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    ((spread * u64::from(parts)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even_and_fixed() {
        let mut counts = [0u32; 7];
        (0..70_000u64).for_each(|k| counts[part_of(&k, 7) as usize] += 1);
        assert!(counts.iter().all(|n| (9_000..11_000).contains(n)), "{counts:?}");
        let names = ["", "Alice", "Bob", "Edith"].map(|n| part_of(n, 1000));
        assert_eq!(names, ["", "Alice", "Bob", "Edith"].map(|n| part_of(&n.to_owned(), 1000)));
        assert_eq!(part_of(&None::<String>, 1), 0);
    }
}
