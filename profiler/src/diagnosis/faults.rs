//! Rules on what went wrong, whatever it cost: deaths, failures, stalls, effects that were lost.
//! Where time was lost they do not look.

use super::seen::{Seen, finding};
use super::words::{count, several, task, time};
use super::{Finding, Rule, Severity};
use crate::trace::{NoticeKind, TaskRecord};

/// Workers that died.
pub(super) fn worker_died(seen: &Seen<'_>) -> Vec<Finding> {
    let deaths = seen.deaths().count() as u64;
    let Some((worker, pid, at, how)) = seen.deaths().next() else { return Vec::new() };
    let title = if deaths == 1 {
        "A worker died".to_owned()
    } else {
        format!("{} died", several(deaths, "worker"))
    };
    let again = |t: &TaskRecord<'_>| f64::from(t.attempt.saturating_sub(1));
    let lost: f64 = seen.trace.tasks().map(|t| again(&t) * t.duration() as f64).sum();
    let mut found = finding(Rule::WorkerDied, title, seen.share(lost));
    found.severity = Severity::Warning;
    found.tasks = seen.top_tasks(again);
    let repeated = found.tasks.first().map(|&rank| task(seen.trace, rank));
    // As the user must write it: with its hash.
    let key = found.tasks.first().map(|&rank| seen.trace.key(&seen.trace.task(rank)).to_string());
    let after = match &repeated {
        None => "No task had to be run again.".to_owned(),
        Some(key) => match seen.groups.iter().map(|g| g.retried).sum() {
            1 => format!("{key} was run again."),
            n => format!("{} were run again, {key} most often.", several(n, "task")),
        },
    };
    let first = if deaths == 1 { "Worker" } else { "The first: worker" };
    found.text = format!(
        "{first} {worker} (process {pid}) {how}, {} into the run. {after}",
        time(at as f64)
    );
    found.advice = advice_on_death(how, key.as_deref());
    found.group = found.tasks.first().map(|&rank| seen.trace.task(rank).group);
    vec![found]
}

fn advice_on_death(how: &str, key: Option<&str>) -> String {
    if how.contains("memory") && !how.contains("memory access") {
        return "Take smaller pieces, or fewer `workers`: each holds its own memory. `worker-memory` \
                limits what one may take, and makes the error name the task."
            .to_owned();
    }
    let run = match key {
        Some(key) => format!(
            "Run the program with TINE_RERUN='{key}' under a debugger: its tasks run in the calling \
             thread then."
        ),
        None => "What its tasks printed last, on the standard error, often says why.".to_owned(),
    };
    format!(
        "{run} A task is given up after the deaths that `allowed-failures` allows, 3 if nothing is \
         set; `catch()` makes a value of its failure."
    )
}

/// Tasks that failed and were tried again.
pub(super) fn retries(seen: &Seen<'_>) -> Vec<Finding> {
    /// Fewer than one task in so many is what retries are for.
    const ONE_IN: u64 = 100;
    let deaths = seen.deaths().count() as u64 + seen.gave_way();
    let failed = seen.repeated().saturating_sub(deaths);
    let tasks: u64 = seen.groups.iter().map(|g| g.retried).sum();
    let ran: u64 = seen.groups.iter().map(|g| g.ran).sum();
    if failed == 0 || failed * ONE_IN < ran {
        return Vec::new();
    }
    let Some(group) = seen.largest(|g| seen.groups[g].retried as f64) else { return Vec::new() };
    let name = seen.group(group);
    let again = |t: &TaskRecord<'_>| f64::from(t.attempt.saturating_sub(1));
    // What earlier attempts took is not recorded: at most as long as the last.
    let lost: f64 = seen.trace.tasks().map(|t| again(&t) * t.duration() as f64).sum();
    let what = if tasks == 1 { "was" } else { "were" };
    let title = format!("{} {what} tried again", several(tasks, "task"));
    let mut found = finding(Rule::Retries, title, seen.share(lost));
    let given_up: u64 = seen.groups.iter().map(|g| g.failed).sum();
    let in_the_end = match given_up {
        0 => "All of them came through in the end.".to_owned(),
        n => format!("{} failed for good.", count(n)),
    };
    found.text = format!(
        "{} failed and {} repeated, most of them of {name}: {} of its {}. {in_the_end}",
        several(failed, "attempt"),
        if failed == 1 { "was" } else { "were" },
        count(seen.groups[group].retried),
        several(seen.groups[group].tasks, "task"),
    );
    found.advice = format!(
        "Look why {name} fails: with `retries` at 0 the first error is returned. Where a service \
         turns requests away, `backoff` with a longer wait, or fewer `workers`, saves attempts."
    );
    (found.group, found.tasks) = (Some(group), seen.top_tasks(again));
    vec![found]
}

/// Tasks that made no progress for long.
pub(super) fn stalled(seen: &Seen<'_>) -> Vec<Finding> {
    let mut tasks: Vec<usize> = seen.noticed(NoticeKind::Stalled).filter_map(|(t, _)| t).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let Some((first, text)) = seen.noticed(NoticeKind::Stalled).next() else { return Vec::new() };
    let title = match tasks.len() {
        0 | 1 => "A task made no progress for long".to_owned(),
        n => format!("{} made no progress for long", several(n as u64, "task")),
    };
    let longest = tasks.iter().map(|&t| seen.trace.task(t).duration()).max().unwrap_or(0);
    let mut found = finding(Rule::Stalled, title, seen.of_run(longest as f64));
    found.severity = Severity::Warning;
    found.text = match first {
        Some(rank) if text.is_empty() => {
            format!("{} showed no sign of life for half a minute or more.", task(seen.trace, rank))
        }
        _ => sentence(text),
    };
    found.advice = "`task-timeout` ends a task that takes too long, `stall = \"kill\"` one that uses \
                    no processor, and `retries` tries it again. A lock or a pool that the program made \
                    before the run is not whole in a worker: make it inside of the task, call \
                    `tine::init()` first in `main`, or take the scheduler `threads`."
        .to_owned();
    found.group = first.map(|rank| seen.trace.task(rank).group);
    found.tasks = tasks.into_iter().take(5).collect();
    vec![found]
}

/// Tasks that changed something that stays in their worker.
pub(super) fn lost_side_effect(seen: &Seen<'_>) -> Vec<Finding> {
    let all: Vec<(Option<usize>, &str)> = seen.noticed(NoticeKind::SideEffect).collect();
    let Some(&(first, text)) = all.first() else { return Vec::new() };
    let title = match all.len() {
        1 => "What a task changed is lost",
        _ => "What tasks changed is lost",
    };
    let mut found = finding(Rule::LostSideEffect, title.to_owned(), 0.0);
    found.severity = Severity::Warning;
    let who = first.map_or("A task".to_owned(), |rank| task(seen.trace, rank));
    let what = match text.is_empty() {
        true => format!(
            "{who} changed memory of its worker, which has its own copy: the program does not see it."
        ),
        false => sentence(text),
    };
    let more = match all.len() as u64 - 1 {
        0 => String::new(),
        n => {
            format!(" There {} {} more of this kind.", if n == 1 { "is" } else { "are" }, count(n))
        }
    };
    found.text = format!("{what}{more}");
    found.advice =
        "Return what matters as part of the task's result. Under the schedulers `threads` \
                    and `serial` the change would be seen."
            .to_owned();
    found.group = first.map(|rank| seen.trace.task(rank).group);
    found.tasks = all.iter().filter_map(|(task, _)| *task).take(5).collect();
    vec![found]
}

/// A text with a full stop at its end.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
