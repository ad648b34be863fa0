//! Rules on what it costs to hand tasks and values over: tasks that are too small, values that are
//! dear to encode. Workers without a task do not interest them.

use super::seen::{Seen, finding};
use super::words::{bytes, percent, round_up, several, time, times};
use super::{Finding, Rule};

/// What it costs to take a task, find its inputs and publish its result, in nanoseconds: 0.3 to 0.6
/// microseconds (`examples/overhead`), which is in the recorded time of the task.
const PRICE: f64 = 500.0;
/// Tasks shorter than this lose more than a tenth to it.
const SMALL: f64 = 10.0 * PRICE;
/// A hundred times the price: the loss is 1 % then.
const GOOD_SIZE: f64 = 100.0 * PRICE;
/// Fewer are over before a start of the workers has paid off.
const MANY: u64 = 1_000;
/// The share of the workers' time below which the price of small tasks does not show.
const SMALL_LOSS: f64 = 0.15;

/// A codec that takes less of the tasks' time than this is the price of handing over.
const CODEC_OF_TASKS: f64 = 0.2;
/// And it must take this share of the time of all workers, or the run waits for something else.
const CODEC_LOSS: f64 = 0.1;

/// Tasks that are so short that handing them out is much of their time.
pub(super) fn small_tasks(seen: &Seen<'_>) -> Vec<Finding> {
    let price = |g: usize| {
        let stats = &seen.groups[g];
        let small = stats.ran >= MANY && stats.mean < SMALL;
        if small { (stats.ran as f64 * PRICE).min(stats.time as f64) } else { 0.0 }
    };
    let lost: f64 = (0..seen.groups.len()).map(price).sum();
    let share = seen.share(lost);
    let Some(group) = seen.largest(price).filter(|_| share >= SMALL_LOSS) else {
        return Vec::new();
    };
    let (name, stats) = (seen.group(group), &seen.groups[group]);
    let title = format!("Tasks of {name} are too small");
    let mut found = finding(Rule::SmallTasks, title, share);
    found.text = format!(
        "{} of {name} took {} each in the mean, and to hand out a task costs about {}. That is {} of \
         the workers' time.",
        several(stats.ran, "task"),
        time(stats.mean),
        time(PRICE),
        percent(share),
    );
    // Whatever the size, each worker should get a few.
    let most = (stats.ran / (4 * u64::from(seen.workers.max(1)))).max(2);
    let own = (stats.mean - PRICE).max(PRICE / 5.0);
    found.advice = format!(
        "Make the pieces that {name} works on about {} larger, so that a task takes {} or more, or \
         fuse it with the tasks before and after it.",
        times(round_up(GOOD_SIZE / own).min(most) as f64),
        time(GOOD_SIZE),
    );
    found.group = Some(group);
    vec![found]
}

/// Values that take long to turn to bytes and back.
pub(super) fn codec(seen: &Seen<'_>) -> Vec<Finding> {
    let of = |g: usize| seen.groups[g].codec as f64;
    let lost: f64 = (0..seen.groups.len()).map(of).sum();
    let share = seen.share(lost);
    let dear = share >= CODEC_LOSS && lost >= CODEC_OF_TASKS * seen.busy;
    let Some(group) = seen.largest(of).filter(|_| dear) else { return Vec::new() };
    let (name, stats) = (seen.group(group), &seen.groups[group]);
    let of_tasks = percent(lost / seen.busy);
    let title = format!("Turning values to bytes and back takes {of_tasks} of the tasks' time");
    let mut found = finding(Rule::Codec, title, share);
    let moved = stats.bytes_in + stats.bytes_out;
    found.text = format!(
        "Tasks spent {} on that, most of it {name}: {} for {} of inputs and results in {}.",
        time(lost),
        time(of(group)),
        bytes(moved),
        several(stats.ran, "task"),
    );
    found.advice = format!(
        "Let {name} hand over vectors of numbers or strings instead of structures, or a `Buffer`, \
         which is not copied at all; let the task that makes a large value also reduce it; or take \
         the scheduler `threads` (TINE_SCHEDULER=threads), where nothing is encoded."
    );
    found.group = Some(group);
    found.tasks = seen.top_tasks(|t| t.codec as f64);
    vec![found]
}
