//! What the tasks of each group took: time, processor, memory, bytes.
//! It does not know what is much.

use tine_scheduler::TaskStatus;

use crate::trace::{TaskFacts, TaskRecord, Trace};

/// What the tasks of one group took. Times are nanoseconds; those of tasks are of the attempt that
/// was recorded, which is the last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupStats {
    /// Tasks in the run.
    pub tasks: u64,
    /// Tasks that ran.
    pub ran: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Tasks that ran more than once, because they failed or their worker died.
    pub retried: u64,
    /// Time in their bodies.
    pub time: u64,
    /// Mean time of a task that ran.
    pub mean: f64,
    /// Median time of a task that ran, the mean of the middle two where there are two.
    pub median: f64,
    /// The time that 95 % of the tasks that ran did not exceed, interpolated as NumPy does.
    pub p95: f64,
    /// The shortest that ran.
    pub shortest: u64,
    /// The longest that ran.
    pub longest: u64,
    /// CPU time in microseconds of the tasks for which it was measured.
    pub cpu_us: u64,
    /// How long those tasks took: with `cpu_us` it says how much of the time they computed.
    pub cpu_of: u64,
    /// Bytes of the results that they took, each as often as it was taken.
    pub bytes_in: u64,
    /// Bytes of their results.
    pub bytes_out: u64,
    /// Time spent in turning inputs and results from and to bytes.
    pub codec: u64,
    /// Time from when their inputs were there until they began, summed; of sources from the start
    /// of the run.
    pub queue_wait: u64,
    /// The most memory that a task took beyond what its worker had, in bytes, where it was measured.
    pub peak_growth: Option<u64>,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that waited for a disk.
    pub major_faults: u64,
    /// Bytes of their results that were moved to the file.
    pub spilled: u64,
    /// When the first of them began; `None` where none ran.
    pub first_start: Option<u64>,
    /// When the last of them ended.
    pub last_end: Option<u64>,
}

impl GroupStats {
    /// The statistics of all groups, parallel to [`Trace::groups`].
    ///
    /// ```
    /// # use tine_profiler::{GroupStats, Trace};
    /// assert!(GroupStats::all(&Trace::default()).is_empty());
    /// ```
    pub fn all(trace: &Trace) -> Vec<GroupStats> {
        let mut groups = vec![GroupStats::default(); trace.groups().len()];
        for task in trace.tasks() {
            let group = &mut groups[task.group];
            group.count(&task);
            if task.ran() {
                group.add(&task, trace.input_bytes(&task));
            }
        }
        for (rank, facts) in trace.all_facts().filter(|(rank, _)| *rank < trace.len()) {
            groups[trace.task(rank).group].note(&facts);
        }
        let mut durations = durations(trace, &groups);
        for (group, durations) in groups.iter_mut().zip(&mut durations) {
            group.rank(durations);
        }
        groups
    }

    fn count(&mut self, task: &TaskRecord<'_>) {
        self.tasks += 1;
        self.ran += u64::from(task.ran());
        self.failed += u64::from(task.status == TaskStatus::Failed);
        self.retried += u64::from(task.attempt > 1);
    }

    fn add(&mut self, task: &TaskRecord<'_>, bytes_in: u64) {
        self.time += task.duration();
        if let Some(cpu) = task.cpu_us {
            self.cpu_us += u64::from(cpu);
            self.cpu_of += task.duration();
        }
        self.bytes_in += bytes_in;
        self.bytes_out += task.result_bytes;
        self.codec += task.codec;
        self.queue_wait += task.started.saturating_sub(task.queued);
        let first = self.first_start.unwrap_or(task.started);
        self.first_start = Some(first.min(task.started));
        self.last_end = self.last_end.max(Some(task.ended));
    }

    fn note(&mut self, facts: &TaskFacts) {
        self.peak_growth = self.peak_growth.max(facts.growth());
        self.minor_faults += facts.minor_faults;
        self.major_faults += facts.major_faults;
        self.spilled += facts.spilled;
    }

    /// What needs the durations in order.
    fn rank(&mut self, durations: &mut [u64]) {
        durations.sort_unstable();
        let (Some(&first), Some(&last)) = (durations.first(), durations.last()) else { return };
        (self.shortest, self.longest) = (first, last);
        self.mean = self.time as f64 / durations.len() as f64;
        self.median = quantile(durations, 0.5);
        self.p95 = quantile(durations, 0.95);
    }
}

/// The durations of the tasks that ran, one list a group.
fn durations(trace: &Trace, groups: &[GroupStats]) -> Vec<Vec<u64>> {
    let room = |g: &GroupStats| Vec::with_capacity(usize::try_from(g.ran).unwrap_or(0));
    let mut all: Vec<Vec<u64>> = groups.iter().map(room).collect();
    for task in trace.tasks().filter(TaskRecord::ran) {
        all[task.group].push(task.duration());
    }
    all
}

/// The value below which this share of the sorted values lies, between two of them by a straight
/// line: `numpy.quantile` with its default method.
fn quantile(sorted: &[u64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    low as f64 + (high - low) as f64 * place.fract()
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8], [0, .5, .95, 1])
        let values = [1, 2, 4, 8];
        assert_eq!([0.0, 0.5, 1.0].map(|q| quantile(&values, q)), [1.0, 3.0, 8.0]);
        assert!((quantile(&values, 0.95) - 7.4).abs() < 1e-9);
        assert_eq!(quantile(&[7], 0.95), 7.0);
    }
}
