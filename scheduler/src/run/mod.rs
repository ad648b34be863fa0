//! The schedulers: one state machine and one worker loop, on three kinds of worker.
//! What they share stands here: the beginning and the end of a run.

mod cancelling;
mod clock;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod death;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod explain;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod fork;
mod interrupt;
#[cfg_attr(any(not(target_os = "linux"), tine_portable), path = "jobs/portable.rs")]
mod jobs;
mod marks;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod memory;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod output;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod packet;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod patrol;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod post;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod processes;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod proof;
mod serial;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod supervisor;
mod threads;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod volunteer;
mod watch;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod zygote;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

pub use jobs::Jobs;
pub(crate) use marks::Marks;
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub use processes::Processes;
pub use serial::Serial;
pub use threads::Threads;
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub use zygote::init;

use crate::arena::{Arena, Heap};
use crate::config;
use crate::engine::{Bell, Engine, Rules, wanted};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::TaskId;
use crate::limits;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::policy::Policies;
use crate::region::Sharing;
use crate::results::{self, Alias, Held, Stream};
use crate::scheduler::{Output, Outputs};
use crate::store::{KeptBlock, StoredValue};
use crate::table::{ALONE, Phase, Ready, Shape, State, Table};
use clock::Clock;

/// How many processors this process may use: looked up once, because it means reading files.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| usize::try_from(limits::cpus().value).unwrap_or(1).max(1))
}

/// Does nothing: where nothing is forked there is nothing to prepare.
///
/// # Errors
/// None.
#[cfg(any(not(target_os = "linux"), tine_portable))]
pub fn init() -> Result<()> {
    Ok(())
}

/// What a kind of worker needs.
#[derive(Debug)]
struct Kind {
    workers: usize,
    arena: Option<&'static Arena>,
    bell: Bell,
    in_order: bool,
    uncaught: bool,
    /// Failures do not end the run.
    independent: bool,
    policies: Policies,
}

/// Lays out a run.
///
/// # Errors
/// No memory, or a graph that is too large.
fn engine<'a>(
    plan: &'a Plan<'a>,
    kind: Kind,
    observers: &[Arc<dyn Observer>],
) -> Result<Engine<'a>> {
    plan.check_size()?;
    crate::panics::install_hook();
    let wanted = wanted(observers);
    let policies = kind.policies;
    let forked = kind.arena.is_some();
    let prefix = forked && config::get("output-prefix")?;
    let timed = policies.shortest_timeout.is_some();
    let tagged = forked && (wanted.lines || prefix || timed || policies.any_last_chance);
    let shape = Shape {
        sharing: if kind.arena.is_some() { Sharing::Forks } else { Sharing::Private },
        workers: kind.workers,
        times: wanted.times,
        tries: policies.any_retries,
        in_order: kind.in_order,
        independent: kind.independent,
        epoch: kind.arena.map_or(0, Arena::next_epoch),
    };
    let rules = Rules {
        stamped: tagged,
        tagged,
        prefix,
        asked: !forked,
        nonce: nonce(),
        spins: if kind.workers < processors() { 64 } else { 0 },
        in_order: kind.in_order,
        uncaught: kind.uncaught,
    };
    let table = Arc::new(Table::new(plan, shape)?);
    #[cfg(all(test, target_os = "linux", not(tine_portable)))]
    crate::table::fuzz::see(&table);
    let (arena, bell, started) = (kind.arena, kind.bell, Instant::now());
    let swept = AtomicBool::new(false);
    let probes = OnceLock::new();
    Ok(Engine { plan, table, arena, bell, wanted, rules, policies, probes, started, swept })
}

/// A number that no task prints, and no other run has.
fn nonce() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

impl Engine<'_> {
    /// What the run was asked for, or the failed task that is first in static order.
    fn collect(&self) -> Result<Outputs> {
        if let Some(task) = self.table.first_failure() {
            if !matches!(self.table.state(task)?.phase, Phase::Failed | Phase::ReleasingFailed) {
                return Err(self.table.nonsense("a task is said to have failed that has not"));
            }
            return Err(results::load_error(self.table.cell(task), self.arena));
        }
        let outputs = self.plan.outputs().iter();
        let mut kept = Kept::new();
        let values = outputs.map(|&t| self.output(t, &mut kept)).collect::<Result<_>>();
        Ok(Outputs::new(values?))
    }

    fn output(&self, task: TaskId, kept: &mut Kept) -> Result<Output> {
        let graph = self.plan.graph();
        let Some(rank) = self.plan.rank(task) else {
            let datum = graph.datum(task).cloned();
            return datum
                .map(Output::Datum)
                .ok_or_else(|| Error::new(ErrorKind::Corrupt, "an output that was not planned"));
        };
        match (results::load(self.table.cell(rank as u32), self.arena.is_some()), self.arena) {
            (Some(Held::Inline(inline)), _) => Ok(Output::Bytes(inline.as_bytes().to_vec())),
            (Some(Held::Memory(any)), _) => Ok(Output::Datum(crate::Datum::Memory(any))),
            (Some(Held::Block(block)), Some(arena)) => {
                let stream = Stream::read(arena, block)?;
                let moved = self.table.moved_blocks(rank as u32, arena);
                let now = |a: Alias| moved.get(&a.offset).copied().unwrap_or(a.offset);
                let own = stream.blocks().map(|b| b.offset);
                let needs = own.chain(stream.aliases().map(now)).chain([block.offset]);
                let keep = |offset| Arc::new(KeptBlock::new(offset));
                let mine =
                    needs.map(|o| kept.entry(o).or_insert_with(|| keep(o)).clone()).collect();
                Ok(Output::Datum(crate::Datum::Stored(StoredValue::new(arena, block, mine, moved))))
            }
            _ => {
                Err(Error::new(ErrorKind::Corrupt, format!("`{}` has no result", graph.key(task))))
            }
        }
    }

    /// Ends the run's use of shared memory: what `outputs` refer to stays, the rest is freed.
    fn sweep(&self, outputs: &Result<Outputs>) {
        let kept = || outputs.iter().flat_map(Outputs::kept);
        let mut keep: Vec<u64> = kept().map(KeptBlock::offset).collect();
        keep.sort_unstable();
        self.free_all_but(&keep);
        kept().for_each(KeptBlock::own);
    }

    fn free_all_but(&self, keep: &[u64]) {
        if self.swept.swap(true, Ordering::Relaxed) {
            return;
        }
        match self.arena {
            Some(arena) => arena.sweep(self.table.epoch(), keep),
            None => self.table.drop_results(),
        }
    }
}

