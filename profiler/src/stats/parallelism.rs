//! How many tasks ran at once, over time.
//! It does not know which.

use crate::trace::{TaskRecord, Trace};

/// How many tasks ran in a span of time, which ends where the next one begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// When it begins, in nanoseconds from the start of the run.
    pub at: u64,
    /// How many tasks ran in the mean.
    pub mean: f64,
    /// The fewest that ran at any time in it.
    pub least: u32,
    /// The most.
    pub most: u32,
}

/// How many tasks ran at once, from the start of the run to its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parallelism {
    /// In the order of time, without gaps.
    pub steps: Vec<Step>,
    /// When the last of them ends.
    pub end: u64,
}

impl Parallelism {
    /// Counts the tasks of `trace`, in `most` steps or fewer (at least one).
    ///
    /// Where the number changes seldom enough, each step is exact: `least`, `most` and `mean` are
    /// the same. Otherwise steps are spans of equal length with the extremes and the mean in them,
    /// so that neither a peak nor the sum is lost. A task that ends when another begins does not
    /// run at the same time.
    ///
    /// ```
    /// # use tine_profiler::{Parallelism, Trace};
    /// assert_eq!(Parallelism::of(&Trace::default(), 100).peak(), 0);
    /// ```
    pub fn of(trace: &Trace, most: usize) -> Parallelism {
        let ran = || trace.tasks().filter(|t| t.duration() > 0);
        let mut starts: Vec<u64> = ran().map(|t| t.started).collect();
        let mut ends: Vec<u64> = ran().map(|t| t.ended).collect();
        starts.sort_unstable();
        ends.sort_unstable();
        let last = trace.tasks().filter(TaskRecord::ran).map(|t| t.ended).max().unwrap_or(0);
        let end = last.max(trace.about().elapsed);
        let (starts, ends) = (&starts[..], &ends[..]);
        // One more than is wanted is enough to know that there are too many.
        let exact: Vec<_> = Changes::new(starts, ends).take(most.saturating_add(1)).collect();
        let steps = match exact.len() <= most {
            true => exact
                .iter()
                .map(|&(at, n)| Step { at, mean: n.into(), least: n, most: n })
                .collect(),
            false => spans(Changes::new(starts, ends), end, most.max(1) as u64),
        };
        Parallelism { steps, end }
    }

    /// The most tasks that ran at once.
    pub fn peak(&self) -> u32 {
        self.steps.iter().map(|s| s.most).max().unwrap_or(0)
    }

    /// Each step with its length in nanoseconds.
    pub fn spans(&self) -> impl Iterator<Item = (Step, u64)> {
        let ends = self.steps.iter().skip(1).map(|s| s.at).chain([self.end]);
        self.steps.iter().zip(ends).map(|(step, end)| (*step, end - step.at))
    }
}

/// From when on how many tasks run, each time that this changes; the first is the start of the run.
struct Changes<'a> {
    starts: &'a [u64],
    ends: &'a [u64],
    running: u32,
    first: bool,
}

impl<'a> Changes<'a> {
    fn new(starts: &'a [u64], ends: &'a [u64]) -> Self {
        Changes { starts, ends, running: 0, first: true }
    }

    /// The number of tasks right after all that happens at `at`.
    fn pass(&mut self, at: u64) {
        while let [first, rest @ ..] = self.ends
            && *first <= at
        {
            (self.ends, self.running) = (rest, self.running - 1);
        }
        while let [first, rest @ ..] = self.starts
            && *first <= at
        {
            (self.starts, self.running) = (rest, self.running + 1);
        }
    }
}

impl Iterator for Changes<'_> {
    type Item = (u64, u32);

    fn next(&mut self) -> Option<(u64, u32)> {
        if std::mem::take(&mut self.first) {
            // Nothing ends at 0, because a task has a length.
            self.pass(0);
            return Some((0, self.running));
        }
        let before = self.running;
        loop {
            // The end of a task comes after its start, so that no start is left when no end is.
            let end = *self.ends.first()?;
            let at = self.starts.first().map_or(end, |start| end.min(*start));
            self.pass(at);
            if self.running != before {
                return Some((at, self.running));
            }
        }
    }
}

/// `most` spans of equal length, up to a nanosecond, with what happens in each.
fn spans(changes: Changes<'_>, end: u64, most: u64) -> Vec<Step> {
    let width = end.div_ceil(most).max(1);
    let mut steps: Vec<Step> = Vec::new();
    let mut changes = changes.peekable();
    let mut running = 0;
    for begin in (0..end).step_by(usize::try_from(width).unwrap_or(usize::MAX)) {
        let until = (begin + width).min(end);
        let (mut at, mut sum) = (begin, 0u64);
        let mut seen: Option<(u32, u32)> = None;
        let mut pass = |from: u64, to: u64, n: u32| {
            if to > from {
                let (least, most) = seen.unwrap_or((n, n));
                seen = Some((least.min(n), most.max(n)));
                sum += (to - from) * u64::from(n);
            }
        };
        while let Some((change, n)) = changes.next_if(|(change, _)| *change < until) {
            pass(at, change, running);
            (at, running) = (change.max(begin), n);
        }
        pass(at, until, running);
        let (least, most) = seen.unwrap_or((running, running));
        steps.push(Step { at: begin, mean: sum as f64 / (until - begin) as f64, least, most });
    }
    steps
}
