//! What cost most in a run, and what to try: rules over its trace, in plain words.
//! It draws nothing, and measures nothing.

use crate::trace::Trace;

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
    /// Tasks waited for the disk rather than for a processor.
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

/// Says what cost most in a run, the weightiest first; nothing where there is nothing to say.
pub fn diagnose(trace: &Trace) -> Vec<Finding> {
    let rules: [fn(&Trace) -> Vec<Finding>; 0] = [];
    let mut found: Vec<_> = rules.iter().flat_map(|rule| rule(trace)).collect();
    found.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(b.share.total_cmp(&a.share)).then(a.rule.cmp(&b.rule))
    });
    found
}
