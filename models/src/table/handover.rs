//! A result from its maker to its readers, its end, and the next use of its memory.
//! It does not know more than one block.
//!
//! Sets of edges, state words and result words are the sources. What hangs on the arena stands here
//! as far as it touches words: `take` for `Arena::take_slot` (`arena/heap.rs`), `has_tag` and `free`
//! for those of `arena/mod.rs`, `let_go` for `Engine::let_go_of` with `Table::free_result`
//! (`results/free.rs`), `resume_free` for the same there.
//!
//! Noticed: `clear_bit` (`table/bits.rs`) with `Relaxed`: the block is written while it is read. The tag behind the bit in `take`, or no look at the tag in `resume_free`: a dead worker's freeing,
//! when it is done again, frees the block of another task.

use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Cell;
use super::bits::WideBits;
use super::state::{Phase, State};
use super::word::{Kind, Status, Word, live, settled};
use crate::check;
use crate::kill_point::{kill_point, mortal};
use crate::region::Carver;
use crate::sync::atomic::AtomicU64;
use crate::sync::yield_now;

const EPOCH: u32 = 3;
const THIS: u64 = 1;
const NEXT: u64 = 2;
const CONTENTS: u64 = 77;

/// One block, one task that makes a result in it, and two that read it.
struct Run {
    used: AtomicU64,
    tag: AtomicU64,
    block: UnsafeCell<u64>,
    maker: Cell,
    readers: [Cell; 2],
    bits: WideBits,
    freed: AtomicU32,
}

impl Run {
    #[expect(clippy::arc_with_non_send_sync, reason = "`loom` runs all its threads in one")]
    fn new() -> Arc<Run> {
        let run = Run {
            used: AtomicU64::default(),
            tag: AtomicU64::default(),
            block: UnsafeCell::new(0),
            maker: Cell::default(),
            readers: [Cell::default(), Cell::default()],
            bits: WideBits::new(&mut Carver, 0),
            freed: AtomicU32::new(0),
        };
        run.bits.fill(&run.maker.holds, 0, 2);
        run.maker.state.store(State::waiting(EPOCH).held(0, Phase::Claimed));
        for reader in &run.readers {
            run.bits.fill(&reader.pending, 0, 1);
            reader.state.store(State::waiting(EPOCH));
        }
        Arc::new(run)
    }

    /// `Arena::take_slot`, in a chunk with one block, then what is written there.
    fn take(&self, tag: u64, contents: u64) -> bool {
        if self.used.load(Ordering::Acquire) != 0 {
            return false;
        }
        self.tag.store(tag, Ordering::SeqCst);
        self.used.fetch_or(1, Ordering::SeqCst);
        self.block.with_mut(|block| {
            // SAFETY: what the models are to show; `loom` looks whether anybody else is here.
            unsafe { *block = contents };
        });
        true
    }

    fn has_tag(&self, tag: u64) -> bool {
        self.used.load(Ordering::SeqCst) & 1 != 0 && self.tag.load(Ordering::SeqCst) == tag
    }

