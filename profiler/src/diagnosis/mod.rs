//! What cost most in a run, and what to try: rules over its trace, in plain words.
//! It draws nothing, and measures nothing.

mod balance;
mod blame;
mod faults;
mod functions;
mod memory;
mod processor;
mod seen;
mod size;
mod words;

use crate::trace::Trace;
use seen::Seen;

/// A rule that can find something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// Tasks are so short that the run is mostly overhead.
    SmallTasks,
    /// There are fewer tasks than could run at once.
    FewPartitions,
    /// One task took far longer than its like, and the run waited for it.
    Straggler,
    /// The tasks of a group differ much, and the run waited for the largest.
    Skew,
    /// The run ended, or went on for long, with one task at a time.
    SerialTail,
    /// Sources were held back, because memory was short.
    MemoryPressure,
    /// Results were moved to disk and back.
    Spilling,
    /// A worker died, and its task was run again.
    WorkerDied,
    /// Tasks start threads of their own, more than there are cores.
    InnerThreads,
    /// One function takes most of the time.
    DominantFunction,
    /// Turning values to bytes and back takes much of the time.
    Codec,
    /// A task changed something that stays in its worker.
    LostSideEffect,
    /// Tasks failed and were tried again.
    Retries,
    /// A task made no progress for long.
    Stalled,
    /// Tasks waited for something else than a processor: a disk, a network, a lock, a clock.
    Waiting,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Costs something that could be saved.
    Advice,
    /// The result, or much of the time, is at stake.
    Warning,
}

/// Something that a rule has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// What it is, in a few words.
    pub title: String,
    /// What was seen, in sentences with figures.
    pub text: String,
    /// What to try, in a sentence or two.
    pub advice: String,
    /// What could be saved at most, as a share of the run's time from 0 to 1.
    pub share: f64,
    /// The group that it is about, as its place in [`Trace::groups`].
    pub group: Option<usize>,
    /// Tasks that show it, as their ranks; a few at most.
    pub tasks: Vec<usize>,
}

/// Runs shorter than this, in nanoseconds, get no advice: nobody waits for them, and the start of the
/// workers is much of their time. What went wrong in them is told all the same.
const SHORT: u64 = 50_000_000;

/// A rule, which looks at a run and may find something.
type Check = fn(&Seen<'_>) -> Vec<Finding>;

/// What is told of every run.
const FAULTS: [Check; 3] = [faults::worker_died, faults::stalled, faults::lost_side_effect];

/// What is told of runs that are long enough.
const COSTS: [Check; 8] = [
    faults::retries,
    size::small_tasks,
    size::codec,
    memory::memory_pressure,
    memory::spilling,
    processor::waiting,
    processor::inner_threads,
    functions::dominant_function,
];

/// What is told of long runs that were seen to their end: of what was at work when a recording broke
/// off nobody knows when it began.
const BALANCE: [Check; 4] =
    [balance::few_partitions, balance::straggler, balance::skew, balance::serial_tail];

/// Says what cost most in a run and what to try, the weightiest first: by severity, then by what
/// could be saved. Empty where there is nothing to say, as it is of most runs.
///
/// No two findings are about the same time of workers. The order of equals is that of [`Rule`] and
/// of groups, so that equal traces have equal findings. Costs O(n log n) in tasks.
///
/// ```
/// use tine_profiler::{Trace, diagnose};
/// for finding in diagnose(&Trace::default()) {
///     println!("{}: {} {}", finding.title, finding.text, finding.advice);
/// }
/// ```
pub fn diagnose(trace: &Trace) -> Vec<Finding> {
    let seen = Seen::new(trace);
    let long = trace.about().elapsed >= SHORT;
    let costs = COSTS.iter().filter(|_| long);
    let balance = BALANCE.iter().filter(|_| long && trace.about().complete && seen.workers > 1);
    let mut found: Vec<Finding> =
        FAULTS.iter().chain(costs).chain(balance).flat_map(|check| check(&seen)).collect();
    found.sort_by(|a, b| {
        let weight = b.severity.cmp(&a.severity).then(b.share.total_cmp(&a.share));
        weight.then(a.rule.cmp(&b.rule)).then(a.group.cmp(&b.group))
    });
    found
}
