//! A run as bytes, and as a worker that did not inherit it makes it from them.
//! It does not know how they get there.

use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use nix::sys::eventfd::EventFd;
use serde::{Deserialize, Serialize};

use crate::arena::Arena;
use crate::clock::monotonic;
use crate::codec;
use crate::engine::{Bell, Engine, Rules};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{CarriedGraph, TaskId};
use crate::observer::Wanted;
use crate::plan::Plan;
use crate::policy::Policies;
use crate::portable::Image;
use crate::region::{Sharing, memfd};
use crate::table::{Shape, Table};
use crate::{panics, worker};

/// Plans with more than this in their tasks are not handed over: a fork copies nothing.
const LIMIT: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Carried {
    /// The zygote runs the program that forked it; a message of another one is a mistake.
    program: (Vec<u8>, u64),
    graph: CarriedGraph,
    tasks: Vec<u32>,
    outputs: Vec<u32>,
    workers: usize,
    times: bool,
    epoch: u32,
    wanted: Wanted,
    rules: Rules,
    policies: Policies,
    /// When the run started, on the clock that all processes share.
    started: u64,
}

/// Writes the run into a file of memory; `None` where one of its tasks is not portable.
///
/// # Errors
/// No memory.
pub(super) fn write(engine: &Engine<'_>) -> Result<Option<OwnedFd>> {
    let (plan, table) = (engine.plan, &engine.table);
    let Some(image) = Image::of_this_program() else { return Ok(None) };
    let tasks: Vec<TaskId> = (0..plan.len()).map(|rank| plan.task(rank)).collect();
    let inputs = tasks.iter().flat_map(|&t| plan.graph().inputs(t)).map(|e| e.task());
    let data = inputs.filter(|&t| plan.graph().datum(t).is_some());
    let mut needed: Vec<TaskId> = tasks.iter().copied().chain(data).collect();
    needed.sort_unstable();
    needed.dedup();
    let Some(graph) = plan.graph().carry(&needed, LIMIT) else { return Ok(None) };
    let ids = |tasks: &[TaskId]| tasks.iter().map(|t| t.index() as u32).collect();
    let carried = Carried {
        program: image.name(),
        graph,
        tasks: ids(&tasks),
        outputs: ids(plan.outputs()),
        workers: table.workers(),
        times: engine.wanted.times,
        epoch: table.epoch(),
        wanted: engine.wanted,
        rules: engine.rules,
        policies: engine.policies.clone(),
        started: monotonic() - engine.now(),
    };
    codec::encode(&carried, |bytes, _| {
        let file = std::fs::File::from(memfd("tine-plan", bytes.len())?);
        let refused = |e| Error::new(ErrorKind::Os, format!("cannot write the plan: {e}"));
        file.write_all_at(bytes, 0).map_err(refused)?;
        Ok(Some(OwnedFd::from(file)))
    })?
}

/// The life of a worker that was handed its run.
///
/// # Errors
/// A run that cannot be made from what was handed over.
pub(super) fn live(plan: OwnedFd, table: OwnedFd, event: OwnedFd, worker: u16) -> Result<()> {
    let carried = read(plan)?;
    let graph = carried.graph.restore()?;
    let plan = Plan::ordered(&graph, &carried.outputs, &carried.tasks)?;
    let shape = Shape {
        sharing: Sharing::Forks,
        workers: carried.workers,
        times: carried.times,
        tries: carried.policies.any_retries,
        in_order: carried.rules.in_order,
        independent: false,
        epoch: carried.epoch,
    };
    let table = Arc::new(Table::attach(&plan, shape, table)?);
    // SAFETY: the program sends its eventfd in this place.
    let event = unsafe { EventFd::from_owned_fd(event) };
    let elapsed = Duration::from_nanos(monotonic().saturating_sub(carried.started));
    let now = Instant::now();
    let engine = Engine {
        plan: &plan,
        table,
        arena: Some(Arena::global()?),
        bell: Bell::Event(event),
        wanted: carried.wanted,
        rules: carried.rules,
        policies: carried.policies,
        // A probe is the program's, and this process has inherited nothing of it.
        probes: OnceLock::new(),
        started: now.checked_sub(elapsed).unwrap_or(now),
        // The results are the program's to free.
        swept: AtomicBool::new(true),
    };
    panics::install_hook();
    if usize::from(worker) < engine.table.workers() {
        worker::live(&engine, worker);
    }
    Ok(())
}

fn read(plan: OwnedFd) -> Result<Carried> {
    let unreadable = |e| Error::new(ErrorKind::Os, format!("cannot read the plan: {e}"));
    let file = std::fs::File::from(plan);
    let len = file.metadata().map_err(unreadable)?.len();
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0).map_err(unreadable)?;
    let carried: Carried = codec::decode(&bytes)?;
    let here = Image::of_this_program().map(Image::name);
    if here.as_ref() != Some(&carried.program) {
        return Err(Error::new(ErrorKind::Corrupt, "the plan of another program"));
    }
    Ok(carried)
}
