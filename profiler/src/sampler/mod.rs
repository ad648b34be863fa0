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
pub(crate) mod ring;
#[cfg_attr(
    not(all(
        target_os = "linux",
        not(tine_portable),
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    path = "none.rs"
)]
pub(crate) mod system;
pub(crate) mod walk;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tine_scheduler::{Probe, ProbedWorker};

use crate::alloc;
use crate::alloc::hook::{self, Places};
use crate::alloc::peak::Peak;
use crate::symbols::Symbols;
use crate::trace::{Sample, Sampled};
use pending::{Kind, Pending};
use ring::Ring;
use system::{Shared, signal};

const SECOND: u64 = 1_000_000_000;

/// Words of a worker's ring: 1.2 seconds of the deepest samples at 99 a second, and some eight of usual
/// ones. Pages that are not used take no memory.
const RING: usize = Ring::len(32 * 1024);

/// Words of a worker's ring of allocations: at 512 KiB a sample and usual depth, what 3,000 samples
/// take, so 15 GB allocated between two collections.
const HEAP_RING: usize = Ring::len(128 * 1024);
/// Words of a worker for its allocations: the ring, and what was live at the peak.
const HEAP: usize = HEAP_RING + Peak::WORDS;

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
///     fn probes(&self, _run: &RunView<'_>) -> Vec<Arc<dyn Probe>> {
///         vec![self.0.clone()]
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
    /// Bytes between two samples of allocations, and where they are written; `None` for none.
    heap: Option<(u64, Arc<Shared>)>,
    state: Mutex<State>,
}

/// What the process that takes the samples away knows.
#[derive(Debug)]
struct State {
    cpu: Pending,
    allocations: Pending,
    /// Allocations by worker and number, as far as they may be live at a peak to come.
    numbered: HashMap<u64, Sample>,
    symbols: Symbols,
}

impl Sampler {
    /// Returns a sampler for a run of so many workers, that looks at each `hz` times a second of
    /// its CPU time, at most a million times; 0 is never.
    ///
    /// # Errors
    /// No memory to share with workers, or a system on which nothing can be sampled.
    pub fn new(hz: u32, workers: usize) -> io::Result<Arc<Sampler>> {
        Self::with_allocations(hz, 0, workers)
    }

    /// As [`new`](Self::new), and looks at an allocation every so many bytes on average:
    /// [`SAMPLE_EVERY`](crate::alloc::SAMPLE_EVERY) is a good number, 0 is never. Where the program
    /// has another global allocator than [`Allocator`](crate::alloc::Allocator), there are none.
    ///
    /// # Errors
    /// As of [`new`](Self::new).
    pub fn with_allocations(hz: u32, bytes: u64, workers: usize) -> io::Result<Arc<Sampler>> {
        let interval = match hz {
            0 => 0,
            hz => SECOND / u64::from(hz.min(1_000_000)),
        };
        let rings = if interval == 0 { 0 } else { workers };
        let words = Arc::new(Shared::new(rings * RING)?);
        let heap = match bytes > 0 && alloc::is_installed() {
            true => Some((bytes, Arc::new(Shared::new(workers * HEAP)?))),
            false => None,
        };
        let state = Mutex::new(State {
            cpu: Pending::new(Kind::Cpu),
            allocations: Pending::new(Kind::Allocation),
            numbered: HashMap::new(),
            symbols: Symbols::default(),
        });
        Ok(Arc::new(Sampler { interval, workers, words, heap, state }))
    }

    /// The workers that have places.
    fn numbers(&self) -> impl Iterator<Item = u16> {
        (0..=u16::MAX).take(self.workers)
    }

    /// Where the ring of a worker is.
    fn place(&self, worker: u16) -> Option<Range<usize>> {
        let first = usize::from(worker) * RING;
        let there = self.interval > 0 && usize::from(worker) < self.workers;
        there.then_some(first..first + RING)
    }

    fn rings(&self) -> impl Iterator<Item = (u16, Ring<'_>)> {
        let places = self.numbers().filter_map(|w| Some((w, self.place(w)?)));
        places.map(|(w, place)| (w, Ring::new(&self.words[place])))
    }

