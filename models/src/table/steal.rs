//! A queue between its owner and thieves: each hint is taken once, also when the owner dies.
//! It does not know what is hinted at.
//!
//! Noticed (`table/deque.rs`): no fence in `pop`, or none in `steal`: a hint is taken twice. `push`
//! that stores the bottom `Relaxed`: a thief takes a hint that was never pushed. A `mend` that does
//! not raise the top: a thief of before takes what the next owner pops. The note of `pop` behind the
//! store of the bottom: a death in between loses the hint.

use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::deque::{Deque, Steal};
use crate::check;
use crate::kill_point::mortal;
use crate::region::Carver;

/// Which hints were taken, and how often.
#[derive(Default)]
struct Taken([AtomicU32; 8]);

impl Taken {
    fn add(&self, hint: u32) {
        assert!((1..8).contains(&hint), "{hint} was never pushed");
        self.0[hint as usize].fetch_add(1, Ordering::SeqCst);
    }

    fn times(&self, hint: u32) -> u32 {
        self.0[hint as usize].load(Ordering::SeqCst)
    }
}

/// Tries to steal `n` times.
fn steal(deque: &Deque, taken: &Taken, n: usize) {
    for _ in 0..n {
        if let Steal::Got(hint) = deque.steal(|_| ()) {
            taken.add(hint);
        }
    }
}

/// Takes all that is left, when nobody else does.
fn drain(deque: &Deque, taken: &Taken) {
    while let Some(hint) = deque.pop(|_| ()) {
        taken.add(hint);
    }
}

/// An owner that pushes and pops, and two thieves, on a ring that is full with two hints.
pub fn owner_and_thieves() {
    check(3, || {
        let deque = Arc::new(Deque::new(&mut Carver, 2));
        let taken = Arc::new(Taken::default());
        assert!(deque.push(1) && deque.push(2) && !deque.push(3), "two have room");
        let thieves = [1, 2].map(|tries| {
            let (deque, taken) = (deque.clone(), taken.clone());
            thread::spawn(move || steal(&deque, &taken, tries))
        });
        if let Some(hint) = deque.pop(|_| ()) {
            taken.add(hint);
        }
        let third = deque.push(3);
        if let Some(hint) = deque.pop(|_| ()) {
            taken.add(hint);
        }
        for thief in thieves {
            thief.join().expect("thieves do not panic");
        }
        drain(&deque, &taken);
        let times = [1, 2, 3].map(|hint| taken.times(hint));
        assert_eq!(times, [1, 1, u32::from(third)]);
    });
}

/// An owner that dies at its `n`th step, while a thief steals on; then its queue is mended, and
/// another owner goes on with it.
pub fn a_dead_owner_is_followed() {
    for n in 1..=5 {
        check(3, move || {
            let deque = Arc::new(Deque::new(&mut Carver, 4));
            let (taken, note) = (Arc::new(Taken::default()), Arc::new(AtomicU32::new(0)));
            deque.push(1);
            let thief = {
                let (deque, taken) = (deque.clone(), taken.clone());
                thread::spawn(move || steal(&deque, &taken, 2))
            };
            let owner = {
                let (deque, taken, note) = (deque.clone(), taken.clone(), note.clone());
                thread::spawn(move || {
                    mortal(n, || {
                        // Each step of `pop` and `push` that a death can follow, two of each.
                        for hint in [2, 3] {
                            if let Some(got) = deque.pop(|h| note.store(h, Ordering::SeqCst)) {
                                taken.add(got);
                            }
                            note.store(hint, Ordering::SeqCst);
                            deque.push(hint);
                            note.store(0, Ordering::SeqCst);
                        }
                    })
                })
            };
            let lived = owner.join().expect("its death is no panic").is_some();
            // As `Table::autopsy` does, with what the slot names.
            deque.mend();
            let noted = if lived { 0 } else { note.load(Ordering::SeqCst) };
            deque.push(4);
            drain(&deque, &taken);
            thief.join().expect("thieves do not panic");
            drain(&deque, &taken);
            assert_eq!(taken.times(4), 1, "hints of the next owner are taken once");
            for hint in 1..4 {
                // Whether a dead owner had come to push the others, only its note says.
                let (times, was_pushed) = (taken.times(hint), hint == 1 || lived);
                assert!(times <= 1, "{hint} was taken {times} times");
                assert!(times == 1 || noted == hint || !was_pushed, "{hint} was lost");
            }
        });
    }
}
