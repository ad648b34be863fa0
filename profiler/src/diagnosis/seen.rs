//! What all rules look at: the trace, and what was computed of it once.
//! It knows no rule.

use super::blame::Blame;
use super::words;
use super::{Finding, Rule, Severity};
use crate::stats::{CriticalPath, GroupStats};
use crate::trace::{NoticeKind, TaskRecord, Trace};

/// Tasks that a finding names at most.
const MOST_TASKS: usize = 5;
/// What costs this share of a run is no advice any more: most of the time is at stake.
const GRAVE: f64 = 0.5;
/// How the scheduler says that a worker made room for another task: it is short of memory, and
/// nothing has gone wrong.
const GAVE_WAY: &str = "ended itself, so that another task might have its memory";

/// A run, as rules look at it.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) trace: &'a Trace,
    pub(super) groups: Vec<GroupStats>,
    pub(super) blame: Blame,
    /// How long the critical path is, in nanoseconds.
    pub(super) critical: u64,
    /// Workers that could have run tasks: those that there were, or cores, where a run got fewer
    /// workers only because it had no more tasks.
    pub(super) workers: u32,
    /// The length of the run in nanoseconds.
    pub(super) elapsed: f64,
    /// Time in bodies, in nanoseconds.
    pub(super) busy: f64,
    /// CPU time in nanoseconds that was measured of tasks; of short ones it is their time.
    pub(super) cpu: f64,
}

impl<'a> Seen<'a> {
    pub(super) fn new(trace: &'a Trace) -> Seen<'a> {
        let groups = GroupStats::all(trace);
        let CriticalPath { length, slack, .. } = CriticalPath::of(trace);
        let workers = could_have_run(trace);
        let blame = Blame::of(trace, workers, &groups, &slack);
        let busy = groups.iter().map(|g| g.time as f64).sum();
        let cpu = groups.iter().map(|g| g.cpu_us as f64 * 1e3 + (g.time - g.cpu_of) as f64).sum();
        let elapsed = trace.about().elapsed as f64;
        Seen { trace, groups, blame, critical: length, workers, elapsed, busy, cpu }
    }

    /// The share of the time of all workers that `nanos` of one worker are.
    pub(super) fn share(&self, nanos: f64) -> f64 {
        let capacity = self.elapsed * f64::from(self.workers);
        if capacity > 0.0 { (nanos / capacity).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The share of the run's length that a span of time is.
    pub(super) fn of_run(&self, nanos: f64) -> f64 {
        if self.elapsed > 0.0 { (nanos / self.elapsed).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The name of a group, as it stands in texts.
    pub(super) fn group(&self, group: usize) -> String {
        words::group(self.trace, group)
    }

    /// The group with the largest value, if any is above 0; the first of equals.
    pub(super) fn largest(&self, value: impl Fn(usize) -> f64) -> Option<usize> {
        let some = (0..self.groups.len()).filter(|&g| value(g) > 0.0);
        some.reduce(|a, b| if value(b) > value(a) { b } else { a })
    }

    /// Ranks of the tasks for which `value` is largest, and above 0; a few.
    pub(super) fn top_tasks(&self, value: impl Fn(&TaskRecord<'_>) -> f64) -> Vec<usize> {
        let all = self.trace.tasks().map(|t| (value(&t), t.rank));
        let mut all: Vec<(f64, usize)> = all.filter(|(v, _)| *v > 0.0).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        all.into_iter().take(MOST_TASKS).map(|(_, rank)| rank).collect()
    }

    /// Deaths of workers: who, which process, when, how. One that made room is none.
    pub(super) fn deaths(&self) -> impl Iterator<Item = (u16, u32, u64, &str)> {
        let all = self.trace.workers().iter();
        let died = all.filter_map(|w| Some((w.worker, w.pid, w.at, w.death.as_deref()?)));
        died.filter(|(.., how)| !how.starts_with(GAVE_WAY))
    }

    /// How many workers made room for another task's memory.
    pub(super) fn gave_way(&self) -> u64 {
        let deaths = self.trace.workers().iter().filter_map(|w| w.death.as_deref());
        deaths.filter(|how| how.starts_with(GAVE_WAY)).count() as u64
    }

    /// The task of a notice, where it is one of the trace.
    pub(super) fn noticed(&self, kind: NoticeKind) -> impl Iterator<Item = (Option<usize>, &str)> {
        let own = self.trace.notices().iter().filter(move |n| n.kind == kind);
        own.map(|n| {
            let task = n.task.map(|t| t as usize).filter(|&t| t < self.trace.len());
            (task, n.text.as_str())
        })
    }

    /// Attempts beyond the first, of all tasks.
    pub(super) fn repeated(&self) -> u64 {
        self.trace.tasks().map(|t| u64::from(t.attempt.saturating_sub(1))).sum()
    }
}

/// A run has never more workers than tasks: where it has as many, and nobody asked for a number, the
/// cores say what could have run at once.
fn could_have_run(trace: &Trace) -> u32 {
    let about = trace.about();
    let asked = about.settings.iter().any(|s| s.name == "workers");
    let by_tasks = about.workers as usize == trace.len() && about.scheduler != "serial";
    if by_tasks && !asked { about.workers.max(about.host.cores) } else { about.workers }
}

/// A finding in the making, about nothing in particular yet.
pub(super) fn finding(rule: Rule, title: String, share: f64) -> Finding {
    let (text, advice) = (String::new(), String::new());
    let share = share.clamp(0.0, 1.0);
    let severity = if share >= GRAVE { Severity::Warning } else { Severity::Advice };
    Finding { rule, severity, title, text, advice, share, group: None, tasks: Vec::new() }
}
