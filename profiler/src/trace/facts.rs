//! What is known of a task beyond its times, where it was measured.
//! It does not know when measuring is worth its price.

use tine_scheduler::{RareFact, RareKind};

use super::Trace;

/// What was measured of one task beyond its times: `None` and 0 where it was not.
///
/// Memory is looked at for tasks of half a millisecond and more, its peak for those of two, page
/// faults for those of a tenth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskFacts {
    /// Private memory of the worker before the task, in bytes.
    pub memory_before: Option<u64>,
    /// The most that it had during the task.
    pub memory_peak: Option<u64>,
    /// What it had afterwards.
    pub memory_after: Option<u64>,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that waited for a disk.
    pub major_faults: u64,
    /// Bytes of its result that were moved to the file.
    pub spilled: u64,
    /// Times that its thread gave the processor up by itself, to wait for something.
    pub waits: u64,
}

impl TaskFacts {
    fn note(&mut self, fact: &RareFact) {
        match fact.kind {
            RareKind::MemoryBefore => self.memory_before = Some(fact.value),
            RareKind::MemoryPeak => self.memory_peak = Some(fact.value),
            RareKind::MemoryAfter => self.memory_after = Some(fact.value),
            RareKind::MinorFaults => self.minor_faults = fact.value,
            RareKind::MajorFaults => self.major_faults = fact.value,
            RareKind::Spilled => self.spilled += fact.value,
            RareKind::Waits => self.waits = fact.value,
            _ => {}
        }
    }

    /// The most memory that the worker is known to have had for this task, beyond what it had
    /// before, in bytes.
    pub fn growth(&self) -> Option<u64> {
        let most = self.memory_peak.or(self.memory_after)?;
        Some(most.saturating_sub(self.memory_before?))
    }
}

impl Trace {
    /// What was measured of the task of this rank beyond its times. A binary search.
    pub fn facts(&self, rank: usize) -> TaskFacts {
        let first = self.rare.partition_point(|f| (f.task as usize) < rank);
        let mut facts = TaskFacts::default();
        let own = self.rare[first..].iter().take_while(|f| f.task as usize == rank);
        own.for_each(|fact| facts.note(fact));
        facts
    }

    /// Ranks of the tasks of which anything was measured beyond their times, with what it was.
    pub fn all_facts(&self) -> impl Iterator<Item = (usize, TaskFacts)> {
        self.rare.chunk_by(|a, b| a.task == b.task).map(|own| {
            let mut facts = TaskFacts::default();
            own.iter().for_each(|fact| facts.note(fact));
            (own[0].task as usize, facts)
        })
    }

    /// The further slots of jobs of several cores, with the rank of the job: it was in each of them
    /// as long as in that of its worker.
    pub fn further_slots(&self) -> impl Iterator<Item = (usize, u16)> + Clone {
        let workers = self.about.workers;
        self.rare.iter().filter(|f| f.kind == RareKind::AlsoSlot).filter_map(move |f| {
            let slot = u16::try_from(f.value).ok().filter(|&s| u32::from(s) < workers)?;
            Some((f.task as usize, slot))
        })
    }
}
