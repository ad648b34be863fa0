//! What a worker is about to do, written down before it does it, so that its death can be mended.
//! It does not know how to mend: see `recover`.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::bell::Bell;
use super::sources::Range;
use crate::codec::BlockRef;
use crate::region::atoms;

/// No task.
pub(crate) const NOBODY: u32 = u32::MAX;

/// The longest panic text that is kept for the case that the process dies of it.
const LAST_WORDS: usize = 16 * 1024;

atoms! {
    /// One worker's notes.
    #[repr(align(128))]
    #[derive(Debug)]
    pub(crate) struct Slot {
        /// The task that it takes, runs or releases, + 1.
        current: AtomicU32,
        /// The successor that it keeps for itself, + 1.
        next: AtomicU32,
        /// The task whose result it is freeing, + 1.
        freeing: AtomicU32,
        /// Whether user code runs: only then a death counts as an attempt.
        in_body: AtomicU32,
        /// It is about to leave by itself: any end without this is a death.
        leaving: AtomicU32,
        /// Whether it ever kept an input of a task that had ended: only it knows which.
        lingers: AtomicU32,
        /// It waits for memory in the middle of a task.
        starved: AtomicU32,
        /// It ends itself in the middle of a task, so that another may have its memory.
        gave_way: AtomicU32,
        /// The task whose result it is moving to the file, + 1.
        spilling: AtomicU32,
        /// What it sleeps on.
        bell: Bell,
        /// Where that result lies, and where it will, once that is settled: offset and length.
        spill_from: [AtomicU64; 2],
        spill_to: [AtomicU64; 2],
        /// The task that is asked to stop, + 1: of a thread, which nobody can kill.
        asked: AtomicU32,
        /// Sources that it took from the cursor, as a packed range.
        pub(crate) range: AtomicU64,
        /// Sources that it is about to take.
        pub(crate) intent: AtomicU64,
        /// When the body that runs began, in nanoseconds of the run, where somebody wants to know.
        since: AtomicU64,
        /// What the supervisor has read of its two output streams, in bytes.
        drained: [AtomicU64; 2],
        /// Odd while the supervisor reads.
        drains: [AtomicU32; 2],
        /// Length of `last_words` + 1 where the panic hook ran.
        words_len: AtomicU32,
        last_words: [AtomicU8; LAST_WORDS],
    }
}

impl Slot {
    #[inline]
    pub(crate) fn set_current(&self, task: u32) {
        self.current.store(task.wrapping_add(1), Ordering::Release);
    }

    pub(crate) fn current(&self) -> Option<u32> {
        self.current.load(Ordering::Acquire).checked_sub(1)
    }

    #[inline]
    pub(crate) fn set_next(&self, task: u32) {
        self.next.store(task.wrapping_add(1), Ordering::Release);
    }

    pub(crate) fn next(&self) -> Option<u32> {
        self.next.load(Ordering::Acquire).checked_sub(1)
    }

    pub(crate) fn set_freeing(&self, task: u32) {
        self.freeing.store(task.wrapping_add(1), Ordering::SeqCst);
    }

    pub(crate) fn freeing(&self) -> Option<u32> {
        self.freeing.load(Ordering::SeqCst).checked_sub(1)
    }

    pub(crate) fn set_lingers(&self) {
        self.lingers.store(1, Ordering::SeqCst);
    }

    pub(crate) fn lingers(&self) -> bool {
        self.lingers.load(Ordering::SeqCst) != 0
    }

    #[inline]
    pub(crate) fn set_in_body(&self, inside: bool) {
        self.in_body.store(u32::from(inside), Ordering::Release);
    }

    pub(crate) fn in_body(&self) -> bool {
        self.in_body.load(Ordering::Acquire) != 0
    }

    /// Notes when the body that is about to run began.
    #[inline]
    pub(crate) fn set_since(&self, now: u64) {
        self.since.store(now, Ordering::Release);
    }

    /// The task whose body runs and when it began: only where beginnings are noted.
    pub(crate) fn running(&self) -> Option<(u32, u64)> {
        let since = self.since.load(Ordering::SeqCst);
        let task = self.current().filter(|_| self.in_body())?;
        (self.since.load(Ordering::SeqCst) == since).then_some((task, since))
    }

    /// When the last body began.
    pub(crate) fn since(&self) -> u64 {
        self.since.load(Ordering::SeqCst)
    }

    /// Asks a task to stop.
    pub(crate) fn ask(&self, task: u32) {
        self.asked.store(task.wrapping_add(1), Ordering::SeqCst);
    }

    /// Whether the task that runs is asked to stop.
    #[inline]
    pub(crate) fn is_asked(&self) -> bool {
        let asked = self.asked.load(Ordering::Relaxed);
        asked != 0 && asked == self.current.load(Ordering::Relaxed)
    }

