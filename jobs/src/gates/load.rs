//! No more jobs while the machine has enough to do.
//! It does not know how that is found out.

use std::time::Duration;

use tine_scheduler::{Error, ErrorKind, Result};

use super::{FRESH, Readings};

/// How many processes may run on the machine, all users together, for another job to start.
///
/// What counts is what runs now, as in GNU parallel: the load averages of the kernel lag so far
/// behind that every job would be started before they rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadLimit {
    most: f64,
    /// The last reading, and when.
    read: Option<(Duration, u32)>,
    /// Jobs that were started since, which do not show yet.
    since: u32,
}

impl LoadLimit {
    /// Reads `8`, `150%` (of the `cpus`), `+2` or `-1` (so many more or less than the `cpus`). A
    /// job starts while less than this runs; 0 means that nothing else may run.
    ///
    /// # Errors
    /// Anything else; the message lists the forms.
    pub fn parse(text: &str, cpus: u64) -> Result<LoadLimit> {
        let cpus = cpus as f64;
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let most = if let Some(percent) = text.strip_suffix('%') {
            number(percent).map(|percent| cpus * percent / 100.0)
        } else if let Some(more) = text.strip_prefix('+') {
            number(more).map(|more| cpus + more)
        } else if let Some(less) = text.strip_prefix('-') {
            number(less).map(|less| cpus - less)
        } else {
            number(text)
        };
        let Some(most) = most else {
            let forms = "a number of processes, as \"8\", a share of the CPUs, as \"100%\", or a \
                         difference to their number, as \"+2\" or \"-1\"";
            let message = format!("{text:?} is no load; write {forms}");
            return Err(Error::new(ErrorKind::Config, message));
        };
        Ok(LoadLimit { most: most.max(0.01), read: None, since: 0 })
    }

    /// How long to wait for the next look at the machine, where it has enough to do.
    pub(super) fn left(&mut self, now: Duration, machine: &mut dyn Readings) -> Option<Duration> {
        let (when, running) = match self.read {
            Some(read) if now < read.0 + FRESH => read,
            _ => {
                // A machine that does not say is one that has nothing to do.
                let read = (now, machine.running().unwrap_or(0));
                self.since = 0;
                *self.read.insert(read)
            }
        };
        let busy = f64::from(running + self.since) >= self.most;
        busy.then(|| (when + FRESH).saturating_sub(now).max(Duration::from_millis(1)))
    }

    pub(super) fn start(&mut self) {
        self.since += 1;
    }
}
