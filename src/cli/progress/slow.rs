//! Which jobs have run for so long that it is said: a minute, and whenever that has doubled.
//! It does not know how it is said.

use std::collections::BTreeMap;
use std::time::Duration;

/// So long a job may run before it is spoken of.
const FIRST: Duration = Duration::from_secs(60);

/// An attempt that runs.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    since: Duration,
    /// How long it will have run when it is spoken of next.
    next: Duration,
}

/// The jobs that run, by name.
#[derive(Debug, Default)]
pub(super) struct Slow {
    running: BTreeMap<String, Attempt>,
    /// None is due before.
    due: Duration,
}

impl Slow {
    pub(super) fn started(&mut self, job: &str, now: Duration) {
        if self.running.is_empty() {
            self.due = now + FIRST;
        }
        self.running.insert(job.to_owned(), Attempt { since: now, next: FIRST });
    }

    pub(super) fn stopped(&mut self, job: &str) {
        self.running.remove(job);
    }

    /// The jobs that are to be spoken of, by name, with the time that they have run.
    pub(super) fn take(&mut self, now: Duration) -> Vec<(String, Duration)> {
        if self.running.is_empty() || now < self.due {
            return Vec::new();
        }
        let mut slow = Vec::new();
        for (job, attempt) in &mut self.running {
            let ran = now.saturating_sub(attempt.since);
            if ran < attempt.next {
                continue;
            }
            while attempt.next <= ran {
                attempt.next *= 2;
            }
            slow.push((job.clone(), ran));
        }
        let due = self.running.values().map(|a| a.since + a.next).min();
        self.due = due.unwrap_or_default();
        slow
    }
}
