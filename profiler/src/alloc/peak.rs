//! What was live when most was: written down in shared words, twice in turns, so that one of the two
//! is whole whenever the writer dies. It knows the numbers of samples only.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::live::PLACES;

/// Words before the two lists: how often it was written, and the next number of a sample.
const FRONT: usize = 16;
const VERSION: usize = 0;
const NEXT: usize = 1;
/// Words of a list: how much was live, how many samples, and which.
const LIST: usize = 2 + PLACES;
/// How often a list is read again that was written meanwhile.
const PATIENCE: usize = 16;

/// The words of a worker, where its peak is written down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peak<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Peak<'a> {
    /// How many words it takes.
    pub(crate) const WORDS: usize = FRONT + 2 * LIST;

    /// The peak in these words, which were zero at first.
    pub(crate) fn new(words: &'a [AtomicU64]) -> Peak<'a> {
        debug_assert_eq!(words.len(), Self::WORDS);
        Peak { words }
    }

    /// A number that no other sample of the worker has, nor of those that it replaces.
    pub(super) fn number(&self) -> u64 {
        self.words[NEXT].fetch_add(1, Ordering::Relaxed)
    }

    fn list(&self, version: u64) -> &'a [AtomicU64] {
        let first = FRONT + (version % 2) as usize * LIST;
        &self.words[first..first + LIST]
    }

    /// How much was live when it was written last.
    pub(super) fn total(&self) -> u64 {
        self.list(self.words[VERSION].load(Ordering::Acquire))[0].load(Ordering::Relaxed)
    }

    /// Writes down that so much is live, and which samples; by one writer at a time.
    pub(super) fn write(&self, total: u64, keys: impl Iterator<Item = u64>) {
        let version = self.words[VERSION].load(Ordering::Relaxed).wrapping_add(1);
        let [sum, count, places @ ..] = self.list(version) else { return };
        let mut written = 0;
        for (place, key) in places.iter().zip(keys) {
            place.store(key, Ordering::Relaxed);
            written += 1;
        }
        sum.store(total, Ordering::Relaxed);
        count.store(written, Ordering::Relaxed);
        self.words[VERSION].store(version, Ordering::Release);
    }

    /// Reads which samples were live. Nothing, where it is written too fast to be read.
    pub(crate) fn read(&self) -> Vec<u64> {
        for _ in 0..PATIENCE {
            let version = self.words[VERSION].load(Ordering::Acquire);
            let [_, count, places @ ..] = self.list(version) else { break };
            let count = usize::try_from(count.load(Ordering::Relaxed)).unwrap_or(0);
            let keys = places.iter().take(count).map(|k| k.load(Ordering::Relaxed)).collect();
            fence(Ordering::Acquire);
            if self.words[VERSION].load(Ordering::Relaxed) == version {
                return keys;
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_is_read() {
        let words: Vec<AtomicU64> = (0..Peak::WORDS).map(|_| AtomicU64::new(0)).collect();
        let peak = Peak::new(&words);
        assert_eq!((peak.total(), peak.read()), (0, vec![]));
        for n in 1..5 {
            peak.write(n, 0..n);
            assert_eq!((peak.total(), peak.read()), (n, (0..n).collect()));
        }
        assert_eq!([peak.number(), peak.number()], [0, 1]);
        words.iter().for_each(|w| w.store(u64::MAX, Ordering::Relaxed));
        assert!(peak.read().len() <= PLACES);
    }
}
