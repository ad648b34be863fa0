//! What each worker did with its time.
//! It does not know why a worker had nothing to do.

use crate::trace::{TaskRecord, Trace};

/// What one worker did. Times are nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerStats {
    /// Tasks that it ran last; an attempt that another worker repeated is not among them.
    pub tasks: u64,
    /// Time in the bodies of these tasks.
    pub busy: u64,
    /// The rest of the run.
    pub idle: u64,
    /// CPU time in microseconds of the tasks for which it was measured.
    pub cpu_us: u64,
    /// How often a process with this number died.
    pub deaths: u64,
    /// Time spent in turning values from and to bytes.
    pub codec: u64,
}

impl WorkerStats {
    /// The statistics of all workers, by number.
    ///
    /// ```
    /// # use tine_profiler::{Trace, WorkerStats};
    /// assert!(WorkerStats::all(&Trace::default()).is_empty());
    /// ```
    pub fn all(trace: &Trace) -> Vec<WorkerStats> {
        let busy = trace.busy();
        let elapsed = trace.about().elapsed;
        let mut workers: Vec<WorkerStats> = busy
            .into_iter()
            .map(|busy| WorkerStats {
                busy,
                idle: elapsed.saturating_sub(busy),
                ..WorkerStats::default()
            })
            .collect();
        for task in trace.tasks().filter(TaskRecord::ran) {
            let worker = &mut workers[usize::from(task.worker)];
            worker.tasks += 1;
            worker.cpu_us += u64::from(task.cpu_us.unwrap_or(0));
            worker.codec += task.codec;
        }
        for fact in trace.workers().iter().filter(|f| f.death.is_some()) {
            workers[usize::from(fact.worker)].deaths += 1;
        }
        workers
    }

    /// The share of its busy time that went into turning values from and to bytes.
    pub fn codec_share(&self) -> f64 {
        if self.busy == 0 { 0.0 } else { self.codec as f64 / self.busy as f64 }
    }
}
