//! A result that is moved to the file while readers come, and while whoever moves it dies.
//! It does not know what a file is: only that a result lies in one of two places.
//!
//! State words and result words are the sources. `Run::spill` stands for `Table::spill` and
//! `move_live`, `must_stay` and `resume_spill` for those (`results/spill.rs`), `read` for
//! `Worker::process` with `results::fetch`, and what a reader lets go of is freed as in
//! `results/free.rs`. The contents of both places are words that say whether they are there: a
//! spiller may read what is just being freed, and then throws its copy away.
//!
//! Noticed: the reader looks at the word before it claims; the spiller looks at the claims before
//! it seals, or exchanges words with `AcqRel`; memory that is freed before the word points to the
//! copy; a `resume_spill` that leaves the seal on: readers wait for ever.

use loom::thread;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Cell;
use super::state::{Phase, State};
use super::word::{Kind, Status, Word, live, settled};
use crate::check;
use crate::kill_point::{kill_point, mortal};
use crate::sync::atomic::{AtomicU32, AtomicU64};

const EPOCH: u32 = 3;
const CONTENTS: u64 = 77;
/// The number of the worker that moves the result.
const SPILLER: u16 = 9;
/// Where a result lies: in memory, or in the file.
const MEMORY: u64 = 0;
const FILE: u64 = 1;

/// One result and its readers.
struct Run {
    places: [AtomicU64; 2],
    maker: Cell,
    readers: Vec<Cell>,
    /// `Slot::spilling`, and whether `spill_to` is settled.
    spilling: AtomicU32,
    settled: AtomicU32,
}

impl Run {
    fn new(readers: usize) -> Arc<Run> {
        let run = Run {
            places: [AtomicU64::default(), AtomicU64::default()],
            maker: Cell::default(),
            readers: (0..readers).map(|_| Cell::default()).collect(),
            spilling: AtomicU32::default(),
            settled: AtomicU32::default(),
        };
        run.places[0].store(CONTENTS, Ordering::Relaxed);
        run.maker.holds.store((1 << readers) - 1, Ordering::Relaxed);
        let word = Word { status: Status::Live, kind: Kind::Block, worker: 0, len: 0 };
        run.maker.result.store(word.to_bits(), Ordering::Relaxed);
        for reader in &run.readers {
            reader.state.publish(State::waiting(EPOCH).to(Phase::Ready));
        }
        Arc::new(run)
    }

    /// Whether a reader reads, or may without asking again.
    fn must_stay(&self) -> bool {
        (0..).zip(&self.readers).any(|(bit, reader)| {
            let holds = self.maker.holds.load(Ordering::SeqCst) >> bit & 1 == 1;
            match reader.state.load().map(|s| s.phase) {
                Some(Phase::Waiting | Phase::Ready) => false,
                // In the model no result refers to another, so that a hold that is still there is
                // one that is about to go.
                Some(phase) if phase.is_final() => holds,
                _ => true,
            }
        })
    }

    fn free(&self, place: u64) {
        self.places[place as usize].store(0, Ordering::Relaxed);
    }

    /// Moves the result; whether that was done.
    fn spill(&self) -> bool {
        let Some(word) = Word::load(&self.maker).filter(|w| w.status == Status::Live) else {
            return false;
        };
        if self.must_stay() {
            return false;
        }
        self.settled.store(0, Ordering::SeqCst);
        self.spilling.store(1, Ordering::SeqCst);
        kill_point!(MidSpill);
        let moved = self.move_live(word);
        if !moved {
            self.free(FILE);
        }
        self.spilling.store(0, Ordering::SeqCst);
        moved
    }

    fn move_live(&self, word: Word) -> bool {
        let copying = Word { status: Status::Copying, worker: SPILLER, ..word };
        if !word.change(&self.maker, copying) {
            return false;
        }
        kill_point!(MidSpill);
        let contents = self.places[0].load(Ordering::Relaxed);
        self.places[1].store(contents, Ordering::Relaxed);
        kill_point!(MidSpill);
        let sealing = Word { status: Status::Sealing, ..copying };
        if !copying.change(&self.maker, sealing) {
            return false;
        }
        kill_point!(MidSpill);
        if self.must_stay() {
            self.maker.result.store(word.to_bits(), Ordering::SeqCst);
            return false;
        }
        self.settled.store(1, Ordering::SeqCst);
        kill_point!(MidSpill);
        self.point(FILE, word);
        kill_point!(MidSpill);
        self.free(MEMORY);
        true
    }

