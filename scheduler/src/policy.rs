//! What a task may do before it is given up: retries, backoff, timeouts, deaths of its worker.
//! It does not enforce any of it: workers count failures, and the supervisor watches the clock.
//!
//! A tag of the task (`annotate`, or a method of `Delayed`) wins over what the scheduler of the run
//! was told, and that over the settings. All is resolved once, when a run begins: tags belong to
//! places in the source, of which a graph has few. A run without tags keeps one policy.

use std::hash::Hasher;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cancel::CancelToken;
use crate::config::{self, units};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, Tags, TaskId};

/// Where nobody says anything: a task is run again after at most this many deaths of its worker.
const ALLOWED_FAILURES: u8 = 3;
/// The most that can be asked for: attempts are counted in eight bits.
const MOST: u32 = 200;
/// A backoff doubles until it is this long, unless it began longer.
const LONGEST_BACKOFF: Duration = Duration::from_secs(600);

/// What somebody asked for; `None` where another may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wish {
    retries: Option<u8>,
    backoff: Option<Duration>,
    timeout: Option<Duration>,
    allowed_failures: Option<u8>,
}

impl Wish {
    fn or(self, other: Wish) -> Wish {
        Wish {
            retries: self.retries.or(other.retries),
            backoff: self.backoff.or(other.backoff),
            timeout: self.timeout.or(other.timeout),
            allowed_failures: self.allowed_failures.or(other.allowed_failures),
        }
    }

    /// What the settings say.
    fn of_settings() -> Result<Wish> {
        Ok(Wish {
            retries: config::get_or("retries", None)?,
            backoff: config::duration("backoff")?,
            timeout: config::duration("task-timeout")?,
            allowed_failures: config::get_or("allowed-failures", None)?,
        })
    }

    /// What tags say.
    fn of_tags(tags: &Tags) -> std::result::Result<Wish, String> {
        let mut wish = Wish::default();
        for (name, value) in tags {
            match name.replace('-', "_").as_str() {
                "retries" => wish.retries = Some(count(name, value)?),
                "allowed_failures" => wish.allowed_failures = Some(count(name, value)?),
                "backoff" => wish.backoff = Some(duration(name, value)?),
                "timeout" => wish.timeout = Some(duration(name, value)?),
                _ => {}
            }
        }
        Ok(wish)
    }
}

fn count(name: &str, value: &str) -> std::result::Result<u8, String> {
    let n: Option<u8> = value.trim().parse().ok().filter(|&n| u32::from(n) <= MOST);
    n.ok_or_else(|| {
        format!("the tag `{name}` must be a whole number from 0 to {MOST}, not `{value}`")
    })
}

fn duration(name: &str, value: &str) -> std::result::Result<Duration, String> {
    units::parse_timedelta(value).map_err(|e| format!("the tag `{name}`: {}", e.message()))
}

/// What the caller asked of a whole run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    tasks: Wish,
    timeout: Option<Duration>,
    token: Option<CancelToken>,
    /// Whether tasks look for themselves whether they should stop.
    cooperative: bool,
}

impl Asked {
    pub(crate) fn retries(mut self, retries: u32) -> Self {
        self.tasks.retries = Some(retries.min(MOST) as u8);
        self
    }

    pub(crate) fn backoff(mut self, first: Duration) -> Self {
        self.tasks.backoff = Some(first);
        self
    }

    pub(crate) fn allowed_failures(mut self, deaths: u32) -> Self {
        self.tasks.allowed_failures = Some(deaths.min(MOST) as u8);
        self
    }

    pub(crate) fn task_timeout(mut self, limit: Duration) -> Self {
        self.tasks.timeout = Some(limit);
        self
    }

    pub(crate) fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    pub(crate) fn token(mut self, token: &CancelToken) -> Self {
        self.token = Some(token.clone());
        self
    }

    pub(crate) fn cooperative(mut self, cooperative: bool) -> Self {
        self.cooperative = cooperative;
        self
    }
}

/// What one task may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// Runs after the first that failed or took too long.
    pub(crate) retries: u8,
    backoff: Duration,
    /// How long one attempt may run.
    pub(crate) timeout: Option<Duration>,
    /// It is given up after more deaths of its worker than this.
    pub(crate) allowed_failures: u8,
}

