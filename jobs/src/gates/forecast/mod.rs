//! The memory of jobs as it is to be expected: declared, learned from others of the kind, or seen; and
//! whether the next fits beside those that run.
//! It reads no clock and no file, and does not know what makes jobs of a kind.
//!
//! A job is expected to come to have what it has declared. Where it has declared nothing, that is what
//! those of its kind have had at most, with an eighth on top, or what it is seen to have, if that is
//! more. As long as none of a kind has ended, the next is expected to take what is seen of the others.
//!
//! A start fits where what is free on the machine is enough for it, for what those that run are still
//! to take, and for a margin. Memory is looked at once a second, and that of jobs only where what is
//! free would not be enough for all that they may come to have: where memory is ample, a start costs
//! a few comparisons.
//!
//! What is known of a job's peak is that of its largest process (`ru_maxrss`), of its whole tree only
//! where it has a limit. So what is seen of a job is its largest process too: the difference is what
//! it is still to take, and pages that jobs share are in both.

mod shortage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

pub use shortage::{Has, Shortage};

use super::{FRESH, Peaks, Readings};

/// The margin is this part of what was free at first: enough for what others do within a second.
const MARGIN: u64 = 16;
/// But not more than is ever needed, and not less than a few processes take.
const MARGINS: (u64, u64) = (32 << 20, 1 << 30);

/// What is expected of the jobs of a run.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    /// What all jobs together may have, where somebody has said so.
    budget: Option<u64>,
    /// Whether what is free on the machine counts.
    watches: bool,
    kinds: BTreeMap<usize, Kind>,
    running: BTreeMap<u64, Running>,
    reading: Option<Reading>,
    /// What was free at the first look.
    first: Option<u64>,
    /// No job has been expected to take more.
    most: u64,
    /// What the next start may take.
    room: u64,
    /// Since when starts are held back, and when that was said last.
    held: Option<Duration>,
    said: Option<Duration>,
    /// After a job was asked to give way, when the next may be; and whether one has ended since.
    again_at: Option<Duration>,
    gone: bool,
}

/// Jobs that are expected to take the same.
#[derive(Clone, Debug, Default)]
struct Kind {
    peaks: Peaks,
    running: usize,
    /// When the last of them started.
    started: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    kind: usize,
    declared: Option<u64>,
    pid: Option<u32>,
    /// What it had when it was last looked at.
    seen: u64,
}

/// A look at the machine.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Duration,
    left: u64,
    /// Whether jobs were looked at too.
    close: bool,
}

/// Starts that are held back for a shorter time are not spoken of.
const UNSAID: Duration = Duration::from_secs(1);
/// It is said again after this time.
const AGAIN: Duration = Duration::from_secs(60);
/// No other job is asked to give way before one has ended, or this time has passed: it may not go at
/// once.
const SETTLED: Duration = Duration::from_secs(5);

impl Forecast {
    /// Nothing is known yet. With a `budget`, jobs together are to have no more than that, and few are
    /// started until it is known what they take. Where the machine is not watched, nothing else
    /// counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tine_jobs::gates::{Forecast, Machine};
    ///
    /// let mut forecast = Forecast::new(Some(100 << 20), false);
    /// forecast.starts(1, 0, Some(60 << 20), Duration::ZERO);
    /// forecast.look(Duration::ZERO, &mut Machine);
    /// assert!(forecast.fits(0, Some(40 << 20)));
    /// assert!(!forecast.fits(0, Some(41 << 20)));
    /// ```
    pub fn new(budget: Option<u64>, watches: bool) -> Forecast {
        Forecast { budget, watches, ..Forecast::default() }
    }

    /// Takes in what jobs of a kind have had in an earlier run.
    pub(crate) fn adopt(&mut self, kind: usize, peaks: Peaks) {
        self.kinds.entry(kind).or_default().peaks = peaks;
        self.most = self.most.max(self.guess(kind).unwrap_or(0));
    }

