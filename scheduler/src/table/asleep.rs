//! Who sleeps: one bit a worker.
//! It does not know what they sleep on, or what they wait for.

use super::MAX_WORKERS;
use crate::region::atoms;
use crate::sync::atomic::{AtomicU64, Ordering, fence};

atoms! {
    /// The set of sleepers.
    #[derive(Debug)]
    pub(crate) struct Asleep {
        words: [AtomicU64; MAX_WORKERS / 64],
    }
}

impl Asleep {
    /// Says that `worker` sleeps.
    pub(super) fn add(&self, worker: usize) {
        self.words[worker / 64].fetch_or(1 << (worker % 64), Ordering::SeqCst);
    }

    /// Says that `worker` does not sleep.
    pub(super) fn remove(&self, worker: usize) {
        self.words[worker / 64].fetch_and(!(1 << (worker % 64)), Ordering::SeqCst);
    }

    /// Whether `worker` sleeps.
    pub(super) fn has(&self, worker: usize) -> bool {
        self.words[worker / 64].load(Ordering::SeqCst) >> (worker % 64) & 1 == 1
    }

    /// How many sleep.
    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|w| w.load(Ordering::SeqCst).count_ones() as usize).sum()
    }

    /// Says that nobody sleeps.
    pub(super) fn clear(&self) {
        for word in &self.words {
            word.store(0, Ordering::SeqCst);
        }
    }

    /// Takes one sleeper out, for whoever is to wake it; there are `workers` of them.
    #[inline]
    pub(super) fn take_one(&self, workers: usize) -> Option<usize> {
        for (i, word) in self.words.iter().take(workers.div_ceil(64)).enumerate() {
            let mut bits = word.load(Ordering::SeqCst);
            while bits != 0 {
                let bit = bits & bits.wrapping_neg();
                let before = word.fetch_and(!bit, Ordering::SeqCst);
                if before & bit != 0 {
                    return Some(64 * i + bit.trailing_zeros() as usize);
                }
                bits = before & !bit;
            }
        }
        None
    }
}

/// Orders the hints that this worker pushed before its look at who sleeps. A sleeper says so first
/// and then looks for hints, both sequentially consistent: with this fence, either it sees the
/// hint, or whoever pushed it sees the sleeper. A store and a load alone may pass each other, on
/// x86 too, and the sleeper would sleep beside a full queue.
#[inline]
pub(super) fn hints_are_out() {
    fence(Ordering::SeqCst);
}