    fn point(&self, place: u64, word: Word) {
        self.maker.result_data[0].store(place, Ordering::SeqCst);
        kill_point!(MidSpill);
        self.maker.result.store(word.to_bits(), Ordering::SeqCst);
    }

    /// What the supervisor does when the spiller is dead.
    fn resume_spill(&self) {
        if self.spilling.load(Ordering::SeqCst) == 0 {
            return;
        }
        let moving = |w: &Word| matches!(w.status, Status::Copying | Status::Sealing);
        let word = Word::load(&self.maker).filter(|w| moving(w) && w.worker == SPILLER);
        if let Some(word) = word {
            let back = Word { status: Status::Live, worker: 0, ..word };
            if word.status == Status::Sealing {
                self.point(MEMORY, back);
            } else {
                word.change(&self.maker, back);
            }
            self.free(FILE);
        } else if self.settled.load(Ordering::SeqCst) == 1 {
            self.free(MEMORY);
        } else {
            self.free(FILE);
        }
    }

    /// One reader's task, from its claim to its end.
    fn read(&self, reader: usize) {
        let state = &self.readers[reader].state;
        let ready = State::waiting(EPOCH).to(Phase::Ready);
        let worker = reader as u16;
        assert!(state.change(ready, ready.held(worker, Phase::Claimed)));
        assert!(settled(&self.maker).is_some(), "a reader finds no result");
        let place = self.maker.result_data[0].load(Ordering::Relaxed);
        let contents = self.places[place as usize].load(Ordering::Relaxed);
        assert_eq!(contents, CONTENTS, "a reader finds something else");
        state.publish(ready.held(worker, Phase::Releasing));
        let bit = 1u64 << reader;
        if self.maker.holds.fetch_and(!bit, Ordering::SeqCst) & !bit == 0 {
            self.free_result(worker);
        }
        state.publish(ready.held(worker, Phase::Done));
    }

    fn free_result(&self, worker: u16) {
        let Some(word) = live(&self.maker) else { return };
        if word.change(&self.maker, Word { status: Status::Freeing, worker, ..word }) {
            let place = self.maker.result_data[0].load(Ordering::Relaxed);
            self.free(place);
            let word = Word { status: Status::Freed, kind: Kind::Inline, worker: 0, len: 0 };
            self.maker.result.store(word.to_bits(), Ordering::SeqCst);
        }
    }

    /// At the end, nobody else being there: what nobody holds is gone, what is held is there.
    fn check_end(&self) {
        let word = Word::load(&self.maker).expect("words are written whole");
        let contents = |place: usize| self.places[place].load(Ordering::SeqCst);
        match word.status {
            Status::Live => {
                let place = self.maker.result_data[0].load(Ordering::SeqCst) as usize;
                assert_eq!((contents(place), contents(1 - place)), (CONTENTS, 0));
            }
            Status::Freed => assert_eq!((contents(0), contents(1)), (0, 0), "memory is lost"),
            other => panic!("the result was left {other:?}"),
        }
    }
}

/// A reader and a spiller: alone, when the reader frees the result at its end, and with another who
/// has still to come.
pub fn readers_and_a_spiller() {
    for readers in [1, 2] {
        check(4, move || {
            let run = Run::new(readers);
            let reader = {
                let run = run.clone();
                thread::spawn(move || run.read(0))
            };
            run.spill();
            reader.join().expect("readers do not panic");
            run.check_end();
        });
    }
}

/// A spiller that dies at its `n`th step while a reader comes.
pub fn a_dead_spiller_is_followed() {
    for n in 1..=8 {
        check(3, move || {
            // Of two holds one stays, so that the result does.
            let run = Run::new(2);
            let reader = {
                let run = run.clone();
                thread::spawn(move || run.read(0))
            };
            let spiller = {
                let run = run.clone();
                thread::spawn(move || mortal(n, || run.spill()).is_none())
            };
            if spiller.join().expect("its death is no panic") {
                run.resume_spill();
            }
            reader.join().expect("readers do not panic");
            run.check_end();
        });
    }
}
