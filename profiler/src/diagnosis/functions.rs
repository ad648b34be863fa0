//! The rule on a function that takes most of the CPU time, from samples of stacks.
//! It does not know how long tasks took.

use std::collections::BTreeMap;

use super::seen::{Seen, finding};
use super::words::{percent, several, time};
use super::{Finding, Rule, Severity};
use crate::trace::{Frame, StackId, Trace};

/// A function that takes less of the CPU time does not dominate.
const DOMINANT: f64 = 0.5;
/// With fewer samples the share is off by more than a tenth: its standard error is `0.5 / sqrt(n)`.
const FEWEST: usize = 100;
/// Crates whose functions no user wrote.
const FOREIGN: [&str; 11] = [
    "std",
    "core",
    "alloc",
    "rayon",
    "rayon_core",
    "crossbeam_epoch",
    "tine",
    "serde",
    "rmp",
    "hashbrown",
    "backtrace_rs",
];

/// A function, called by tasks but no task itself, in which more than half of the CPU time goes.
///
/// Time in the standard library and in C counts for the function of the user's that called it. That
/// the body of a task takes all of the task's time goes without saying.
pub(super) fn dominant_function(seen: &Seen<'_>) -> Vec<Finding> {
    let samples = seen.trace.cpu_samples();
    let all: u64 = samples.iter().map(|s| s.weight).sum();
    if samples.len() < FEWEST || all == 0 {
        return Vec::new();
    }
    let mut owners: BTreeMap<StackId, Option<Owner>> = BTreeMap::new();
    let mut functions: BTreeMap<&str, Cost> = BTreeMap::new();
    for sample in samples {
        let owner = owners.entry(sample.stack).or_insert_with(|| owner(seen.trace, sample.stack));
        let Some(owner) = owner else { continue };
        let cost = functions.entry(owner.function).or_default();
        cost.weight += sample.weight;
        cost.is_body |= owner.is_body;
        let group = sample.task.map(|t| seen.trace.task(t as usize).group);
        *cost.groups.entry(group).or_default() += sample.weight;
    }
    let most = functions.iter().max_by_key(|(_, cost)| cost.weight);
    let Some((name, cost)) = most.filter(|(_, cost)| !cost.is_body) else { return Vec::new() };
    let share = cost.weight as f64 / all as f64;
    if share < DOMINANT {
        return Vec::new();
    }
    // The time of tasks that this function is, as a share of that of the workers.
    let of_run = share * seen.share(seen.busy.min(seen.cpu));
    let title = format!("`{name}` takes {} of the CPU time", percent(share));
    let mut found = finding(Rule::DominantFunction, title, of_run);
    found.severity = Severity::Note;
    let caller =
        cost.groups.iter().max_by_key(|(_, weight)| **weight).and_then(|(group, _)| *group);
    let from =
        caller.map(|g| format!(", most of it called by {}", seen.group(g))).unwrap_or_default();
    found.text = format!(
        "Of {}, taken {} of CPU time apart, {} fell into it or into what it calls of the standard \
         library{from}.",
        several(samples.len() as u64, "sample"),
        time(all as f64 / samples.len() as f64),
        percent(share),
    );
    found.advice =
        "Begin there: a faster algorithm in this function is worth more than anything else. \
                    The flame graph shows what it is called from."
            .to_owned();
    found.group = caller;
    vec![found]
}

/// What a function costs.
#[derive(Debug, Default)]
struct Cost {
    weight: u64,
    is_body: bool,
    groups: BTreeMap<Option<usize>, u64>,
}

/// The function that a sample counts for.
#[derive(Clone, Copy, Debug)]
struct Owner<'a> {
    function: &'a str,
    /// Whether it is the first of the user's functions in its task.
    is_body: bool,
}

/// The innermost function of the user's above the scheduler's frames.
fn owner(trace: &Trace, stack: StackId) -> Option<Owner<'_>> {
    let of_task = trace.stacks().frames(stack).take_while(|f| !is_ours(f));
    let mut own = of_task.filter(|f| is_own(&f.function)).map(|f| f.function.as_str());
    let function = own.next()?;
    // A function that calls itself is still the body, if nothing else calls it.
    Some(Owner { function, is_body: own.all(|outer| outer == function) })
}

/// Whether a frame is of tine, which calls the bodies of tasks.
fn is_ours(frame: &Frame) -> bool {
    crate_of(&frame.function).is_some_and(|name| name.starts_with("tine_"))
}

/// Whether a function may be one of the user's: of a crate, and of none that everybody uses.
fn is_own(function: &str) -> bool {
    let known = |part: &str| {
        crate_of(part).is_some_and(|c| !FOREIGN.contains(&c) && !c.starts_with("tine_"))
    };
    // `<my::Type as core::fmt::Display>::fmt`: either side makes it the user's.
    match function.strip_prefix('<').and_then(|f| f.split_once(" as ")) {
        Some((kind, rest)) => known(kind) || known(rest),
        None => known(function),
    }
}

/// The crate of a path; `None` for a name without one, as that of a C function or a type parameter.
fn crate_of(path: &str) -> Option<&str> {
    let path = path.trim_start_matches(['<', '&', '(', '[', '*']).trim_start_matches("mut ");
    let (name, _) = path.split_once("::")?;
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_whose_a_function_is() {
        let own = [
            "app::parse",
            "<app::Row as core::fmt::Display>::fmt",
            "app::main::{{closure}}",
            "<alloc::vec::Vec<u8> as app::Ext>::go",
            "<app::Row>::new",
        ];
        let others = [
            "std::io::read",
            "<alloc::vec::Vec<app::Row> as core::clone::Clone>::clone",
            "__memmove_avx",
            "core::slice::sort::<app::Row>",
            "0x55d0",
            "tine_scheduler::worker::run",
            "<&mut F as core::ops::FnOnce>::call_once",
        ];
        assert!(own.iter().all(|f| is_own(f)));
        assert_eq!(others.iter().find(|f| is_own(f)), None);
    }
}
