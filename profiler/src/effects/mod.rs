//! Finds side effects that a forked worker keeps to itself: what a closure holds, or a static, that
//! is another after the task than before it.
//! It does not judge them, and finds none under `Threads`, where they are not lost.
//!
//! A look reads the memory in question before a body and after it, and compares. It is taken of the
//! first tasks of each worker, and then of as many as cost under one per cent of its time. What lies
//! behind a pointer is read by the kernel (`process_vm_readv`), so that a word that only looks like
//! one is refused instead of followed.

mod held;
mod reader;
mod statics;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tine_scheduler::{Probe, ProbedWorker, SharedWords, TaskBody};

use held::Held;
use reader::Writable;
use statics::Statics;

/// Bodies of a worker that are looked at whatever that costs.
const FIRST: u32 = 8;
/// Later ones are thought of this often.
const EVERY: u32 = 64;
/// A look comes no sooner than this many times its price after the last.
const SHARE: u32 = 200;
/// Different things that may be found in one run: tasks whose closures changed, and statics.
const PLACES: [std::ops::Range<usize>; 2] = [0..64, 64..256];
/// Words of a place: what, and the first task that was seen to change it, + 1.
const WORDS: usize = 2;
/// What closures hold has no address that means anything to a reader.
const HELD: u64 = 1;

/// A side effect that was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    /// The first task that was seen to have it, as its rank.
    pub(crate) task: u32,
    /// The static that was changed; `None` for something that the task's closure holds.
    pub(crate) of: Option<String>,
}

/// Looks for side effects in the workers of one run.
#[derive(Debug)]
pub(crate) struct Effects {
    found: SharedWords,
    // The rest is of one process: a worker has its own after the fork.
    bodies: AtomicU32,
    looking: AtomicBool,
    own: Mutex<Option<Own>>,
}

/// What one worker process keeps.
#[derive(Debug)]
struct Own {
    worker: u16,
    writable: Writable,
    statics: Statics,
    /// Statics that were seen to change.
    once: BTreeSet<usize>,
    last: Instant,
    price: Duration,
    look: Option<Look>,
}

/// A look that has begun.
#[derive(Debug)]
struct Look {
    began: Instant,
    held: Held,
    statics: Vec<u8>,
}

impl Effects {
    /// Prepares to look; `None` where the system has no forked workers.
    pub(crate) fn new() -> Option<Effects> {
        let found = SharedWords::new(PLACES[1].end * WORDS).ok()?;
        let (bodies, looking) = (AtomicU32::new(0), AtomicBool::new(false));
        Some(Effects { found, bodies, looking, own: Mutex::new(None) })
    }

    /// What was found so far, by task.
    pub(crate) fn found(&self) -> Vec<Effect> {
        let places = self.found.chunks_exact(WORDS).map(|w| {
            let [what, task] = [0, 1].map(|i| w[i].load(Ordering::Acquire));
            (what, task.checked_sub(1))
        });
        let known: Vec<_> =
            places.filter_map(|(what, task)| Some((what, u32::try_from(task?).ok()?))).collect();
        let mut effects: Vec<_> = known
            .iter()
            .filter(|(what, _)| *what & HELD != 0)
            .map(|&(_, task)| Effect { task, of: None })
            .collect();
        let changed: Vec<_> = known.iter().filter(|(what, _)| *what & HELD == 0).collect();
        if !changed.is_empty() {
            let addresses: Vec<_> = changed.iter().map(|(what, _)| *what as usize).collect();
            for (name, (_, task)) in statics::names(&addresses).into_iter().zip(changed) {
                effects.extend(name.map(|name| Effect { task: *task, of: Some(name) }));
            }
        }
        effects.sort_by(|a, b| (&a.of, a.task).cmp(&(&b.of, b.task)));
        effects.dedup_by(|a, b| a.of.is_some() && a.of == b.of);
        effects
    }

    /// Notes that `task` changed `what`.
    fn note(&self, what: u64, task: u32) {
        let all = if what & HELD == 0 { PLACES[1].clone() } else { PLACES[0].clone() };
        let start = all.start + (what >> 3) as usize % all.len();
        let places = (start..all.end).chain(all.start..start);
        for place in places.map(|p| &self.found[p * WORDS..(p + 1) * WORDS]) {
            let there = place[0].compare_exchange(0, what, Ordering::AcqRel, Ordering::Acquire);
            if there.is_ok() || there == Err(what) {
                let task = u64::from(task) + 1;
                let _ = place[1].compare_exchange(0, task, Ordering::AcqRel, Ordering::Acquire);
                return;
            }
        }
    }

    /// The lock is of one process whose worker has one thread: it is never waited for.
    fn lock(&self) -> MutexGuard<'_, Option<Own>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probe for Effects {
    fn worker_started(&self, worker: &ProbedWorker) {
        if !worker.forked {
            return;
        }
        let now = Instant::now();
        *self.lock() = Some(Own {
            worker: worker.worker,
            writable: Writable::of_this_process(),
            statics: Statics::of_this_program(),
            once: BTreeSet::new(),
            last: now,
            price: Duration::ZERO,
            look: None,
        });
    }

    fn watches_bodies(&self) -> bool {
        true
    }

    fn body_begins(&self, worker: &ProbedWorker, _task: u32, body: &dyn TaskBody) -> bool {
        // A worker process has one thread that runs tasks: nobody else counts.
        let bodies = self.bodies.load(Ordering::Relaxed).wrapping_add(1);
        self.bodies.store(bodies, Ordering::Relaxed);
        if worker.forked && (bodies <= FIRST || bodies.is_multiple_of(EVERY)) {
            self.begin_look(worker.worker, bodies <= FIRST, body);
        }
        self.looking.load(Ordering::Relaxed)
    }

    fn body_ended(&self, _worker: &ProbedWorker, task: u32, _body: &dyn TaskBody) -> bool {
        let looking = self.looking.load(Ordering::Relaxed);
        if looking {
            self.end_look(task);
        }
        looking
    }
}

impl Effects {
    fn begin_look(&self, worker: u16, whatever_it_costs: bool, body: &dyn TaskBody) {
        let mut own = self.lock();
        let Some(own) = own.as_mut().filter(|o| o.worker == worker) else { return };
        if !whatever_it_costs && own.last.elapsed() < own.price * SHARE {
            return;
        }
        let began = Instant::now();
        let held = Held::by(body, &own.writable);
        own.look = Some(Look { began, held, statics: own.statics.read() });
        own.last = Instant::now();
        self.looking.store(true, Ordering::Relaxed);
    }

    fn end_look(&self, task: u32) {
        self.looking.store(false, Ordering::Relaxed);
        let mut own = self.lock();
        let Some(own) = own.as_mut() else { return };
        let Some(look) = own.look.take() else { return };
        let before = own.last.duration_since(look.began);
        let began = Instant::now();
        if look.held.has_changed() {
            // One place a task's group would be enough, but groups are not known here.
            self.note(u64::from(task) << 3 | HELD, task);
        }
        for address in own.statics.changed(&look.statics) {
            // One that is changed once is most likely set up for good, by each worker for itself.
            if !own.once.insert(address) {
                self.note(address as u64, task);
            }
        }
        own.price = before + began.elapsed();
        own.last = Instant::now();
    }
}
