//! Workers that fall asleep while others make work: nobody sleeps for ever beside a hint, or when
//! the run is over.
//! It does not know what work is.
//!
//! The queue, the set of sleepers and the bell are the sources; `Worker::sleep`, `queue_others` and
//! `release` (`worker.rs`) stand here as far as they touch them. A hang is a dead-lock to `loom`.
//!
//! Noticed: no fence in `hints_are_out`; `Asleep::add` with `AcqRel`, or `has_some` of the queue
//! asked before it; a bell that is heard after the last look; a `wake_all` that does not ring.

use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::asleep::{Asleep, hints_are_out};
use super::bell::Bell;
use super::deque::{Deque, Steal};
use crate::check;
use crate::region::Carver;
use crate::sync::atomic::AtomicU32 as Word;

struct Run {
    /// The queue of whoever makes work.
    deque: Deque,
    asleep: Asleep,
    bells: Vec<Bell>,
    finished: Word,
    /// How many tasks were run; the last one ends the run.
    ran: AtomicU32,
    tasks: u32,
}

impl Run {
    fn new(workers: usize, tasks: u32) -> Arc<Run> {
        Arc::new(Run {
            deque: Deque::new(&mut Carver, 2),
            asleep: Asleep::default(),
            bells: (0..workers).map(|_| Bell::default()).collect(),
            finished: Word::default(),
            ran: AtomicU32::new(0),
            tasks,
        })
    }

    fn is_finished(&self) -> bool {
        self.finished.load(Ordering::SeqCst) != 0
    }

    /// `Table::wake_one`.
    fn wake_one(&self) -> bool {
        let sleeper = self.asleep.take_one(self.bells.len());
        sleeper.inspect(|&worker| self.bells[worker].ring()).is_some()
    }

    /// `Table::finish`, then what the supervisor does when it is rung: `Table::wake_all`.
    fn finish(&self) {
        self.finished.store(1, Ordering::SeqCst);
        self.asleep.clear();
        self.bells.iter().for_each(Bell::ring);
    }

    /// `Worker::queue_others`.
    fn make(&self, hint: u32) {
        assert!(self.deque.push(hint));
        hints_are_out();
        self.wake_one();
    }

    /// `Worker::run`, of one who has no queue of its own.
    fn work(&self, me: usize) {
        while !self.is_finished() {
            match self.deque.steal(|_| ()) {
                Steal::Got(_) => {
                    if self.ran.fetch_add(1, Ordering::SeqCst) + 1 == self.tasks {
                        self.finish();
                    }
                }
                Steal::Lost => {}
                Steal::Empty => self.sleep(me),
            }
        }
    }

    /// `Worker::sleep`.
    fn sleep(&self, me: usize) {
        let heard = self.bells[me].heard();
        self.asleep.add(me);
        if self.is_finished() || self.deque.has_some() {
            self.asleep.remove(me);
            return;
        }
        self.bells[me].sleep(heard);
        self.asleep.remove(me);
    }
}

fn start(run: &Arc<Run>, workers: usize) -> Vec<thread::JoinHandle<()>> {
    let start = |me| {
        let run = run.clone();
        thread::spawn(move || run.work(me))
    };
    (0..workers).map(start).collect()
}

/// One worker, and two hints made one after the other.
pub fn nobody_sleeps_beside_work() {
    check(3, || {
        let run = Run::new(1, 2);
        let workers = start(&run, 1);
        run.make(1);
        run.make(2);
        workers.into_iter().for_each(|w| w.join().expect("workers do not panic"));
    });
}

/// Two workers and one hint: who takes it ends the run, and the other must be told.
pub fn nobody_sleeps_through_the_end() {
    check(2, || {
        let run = Run::new(2, 1);
        let workers = start(&run, 2);
        run.make(1);
        workers.into_iter().for_each(|w| w.join().expect("workers do not panic"));
    });
}
