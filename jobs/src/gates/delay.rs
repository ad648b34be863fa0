//! Time between the starts of two jobs.
//! It does not know what starts.

use std::time::Duration;

use tine_scheduler::Result;
use tine_scheduler::config::units::parse_timedelta;

/// How long after a job has started the next one may.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    wait: Duration,
    adapts: bool,
    last: Option<Duration>,
}

impl Delay {
    /// Always the same time.
    pub fn new(wait: Duration) -> Delay {
        Delay { wait, adapts: false, last: None }
    }

    /// Reads `2`, `100ms`, `1.5m`; seconds where no unit is given. With `auto` behind it, the time
    /// grows by 30 % with each job that fails and shrinks by 10 % with each that does not, as in GNU
    /// parallel.
    ///
    /// # Errors
    /// Anything else; the message lists the forms.
    pub fn parse(text: &str) -> Result<Delay> {
        let plain = text.strip_suffix("auto");
        let wait = parse_timedelta(plain.unwrap_or(text))?;
        Ok(Delay { adapts: plain.is_some(), ..Delay::new(wait) })
    }

    /// How much of it is left.
    pub(super) fn left(&self, now: Duration) -> Option<Duration> {
        let next = self.last? + self.wait;
        next.checked_sub(now).filter(|left| !left.is_zero())
    }

    pub(super) fn start(&mut self, now: Duration) {
        self.last = Some(now);
    }

    pub(super) fn ended(&mut self, well: bool) {
        if self.adapts {
            self.wait = self.wait.mul_f64(if well { 0.9 } else { 1.3 });
        }
    }
}