    /// A job is about to start.
    pub fn starts(&mut self, job: u64, kind: usize, declared: Option<u64>, now: Duration) {
        self.leaves(job);
        self.held = None;
        self.most = self.most.max(declared.unwrap_or(0));
        let own = self.kinds.entry(kind).or_default();
        own.running += 1;
        own.started = now;
        self.running.insert(job, Running { kind, declared, pid: None, seen: 0 });
    }

    /// Its program runs as the process with this number.
    pub fn runs(&mut self, job: u64, pid: u32) {
        if let Some(running) = self.running.get_mut(&job) {
            running.pid = Some(pid);
        }
    }

    /// It has ended, and had at most so many bytes, as far as is known.
    pub fn ended(&mut self, job: u64, peak: Option<u64>) {
        self.gone |= self.again_at.is_some();
        if let (Some(running), Some(peak)) = (self.leaves(job), peak) {
            self.kinds.entry(running.kind).or_default().peaks.learn(peak.max(running.seen));
            self.most = self.most.max(self.guess(running.kind).unwrap_or(0));
        }
    }

    fn leaves(&mut self, job: u64) -> Option<Running> {
        let running = self.running.remove(&job)?;
        let kind = self.kinds.entry(running.kind).or_default();
        kind.running = kind.running.saturating_sub(1);
        Some(running)
    }

    /// Looks at the machine, where it is time, and finds out what the next start may take.
    pub fn look(&mut self, now: Duration, machine: &mut dyn Readings) {
        if !self.watches && self.budget.is_none() {
            self.room = u64::MAX;
            return;
        }
        self.read(now, machine);
        if let Some(room) = self.ample() {
            self.room = room;
            return;
        }
        self.look_closely(machine);
        self.room = self.room_now();
    }

    /// What a start may take, where there is so much that nobody need be looked at: it would be enough
    /// if each took what any of them has been expected to, and more than half of what there was at
    /// first is free; those of which nothing is known may have come to have anything.
    fn ample(&self) -> Option<u64> {
        let (reading, first) = (self.reading?, self.first?);
        let taken = self.most.saturating_mul(self.running.len() as u64);
        let room = reading.left.saturating_sub(self.margin()).saturating_sub(taken);
        let ample = self.budget.is_none() && room >= self.most.max(first / 2);
        (ample || self.running.is_empty()).then_some(room)
    }

    /// Reads what is free, where the last reading is too old.
    fn read(&mut self, now: Duration, machine: &mut dyn Readings) {
        if self.reading.is_some_and(|last| now < last.at + FRESH) {
            return;
        }
        let left = if self.watches { machine.left().unwrap_or(u64::MAX) } else { u64::MAX };
        self.first.get_or_insert(left);
        self.reading = Some(Reading { at: now, left, close: false });
    }

    /// What is never given to a start.
    fn margin(&self) -> u64 {
        (self.first.unwrap_or(0) / MARGIN).clamp(MARGINS.0, MARGINS.1)
    }

    /// Looks at what jobs have, once a reading, and again at what is free: both are of one moment.
    fn look_closely(&mut self, machine: &mut dyn Readings) {
        let Some(reading) = self.reading.as_mut().filter(|reading| !reading.close) else { return };
        reading.close = true;
        if self.watches {
            reading.left = machine.left().unwrap_or(u64::MAX);
        }
        for running in self.running.values_mut() {
            if let Some(seen) = running.pid.and_then(|pid| machine.held_by(pid)) {
                running.seen = seen;
                self.most = self.most.max(seen);
            }
        }
    }

    /// What may be taken by a start, as far as is known.
    fn room_now(&self) -> u64 {
        let expected = |running: &Running| self.expected(running);
        let budget = self.budget.map_or(u64::MAX, |budget| {
            let taken = self.running.values().map(expected).fold(0, u64::saturating_add);
            budget.saturating_sub(taken)
        });
        let Some(reading) = self.reading.filter(|_| self.watches) else { return budget };
        let free = reading.left.saturating_sub(self.margin()).saturating_sub(self.growth());
        budget.min(free)
    }

    /// What those that run are still to take.
    fn growth(&self) -> u64 {
        let still = |running: &Running| self.expected(running).saturating_sub(running.seen);
        self.running.values().map(still).fold(0, u64::saturating_add)
    }

