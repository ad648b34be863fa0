//! The memory of a run as its supervisor sees it: the budget, and what workers hold of their own.
//! It does not know how results are kept within it: `governor` does that, in the workers.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::zygote::Cradle;
use crate::config;
use crate::config::units::{format_bytes, parse_bytes};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{self, Limit};
use crate::procfs;

/// Time between two looks at what workers hold of their own.
const LOOK: Duration = Duration::from_millis(20);
/// What is left is asked for again after this time.
const FRESH: Duration = Duration::from_secs(1);
/// Of what control groups and the machine leave, a run takes this many percent.
const SHARE: u64 = 80;
/// An idle worker that holds less is not the one to be ended.
const WORTH_ENDING: u64 = 16 << 20;
/// No budget is smaller: workers cut chunks of 2 MB, one a size of results.
const SMALLEST: u64 = 16 << 20;

/// What a run may take.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    /// Bytes for results and workers together, and who says so.
    pub(super) memory: Limit,
    /// Bytes that one worker may hold of its own, where that was asked for.
    pub(super) worker: Option<u64>,
}

impl Budget {
    /// The budget that was asked for, else that of the settings, else most of what is left.
    ///
    /// # Errors
    /// What was asked for is no size, or too small to work with.
    pub(super) fn of(asked: Option<&str>, worker: Option<&str>) -> Result<Budget> {
        let memory = match asked {
            Some(text) => Limit { value: parse_bytes(text)?, source: "asked for".into() },
            None => match config::size("memory")? {
                Some(value) => Limit { value, source: "the setting `memory`".into() },
                None => left(),
            },
        };
        if memory.value < SMALLEST {
            let message = format!(
                "memory = {}: a run needs at least {}",
                format_bytes(memory.value),
                format_bytes(SMALLEST)
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let worker = match worker {
            Some(text) => Some(parse_bytes(text)?),
            None => config::size("worker-memory")?,
        };
        Ok(Budget { memory, worker })
    }
}

/// Most of what is left, as it was at most `FRESH` ago: to ask means to read a dozen files.
fn left() -> Limit {
    static LAST: Mutex<Option<(Instant, Limit)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((asked, limit)) if asked.elapsed() < FRESH => limit.clone(),
        _ => last.insert((Instant::now(), share_of_what_is_left())).1.clone(),
    }
}

fn share_of_what_is_left() -> Limit {
    match limits::memory() {
        Some(left) => Limit {
            value: (left.value / 100 * SHARE).max(SMALLEST),
            source: format!("{SHARE} % of {}: {}", format_bytes(left.value), left.source),
        },
        None => Limit { value: u64::MAX, source: "nothing limits it".into() },
    }
}

/// A worker that holds more of its own than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Excess {
    bytes: u64,
    limit: u64,
    /// Whether the limit is that of a worker, not that of the run.
    of_worker: bool,
}

impl Excess {
    /// Why the task in it failed, though it ran alone.
    pub(super) fn error(self) -> Error {
        let limit = format_bytes(self.limit);
        let (who, way) = match self.of_worker {
            true => ("one worker", "`worker-memory`"),
            false => ("the run", "`memory`"),
        };
        let message = format!(
            "its worker held {} of its own, over the limit of {limit} for {who}, though nothing \
             else ran; raise {way}, or let the task hold less at a time",
            format_bytes(self.bytes),
        );
        Error::new(ErrorKind::MemoryLimit, message)
            .with_peak(Some(self.bytes))
            .with_limit(Some(limit))
    }
}

/// What workers hold of their own, looked at from time to time.
#[derive(Debug)]
pub(super) struct Tally {
    budget: Budget,
    /// What a worker holds from its beginning: all that it shares with the process that
    /// forked it.
    inherited: u64,
    next: Instant,
    posts: Vec<Holding>,
}

/// What one worker holds.
#[derive(Debug, Default)]
struct Holding {
    /// Its process, and the file that tells of it.
    statm: Option<(u32, File)>,
    bytes: u64,
}

impl Tally {
    /// Begins a run, and tells its workers the budget; they come from the cradle, where there is one.
    pub(super) fn begin(engine: &Engine<'_>, budget: Budget, cradle: Option<&Cradle>) -> Self {
        engine.table.header().budget.store(budget.memory.value, Ordering::SeqCst);
        let posts = (0..engine.table.workers()).map(|_| Holding::default()).collect();
        let inherited = cradle.map_or_else(procfs::private_bytes, Cradle::inherited);
        Tally { budget, inherited, next: Instant::now() + LOOK, posts }
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// How long the supervisor may sleep: not at all long while somebody works.
    pub(super) fn patience(&self, engine: &Engine<'_>) -> Option<Duration> {
        let idle = engine.table.all_asleep();
        (!idle).then(|| self.next.saturating_duration_since(Instant::now()))
    }

    /// Looks, where it is time; `pids` are the workers, by post. Returns a worker that has to end, and
    /// why, where that is for its task.
    pub(super) fn look(
        &mut self,
        engine: &Engine<'_>,
        pids: impl Iterator<Item = Option<u32>>,
    ) -> Option<(usize, Option<Excess>)> {
        if Instant::now() < self.next {
            return None;
        }
        self.look_now(engine, pids)
    }

    /// The same, at once: a worker has gone.
    pub(super) fn look_now(
        &mut self,
        engine: &Engine<'_>,
        pids: impl Iterator<Item = Option<u32>>,
    ) -> Option<(usize, Option<Excess>)> {
        self.next = Instant::now() + LOOK;
        let inherited = self.inherited;
        for (holding, pid) in self.posts.iter_mut().zip(pids) {
            holding.look(pid, inherited);
        }
        let private = self.posts.iter().map(|h| h.bytes).sum();
        let header = engine.table.header();
        header.private.store(private, Ordering::SeqCst);
        header.looks.fetch_add(1, Ordering::SeqCst);
        if let Some(arena) = engine.arena {
            // Who waits for memory may find some now, or that there is none.
            arena.ring();
        }
        self.excess(engine, private)
    }

    fn excess(&self, engine: &Engine<'_>, private: u64) -> Option<(usize, Option<Excess>)> {
        let largest = (0..self.posts.len()).max_by_key(|&p| self.posts[p].bytes)?;
        let bytes = self.posts[largest].bytes;
        let busy = engine.table.slot(largest).in_body();
        let most = self.budget.memory.value;
        if !busy && bytes < WORTH_ENDING {
            return None;
        }
        let (limit, of_worker) = match self.budget.worker {
            Some(limit) if bytes > limit => (limit, true),
            _ if private > most => (most, false),
            _ => return None,
        };
        // An idle worker only has not given back what its tasks had.
        Some((largest, busy.then_some(Excess { bytes, limit, of_worker })))
    }
}

impl Holding {
    fn look(&mut self, pid: Option<u32>, inherited: u64) {
        if self.statm.as_ref().map(|(pid, _)| *pid) != pid {
            let open = |pid| File::open(format!("/proc/{pid}/statm")).ok().map(|file| (pid, file));
            *self = Holding { statm: pid.and_then(open), ..Holding::default() };
        }
        let private = self.statm.as_ref().map_or(0, |(_, statm)| private_of(statm));
        self.bytes = private.saturating_sub(inherited);
    }
}

/// Bytes of private memory of the process whose `statm` this is; 0 where it has ended.
pub(super) fn private_of(statm: &File) -> u64 {
    let mut text = [0; 128];
    let read = statm.read_at(&mut text, 0).unwrap_or(0);
    procfs::private_in(&String::from_utf8_lossy(&text[..read]))
}
