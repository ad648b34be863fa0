//! Looks at workers that have been in the same task for long: which are locked for ever, and which
//! make no progress that anybody can see.
//! It does not end them, and tells nobody: see `supervisor` and `explain`.

use std::time::{Duration, Instant};

use super::explain;
use super::proof::{self, Maps, Scan};
use crate::engine::Engine;

/// A worker that was in another task so long ago is not looked at.
const FIRST: Duration = Duration::from_secs(1);
/// Between the two scans of a proof.
const CONFIRM: Duration = Duration::from_millis(500);
/// Between two looks at a worker that is not asleep for good, as it seems.
const PAUSE: Duration = Duration::from_secs(2);
/// So long without a sign of life, a worker is explained; and then as often.
pub(super) const STALL: Duration = Duration::from_secs(30);
/// Share of the time on a processor, or on the queue for one, above which a worker is busy.
const BUSY: f64 = 0.5;

/// What a look has found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) post: usize,
    /// The task, or `None` where the worker hangs outside of any.
    pub(super) task: Option<u32>,
    /// How long there has been no sign of life.
    pub(super) time: Duration,
    pub(super) why: Why,
    pub(super) scan: Scan,
    /// The names of the program's other threads, as they were soon after the fork.
    pub(super) names: Vec<String>,
}

/// Why a worker is worth speaking of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Why {
    /// It is proved that it can never go on.
    Locked,
    /// No thread of it was on a processor.
    Quiet,
    /// It used so many seconds of processor time, and nothing else.
    Burning(f64),
    /// Nothing can be read of it.
    Unreadable,
}

/// What a worker is at, as its slot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    pid: i32,
    current: Option<u32>,
    in_body: bool,
}

/// One worker that has been at the same thing since `since`.
#[derive(Debug)]
struct Beat {
    seen: Option<Seen>,
    due: Instant,
    vigil: Option<Vigil>,
}

/// What was seen of a worker that stays where it is.
#[derive(Debug)]
struct Vigil {
    scan: Scan,
    /// No thread of it has been on a processor since.
    quiet: Instant,
    /// It has touched nothing new since; and what it looked like then.
    still: (Instant, Scan),
    told: Option<Instant>,
}

/// The workers of one run, as the supervisor looks at them.
#[derive(Debug)]
pub(super) struct Patrol {
    beats: Vec<Beat>,
    /// The names of this process's other threads at the first look at a worker that does not get on:
    /// reading them at every fork would cost short runs more than the fork.
    names: Option<Vec<String>>,
}

impl Patrol {
    pub(super) fn new(workers: usize) -> Self {
        let due = Instant::now() + FIRST;
        let beat = || Beat { seen: None, due, vigil: None };
        Patrol { beats: (0..workers).map(|_| beat()).collect(), names: None }
    }

