//! Looks at what every worker does, at regular moments of its CPU time.
//! It does not know what becomes of the samples.
//!
//! Each worker's thread gets a timer of its own, after the fork: `timer_create` on the thread's CPU
//! clock, whose signal (SIGPROF) goes to that thread alone. No privilege is needed for that. The
//! handler follows the frame pointers of its own stack and writes what it finds into a ring in memory
//! that was mapped, shared, before the fork. So samples of a worker that is killed are not lost, and
//! the parent takes them away at any time without anybody waiting.
//!
//! **Places.** A worker has the ring of its number. One that replaces a dead worker has the same
//! number, and goes on in the same ring. A number beyond the workers that were announced is not
//! sampled.
//!
//! **Which threads.** The thread that runs the tasks. Threads that a task starts itself are not
//! sampled. A timer on the CPU clock of the whole process would see them, but before Linux 6.4 the
//! kernel hands its signal to the main thread, whoever has used the time: samples would name the
//! wrong code, and system calls in which the main thread waits would be interrupted. A run inside of
//! a task counts as that task's.
//!
//! **Rates.** The kernel looks at CPU clocks at its own ticks (100 to 1000 a second). Where more is
//! asked, a sample stands for as many intervals as have passed: weights stay right.

mod pending;
mod ring;
#[cfg_attr(
    not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))),
    path = "none.rs"
)]
pub(crate) mod system;
mod walk;

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tine_scheduler::{Probe, ProbedWorker};

use crate::symbols::Symbols;
use crate::trace::Sampled;
use pending::Pending;
use ring::Ring;
use system::{Shared, signal};

const SECOND: u64 = 1_000_000_000;

/// Words of a worker's ring: 1.2 seconds of the deepest samples at 99 a second, and some eight of usual
/// ones. Pages that are not used take no memory.
const RING: usize = Ring::len(32 * 1024);

/// Takes samples in the workers of one run.
///
/// It is a [`Probe`]: an observer hands it to the run, which tells it of every worker. What workers
/// have seen is taken away by [`drain`](Self::drain), during the run or after it.
///
/// ```
/// use std::sync::Arc;
/// use tine_profiler::{Sampled, Sampler};
/// use tine_scheduler::{Graph, Observer, Probe, RunView, Serial, get, observe};
///
/// struct Look(Arc<Sampler>);
/// impl Observer for Look {
///     fn probe(&self, _run: &RunView<'_>) -> Option<Arc<dyn Probe>> {
///         Some(self.0.clone())
///     }
/// }
/// # #[cfg(target_os = "linux")] {
/// let sampler = Sampler::new(99, 1)?;
/// let mut g = Graph::builder();
/// g.task("x", [] as [&str; 0], || 1i64);
/// observe(Arc::new(Look(sampler.clone())), || get(&g.build()?, ["x"], &Serial::new()))?;
/// let mut sampled = Sampled::default();
/// sampler.drain(&mut sampled);
/// assert!(sampled.cpu.len() < 10 && sampler.lost() == 0);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sampler {
    /// Between two samples, in nanoseconds of CPU time; 0 for no samples.
    interval: u64,
    workers: usize,
    words: Arc<Shared>,
    state: Mutex<State>,
}

/// What the process that takes the samples away knows.
#[derive(Debug, Default)]
struct State {
    cpu: Pending,
    symbols: Symbols,
}

impl Sampler {
    /// Returns a sampler for a run of so many workers, that looks at each `hz` times a second of
    /// its CPU time, at most a million times; 0 is never.
    ///
    /// # Errors
    /// No memory to share with workers, or a system on which nothing can be sampled.
    pub fn new(hz: u32, workers: usize) -> io::Result<Arc<Sampler>> {
        let interval = match hz {
            0 => 0,
            hz => SECOND / u64::from(hz.min(1_000_000)),
        };
        let places = if interval == 0 { 0 } else { workers };
        let words = Arc::new(Shared::new(places * RING)?);
        Ok(Arc::new(Sampler { interval, workers: places, words, state: Mutex::default() }))
    }

    /// Where the ring of a worker is.
    fn place(&self, worker: u16) -> Option<Range<usize>> {
        let worker = usize::from(worker);
        (worker < self.workers).then(|| worker * RING..(worker + 1) * RING)
    }

    fn rings(&self) -> impl Iterator<Item = (u16, Ring<'_>)> {
        let places = (0..=u16::MAX).map_while(|w| Some((w, self.place(w)?)));
        places.map(|(w, place)| (w, Ring::new(&self.words[place])))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Empties the rings of the workers, without looking up names: to be called about ten times a
    /// second during the run, as a ring holds about a second of very deep stacks.
    pub fn collect(&self) {
        let mut state = self.lock();
        for (worker, ring) in self.rings() {
            ring.read(|record| state.cpu.take(worker, record));
        }
    }

    /// Hands over what was seen since it was asked last, with the names of functions. The first call
    /// reads the debug information of the program, which takes some tenths of a second.
    ///
    /// A task's stack begins at the user's function: tine's frames around a body are left out, and
    /// so is all that the worker was called from. What a worker does between tasks is shown as it
    /// is. A frame `[frames missing]` stands at the root where code without frame pointers broke
    /// the chain, and in the midst of stacks of more than 256 frames.
    pub fn drain(&self, into: &mut Sampled) {
        self.collect();
        let State { cpu, symbols } = &mut *self.lock();
        cpu.name(symbols, &mut into.stacks, &mut into.cpu);
    }

    /// How many samples were lost, because nobody collected them in time or a task wrote over them.
    pub fn lost(&self) -> u64 {
        self.rings().map(|(_, ring)| ring.lost()).sum()
    }

    /// Why workers were not sampled, where some were not.
    pub fn problem(&self) -> Option<String> {
        let refusals: Vec<(u64, i32)> = self.rings().map(|(_, ring)| ring.refusals()).collect();
        let count: u64 = refusals.iter().map(|r| r.0).sum();
        let reason = refusals.iter().rfind(|r| r.0 > 0)?.1;
        let why = match reason {
            0 => "their memory for samples is missing".to_owned(),
            code => format!("{}; see `ulimit -i`", io::Error::from_raw_os_error(code)),
        };
        Some(format!("{count} workers were not sampled: no timer for them: {why}"))
    }
}

impl Probe for Sampler {
    fn worker_started(&self, worker: &ProbedWorker) {
        let Some(place) = self.place(worker.worker) else { return };
        let started = signal::start(&self.words, place.clone(), self.interval, worker);
        if let Err(e) = started {
            Ring::new(&self.words[place]).refuse(e.raw_os_error().unwrap_or(0));
        }
    }

    fn worker_ended(&self, worker: &ProbedWorker) {
        if self.place(worker.worker).is_some() {
            signal::stop();
        }
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sampler { interval, workers, .. } = self;
        f.debug_struct("Sampler").field("interval", interval).field("workers", workers).finish()
    }
}