impl From<Wish> for Policy {
    fn from(wish: Wish) -> Self {
        Policy {
            retries: wish.retries.unwrap_or(0),
            backoff: wish.backoff.unwrap_or(Duration::ZERO),
            timeout: wish.timeout,
            allowed_failures: wish.allowed_failures.unwrap_or(ALLOWED_FAILURES),
        }
    }
}

impl Policy {
    /// How long to wait after failure number `failed`, from 1: twice as long each time, and up to a
    /// quarter more, so that tasks that failed together are not tried together. The same in every
    /// run: it depends on the key.
    pub(crate) fn delay(&self, failed: u32, key: impl FnOnce() -> String) -> Duration {
        if self.backoff.is_zero() {
            return Duration::ZERO;
        }
        let longest = LONGEST_BACKOFF.max(self.backoff);
        let doubled = 1u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        let base = self.backoff.saturating_mul(doubled).min(longest);
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        hash.write(key().as_bytes());
        hash.write(&failed.to_le_bytes());
        // Of the upper bits, which all bytes of the key have reached.
        let share = (hash.finish() >> 40) as u32;
        base + base.mul_f64(0.25 * f64::from(share) / f64::from(1u32 << 24))
    }
}

/// FNV-1a (Fowler, Noll, Vo), mixed once more: the same on every machine and in every version.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The policies of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Policies {
    /// Of tasks without tags.
    common: Policy,
    /// By origin; empty where no tag says anything.
    by_origin: Vec<Policy>,
    /// Any task may be run again after a failure.
    pub(crate) any_retries: bool,
    /// A worker's very first death may be the end of a task.
    pub(crate) any_last_chance: bool,
    /// The shortest timeout of a task.
    pub(crate) shortest_timeout: Option<Duration>,
    /// How long the run may take.
    pub(crate) run_timeout: Option<Duration>,
    /// Its holder is another process than a worker: there it is asked by the supervisor.
    #[serde(skip)]
    pub(crate) token: Option<CancelToken>,
}

impl Policies {
    /// Resolves what is asked of the tasks of `graph`.
    ///
    /// # Errors
    /// A setting or a tag that cannot be understood.
    pub(crate) fn resolve(graph: &Graph, asked: &Asked) -> Result<Self> {
        let wish = asked.tasks.or(Wish::of_settings()?);
        let run_timeout = match asked.timeout {
            Some(limit) => Some(limit),
            None => config::duration("timeout")?,
        };
        let common = Policy::from(wish);
        let mut by_origin = Vec::new();
        for (origin, tags) in graph.origin_tags().enumerate() {
            let tagged = Wish::of_tags(tags).map_err(|why| bad_tag(graph, origin, why))?;
            if tagged != Wish::default() && by_origin.is_empty() {
                by_origin = vec![common; graph.origin_tags().len()];
            }
            if let Some(policy) = by_origin.get_mut(origin) {
                *policy = tagged.or(wish).into();
            }
        }
        let mut policies = Policies {
            common,
            by_origin,
            any_retries: false,
            any_last_chance: false,
            shortest_timeout: None,
            run_timeout,
            token: asked.token.clone(),
        };
        let all = || [&policies.common].into_iter().chain(&policies.by_origin);
        let any_retries = all().any(|p| p.retries > 0);
        let any_last_chance = all().any(|p| p.allowed_failures == 0);
        let shortest_timeout = all().filter_map(|p| p.timeout).min();
        (policies.any_retries, policies.any_last_chance) = (any_retries, any_last_chance);
        policies.shortest_timeout = shortest_timeout;
        Ok(policies)
    }

    /// What a task of `graph` may do.
    pub(crate) fn of(&self, graph: &Graph, task: TaskId) -> &Policy {
        match self.by_origin.is_empty() {
            true => &self.common,
            false => self.by_origin.get(graph.origin_index(task)).unwrap_or(&self.common),
        }
    }

