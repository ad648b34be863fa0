//! What is known of a run of jobs, group by group: counts and times, and what they mean for the end.
//! It does not know how it is shown.

use std::time::Duration;

use super::eta::Times;

/// The jobs of one name.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) total: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    pub(super) running: usize,
    pub(super) times: Times,
}

impl Group {
    /// Jobs that nothing more will become of.
    pub(super) fn ended(&self) -> usize {
        self.done + self.failed + self.skipped
    }

    /// Jobs of it that slots have still to be given to; those that run have half of it behind them.
    fn left(&self) -> f64 {
        let left = self.total.saturating_sub(self.ended());
        left as f64 - self.running.min(left) as f64 / 2.0
    }
}

/// All groups of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    pub(super) groups: Vec<Group>,
    /// Whether no more jobs will be added.
    pub(super) complete: bool,
    pub(super) times: Times,
}

impl Groups {
    /// Sets how many jobs a group has; groups are numbered in the order in which they are named.
    pub(super) fn set(&mut self, group: usize, name: &str, total: usize) {
        if self.groups.len() <= group {
            self.groups.resize_with(group + 1, Group::default);
        }
        let group = &mut self.groups[group];
        name.clone_into(&mut group.name);
        group.total = total;
    }

    pub(super) fn started(&mut self, group: usize) {
        if let Some(group) = self.groups.get_mut(group) {
            group.running += 1;
        }
    }

    /// An attempt is over; the job may have others.
    pub(super) fn stopped(&mut self, group: usize) {
        if let Some(group) = self.groups.get_mut(group) {
            group.running = group.running.saturating_sub(1);
        }
    }

    /// A job took this long, and ended well. Those that fail tell little about the others.
    pub(super) fn took(&mut self, group: usize, time: Duration) {
        if let Some(group) = self.groups.get_mut(group) {
            group.times.add(time);
            self.times.add(time);
        }
    }

    /// All of them as one.
    pub(super) fn sum(&self) -> Group {
        let mut sum = Group::default();
        for group in &self.groups {
            sum.total += group.total;
            sum.done += group.done;
            sum.failed += group.failed;
            sum.skipped += group.skipped;
            sum.running += group.running;
        }
        sum
    }

    /// How long a group will take with the slots that it has now, where it has any and the time of
    /// its jobs is known.
    pub(super) fn left_of(&self, group: &Group) -> Option<Duration> {
        let median = group.times.median().filter(|_| self.complete && group.running > 0)?;
        Some(median.mul_f64(group.left() / group.running as f64))
    }

    /// How long the run will take with so many slots. Groups that nothing is known of are taken for
    /// as slow as what has ended; nothing is said before something has.
    pub(super) fn left(&self, slots: usize) -> Option<Duration> {
        let usual = self.times.median().filter(|_| self.complete)?;
        let work = |group: &Group| group.times.median().unwrap_or(usual).mul_f64(group.left());
        let all: Duration = self.groups.iter().map(work).sum();
        let longest = self.groups.iter().filter(|group| group.left() > 0.0).map(|group| {
            // However many slots there are, a job takes its time.
            group.times.median().unwrap_or(usual).mul_f64(group.left().min(1.0))
        });
        Some(all.div_f64(slots.max(1) as f64).max(longest.max().unwrap_or_default()))
    }
}
