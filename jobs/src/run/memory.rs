//! The memory of the jobs of a run: which may start beside those that run, and what is said where one
//! may not.
//! It does not know how jobs are started.

use std::cell::Cell;
use std::time::Duration;

use tine_scheduler::jobs::{Admit, Standing};

use super::Options;
use super::journal::Past;
use crate::file::{JobId, Jobs};
use crate::gates::{Forecast, FreeMemory, Machine, Shortage};

/// What is known of the memory of jobs, and who has to wait for it.
#[derive(Debug)]
pub(super) struct Memory {
    forecast: Forecast,
    free: Option<FreeMemory>,
    machine: Machine,
    now: Duration,
    /// The last that had to wait, since it was asked whether one may start: its entry, and what it
    /// has declared.
    held: Cell<Option<(usize, Option<u64>)>>,
}

impl Memory {
    /// For jobs of which an earlier run is known.
    pub(super) fn new(jobs: &Jobs<'_>, options: &Options, past: &Past) -> Memory {
        let mut forecast = Forecast::new(options.budget, options.free.is_none());
        for (kind, group) in jobs.file().groups().iter().enumerate() {
            if let Some(peaks) = past.peaks(&group.name.what) {
                forecast.adopt(kind, peaks.clone());
            }
        }
        let (now, held) = (Duration::ZERO, Cell::new(None));
        Memory { forecast, free: options.free, machine: Machine, now, held }
    }

    /// Whether any job may start.
    pub(super) fn admit(&mut self, standing: &Standing) -> Admit {
        self.now = standing.elapsed;
        self.held.set(None);
        self.forecast.look(self.now, &mut self.machine);
        match &mut self.free {
            Some(free) => free.admit(self.now, standing.running, &mut self.machine),
            None => Admit::Now,
        }
    }

    /// Whether one that runs is to give way.
    pub(super) fn review(&mut self, standing: &Standing) -> Admit {
        self.now = standing.elapsed;
        if let Some(free) = &mut self.free {
            return free.admit(self.now, standing.running, &mut self.machine);
        }
        match self.forecast.is_short(self.now, &mut self.machine) {
            true => Admit::Retreat(self.forecast.next_look(self.now)),
            false => Admit::Now,
        }
    }

    /// Whether this job may start beside those that run, or runs already.
    pub(super) fn fits(&self, jobs: &Jobs<'_>, job: JobId, seq: u64) -> bool {
        let (kind, declared) = (jobs.place(job).0, jobs.group(job).settings.memory);
        let fits = self.forecast.has(seq) || self.forecast.fits(kind, declared);
        if !fits {
            self.held.set(Some((kind, declared)));
        }
        fits
    }

    /// A job is about to start.
    pub(super) fn starts(&mut self, jobs: &Jobs<'_>, job: JobId, seq: u64) {
        let (kind, declared) = (jobs.place(job).0, jobs.group(job).settings.memory);
        self.forecast.starts(seq, kind, declared, self.now);
    }

    /// It runs as this process.
    pub(super) fn runs(&mut self, seq: u64, pid: u32) {
        self.forecast.runs(seq, pid);
    }

    /// It has ended, and had at most so many bytes.
    pub(super) fn ended(&mut self, seq: u64, peak: u64) {
        self.forecast.ended(seq, Some(peak).filter(|&peak| peak > 0));
    }

    /// Which entry has a job that waits, and why, where that is to be said.
    pub(super) fn shortage(&mut self, standing: &Standing) -> Option<(usize, Shortage)> {
        self.now = standing.elapsed;
        let (kind, declared) = self.held.get().filter(|_| standing.ready > 0)?;
        Some((kind, self.forecast.hold(kind, declared, self.now)?))
    }
}