    /// Fails where a timeout is asked for and nobody could end a task that is over its time.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`].
    pub(crate) fn check_without_kills(&self, asked: &Asked, scheduler: &str) -> Result<()> {
        let limited = self.run_timeout.is_some() || self.shortest_timeout.is_some();
        if !limited || asked.cooperative {
            return Ok(());
        }
        let message = format!(
            "the scheduler `{scheduler}` cannot end a task that is over its timeout: use \
             `Processes`, or let the tasks ask `should_stop()` and say `.cooperative(true)`"
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

fn bad_tag(graph: &Graph, origin: usize, why: String) -> Error {
    let task = graph.tasks().find(|&t| graph.origin_index(t) == origin);
    let error = Error::new(ErrorKind::Config, why);
    match task {
        Some(t) => error.in_task(graph.key(t), Some(graph.created_at(t))),
        None => error,
    }
}

/// The methods by which a scheduler is told what its runs may do.
macro_rules! policy_methods {
    () => {
        /// Runs a task that fails, by an error or a panic, or that takes too long, up to this many
        /// times more (at most 200); 0 where nobody says anything. A tag `retries` of the task
        /// stands above it.
        #[must_use]
        pub fn retries(mut self, retries: u32) -> Self {
            self.asked = self.asked.retries(retries);
            self
        }

        /// Waits this long before the first retry, and twice as long before each further one, with
        /// up to a quarter more that depends on the task's key. A tag `backoff` of the task stands
        /// above it.
        #[must_use]
        pub fn backoff(mut self, first: std::time::Duration) -> Self {
            self.asked = self.asked.backoff(first);
            self
        }

        /// Gives a task up after more deaths of its worker than this (at most 200); 3 where nobody
        /// says anything. A tag `allowed_failures` of the task stands above it.
        #[must_use]
        pub fn allowed_failures(mut self, deaths: u32) -> Self {
            self.asked = self.asked.allowed_failures(deaths);
            self
        }

        /// Ends a run that takes longer than this. The error names what was still running.
        #[must_use]
        pub fn timeout(mut self, limit: std::time::Duration) -> Self {
            self.asked = self.asked.timeout(limit);
            self
        }

        /// Lets each attempt of a task run for this long. A tag `timeout` of the task stands above
        /// it.
        #[must_use]
        pub fn task_timeout(mut self, limit: std::time::Duration) -> Self {
            self.asked = self.asked.task_timeout(limit);
            self
        }

        /// Lets `token` end the runs of this scheduler, or tasks of them.
        #[must_use]
        pub fn cancel_token(mut self, token: &$crate::cancel::CancelToken) -> Self {
            self.asked = self.asked.token(token);
            self
        }
    };
}
pub(crate) use policy_methods;

/// As `policy_methods`, for schedulers that cannot end a task by force.
macro_rules! cooperative_method {
    () => {
        /// Says that tasks ask [`should_stop`](crate::should_stop) now and then, so that timeouts
        /// can be asked for. A task that is over its time fails when it returns, whatever it
        /// returns; one that does not ask is waited for.
        #[must_use]
        pub fn cooperative(mut self, cooperative: bool) -> Self {
            self.asked = self.asked.cooperative(cooperative);
            self
        }
    };
}
pub(crate) use cooperative_method;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backoff_doubles_and_depends_on_the_key_alone() {
        let wish = Wish { backoff: Some(Duration::from_millis(100)), ..Wish::default() };
        let policy = Policy::from(wish);
        let delay = |failed, key: &str| policy.delay(failed, || key.to_owned());
        for (failed, base) in [(1, 100), (2, 200), (3, 400)] {
            let (low, high) = (Duration::from_millis(base), Duration::from_millis(base * 5 / 4));
            assert!((low..=high).contains(&delay(failed, "a")), "{:?}", delay(failed, "a"));
        }
        assert_eq!(delay(2, "a"), delay(2, "a"));
        assert_ne!(delay(2, "a"), delay(2, "b"));
        assert!(delay(200, "a") <= LONGEST_BACKOFF * 5 / 4);
    }

    #[test]
    fn tags_that_are_none_are_refused() {
        let tags = |n: &str, v: &str| vec![(n.to_owned(), v.to_owned())];
        assert_eq!(Wish::of_tags(&tags("retries", "2")).map(|w| w.retries), Ok(Some(2)));
        assert_eq!(Wish::of_tags(&tags("stage", "two")), Ok(Wish::default()));
        let e = Wish::of_tags(&tags("retries", "two")).unwrap_err();
        assert_eq!(e, "the tag `retries` must be a whole number from 0 to 200, not `two`");
        assert!(Wish::of_tags(&tags("timeout", "soon")).unwrap_err().contains("is no duration"));
    }
}
