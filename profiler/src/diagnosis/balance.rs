//! Rules on workers that had nothing to do while others worked: too few tasks, one long task, tasks
//! of different size, steps that only one worker can do. Tasks in themselves do not interest them.

use super::seen::{Seen, finding};
use super::words::{count, percent, several, time, times};
use super::{Finding, Rule};

/// Below this share of the time of all workers, a long task is the ragged end that any list of
/// tasks has.
const LONG_LOSS: f64 = 0.15;
/// Too few tasks must cost more: a tree narrows towards its end by its nature.
const NARROW_LOSS: f64 = 0.25;
/// As many tasks a worker even out what their sizes differ by.
const TASKS_A_WORKER: u64 = 4;
/// Up to one task in so many is an exception; more are how the data are.
const ONE_IN: u64 = 50;
/// A single step that takes this share of the run is worth a word, if it is longer than the tasks
/// before it by this factor.
const SERIAL: (f64, f64) = (0.25, 2.5);
/// And whatever its size from this share on.
const SERIAL_WHATEVER: f64 = 0.6;
/// Without this share of parallel work there is nothing that a step could hold up: a chain is a
/// chain.
const PARALLEL: f64 = 0.1;

/// Fewer tasks than workers, or so few that the last round of them leaves workers idle.
pub(super) fn few_partitions(seen: &Seen<'_>) -> Vec<Finding> {
    let lost = seen.share(seen.blame.narrow.iter().sum());
    let Some(group) = seen.largest(|g| seen.blame.narrow[g]).filter(|_| lost >= NARROW_LOSS) else {
        return Vec::new();
    };
    let workers = u64::from(seen.workers);
    let (name, stats) = (seen.group(group), &seen.groups[group]);
    let peak = seen.blame.peak[group];
    let title = format!("Too few tasks for {}", several(workers, "worker"));
    let mut found = finding(Rule::FewPartitions, title, lost);
    let seen_at_once = if u64::from(peak) < workers {
        format!("at most {} ran at once", count(peak.into()))
    } else {
        "the last of them left workers without one".to_owned()
    };
    found.text = format!(
        "{name} has {} for {}: {seen_at_once}. {} of the workers' time went by without a task while \
         others ran.",
        several(stats.tasks, "task"),
        several(workers, "worker"),
        percent(lost),
    );
    found.advice = format!(
        "Cut the data of {name} into smaller pieces, {} or more, so that each worker gets \
         {TASKS_A_WORKER}; or take fewer workers, which saves memory and no time.",
        several(TASKS_A_WORKER * workers, "task"),
    );
    found.group = Some(group);
    vec![found]
}

/// One task, or very few, that took far longer than their like while workers had nothing to do.
pub(super) fn straggler(seen: &Seen<'_>) -> Vec<Finding> {
    let groups = long_groups(seen).filter(|l| l.few);
    groups.map(|long| straggler_of(seen, &long)).collect()
}

fn straggler_of(seen: &Seen<'_>, long: &Long) -> Finding {
    let (name, stats) = (seen.group(long.group), &seen.groups[long.group]);
    let tasks =
        seen.top_tasks(|t| if t.group == long.group { seen.blame.long[t.rank] } else { 0.0 });
    let longest = seen.trace.task(tasks[0]);
    let key = super::words::task(seen.trace, longest.rank);
    let factor = times(longest.duration() as f64 / stats.median.max(1.0));
    let title = format!("One task of {name} took {factor} as long as the others");
    let mut found = finding(Rule::Straggler, title, seen.share(long.lost));
    let more = match long.tasks {
        1 => String::new(),
        n => format!(", and {} more took far longer too", count(n - 1)),
    };
    found.text = format!(
        "{key} took {}, the median of the {} of {name} is {}{more}. Workers waited for it with \
         nothing to do: {} of their time.",
        time(longest.duration() as f64),
        several(stats.ran, "task"),
        time(stats.median),
        percent(found.share),
    );
    found.advice = format!(
        "Look at what {key} is given: cut that piece smaller, or split its work into several tasks. \
         TINE_RERUN='{}' runs the program with this task under a debugger or profiler.",
        key.trim_matches('`')
    );
    (found.group, found.tasks) = (Some(long.group), tasks);
    found
}

