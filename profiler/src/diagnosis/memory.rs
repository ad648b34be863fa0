//! Rules on memory that did not suffice: sources that waited for it, results that went to the disk.
//! What tasks do with their memory they do not know.

use super::seen::{Seen, finding};
use super::words::{bytes, percent, several, time};
use super::{Finding, Rule};
use crate::trace::NoticeKind;

/// Sources are held back for a moment in many runs that read faster than they reduce, which is as it
/// should be; this share of the run is more.
const HELD: f64 = 0.1;
/// A hundredth of the results on disk is the same.
const SPILLED: f64 = 0.01;
/// What a fast disk writes and reads in a second, in bytes: not more than that is said to be lost.
const DISK: f64 = 1e9;

/// Sources were held back, but nothing was moved to disk.
pub(super) fn memory_pressure(seen: &Seen<'_>) -> Vec<Finding> {
    let held = seen.of_run(seen.blame.held_time as f64);
    if (held < HELD && seen.gave_way() == 0) || !spilling(seen).is_empty() {
        return Vec::new();
    }
    let title = format!("Memory was short for {} of the run", percent(held));
    let mut found = finding(Rule::MemoryPressure, title, seen.share(seen.blame.held));
    found.text = format!("{}{} {}", held_back(seen), gave_way(seen), who_holds(seen));
    found.advice = advice(seen);
    found.group = holder(seen);
    vec![found]
}

/// Results were moved to disk.
pub(super) fn spilling(seen: &Seen<'_>) -> Vec<Finding> {
    let moved = moved(seen);
    let results: u64 = seen.groups.iter().map(|g| g.bytes_out).sum();
    if moved == 0 || (moved as f64) < SPILLED * results as f64 {
        return Vec::new();
    }
    // Each byte is written, and read again.
    let disk = 2.0 * moved as f64 / DISK * 1e9;
    let share = seen.of_run(disk).min(1.0 - seen.share(seen.blame.held));
    let title = format!("{} of results went to disk", bytes(moved));
    let mut found = finding(Rule::Spilling, title, share + seen.share(seen.blame.held));
    let part = match results {
        0 => String::new(),
        all => format!(", {} of all,", percent(moved as f64 / all as f64)),
    };
    found.text = format!(
        "Results of {}{part} did not fit into memory, were written to disk and read again. {}{} {}",
        bytes(moved),
        held_back(seen),
        gave_way(seen),
        who_holds(seen),
    );
    found.advice = advice(seen);
    found.group = seen.largest(|g| seen.groups[g].spilled as f64).or_else(|| holder(seen));
    found.tasks = seen.top_tasks(|t| seen.trace.facts(t.rank).spilled as f64);
    vec![found]
}

/// Bytes that were moved: as tasks say it, or else the notices.
fn moved(seen: &Seen<'_>) -> u64 {
    let by_tasks: u64 = seen.groups.iter().map(|g| g.spilled).sum();
    let notices = seen.trace.notices().iter().filter(|n| n.kind == NoticeKind::Spilling);
    by_tasks.max(notices.map(|n| n.value).max().unwrap_or(0))
}

fn held_back(seen: &Seen<'_>) -> String {
    match seen.blame.held_time {
        0 => String::new(),
        held => format!(
            "For {} no new source was begun, until other tasks had given memory back.",
            time(held as f64)
        ),
    }
}

fn gave_way(seen: &Seen<'_>) -> String {
    match seen.gave_way() {
        0 => String::new(),
        n => format!(" {} ended so that another task might have the memory.", several(n, "worker")),
    }
}

/// The group with the largest results, or else that whose tasks grow most.
fn holder(seen: &Seen<'_>) -> Option<usize> {
    let growth = |g: usize| seen.groups[g].peak_growth.unwrap_or(0) as f64;
    seen.largest(|g| seen.groups[g].bytes_out as f64).or_else(|| seen.largest(growth))
}

fn who_holds(seen: &Seen<'_>) -> String {
    let Some(group) = holder(seen) else { return String::new() };
    let (name, stats) = (seen.group(group), &seen.groups[group]);
    let results = match stats.bytes_out {
        0 => "hands over next to nothing".to_owned(),
        all => format!("made results of {} in {}", bytes(all), several(stats.ran, "task")),
    };
    match stats.peak_growth.filter(|&g| g > 0) {
        None => format!("{name} {results}."),
        Some(growth) => format!("{name} {results}, and one task took up to {}.", bytes(growth)),
    }
}

fn advice(seen: &Seen<'_>) -> String {
    let now = match seen.trace.about().budget {
        0 => String::new(),
        budget => format!(", which is {} now", bytes(budget)),
    };
    let smaller = match holder(seen) {
        None => "take smaller pieces".to_owned(),
        Some(group) => format!("let {} make smaller results", seen.group(group)),
    };
    format!(
        "Raise `memory`{now}, if the machine has more; {smaller}, or reduce each before the next one \
         is read; or take fewer `workers`."
    )
}