/// A run that is left by a panic, of an observer, keeps nothing.
impl Drop for Engine<'_> {
    fn drop(&mut self) {
        self.free_all_but(&[]);
    }
}

/// The handles on blocks, by offset: one block may belong to several outputs.
type Kept = BTreeMap<u64, Arc<KeptBlock>>;

/// The task that `TINE_RERUN` asks to be run in this thread, uncaught, where the plan has it.
fn rerun(plan: &Plan<'_>) -> Option<TaskId> {
    let name = std::env::var("TINE_RERUN").ok()?;
    let tasks = (0..plan.len()).map(|rank| plan.task(rank));
    let mut named = tasks.filter(|&t| plan.graph().key(t).to_string() == name);
    named.next()
}

/// Calls `f`, which walks over words that any task may have written to, on behalf of the parent.
/// An index that leads nowhere ends the run as another impossible value does, and not the caller.
///
/// # Errors
/// Those of `f`, and [`ErrorKind::Corrupt`] where it panicked.
fn sound<T>(engine: &Engine<'_>, f: impl FnOnce() -> Result<T>) -> Result<T> {
    match crate::panics::quietly(f) {
        Ok(done) => done,
        Err(_) => Err(engine.table.nonsense("a number in shared memory leads nowhere")),
    }
}

/// Queues tasks for whoever is free.
fn hint(engine: &Engine<'_>, tasks: &[u32]) {
    let deque = engine.table.deque(engine.table.workers());
    for &task in tasks.iter().rev() {
        // A full queue loses nothing for good: when all sleep, `rehint` finds the task again.
        deque.push(task);
    }
    if !tasks.is_empty() {
        engine.table.wake_all();
    }
}

/// Everybody sleeps and the run is not over: queues what is ready, whose hint must have been lost.
/// Returns whether there was any.
///
/// # Errors
/// Nothing is ready either: the state of the run makes no sense.
fn rehint(engine: &Engine<'_>, clock: &mut Clock) -> Result<bool> {
    let mut ready = engine.table.find(Phase::Ready)?;
    if engine.table.pressure() & ALONE != 0 {
        // Nothing is begun beside that task. It may have been put back, or wait for its time.
        let alone = engine.table.alone().map(|task| engine.table.state(task)).transpose()?;
        let waits = alone.is_some_and(|state| state.phase == Phase::Backoff) && clock.is_waiting();
        if !waits {
            engine.table.wake_all();
        }
        return Ok(!waits);
    }
    if engine.table.pressure() != 0 && engine.table.sees_sources()? {
        // Sources are held back: they are not lost.
        ready.retain(|&task| !engine.table.is_source(task));
        hint(engine, &ready);
        // Whoever then falls asleep last lets one of them in. So a task ends before all sleep again.
        engine.table.wake_all();
        return Ok(true);
    }
    hint(engine, &ready);
    if ready.is_empty() && engine.policies.any_retries {
        engine.table.find(Phase::Backoff)?.into_iter().for_each(|t| clock.put_off(engine, t));
    }
    if clock.is_waiting() {
        return Ok(false);
    }
    if ready.is_empty() && engine.table.all_asleep() && !engine.table.is_finished() {
        return Err(Error::new(
            ErrorKind::Corrupt,
            "no task is ready and none is running, but the run is not over",
        ));
    }
    Ok(!ready.is_empty())
}

/// Fails a claimed task on behalf of its dead workers, or of whoever cancelled it.
///
/// # Errors
/// Impossible values in shared memory.
fn give_up(
    engine: &Engine<'_>,
    task: u32,
    state: State,
    error: Error,
    ready: &mut Ready,
) -> Result<()> {
    let me = engine.table.workers() as u16;
    #[cfg(all(target_os = "linux", not(tine_portable)))]
    if let Some(arena) = engine.arena {
        Heap::new(arena, engine.table.epoch(), me).install();
        Heap::run_task(Some(task));
    }
    results::store_error(engine.table.cell(task), error, engine.arena.is_some());
    if engine.arena.is_some() {
        Heap::run_task(None);
    }
    let claimed = state.held(me, Phase::Claimed);
    engine.publish(task, claimed, Phase::ReleasingFailed);
    let held = claimed.to(Phase::ReleasingFailed);
    engine.settle(task, held, &Vec::new(), ready)?;
    engine.close(task, held);
    engine.table.end_alone(task);
    Ok(())
}
