//! Statistics of a run: what groups and workers cost, how many tasks ran at once, what the run had
//! to wait for. It reads a trace, draws nothing and judges nothing.

mod critical;
mod groups;
mod parallelism;
mod ran;
mod shares;
mod totals;
mod workers;

pub use critical::{CriticalPath, Link};
pub use groups::GroupStats;
pub use parallelism::{Parallelism, Step};
pub(crate) use ran::{ran, ran_in_slots};
pub use shares::Shares;
pub use totals::GroupTotal;
pub use workers::WorkerStats;

use crate::trace::Trace;

/// As many steps as a picture can show: one a pixel of a wide screen is more than enough.
const STEPS: usize = 1_000;

/// Everything that is computed from a trace without judging it.
///
/// The parts are there on their own too: [`GroupStats::all`], [`WorkerStats::all`],
/// [`Parallelism::of`], [`CriticalPath::of`], [`Shares::of`]. Each costs O(n) or O(n log n) in tasks
/// and dependencies.
///
/// ```
/// use tine_profiler::Statistics;
/// use tine_scheduler::{Graph, Serial, get};
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || 1i64);
/// g.task("y", ["x"], |x: &i64| x + 1);
/// let graph = g.build()?;
/// let recorded = tine_profiler::profile(|| get(&graph, ["y"], &Serial::new()));
/// recorded.output?;
/// for trace in recorded.run.traces() {
///     let stats = Statistics::of(trace);
///     assert_eq!(stats.groups.iter().map(|g| g.ran).sum::<u64>(), 2);
///     assert_eq!(stats.critical.links.len(), 2);
///     assert_eq!(stats.parallelism.peak(), 1);
///     assert!(stats.shares.busy <= 1.0);
/// }
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Parallel to [`Trace::groups`].
    pub groups: Vec<GroupStats>,
    /// By number of the worker.
    pub workers: Vec<WorkerStats>,
    /// How many tasks ran at once, in at most a thousand steps.
    pub parallelism: Parallelism,
    /// The longest chain of tasks, and how much room the others had.
    pub critical: CriticalPath,
    /// What the time of the workers went into.
    pub shares: Shares,
}

impl Statistics {
    /// Computes all of it.
    pub fn of(trace: &Trace) -> Statistics {
        Statistics {
            groups: GroupStats::all(trace),
            workers: WorkerStats::all(trace),
            parallelism: Parallelism::of(trace, STEPS),
            critical: CriticalPath::of(trace),
            shares: Shares::of(trace),
        }
    }
}

#[cfg(test)]
mod tests;