    /// What a job that runs will come to have.
    fn expected(&self, running: &Running) -> u64 {
        let guess = || self.guess(running.kind).unwrap_or(0).max(running.seen);
        running.declared.unwrap_or_else(guess)
    }

    /// What is known of jobs of a kind that have ended.
    fn guess(&self, kind: usize) -> Option<u64> {
        self.kinds.get(&kind)?.peaks.guess()
    }

    /// What the next of a kind is expected to take.
    fn need(&self, kind: usize, declared: Option<u64>) -> u64 {
        let seen = || {
            let same = self.running.values().filter(|running| running.kind == kind);
            same.map(|running| running.seen).max().unwrap_or(0)
        };
        declared.or_else(|| self.guess(kind)).unwrap_or_else(seen)
    }

    /// Whether the next of a kind may start beside those that run; it always may where none does, and
    /// never where nothing is left.
    pub fn fits(&self, kind: usize, declared: Option<u64>) -> bool {
        self.running.is_empty()
            || (self.need(kind, declared).max(1) <= self.room
                && (declared.is_some() || self.has_shown(kind)))
    }

    /// Within a budget, those of a kind of which nothing is known start one by one, each when the one
    /// before has had time to show what it takes.
    fn has_shown(&self, kind: usize) -> bool {
        let Some(own) = self.kinds.get(&kind) else { return true };
        let looked = || self.reading.is_some_and(|r| r.close && r.at >= own.started + FRESH);
        self.budget.is_none() || own.running == 0 || own.peaks.guess().is_some() || looked()
    }

    /// Whether the youngest job is to give way, before the kernel ends one for lack of memory: the
    /// machine has less than the margin, and that is by these jobs, which have half of what was free
    /// at first. It is asked of one at a time, and never of the only one.
    pub fn is_short(&mut self, now: Duration, machine: &mut dyn Readings) -> bool {
        if !self.watches || self.running.len() < 2 {
            return false;
        }
        if std::mem::take(&mut self.gone) {
            // What it had is free by the next look.
            self.again_at = Some(now + FRESH);
        }
        self.read(now, machine);
        let margin = self.margin();
        let settles = self.again_at.is_some_and(|at| now < at);
        if settles || self.reading.is_none_or(|reading| reading.left >= margin) {
            return false;
        }
        self.look_closely(machine);
        let held = self.running.values().map(|r| r.seen).fold(0, u64::saturating_add);
        let short = held >= self.first.unwrap_or(u64::MAX) / 2;
        if short {
            self.again_at = Some(now + SETTLED);
        }
        short
    }

    /// The next of a kind does not fit. Returns why, where that is to be said: when it lasts, and not
    /// too often.
    pub fn hold(&mut self, kind: usize, declared: Option<u64>, now: Duration) -> Option<Shortage> {
        let since = *self.held.get_or_insert(now);
        let silent = now < since + UNSAID || self.said.is_some_and(|said| now < said + AGAIN);
        if silent {
            return None;
        }
        self.said = Some(now);
        Some(self.shortage(kind, declared))
    }

    /// Whether this job is among those that run.
    pub fn has(&self, job: u64) -> bool {
        self.running.contains_key(&job)
    }

    /// When memory is looked at again.
    pub fn next_look(&self, now: Duration) -> Duration {
        let next = self.reading.map_or(now, |reading| reading.at + FRESH);
        next.saturating_sub(now).max(Duration::from_millis(1))
    }

    /// Why the next of a kind does not fit.
    fn shortage(&self, kind: usize, declared: Option<u64>) -> Shortage {
        let expected = |running: &Running| self.expected(running);
        let taken = self.running.values().map(expected).fold(0, u64::saturating_add);
        let has = match (self.budget, self.reading) {
            (Some(budget), _) if budget.saturating_sub(taken) <= self.room => {
                Has::Budget { budget, taken }
            }
            (_, reading) => {
                Has::Free { free: reading.map_or(0, |reading| reading.left), taken: self.growth() }
            }
        };
        let known = declared.is_some() || self.guess(kind).is_some();
        let need = known.then(|| self.need(kind, declared));
        Shortage { need, running: self.running.len(), has }
    }
}