    /// Where a worker's allocations are written.
    fn heap_places(&self, worker: u16) -> Option<Places> {
        let first = usize::from(worker) * HEAP;
        let there = self.heap.is_some() && usize::from(worker) < self.workers;
        there.then(|| Places {
            ring: first..first + HEAP_RING,
            peak: first + HEAP_RING..first + HEAP,
            first_peak: HEAP_RING..HEAP,
        })
    }

    fn heaps(&self) -> impl Iterator<Item = (u16, Ring<'_>, Peak<'_>)> {
        let words = self.heap.iter().flat_map(|(_, words)| self.numbers().map(move |w| (w, words)));
        words.filter_map(|(w, words)| {
            let places = self.heap_places(w)?;
            Some((w, Ring::new(&words[places.ring]), Peak::new(&words[places.peak])))
        })
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
        for (worker, ring, _) in self.heaps() {
            ring.read(|record| state.allocations.take(worker, record));
        }
    }

    /// Hands over what was seen since it was asked last, with the names of functions. The first call
    /// reads the debug information of the program, which takes some tenths of a second.
    ///
    /// A task's stack begins at the user's function: tine's frames around a body are left out, and
    /// so is all that the worker was called from. What a worker does between tasks is shown as it
    /// is. A frame `[frames missing]` stands at the root where code without frame pointers broke
    /// the chain, and in the midst of stacks of more than 256 frames.
    ///
    /// Samples of CPU time and of allocations are added to those in `into`; those of what was live
    /// at the peak of each worker (of the process, for threads) take the place of those there, which
    /// must be the same `into` every time.
    pub fn drain(&self, into: &mut Sampled) {
        // Before the rings: what is live at the peak has been written to them by then.
        let live: Vec<u64> = self.heaps().flat_map(|(_, _, peak)| peak.read()).collect();
        self.collect();
        let State { cpu, allocations, numbered, symbols } = &mut *self.lock();
        cpu.name(symbols, &mut into.stacks, |sample, _| into.cpu.push(sample));
        allocations.name(symbols, &mut into.stacks, |sample, number| {
            numbered.insert(alloc::key(sample.worker, number), sample);
            into.allocations.push(sample);
        });
        into.live = live.iter().filter_map(|key| numbered.get(key).copied()).collect();
        into.live.sort_by_key(|s| (s.at, s.worker));
    }

    /// How many samples were lost, because nobody collected them in time or a task wrote over them.
    pub fn lost(&self) -> u64 {
        let cpu = self.rings().map(|(_, ring)| ring.lost());
        let heap = self.heaps().map(|(_, ring, _)| ring.lost());
        let state = self.lock();
        let left_out = [state.cpu.left_out(), state.allocations.left_out()];
        // A task may have written anything into its ring.
        cpu.chain(heap).chain(left_out).fold(0, u64::saturating_add)
    }

    /// Why workers were not sampled, where some were not.
    pub fn problem(&self) -> Option<String> {
        let cpu = self.rings().map(|(_, ring)| ring.refusals());
        let heap = self.heaps().map(|(_, ring, _)| ring.refusals());
        let refusals: Vec<(u64, i32)> = cpu.chain(heap).collect();
        let count = refusals.iter().map(|r| r.0).fold(0, u64::saturating_add);
        let why = match refusals.iter().rfind(|r| r.0 > 0)?.1 {
            0 => "another run of this process is looked at already".to_owned(),
            code => format!("no timer: {}; see `ulimit -i`", io::Error::from_raw_os_error(code)),
        };
        Some(format!("{count} workers were not sampled: {why}"))
    }
}

impl Probe for Sampler {
    fn worker_started(&self, worker: &ProbedWorker) {
        if let (Some((every, words)), Some(places)) = (&self.heap, self.heap_places(worker.worker))
        {
            let ring = places.ring.clone();
            if !hook::start(words, places, *every, worker) {
                Ring::new(&words[ring]).refuse(0);
            }
        }
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
        if self.heap_places(worker.worker).is_some() {
            hook::stop();
        }
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sampler { interval, workers, .. } = self;
        f.debug_struct("Sampler").field("interval", interval).field("workers", workers).finish()
    }
}
