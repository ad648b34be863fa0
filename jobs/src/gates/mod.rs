//! When the next job may start, and when none may any more: delays, load, memory, and what ends a
//! run.
//! It reads no clock and starts nothing: time and readings of the machine are handed in.

mod delay;
mod forecast;
mod halt;
mod load;
mod machine;
mod memory;
mod peaks;
mod size;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tine_scheduler::jobs::{Admit, Standing};

pub use delay::Delay;
pub use forecast::{Forecast, Has, Shortage};
pub use halt::{Halt, Halted, When};
pub use load::LoadLimit;
pub use machine::Machine;
pub use memory::FreeMemory;
pub(crate) use peaks::Peaks;
pub use size::parse_size;

/// How long a reading of the machine is believed: looking is not free, and jobs need some time to
/// show.
const FRESH: Duration = Duration::from_secs(1);

/// What the machine says now; `None` where it does not.
pub trait Readings {
    /// Processes and threads that run or could run, without the one that asks.
    fn running(&mut self) -> Option<u32>;

    /// Bytes of memory that are free for programs.
    fn available(&mut self) -> Option<u64>;

    /// Bytes of them that this process and those that it starts may still take: control groups may
    /// leave less.
    fn left(&mut self) -> Option<u64>;

    /// Bytes of memory that the largest process has, of this one and all that it has started.
    fn held_by(&mut self, pid: u32) -> Option<u64>;
}

/// All that may hold the next job back, together.
///
/// ```
/// use std::time::Duration;
/// use tine_jobs::gates::{Delay, Gates, Machine};
/// use tine_scheduler::jobs::{Admit, Standing};
///
/// let mut gates = Gates { delay: Some(Delay::parse("100ms")?), ..Gates::default() };
/// let at = |ms| Standing { elapsed: Duration::from_millis(ms), ..Standing::default() };
/// let machine = &mut Machine::default();
/// assert_eq!(gates.admit(&at(0), machine), Admit::Now);
/// assert_eq!(gates.admit(&at(40), machine), Admit::After(Duration::from_millis(60)));
/// assert_eq!(gates.admit(&at(100), machine), Admit::Now);
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gates {
    /// Time between starts.
    pub delay: Option<Delay>,
    /// No start while more than this runs on the machine.
    pub load: Option<LoadLimit>,
    /// No start while less than this is free.
    pub free: Option<FreeMemory>,
    /// What ends the run.
    pub halt: Halt,
}

impl Gates {
    /// Whether the next job may start: the answer to
    /// [`Foreman::admit`](tine_scheduler::jobs::Foreman::admit). [`Admit::Now`] is taken for a
    /// start. A job may be held back although no other of this run runs, as in GNU parallel: what
    /// others do on the machine counts too.
    pub fn admit(&mut self, standing: &Standing, machine: &mut dyn Readings) -> Admit {
        match self.halt.halted() {
            Some(Halted { when: When::Now, .. }) => return Admit::EndAll,
            Some(Halted { when: When::Soon, .. }) => return Admit::Never,
            None => {}
        }
        let now = standing.elapsed;
        let free = self.free.as_mut().map(|free| free.admit(now, standing.running, machine));
        if let Some(wait @ (Admit::Retreat(_) | Admit::After(_))) = free {
            return wait;
        }
        let delay = self.delay.as_ref().and_then(|delay| delay.left(now));
        let load = self.load.as_mut().and_then(|load| load.left(now, machine));
        if let Some(left) = delay.max(load) {
            return Admit::After(left);
        }
        if let Some(delay) = &mut self.delay {
            delay.start(now);
        }
        if let Some(load) = &mut self.load {
            load.start();
        }
        Admit::Now
    }

    /// What is to become of the jobs that run: the answer to
    /// [`Foreman::review`](tine_scheduler::jobs::Foreman::review).
    pub fn review(&mut self, standing: &Standing, machine: &mut dyn Readings) -> Admit {
        match self.halt.halted() {
            Some(Halted { when: When::Now, .. }) => return Admit::EndAll,
            Some(Halted { when: When::Soon, .. }) => return Admit::Never,
            None => {}
        }
        let free = self.free.as_mut();
        free.map_or(Admit::Now, |free| free.admit(standing.elapsed, standing.running, machine))
    }

    /// A job has come to its end: it is `done`, or has failed with this exit code or signal. `total`
    /// is how many jobs there are, as soon as that is known. Returns what the run is to be ended
    /// for, once.
    pub fn ended(&mut self, done: Result<(), i32>, total: Option<usize>) -> Option<Halted> {
        if let Some(delay) = &mut self.delay {
            delay.ended(done.is_ok());
        }
        self.halt.ended(done, total)
    }
}
