//! What the time of all workers together went into.
//! It does not know which task is to blame for time in which none ran.

use super::ran::Ran;
use super::{ran, ran_in_slots};
use crate::trace::Trace;

/// Shares of the time that the workers had together: the length of the run times their number.
///
/// `busy + idle + outside` is 1, where no worker ran two tasks at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// Time in the bodies of tasks; `codec` is part of it.
    pub busy: f64,
    /// Time without a task, between the start of the first and the end of the last.
    pub idle: f64,
    /// Time before the first task and after the last: starting workers, collecting results.
    pub outside: f64,
    /// Time spent in turning values from and to bytes, which is what handing them over costs.
    pub codec: f64,
    /// Time in bodies, divided by the length of the run: how much faster it was than the same tasks
    /// one after the other.
    pub speed_up: f64,
}

impl Shares {
    /// The shares of a run; all 0 for one without tasks or length.
    ///
    /// ```
    /// # use tine_profiler::{Shares, Trace};
    /// assert_eq!(Shares::of(&Trace::default()), Shares::default());
    /// ```
    pub fn of(trace: &Trace) -> Shares {
        let (elapsed, workers) = (trace.about().elapsed as f64, f64::from(trace.about().workers));
        let capacity = elapsed * workers;
        let (mut in_tasks, mut codec) = (0, 0);
        let (mut first, mut last) = (u64::MAX, 0);
        for task in ran(trace) {
            in_tasks += task.duration();
            codec += trace.columns.codec[task.rank];
            first = first.min(task.started);
            last = last.max(task.ended);
        }
        if capacity <= 0.0 || first > last {
            return Shares::default();
        }
        let busy: u64 = ran_in_slots(trace).map(Ran::duration).sum();
        let share = |time: u64| time as f64 / capacity;
        let span = ((last - first) as f64 / elapsed).min(1.0);
        Shares {
            busy: share(busy),
            idle: (span - share(busy)).max(0.0),
            outside: 1.0 - span,
            codec: share(codec),
            speed_up: in_tasks as f64 / elapsed,
        }
    }

    /// All time of workers that did not go into bodies.
    pub fn overhead(&self) -> f64 {
        (1.0 - self.busy).max(0.0)
    }
}
