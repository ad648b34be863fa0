//! Which sampled allocations are live: a table by address, of fixed size, without locks.
//! It knows neither tasks nor stacks, only the numbers of samples.
//!
//! An address is put in by the thread that has just been given it, and taken out by the one that
//! frees it; between the two nobody else has it. A place is empty (0), being written (1), or has an
//! address. What is beside the address is written before it and read before the place is emptied.

use std::sync::atomic::{AtomicI64, AtomicU16, AtomicU64, AtomicUsize, Ordering};

/// Places that an address may be in.
const WAYS: usize = 16;
const BUCKETS: usize = 1024;
/// The most allocations that can be kept.
pub(crate) const PLACES: usize = WAYS * BUCKETS;
/// Most addresses are in no place: this says so from a few kilobytes that stay near the processor.
const FILTER: usize = 8192;

const EMPTY: usize = 0;
const WRITING: usize = 1;

/// A sampled allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    /// Whose and which sample it is.
    pub(super) key: u64,
    /// The bytes that it stands for.
    pub(super) weight: u64,
}

/// The table.
pub(super) struct Table {
    filter: [AtomicU16; FILTER],
    addresses: [AtomicUsize; PLACES],
    keys: [AtomicU64; PLACES],
    weights: [AtomicU64; PLACES],
    /// The sum of the weights.
    total: AtomicI64,
}

fn hash(address: usize) -> u64 {
    (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn bucket(address: usize) -> usize {
    (hash(address) >> 54) as usize * WAYS
}

impl Table {
    pub(super) const fn new() -> Table {
        Table {
            filter: [const { AtomicU16::new(0) }; FILTER],
            addresses: [const { AtomicUsize::new(EMPTY) }; PLACES],
            keys: [const { AtomicU64::new(0) }; PLACES],
            weights: [const { AtomicU64::new(0) }; PLACES],
            total: AtomicI64::new(0),
        }
    }

    /// Forgets everything; by one thread, while no other uses it.
    pub(super) fn clear(&self) {
        // Pages that nobody has written to stay untouched.
        self.filter.iter().filter(|f| f.load(Ordering::Relaxed) != 0).for_each(|f| {
            f.store(0, Ordering::Relaxed);
        });
        self.addresses.iter().filter(|a| a.load(Ordering::Relaxed) != EMPTY).for_each(|a| {
            a.store(EMPTY, Ordering::Relaxed);
        });
        self.total.store(0, Ordering::Release);
    }

    fn filter(&self, address: usize) -> &AtomicU16 {
        &self.filter[(hash(address) >> 32) as usize % FILTER]
    }

    /// Whether an address may be in the table; mostly not.
    #[inline]
    pub(super) fn may_have(&self, address: usize) -> bool {
        self.filter(address).load(Ordering::Relaxed) != 0
    }

    /// Puts an allocation in; `false` where there is no place for it.
    pub(super) fn insert(&self, address: usize, live: Live) -> bool {
        let first = bucket(address);
        let free = (first..first + WAYS).find(|&i| {
            let place = &self.addresses[i];
            place.load(Ordering::Relaxed) == EMPTY
                && place
                    .compare_exchange(EMPTY, WRITING, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
        });
        let Some(i) = free else { return false };
        self.keys[i].store(live.key, Ordering::Relaxed);
        self.weights[i].store(live.weight, Ordering::Relaxed);
        self.filter(address).fetch_add(1, Ordering::Relaxed);
        self.total.fetch_add(live.weight as i64, Ordering::Relaxed);
        self.addresses[i].store(address, Ordering::Release);
        true
    }

    /// Where an address is in the table.
    pub(super) fn find(&self, address: usize) -> Option<usize> {
        let first = bucket(address);
        (first..first + WAYS).find(|&i| self.addresses[i].load(Ordering::Acquire) == address)
    }

    /// Takes out what is at the place that [`find`](Self::find) said.
    pub(super) fn remove(&self, place: usize, address: usize) -> Live {
        let key = self.keys[place].load(Ordering::Relaxed);
        let weight = self.weights[place].load(Ordering::Relaxed);
        self.addresses[place].store(EMPTY, Ordering::Release);
        self.filter(address).fetch_sub(1, Ordering::Relaxed);
        self.total.fetch_sub(weight as i64, Ordering::Relaxed);
        Live { key, weight }
    }

    /// The bytes that everything in it stands for.
    pub(super) fn total(&self) -> u64 {
        u64::try_from(self.total.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// The keys of all that is in it.
    pub(super) fn keys(&self) -> impl Iterator<Item = u64> {
        let places = self.addresses.iter().zip(&self.keys);
        let there = places.filter(|(a, _)| a.load(Ordering::Acquire) > WRITING);
        there.map(|(_, key)| key.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    static TABLE: Table = Table::new();

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Against a plain map, with addresses that share buckets.
        #[test]
        fn keeps_what_is_not_freed(
            steps in prop::collection::vec((0..200usize, any::<bool>()), 0..600),
        ) {
            TABLE.clear();
            let mut known = BTreeMap::new();
            for (i, (n, add)) in steps.into_iter().enumerate() {
                let address = 0x7000_0000 + n * 16;
                let live = Live { key: i as u64, weight: n as u64 * 3 };
                match known.get(&address).copied() {
                    None if add && TABLE.insert(address, live) => {
                        known.insert(address, live);
                    }
                    Some(live) if !add => {
                        prop_assert!(TABLE.may_have(address));
                        let place = TABLE.find(address).unwrap();
                        prop_assert_eq!(TABLE.remove(place, address), live);
                        known.remove(&address);
                    }
                    Some(_) => prop_assert!(TABLE.find(address).is_some()),
                    None => prop_assert_eq!(TABLE.find(address), None),
                }
                prop_assert_eq!(TABLE.total(), known.values().map(|l| l.weight).sum::<u64>());
            }
            let mut keys: Vec<u64> = TABLE.keys().collect();
            let mut expected: Vec<u64> = known.values().map(|l| l.key).collect();
            keys.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(keys, expected);
        }
    }

    #[test]
    fn a_full_table_refuses() {
        let table: Box<Table> = Box::new(Table::new());
        let live = Live { key: 1, weight: 1 };
        let kept = (1..=4 * PLACES).filter(|n| table.insert(n * 4096, live)).count();
        assert_eq!((kept, table.total()), (PLACES, PLACES as u64));
        table.clear();
        assert_eq!((table.keys().count(), table.total()), (0, 0));
        assert!(!table.may_have(4096));
    }
}