    /// How long the supervisor may sleep.
    pub(super) fn patience(&self) -> Option<Duration> {
        let due = self.beats.iter().map(|b| b.due).min()?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// Looks at the workers that are due. `pid` says which process is at a post; `crowded`, whether
    /// there were other threads when it was forked.
    ///
    /// Approach: a worker whose slot says the same as a second ago is scanned; if all its threads
    /// sleep on futexes, again soon after, which may prove that it is locked; else from time to time.
    pub(super) fn look(
        &mut self,
        engine: &Engine<'_>,
        process: impl Fn(usize) -> Option<(i32, bool)>,
    ) -> Vec<Finding> {
        let now = Instant::now();
        let mut found = Vec::new();
        for (post, beat) in self.beats.iter_mut().enumerate().filter(|(_, b)| b.due <= now) {
            let process = process(post);
            let seen = process.and_then(|(pid, _)| at_work(engine, post, pid));
            if seen.is_none() || seen != beat.seen {
                *beat = Beat { seen, due: now + FIRST, vigil: None };
                continue;
            }
            let (Some(seen), Some((_, crowded))) = (seen, process) else { continue };
            let names = self.names.get_or_insert_with(explain::names_of_others);
            if let Some((why, time, scan)) = beat.look_again(seen, crowded) {
                let task = seen.current.filter(|_| seen.in_body);
                // A report needs a task; a proof does not.
                if task.is_some() || why == Why::Locked {
                    let names = names.clone();
                    found.push(Finding { post, task, time, why, scan, names });
                }
            }
        }
        found
    }
}

/// What the worker at a post is at; `None` where it rests, or leaves.
fn at_work(engine: &Engine<'_>, post: usize, pid: i32) -> Option<Seen> {
    let (table, slot) = (&engine.table, engine.table.slot(post));
    let seen = Seen { pid, current: slot.current(), in_body: slot.in_body() };
    // Who waits for memory waits for others, and says so.
    let rests = !seen.in_body && table.is_asleep(post) || slot.is_starved();
    (!rests && !slot.is_leaving()).then_some(seen)
}

impl Beat {
    fn look_again(&mut self, seen: Seen, crowded: bool) -> Option<(Why, Duration, Scan)> {
        // Between the scans: see `proof`.
        let was_waiting = self.vigil.as_ref().is_some_and(|v| v.scan.is_all_waits());
        let alone = was_waiting && proof::is_left_alone(seen.pid);
        let maps = if alone { Maps::of(seen.pid) } else { Maps::default() };
        let scan = Scan::of(seen.pid);
        let now = Instant::now();
        let Some(vigil) = &mut self.vigil else {
            self.due = now + if scan.is_all_waits() { CONFIRM } else { PAUSE };
            let still = (now, scan.clone());
            self.vigil = Some(Vigil { scan, quiet: now, still, told: None });
            return None;
        };
        if alone && proof::holds(&vigil.scan, &scan, &maps) {
            self.due = now + PAUSE;
            return Some((Why::Locked, now - vigil.quiet, scan));
        }
        vigil.note(now, scan);
        let told = vigil.tell(now, crowded);
        let fresh = vigil.scan.is_all_waits() && !was_waiting;
        self.due = now + if fresh { CONFIRM } else { PAUSE.min(vigil.left(now)) };
        told.map(|(why, time)| (why, time, vigil.scan.clone()))
    }
}

impl Vigil {
    fn note(&mut self, now: Instant, scan: Scan) {
        if !self.scan.is_same_sleep(&scan) {
            self.quiet = now;
        }
        if !self.still.1.is_same_spot(&scan) {
            self.still = (now, scan.clone());
        }
        self.scan = scan;
    }

    /// How long until there may be something to tell.
    fn left(&self, now: Instant) -> Duration {
        let dues = [self.quiet, self.still.0, self.told.unwrap_or(self.quiet)].map(|t| t + STALL);
        let next = dues.into_iter().filter(|d| *d > now).min();
        next.map_or(PAUSE, |d| d.saturating_duration_since(now).max(Duration::from_millis(10)))
    }

    /// What is to be told now, and how long it has been so.
    fn tell(&mut self, now: Instant, crowded: bool) -> Option<(Why, Duration)> {
        if self.told.is_some_and(|t| now < t + STALL) {
            return None;
        }
        let (quiet, still) = (now - self.quiet, now - self.still.0);
        let burnt = self.scan.seconds() - self.still.1.seconds();
        // On a machine with more to do than it can, who never sleeps still runs but now and then.
        let awake = burnt + self.scan.queued_seconds() - self.still.1.queued_seconds();
        let why = match () {
            () if quiet >= STALL && self.scan.threads().is_empty() => (Why::Unreadable, quiet),
            () if quiet >= STALL => (Why::Quiet, quiet),
            // Without other threads at the fork there is no lock that could be dead.
            () if crowded && still >= STALL && awake >= BUSY * still.as_secs_f64() => {
                (Why::Burning(burnt), still)
            }
            () => return None,
        };
        self.told = Some(now);
        Some(why)
    }
}
