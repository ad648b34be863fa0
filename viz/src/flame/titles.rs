//! What flame graphs say above themselves, and instead of themselves.
//! It draws nothing.

use tine_profiler::{Folded, Measure, Trace};

use super::{AVAILABLE, Options};
use crate::label::Labels;
use crate::text;
use crate::units;

/// What is shown, and of which part of the run.
pub(super) fn title(trace: &Trace, options: &Options, measure: Measure) -> String {
    if !options.title.is_empty() {
        return options.title.clone();
    }
    let what = match measure {
        Measure::Wall => "Time in tasks",
        Measure::Cpu => "CPU time by function",
        Measure::Live => "Peak memory by function",
        Measure::Allocated => "Allocations by function",
    };
    what.to_owned() + &part(trace, options)
}

/// As [`title`], for two runs.
pub(super) fn difference(
    trace: &Trace,
    options: &Options,
    measure: Measure,
    normalise: bool,
) -> String {
    let what = title(trace, options, measure);
    if options.title.is_empty() {
        let how = if normalise { "change of shares" } else { "change" };
        return format!("{what}: {how} between two runs");
    }
    what
}

fn part(trace: &Trace, options: &Options) -> String {
    let group = options.group.and_then(|g| trace.groups().get(g));
    let group = group.map(|g| format!(" in {}", Labels::default().group(&g.name)));
    let worker = options.worker.map(|w| format!(" on worker {w}"));
    group.unwrap_or_default() + &worker.unwrap_or_default()
}

/// The totals of what is shown.
pub(super) fn subtitle(trace: &Trace, options: &Options, shown: (&Folded, Measure)) -> String {
    let (folded, measure) = shown;
    let total = amount(measure, folded.total());
    let about = |s: &tine_profiler::Sample| {
        let group = s.task.map(|t| trace.task(t as usize).group);
        options.group.is_none_or(|g| Some(g) == group)
            && options.worker.is_none_or(|w| w == s.worker)
    };
    let count = |samples: &[tine_profiler::Sample]| {
        text::plural(samples.iter().filter(|s| about(s)).count() as u64, "sample")
    };
    match measure {
        Measure::Wall => {
            let ran = trace.tasks().filter(|t| {
                t.ran()
                    && options.group.is_none_or(|g| g == t.group)
                    && options.worker.is_none_or(|w| w == t.worker)
            });
            let tasks = text::plural(ran.count() as u64, "task");
            format!("{total} in {tasks}, summed over workers")
        }
        Measure::Cpu => format!("{total} in {}", count(trace.cpu_samples())),
        Measure::Live => format!("{total} at the peak, from {}", count(trace.live_samples())),
        Measure::Allocated => format!("{total} in all, from {}", count(trace.allocation_samples())),
    }
}

/// A weight of folded stacks with its unit.
pub(super) fn amount(measure: Measure, weight: u64) -> String {
    match measure {
        Measure::Wall | Measure::Cpu => text::duration(weight.saturating_mul(1000)),
        Measure::Live | Measure::Allocated => units::bytes(weight),
    }
}

/// Why there is nothing to be drawn, and what to do: lines of text.
pub(super) fn why_nothing(trace: &Trace, options: &Options, measure: Measure) -> Vec<&'static str> {
    if !AVAILABLE {
        return vec![
            "This program was built without flame graphs.",
            "Build it with the feature `flame` of tine.",
        ];
    }
    let samples = match measure {
        Measure::Wall => return vec![no_task(options)],
        Measure::Cpu => trace.cpu_samples(),
        Measure::Live => trace.live_samples(),
        Measure::Allocated => trace.allocation_samples(),
    };
    match (samples.is_empty(), measure) {
        (false, _) => vec!["No sample was taken in this part of the run."],
        (true, Measure::Cpu) => vec![
            "The run was recorded without sampling.",
            "Record it again with sampling on, or draw the time in tasks.",
        ],
        (true, _) => vec![
            "The run has no samples of its memory: its program has no allocator that takes them.",
            "Make tine::alloc the global allocator of the program, and record it again.",
        ],
    }
}

fn no_task(options: &Options) -> &'static str {
    match (options.group, options.worker) {
        (None, None) => "The run has no task that took time.",
        (Some(_), None) => "The group has no task that took time.",
        (None, Some(_)) => "The worker had no task that took time.",
        (Some(_), Some(_)) => "The worker had no task of the group that took time.",
    }
}
