//! The memory of the jobs of a map, which are all of one kind: who waits for it, and who gives way.
//! It does not know how that is found out: see `gates`.

use std::time::Duration;

use tine_scheduler::jobs::{Admit, Ended, Reason};

use super::{Map, Resume, Settings};
use crate::output::Sink;

/// The kind of all jobs.
const KIND: usize = 0;

/// Takes in what jobs of an earlier run have had.
pub(super) fn adopt(settings: &mut Settings) {
    if let Some(Resume::Ended(past) | Resume::Succeeded(past)) = &settings.resume {
        settings.memory.adopt(KIND, past.peaks().clone());
    }
}

impl<S: Sink> Map<S> {
    /// What each job is said to take.
    fn declared(&self) -> Option<u64> {
        self.settings.needs.and_then(|needs| needs.memory)
    }

    /// How long the next job waits for memory, where it does.
    pub(super) fn wait_for_memory(&mut self) -> Option<Duration> {
        if self.settings.gates.halt.halted().is_some() {
            return None;
        }
        let (now, declared) = (self.now, self.declared());
        let memory = &mut self.settings.memory;
        memory.look(now, &mut self.machine);
        if memory.fits(KIND, declared) {
            return None;
        }
        let wait = memory.next_look(now);
        if let Some(shortage) = memory.hold(KIND, declared, now) {
            self.note(&format!("{} {shortage}", self.name.clone()));
        }
        Some(wait)
    }

    /// Whether a job that runs is to give way.
    pub(super) fn review_memory(&mut self) -> Admit {
        let memory = &mut self.settings.memory;
        match memory.is_short(self.now, &mut self.machine) {
            true => Admit::Retreat(memory.next_look(self.now)),
            false => Admit::Now,
        }
    }

    /// A job is about to start.
    pub(super) fn starts_in_memory(&mut self, seq: u64) {
        let declared = self.declared();
        self.settings.memory.starts(seq, KIND, declared, self.now);
    }

    /// A job has ended.
    pub(super) fn ended_in_memory(&mut self, seq: u64, ended: &Ended) {
        self.settings.memory.ended(seq, Some(ended.peak).filter(|&peak| peak > 0));
        if ended.reason == Some(Reason::GaveWay) {
            self.note(&format!("job {seq} gives way for lack of memory, and is run again"));
        }
    }
}