/// Many tasks that took far longer than their like, while workers had nothing to do.
pub(super) fn skew(seen: &Seen<'_>) -> Vec<Finding> {
    let groups = long_groups(seen).filter(|l| !l.few);
    let tell = |long: Long| {
        let (name, stats) = (seen.group(long.group), &seen.groups[long.group]);
        let title = format!("Tasks of {name} differ much in size");
        let mut found = finding(Rule::Skew, title, seen.share(long.lost));
        found.text = format!(
            "The {} of {name} took from {} to {}, with a median of {}. In the end workers waited for \
             the largest {}: {} of their time.",
            several(stats.ran, "task"),
            time(stats.shortest as f64),
            time(stats.longest as f64),
            time(stats.median),
            count(long.tasks),
            percent(found.share),
        );
        found.advice = format!(
            "Cut the data of {name} by the work that it makes instead of by a fixed key or count, or \
             into about {} the number of pieces: many small ones even out.",
            times(super::words::round_up(stats.longest as f64 / stats.median.max(1.0)) as f64)
        );
        found.group = Some(long.group);
        found.tasks =
            seen.top_tasks(|t| if t.group == long.group { seen.blame.long[t.rank] } else { 0.0 });
        found
    };
    groups.map(tell).collect()
}

/// The tasks of a group that took far longer than their like, and what that cost.
#[derive(Debug)]
struct Long {
    group: usize,
    tasks: u64,
    /// Time of workers, in nanoseconds.
    lost: f64,
    /// Whether they are exceptions.
    few: bool,
}

fn long_groups(seen: &Seen<'_>) -> impl Iterator<Item = Long> {
    let mut all = vec![(0u64, 0.0); seen.groups.len()];
    for task in seen.trace.tasks() {
        let lost = seen.blame.long[task.rank];
        let of_group = &mut all[task.group];
        *of_group = (of_group.0 + u64::from(lost > 0.0), of_group.1 + lost);
    }
    let long = all.into_iter().enumerate().map(|(group, (tasks, lost))| {
        let few = tasks <= (seen.groups[group].ran / ONE_IN).max(1);
        Long { group, tasks, lost, few }
    });
    long.filter(|l| seen.share(l.lost) >= LONG_LOSS)
}

/// Steps that only one worker can do, in a run that could have used more.
pub(super) fn serial_tail(seen: &Seen<'_>) -> Vec<Finding> {
    let blame = &seen.blame;
    let alone = blame.serial_time.iter().sum::<u64>() as f64;
    let (share, parallel) = (seen.of_run(alone), seen.of_run(blame.parallel_time as f64));
    // A tree ends in a single task that is not larger than the others.
    let usual = usual_beside(seen);
    let matters =
        share >= SERIAL_WHATEVER || share >= SERIAL.0 && alone >= SERIAL.1 * usual && usual > 0.0;
    let Some(group) = seen.largest(|g| blame.serial[g]).filter(|_| matters && parallel >= PARALLEL)
    else {
        return Vec::new();
    };
    let (name, stats) = (seen.group(group), &seen.groups[group]);
    let lost = seen.share(blame.serial.iter().sum());
    let title = format!("One task at a time for {} of the run", percent(share));
    let mut found = finding(Rule::SerialTail, title, lost);
    let chain = stats.ran > 1;
    let what = match chain {
        true => format!("{name}, whose {} ran one after the other", several(stats.ran, "task")),
        false => format!("the one task of {name}"),
    };
    found.text = format!(
        "For {} one task ran alone and the other {} had nothing to do. Most of that ({}) was {what}, \
         {}.",
        time(alone),
        several(u64::from(seen.workers) - 1, "worker"),
        time(blame.serial_time[group] as f64),
        when(seen, group),
    );
    found.advice = match chain {
        true => format!(
            "If the order does not matter, combine in a tree instead of a chain: pairs, then pairs of \
             pairs. Otherwise let {name} take larger pieces, and move what can be done on one piece \
             alone into the tasks before it."
        ),
        false => format!(
            "Split {name} into tasks that can run side by side, or move its work into the tasks \
             around it: let them sort, filter or sum up their own piece, and combine in a tree."
        ),
    };
    found.group = Some(group);
    found.tasks = seen.top_tasks(|t| if t.group == group { t.duration() as f64 } else { 0.0 });
    vec![found]
}

/// The largest median of the groups whose tasks ran side by side, in nanoseconds.
fn usual_beside(seen: &Seen<'_>) -> f64 {
    let beside = (0..seen.groups.len()).filter(|&g| seen.blame.peak[g] > 1);
    let heavy = beside.filter(|&g| seen.groups[g].time as f64 >= PARALLEL * seen.busy);
    heavy.map(|g| seen.groups[g].median).fold(0.0, f64::max)
}

/// Where in the run a group had its time.
fn when(seen: &Seen<'_>, group: usize) -> &'static str {
    const EDGE: f64 = 0.1;
    let stats = &seen.groups[group];
    let at = |time: Option<u64>| time.unwrap_or(0) as f64 / seen.elapsed;
    match (at(stats.first_start) < EDGE, at(stats.last_end) > 1.0 - EDGE) {
        (true, false) => "at the start of the run",
        (false, true) => "at the end of the run",
        (true, true) => "all through the run",
        (false, false) => "in the middle of the run",
    }
}
