//! A ring of records in shared words: one writer, which may die at any instruction, and one reader.
//! It knows how a stack is laid out in it, not what the records are of.
//!
//! `head` counts the words ever written and is moved when a record is whole; so what a dead writer
//! had half written is written over by the next. `tail` counts the words read. A record is `length`,
//! `at`, `task + 1` and the number of frames in one word, `weight`, `note`, and its frames. The first
//! [`INNER`] frames are kept as they come; of the others the last [`OUTER`], as a ring of their own.

use std::sync::atomic::{AtomicU64, Ordering};

/// The innermost frames of a stack that are kept.
pub(crate) const INNER: usize = 192;
/// The outermost frames of a deeper stack that are kept.
pub(crate) const OUTER: usize = 64;
/// Words before the frames of a record.
const HEADER: usize = 5;
/// The longest record.
pub(crate) const LONGEST: usize = HEADER + INNER + OUTER;
/// Words before the records: `head` and `lost` of the writer, `tail` of the reader on another line.
const FRONT: usize = 32;
const HEAD: usize = 0;
const LOST: usize = 1;
const REFUSALS: usize = 2;
const REASON: usize = 3;
const TAIL: usize = 16;

/// What a record says besides its stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fact {
    /// When, in nanoseconds of the run.
    pub(crate) at: u64,
    /// The task, as its rank.
    pub(crate) task: Option<u32>,
    /// What the record stands for.
    pub(crate) weight: u64,
    /// What only the writer and who asked for it understand.
    pub(crate) note: u64,
}

/// A record, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) fact: Fact,
    /// Its frames, the innermost first.
    pub(crate) frames: Vec<usize>,
    /// How many frames are missing behind the first [`INNER`].
    pub(crate) skipped: usize,
}

/// A ring over some words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring<'a> {
    words: &'a [AtomicU64],
}

/// Where the frames of the record in the making go.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    ring: Ring<'a>,
    first: u64,
    count: usize,
}

impl Frames<'_> {
    /// Adds the next frame, further out than all before.
    pub(crate) fn push(&mut self, frame: usize) {
        let place = match self.count.checked_sub(INNER) {
            None => self.count,
            Some(outer) => INNER + outer % OUTER,
        };
        self.ring.put(self.first.wrapping_add(place as u64), frame as u64);
        self.count += 1;
    }
}

impl<'a> Ring<'a> {
    /// How many words a ring of `capacity` words for records takes.
    pub(crate) const fn len(capacity: usize) -> usize {
        FRONT + capacity
    }

