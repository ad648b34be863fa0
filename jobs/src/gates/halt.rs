//! What ends a run before its jobs are: so many failures, successes or ends.
//! It does not know how a run is ended.

use std::str::FromStr;

use tine_scheduler::{Error, ErrorKind};

/// What happens to jobs that run when a run is halted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// They go on to their end; no more are started.
    Soon,
    /// They are ended.
    Now,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Failed,
    Succeeded,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    Jobs(usize),
    /// Of all jobs.
    Percent(f64),
}

/// When to halt, and how far it is to that.
///
/// ```
/// use tine_jobs::gates::{Halt, When};
/// let mut halt: Halt = "now,fail=2".parse()?;
/// assert_eq!(halt.ended(Err(1), None), None);
/// assert_eq!(halt.ended(Ok(()), None), None);
/// assert_eq!(halt.ended(Err(1), None).map(|halted| halted.when), Some(When::Now));
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Halt {
    rule: Option<(When, Of, Limit)>,
    failed: usize,
    succeeded: usize,
    halted: Option<Halted>,
}

/// A run that is halted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halted {
    /// What happens to jobs that run.
    pub when: When,
    /// The exit code, as GNU parallel has it: 0 where successes were counted; where the first
    /// failure or end was waited for, that of the job (128 and the signal where one ended it);
    /// else the number of failures, up to 101, or the percentage of them.
    pub code: u8,
}

impl FromStr for Halt {
    type Err = Error;

    /// Reads GNU parallel's forms: `never`; `soon` or `now`, then `fail`, `success` or `done`, then
    /// a number or a percentage of jobs, as in `soon,fail=3` or `now,done=50%`; and the short ones
    /// `0`, `1`, `2`, `-1`, `-2` and `5%`.
    fn from_str(text: &str) -> Result<Halt, Error> {
        let long = match text {
            "0" => "never",
            "1" => "soon,fail=1",
            "2" => "now,fail=1",
            "-1" => "soon,success=1",
            "-2" => "now,success=1",
            _ => text,
        };
        let long = match long.strip_suffix('%') {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                format!("soon,fail={long}")
            }
            _ => long.to_owned(),
        };
        if long == "never" {
            return Ok(Halt::default());
        }
        let rule = rule(&long).ok_or_else(|| {
            let forms = "never, or soon or now, then fail, success or done, and a number or a \
                         percentage of jobs: \"soon,fail=3\", \"now,done=50%\"";
            let message = format!("{text:?} does not say when to halt; write {forms}");
            Error::new(ErrorKind::Config, message)
        })?;
        Ok(Halt { rule: Some(rule), ..Halt::default() })
    }
}

fn rule(text: &str) -> Option<(When, Of, Limit)> {
    let (when, rest) = text.split_once(',')?;
    let (of, limit) = rest.split_once('=')?;
    let when = match when {
        "soon" => When::Soon,
        "now" => When::Now,
        _ => return None,
    };
    let of = match of {
        "fail" => Of::Failed,
        "success" => Of::Succeeded,
        "done" => Of::Done,
        _ => return None,
    };
    let limit = match limit.strip_suffix('%') {
        Some(percent) => {
            Limit::Percent(percent.parse().ok().filter(|p| (0.0..=100.0).contains(p) && *p > 0.0)?)
        }
        None => Limit::Jobs(limit.parse().ok().filter(|jobs| *jobs > 0)?),
    };
    Some((when, of, limit))
}

impl Halt {
    /// Halts as soon as a job fails; those that run go on. What `tine run` does by itself.
    pub fn on_failure() -> Halt {
        Halt { rule: Some((When::Soon, Of::Failed, Limit::Jobs(1))), ..Halt::default() }
    }

    /// A job has come to its end: it is done, or has failed with this exit code, or 128 and the
    /// signal that ended it. `total` is how many there are, as soon as that is known: percentages
    /// wait for it. Returns whether that was enough, once.
    pub fn ended(&mut self, done: Result<(), i32>, total: Option<usize>) -> Option<Halted> {
        match done {
            Ok(()) => self.succeeded += 1,
            Err(_) => self.failed += 1,
        }
        let (when, of, limit) = self.rule?;
        let (count, counts) = match of {
            Of::Failed => (self.failed, done.is_err()),
            Of::Succeeded => (self.succeeded, done.is_ok()),
            Of::Done => (self.failed + self.succeeded, true),
        };
        let enough = match limit {
            Limit::Jobs(jobs) => count >= jobs,
            Limit::Percent(percent) => count as f64 >= total? as f64 * percent / 100.0,
        };
        if !counts || !enough || self.halted.is_some() {
            return None;
        }
        self.halted = Some(Halted { when, code: self.code(of, limit, done, total) });
        self.halted
    }

    /// What the run has been halted for.
    pub fn halted(&self) -> Option<Halted> {
        self.halted
    }

    fn code(&self, of: Of, limit: Limit, last: Result<(), i32>, total: Option<usize>) -> u8 {
        let code = match (of, limit) {
            (Of::Succeeded, _) => 0,
            (_, Limit::Jobs(1)) => last.err().map_or(0, |code| (code & 0xff).max(1) as usize),
            (_, Limit::Jobs(_)) => self.failed.min(101),
            (_, Limit::Percent(_)) => {
                let total = total.unwrap_or(0).max(1);
                (100 * self.failed).div_ceil(total).min(100)
            }
        };
        u8::try_from(code).unwrap_or(u8::MAX)
    }
}