    /// `Arena::free_slot`.
    fn free(&self, tag: u64) {
        if self.has_tag(tag) {
            self.used.fetch_and(!1, Ordering::SeqCst);
            self.freed.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// `results::store_block`, `Engine::publish`, `Table::release`.
    fn make(&self) {
        assert!(self.take(THIS, CONTENTS));
        let word = Word { status: Status::Live, kind: Kind::Block, worker: 0, len: 0 };
        self.maker.result.store(word.to_bits(), Ordering::Release);
        let claimed = State::waiting(EPOCH).held(0, Phase::Claimed);
        self.maker.state.publish(claimed.to(Phase::Releasing));
        for reader in &self.readers {
            if self.bits.clear(&reader.pending, 0, 1, 0) {
                let waiting = State::waiting(EPOCH);
                assert!(reader.state.change(waiting, waiting.to(Phase::Ready)));
            }
        }
        self.maker.state.publish(claimed.to(Phase::Done));
    }

    fn is_made(&self) -> bool {
        self.maker.state.load().is_some_and(|s| s.phase == Phase::Done)
    }

    /// `Worker::process` of a reader; false where it is not ready yet.
    fn read(&self, reader: usize) -> bool {
        let ready = State::waiting(EPOCH).to(Phase::Ready);
        let state = &self.readers[reader].state;
        if state.load() != Some(ready) {
            return false;
        }
        let worker = reader as u16 + 1;
        assert!(state.change(ready, ready.held(worker, Phase::Claimed)));
        assert!(settled(&self.maker).is_some_and(|w| w.kind == Kind::Block));
        self.block.with(|block| {
            // SAFETY: as above.
            assert_eq!(unsafe { *block }, CONTENTS);
        });
        state.publish(ready.held(worker, Phase::Releasing));
        self.let_go(reader as u32, worker);
        true
    }

    /// `Engine::let_go_of`, `Table::free_result`.
    fn let_go(&self, bit: u32, worker: u16) {
        if !self.bits.clear(&self.maker.holds, 0, 2, bit) {
            return;
        }
        let Some(word) = live(&self.maker) else { return };
        kill_point!(MidFree);
        if word.change(&self.maker, Word { status: Status::Freeing, worker, ..word }) {
            kill_point!(MidFree);
            self.free(THIS);
            kill_point!(MidFree);
            self.end_free();
        }
    }

    fn end_free(&self) {
        let word = Word { status: Status::Freed, kind: Kind::Inline, worker: 0, len: 0 };
        self.maker.result.store(word.to_bits(), Ordering::SeqCst);
    }

    /// `Table::resume_free`, on behalf of dead `worker`.
    fn resume_free(&self, worker: u16) {
        let word = Word::load(&self.maker);
        if word.is_some_and(Word::is_live) && self.maker.holds.load(Ordering::SeqCst) == 0 {
            // With its hold gone, as if the last reader had let go again.
            return self.let_go(0, 0);
        }
        if word.is_some_and(|w| w.status == Status::Freeing && w.worker == worker) {
            self.free(THIS);
            self.end_free();
        }
    }
}

/// Two readers, one of which frees, while the maker looks whether the block can be used again: once
/// readers who are there before the result, and once after it.
pub fn consumers_free_once() {
    free_once(|_| ());
    free_once(Run::make);
}

fn free_once(before: fn(&Run)) {
    check(3, move || {
        let run = Run::new();
        before(&run);
        let readers = [0, 1].map(|reader| {
            let run = run.clone();
            thread::spawn(move || run.read(reader))
        });
        if !run.is_made() {
            run.make();
        }
        // `loom` looks back to the last access of a word only, which hides some executions in which
        // the maker is late: here it is, unless a reader is not done.
        yield_now();
        let again = run.take(NEXT, 0);
        for (reader, thread) in readers.into_iter().enumerate() {
            let read = thread.join().expect("readers do not panic");
            assert!(read || run.read(reader), "it is ready in the end");
        }
        assert_eq!(run.freed.load(Ordering::SeqCst), 1);
        assert!(run.has_tag(NEXT) == again, "the next block is nobody else's");
        assert!(live(&run.maker).is_none());
    });
}

/// The last reader dies at its `n`th step of freeing; the supervisor goes on with that, while the
/// maker looks whether the block can be used again.
pub fn a_dead_consumer_is_followed() {
    for n in 1..=4 {
        check(3, move || {
            let run = Run::new();
            // The other has let go before.
            run.bits.clear(&run.maker.holds, 0, 2, 1);
            run.make();
            let reader = {
                let run = run.clone();
                thread::spawn(move || mortal(n, || run.read(0)))
            };
            let maker = {
                let run = run.clone();
                thread::spawn(move || run.take(NEXT, 0))
            };
            match reader.join().expect("its death is no panic") {
                None => run.resume_free(1),
                Some(read) => assert!(read, "it was ready before"),
            }
            let again = maker.join().expect("the maker does not panic");
            assert_eq!(run.freed.load(Ordering::SeqCst), 1);
            assert!(run.has_tag(NEXT) == again, "the next block is nobody else's");
            assert!(live(&run.maker).is_none());
        });
    }
}