    /// Says that a stream is being read, or, with what was read, that this is over.
    pub(crate) fn note_drain(&self, stream: usize, read: Option<u64>) {
        if let Some(bytes) = read {
            self.drained[stream].fetch_add(bytes, Ordering::SeqCst);
        }
        self.drains[stream].fetch_add(1, Ordering::SeqCst);
    }

    /// How often reading of a stream began or ended, odd while somebody reads, and what was read.
    pub(crate) fn drained(&self, stream: usize) -> (u32, u64) {
        let drains = self.drains[stream].load(Ordering::SeqCst);
        (drains, self.drained[stream].load(Ordering::SeqCst))
    }

    pub(crate) fn set_leaving(&self) {
        self.leaving.store(1, Ordering::SeqCst);
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst) != 0
    }

    pub(crate) fn set_starved(&self, starved: bool) {
        self.starved.store(u32::from(starved), Ordering::SeqCst);
    }

    pub(crate) fn is_starved(&self) -> bool {
        self.starved.load(Ordering::SeqCst) != 0
    }

    pub(crate) fn set_gave_way(&self) {
        self.gave_way.store(1, Ordering::SeqCst);
    }

    pub(crate) fn gave_way(&self) -> bool {
        self.gave_way.load(Ordering::SeqCst) != 0
    }

    /// Notes that the result of `task`, which lies at `from`, is about to be moved.
    pub(crate) fn begin_spill(&self, task: u32, from: BlockRef) {
        store_block(&self.spill_to, BlockRef { offset: 0, len: 0 });
        store_block(&self.spill_from, from);
        self.spilling.store(task.wrapping_add(1), Ordering::SeqCst);
    }

    /// Notes where it will lie, before the result says so.
    pub(crate) fn settle_spill(&self, to: BlockRef) {
        store_block(&self.spill_to, to);
    }

    pub(crate) fn end_spill(&self) {
        self.spilling.store(0, Ordering::SeqCst);
    }

    /// The task whose result was being moved, from where, and, if that was settled, whereto.
    pub(crate) fn spilling(&self) -> Option<(u32, BlockRef, Option<BlockRef>)> {
        let task = self.spilling.load(Ordering::SeqCst).checked_sub(1)?;
        let to = load_block(&self.spill_to);
        Some((task, load_block(&self.spill_from), (to.len > 0).then_some(to)))
    }

    /// The value to sleep on: read before looking for work a last time.
    pub(crate) fn bell(&self) -> u32 {
        self.bell.heard()
    }

    /// Sleeps until somebody rings after `heard` was read.
    pub(crate) fn sleep(&self, heard: u32) {
        self.bell.sleep(heard);
    }

    /// Wakes the worker, or keeps it from falling asleep.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    /// Leaves the text of a panic for the case that the process does not survive it, behind those
    /// of the same task before.
    pub(crate) fn leave_words(&self, text: &str) {
        let before = self.words_len.load(Ordering::Acquire).checked_sub(1);
        let gap = if before.is_some() { "; then " } else { "" };
        let start = (before.unwrap_or(0) as usize).min(LAST_WORDS);
        let text = format!("{gap}{text}");
        let bytes = &text.as_bytes()[..text.floor_char_boundary(LAST_WORDS - start)];
        for (cell, byte) in self.last_words[start..].iter().zip(bytes) {
            cell.store(*byte, Ordering::Relaxed);
        }
        self.words_len.store((start + bytes.len()) as u32 + 1, Ordering::Release);
    }

    /// The text of the panic that the worker died of.
    pub(crate) fn last_words(&self) -> Option<String> {
        let len = self.words_len.load(Ordering::Acquire).checked_sub(1)? as usize;
        let bytes = self.last_words.iter().take(len);
        let bytes: Vec<u8> = bytes.map(|b| b.load(Ordering::Relaxed)).collect();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Forgets the text: the panic was caught.
    #[inline]
    pub(crate) fn forget_words(&self) {
        self.words_len.store(0, Ordering::Release);
    }

    /// Clears the notes of a dead worker for its successor.
    pub(crate) fn clear(&self) {
        let notes = [&self.current, &self.next, &self.freeing, &self.in_body, &self.leaving];
        let memory = [&self.lingers, &self.asked, &self.starved, &self.gave_way, &self.spilling];
        for note in notes.into_iter().chain(memory) {
            note.store(0, Ordering::SeqCst);
        }
        self.since.store(0, Ordering::SeqCst);
        self.range.store(Range::EMPTY.to_bits(), Ordering::SeqCst);
        self.intent.store(Range::EMPTY.to_bits(), Ordering::SeqCst);
        self.words_len.store(0, Ordering::SeqCst);
    }
}

fn store_block(words: &[AtomicU64; 2], block: BlockRef) {
    words[0].store(block.offset, Ordering::SeqCst);
    words[1].store(block.len, Ordering::SeqCst);
}

fn load_block(words: &[AtomicU64; 2]) -> BlockRef {
    BlockRef { offset: words[0].load(Ordering::SeqCst), len: words[1].load(Ordering::SeqCst) }
}
