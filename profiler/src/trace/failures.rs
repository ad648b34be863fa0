//! The tasks of a run that failed, the first one first: why, and what they said last.
//! It does not know what is made of that.

use std::collections::BTreeMap;

use tine_scheduler::TaskStatus;

use super::{NoticeKind, Trace};

/// Characters of last words in a text: their end says most.
const LONGEST_WORDS: usize = 1_500;
/// Jobs that a text names beside the first.
const MOST_NAMED: usize = 5;

/// A task that failed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Its rank.
    pub rank: usize,
    /// When, in nanoseconds from the start of the run.
    pub at: u64,
    /// Why, as far as it was recorded: exit code, signal, or who ended it.
    pub why: Option<&'a str>,
    /// The end of what it wrote to its standard error; `None` where it wrote nothing, or it was not
    /// recorded.
    pub last_words: Option<&'a str>,
}

impl Trace {
    /// Whether the tasks are jobs: programs of their own.
    pub fn is_of_jobs(&self) -> bool {
        self.about.scheduler == "jobs"
    }

    /// The tasks that failed for good, in the order in which they did. Walks all tasks.
    ///
    /// ```
    /// # use tine_profiler::Trace;
    /// assert!(Trace::default().failures().is_empty());
    /// ```
    pub fn failures(&self) -> Vec<Failure<'_>> {
        // Of several attempts the last one counts, which comes last.
        let (mut whys, mut words) = (BTreeMap::new(), BTreeMap::new());
        for notice in &self.notices {
            let Some(task) = notice.task else { continue };
            match notice.kind {
                NoticeKind::AttemptFailed => {
                    whys.insert(task as usize, (notice.at, notice.text.as_str()));
                    words.remove(&(task as usize));
                }
                NoticeKind::LastWords => {
                    words.insert(task as usize, notice.text.as_str());
                }
                _ => {}
            }
        }
        let failed = self.tasks().filter(|t| t.status == TaskStatus::Failed);
        let mut all: Vec<Failure<'_>> = failed
            .map(|t| {
                let known = whys.get(&t.rank);
                let at = if t.ran() { t.ended } else { known.map_or(u64::MAX, |k| k.0) };
                let (why, last_words) = (known.map(|k| k.1), words.get(&t.rank).copied());
                Failure { rank: t.rank, at, why, last_words }
            })
            .collect();
        all.sort_by_key(|f| (f.at, f.rank));
        all
    }

    /// What went wrong in a run of jobs, in some lines: how many failed, which first, why, and the
    /// end of its standard error. `None` where none failed, and of runs that are not of jobs: those
    /// have an error of their own.
    pub fn failed_jobs(&self) -> Option<String> {
        let failures = self.failures();
        let first = failures.first().filter(|_| self.is_of_jobs())?;
        let count = |status| self.tasks().filter(|t| t.status == status).count();
        let (skipped, unstarted) = (count(TaskStatus::Skipped), count(TaskStatus::Unfinished));
        let mut text = format!("{} of {} failed", failures.len(), jobs(self.len()));
        let one = |n: usize| if n == 1 { "was" } else { "were" };
        if skipped > 0 {
            text += &format!(", {skipped} {} skipped", one(skipped));
        }
        if unstarted > 0 {
            text += &format!(", {unstarted} {} not started", one(unstarted));
        }
        let name = |f: &Failure<'_>| self.name(f.rank);
        let which = if failures.len() > 1 { "The first: " } else { "" };
        text += &format!(".\n{which}{}: {}.", name(first), first.why.unwrap_or("why is not known"));
        if let Some(words) = first.last_words {
            text += &format!("\nIts standard error ended with:\n{}", end(words));
        }
        let others: Vec<String> = failures[1..].iter().take(MOST_NAMED).map(name).collect();
        if !others.is_empty() {
            let more = match failures.len() - 1 - others.len() {
                0 => String::new(),
                n => format!(", and {n} more"),
            };
            text += &format!("\nThen: {}{more}.", others.join(", "));
        }
        Some(text)
    }
}

fn jobs(n: usize) -> String {
    format!("{n} job{}", if n == 1 { "" } else { "s" })
}

/// The end of a text, from the beginning of a line where that is near.
fn end(text: &str) -> String {
    let all = text.chars().count();
    if all <= LONGEST_WORDS {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(all - LONGEST_WORDS).collect();
    let whole = kept.split_once('\n').map(|(_, rest)| rest.to_owned());
    format!("…\n{}", whole.filter(|rest| !rest.is_empty()).unwrap_or(kept))
}

#[cfg(test)]
mod tests {
    use tine_scheduler::TaskTimes;

    use super::*;
    use crate::trace::{Notice, TraceGroup};

    fn trace(ends: &[(u64, TaskStatus)]) -> Trace {
        let mut trace = Trace::default();
        trace.about.scheduler = "jobs".to_owned();
        trace.groups.push(TraceGroup { name: "g".to_owned(), ..TraceGroup::default() });
        for (i, &(ended, status)) in (0..).zip(ends) {
            trace.columns.group.push(0);
            trace.columns.positions.push([i]);
            trace.columns.inputs.push([]);
            trace.columns.push_times(TaskTimes { ended, status, ..TaskTimes::default() });
        }
        trace
    }

    fn notice(at: u64, kind: NoticeKind, task: u32, text: &str) -> Notice {
        Notice { at, kind, task: Some(task), value: 1, text: text.to_owned() }
    }

    #[test]
    fn the_first_is_told_with_why_and_what_it_said() {
        use TaskStatus::{Done, Failed, Skipped, Unfinished};
        let ends = [(9, Failed), (5, Failed), (3, Done), (0, Skipped), (0, Unfinished)];
        let trace = trace(&ends).with_notices([
            notice(2, NoticeKind::AttemptFailed, 1, "exit code 1"),
            notice(2, NoticeKind::LastWords, 1, "first try"),
            notice(5, NoticeKind::AttemptFailed, 1, "exit code 7"),
            notice(5, NoticeKind::LastWords, 1, "no such column"),
            notice(1, NoticeKind::AttemptFailed, 2, "exit code 3"),
            notice(9, NoticeKind::AttemptFailed, 0, "signal 9"),
        ]);
        let failures = trace.failures();
        assert_eq!(failures.iter().map(|f| (f.rank, f.at)).collect::<Vec<_>>(), [(1, 5), (0, 9)]);
        assert_eq!(failures[0].last_words, Some("no such column"));
        assert_eq!(failures[1].last_words, None);
        let want = "2 of 5 jobs failed, 1 was skipped, 1 was not started.\nThe first: g(1): exit \
                    code 7.\nIts standard error ended with:\nno such column\nThen: g(0).";
        assert_eq!(trace.failed_jobs().unwrap(), want);
    }

    #[test]
    fn only_failed_jobs_are_told_of() {
        let good = trace(&[(1, TaskStatus::Done)]);
        assert_eq!(good.failed_jobs(), None);
        let mut caught = trace(&[(1, TaskStatus::Failed)]);
        assert!(caught.failed_jobs().unwrap().contains("why is not known"));
        // A task whose failure another takes as a value is none of the run.
        caught.about.scheduler = "processes".to_owned();
        assert_eq!(caught.failed_jobs(), None);
    }

    #[test]
    fn long_last_words_keep_their_end() {
        let long: String = (0..1000).map(|i| format!("line {i}\n")).collect();
        let kept = end(long.trim_end());
        assert!(kept.starts_with("…\nline ") && kept.ends_with("\nline 999"), "{kept}");
    }
}
