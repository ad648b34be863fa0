//! What is known of a run of jobs, group by group: counts and times, and what they mean for the end.
//! It does not know how it is shown.

use std::time::Duration;

use super::eta::Times;

/// The jobs of one name.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) total: usize,
    /// Those that ran and succeeded.
    pub(super) done: usize,
    /// Those that had nothing to do.
    pub(super) fresh: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    /// Those that were ended while they ran.
    pub(super) canceled: usize,
    pub(super) running: usize,
    pub(super) times: Times,
    /// When each attempt began that runs, by job.
    since: Vec<(String, Duration)>,
}

impl Group {
    /// Jobs that nothing more will become of.
    pub(super) fn ended(&self) -> usize {
        self.done + self.fresh + self.failed + self.skipped + self.canceled
    }

    /// How long the job has run that has run the longest.
    fn longest(&self, now: Duration) -> Duration {
        let since = self.since.iter().map(|(_, since)| *since).min();
        since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
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
    /// Whether the run was asked to end, so that it will not take its time.
    pub(super) ending: bool,
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

    pub(super) fn started(&mut self, group: usize, job: &str, now: Duration) {
        if let Some(group) = self.groups.get_mut(group) {
            group.running += 1;
            group.since.push((job.to_owned(), now));
        }
    }

    /// An attempt is over; the job may have others.
    pub(super) fn stopped(&mut self, group: usize, job: &str) {
        if let Some(group) = self.groups.get_mut(group) {
            group.running = group.running.saturating_sub(1);
            if let Some(at) = group.since.iter().position(|(name, _)| name == job) {
                group.since.swap_remove(at);
            }
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
            sum.fresh += group.fresh;
            sum.canceled += group.canceled;
            sum.failed += group.failed;
            sum.skipped += group.skipped;
            sum.running += group.running;
        }
        sum
    }

    /// How long a group will take with its share of the jobs that can run side by side, where it
    /// has one and the time of its jobs is known.
    pub(super) fn left_of(
        &self,
        group: &Group,
        side_by_side: f64,
        now: Duration,
    ) -> Option<Duration> {
        let median = self.usual(group).filter(|_| group.running > 0)?;
        let share = group.running as f64 / self.sum().running as f64;
        let turns = group.left() / (side_by_side * share).max(1.0);
        let left = median.mul_f64(turns.max(group.left().min(1.0)));
        (!overdue(group, median, left, now)).then_some(left)
    }

    /// The usual time of jobs of a group, where anything can be said of the end.
    fn usual(&self, group: &Group) -> Option<Duration> {
        group.times.median().filter(|_| self.complete && !self.ending)
    }

    /// How long the run will take with so many jobs side by side. Groups that nothing is known of
    /// are taken for as slow as what has ended; nothing is said before something has, and nothing
    /// while a job decides on the end that takes longer than others did.
    pub(super) fn left(&self, side_by_side: f64, now: Duration) -> Option<Duration> {
        let usual = self.times.median().filter(|_| self.complete && !self.ending)?;
        let median = |group: &Group| group.times.median().unwrap_or(usual);
        let all: Duration = self.groups.iter().map(|g| median(g).mul_f64(g.left())).sum();
        let longest = self.groups.iter().filter(|group| group.left() > 0.0).map(|group| {
            // However many run side by side, a job takes its time.
            median(group).mul_f64(group.left().min(1.0))
        });
        let left = all.div_f64(side_by_side.max(1.0)).max(longest.max().unwrap_or_default());
        let late = self.groups.iter().any(|group| overdue(group, median(group), left, now));
        (!late).then_some(left)
    }
}

/// Whether a job runs for longer than is usual, and may well, having run for so long, run for longer
/// than all the rest will take.
fn overdue(group: &Group, median: Duration, left: Duration, now: Duration) -> bool {
    let ran = group.longest(now);
    ran > median && ran > left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn no_end_is_promised_that_is_not_known() {
        // Others took ten seconds; this one has run for as long, and for how long it will nobody knows.
        let mut groups = Groups { complete: true, ..Groups::default() };
        groups.set(0, "a", 2);
        groups.groups[0].done = 1;
        groups.took(0, seconds(10));
        groups.started(0, "long", seconds(100));
        assert_eq!(groups.left(4.0, seconds(102)), Some(seconds(5)));
        assert_eq!(groups.left_of(&groups.groups[0], 4.0, seconds(102)), Some(seconds(5)));
        assert_eq!(groups.left(4.0, seconds(120)), None);
        assert_eq!(groups.left_of(&groups.groups[0], 4.0, seconds(120)), None);
        // Where the others take longer still, it does not matter.
        groups.set(1, "b", 1_000);
        assert!(groups.left(4.0, seconds(120)).is_some());
        groups.stopped(0, "long");
        groups.ending = true;
        assert_eq!(groups.left(4.0, seconds(120)), None, "it was interrupted");
    }
}