    /// The ring in these words, which were zero at first.
    pub(crate) fn new(words: &'a [AtomicU64]) -> Ring<'a> {
        debug_assert!(words.len() > FRONT + LONGEST);
        Ring { words }
    }

    fn capacity(&self) -> u64 {
        (self.words.len() - FRONT) as u64
    }

    fn put(&self, at: u64, word: u64) {
        self.words[FRONT + (at % self.capacity()) as usize].store(word, Ordering::Relaxed);
    }

    fn word(&self, at: u64) -> u64 {
        self.words[FRONT + (at % self.capacity()) as usize].load(Ordering::Relaxed)
    }

    /// Writes a record, with the frames that `walk` pushes; `false` where there is no room, which is
    /// counted. May be called in a signal handler, by one writer at a time.
    pub(crate) fn write(&self, fact: Fact, walk: impl FnOnce(&mut Frames<'a>)) -> bool {
        let head = self.words[HEAD].load(Ordering::Relaxed);
        let used = head.wrapping_sub(self.words[TAIL].load(Ordering::Acquire));
        if used.saturating_add(LONGEST as u64) > self.capacity() {
            self.lose(1);
            return false;
        }
        let mut frames = Frames { ring: *self, first: head.wrapping_add(HEADER as u64), count: 0 };
        walk(&mut frames);
        let count = frames.count as u64;
        let len = (HEADER + frames.count.min(INNER + OUTER)) as u64;
        let task = fact.task.map_or(0, |t| u64::from(t.wrapping_add(1)));
        let header = [len, fact.at, task | count << 32, fact.weight, fact.note];
        for (i, word) in (0..).zip(header) {
            self.put(head.wrapping_add(i), word);
        }
        self.words[HEAD].store(head.wrapping_add(len), Ordering::Release);
        true
    }

    /// Counts records that were not written.
    pub(crate) fn lose(&self, records: u64) {
        self.words[LOST].fetch_add(records, Ordering::Relaxed);
    }

    /// Notes that a writer could not begin, and the system's number for why.
    pub(crate) fn refuse(&self, reason: i32) {
        self.words[REASON].store(reason as u64, Ordering::Relaxed);
        self.words[REFUSALS].fetch_add(1, Ordering::Relaxed);
    }

    /// How many writers could not begin, and why the last could not.
    pub(crate) fn refusals(&self) -> (u64, i32) {
        let reason = self.words[REASON].load(Ordering::Relaxed) as i32;
        (self.words[REFUSALS].load(Ordering::Relaxed), reason)
    }

    /// How many records found no room, or were no records.
    pub(crate) fn lost(&self) -> u64 {
        self.words[LOST].load(Ordering::Relaxed)
    }

    /// Reads the records that have come, by one reader at a time. Words that are no record end it:
    /// a task has written where it should not, and what else is there is lost.
    pub(crate) fn read(&self, mut take: impl FnMut(Record)) {
        let head = self.words[HEAD].load(Ordering::Acquire);
        let mut tail = self.words[TAIL].load(Ordering::Relaxed);
        if head.wrapping_sub(tail) > self.capacity() {
            tail = head;
            self.lose(1);
        }
        while tail != head {
            match self.record(tail, head.wrapping_sub(tail)) {
                Some((len, record)) => {
                    take(record);
                    tail = tail.wrapping_add(len);
                }
                None => {
                    self.lose(1);
                    tail = head;
                }
            }
        }
        self.words[TAIL].store(tail, Ordering::Release);
    }

    fn record(&self, tail: u64, there: u64) -> Option<(u64, Record)> {
        let len = self.word(tail);
        let [at, packed, weight, note] = [1, 2, 3, 4].map(|i| self.word(tail.wrapping_add(i)));
        let count = (packed >> 32) as usize;
        let kept = count.min(INNER + OUTER);
        if len > there || len != (HEADER + kept) as u64 {
            return None;
        }
        let task = (packed as u32).checked_sub(1);
        let frame = |i: usize| self.word(tail.wrapping_add((HEADER + i) as u64)) as usize;
        let mut frames: Vec<usize> = (0..kept).map(frame).collect();
        if count > kept {
            frames[INNER..].rotate_left((count - INNER) % OUTER);
        }
        let fact = Fact { at, task, weight, note };
        Some((len, Record { fact, frames, skipped: count - kept }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(capacity: usize) -> Vec<AtomicU64> {
        (0..Ring::len(capacity)).map(|_| AtomicU64::new(0)).collect()
    }

    fn fact(at: u64) -> Fact {
        Fact { at, task: at.is_multiple_of(2).then_some(at as u32), weight: at * 3, note: at ^ 5 }
    }

    fn read(ring: Ring<'_>) -> Vec<Record> {
        let mut records = Vec::new();
        ring.read(|r| records.push(r));
        records
    }

    #[test]
    fn hands_over_what_was_written_round_and_round() {
        let words = words(2 * LONGEST);
        let ring = Ring::new(&words);
        for at in 0..200 {
            assert!(ring.write(fact(at), |f| (0..at as usize).for_each(|i| f.push(i + 1))));
            let frames = (0..at as usize).map(|i| i + 1).collect();
            assert_eq!(read(ring), [Record { fact: fact(at), frames, skipped: 0 }]);
        }
        assert_eq!(ring.lost(), 0);
    }

    #[test]
    fn counts_what_has_no_room() {
        let words = words(2 * LONGEST);
        let ring = Ring::new(&words);
        let written = (0..1000).filter(|&at| ring.write(fact(at), |f| f.push(1))).count();
        assert_eq!(written as u64 + ring.lost(), 1000);
        assert!(written > 40, "{written}");
        assert_eq!(read(ring).len(), written);
        assert!(ring.write(fact(1), |f| f.push(1)));
    }

    #[test]
    fn keeps_both_ends_of_deep_stacks() {
        let words = words(2 * LONGEST);
        let ring = Ring::new(&words);
        for depth in [256, 257, 300, 320, 1000] {
            ring.write(fact(1), |f| (0..depth).for_each(|i| f.push(i)));
            let [record] = &read(ring)[..] else { panic!("one record") };
            assert_eq!(record.skipped, depth - 256);
            assert_eq!(record.frames[..INNER], (0..INNER).collect::<Vec<_>>());
            assert_eq!(record.frames[INNER..], (depth - OUTER..depth).collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn any_words_are_survived(
            noise in prop::collection::vec(prop_oneof![0..300u64, any::<u64>()], Ring::len(2 * LONGEST)),
        ) {
            let words: Vec<AtomicU64> = noise.into_iter().map(AtomicU64::new).collect();
            let ring = Ring::new(&words);
            let _ = read(ring);
            prop_assert_eq!(read(ring), []);
            prop_assert!(ring.write(fact(4), |f| f.push(9)));
            prop_assert_eq!(read(ring).len(), 1);
        }
    }
}
