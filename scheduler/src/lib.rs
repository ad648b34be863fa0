//! The engine of tine: task graphs, and how they are run on forked processes, threads, or one
//! thread.
//!
//! Nothing here prints or draws; collections are built on top of it.
//!
//! Off Linux nothing is forked, and nothing shared. `RUSTFLAGS="--cfg tine_portable"` builds it so on
//! Linux, which is how the other systems' code is checked here.

#![cfg_attr(
    any(not(target_os = "linux"), tine_portable),
    expect(dead_code, unused_imports, reason = "what mends after deaths is for forked workers")
)]

// The vocabulary: what a task is, and what can be said of it.
pub mod codec;
mod context;
mod error;
mod graph;
pub mod jobs;
mod observer;
mod plan;
#[expect(unsafe_code, reason = "functions by their addresses: see the module's invariant")]
mod portable;
mod projection;
mod scheduler;
mod value;

// What the user and the machine allow.
pub mod config;
pub mod limits;

// Memory that processes share.
#[expect(unsafe_code, reason = "results lie in shared memory: see the module's invariant")]
#[cfg_attr(any(not(target_os = "linux"), tine_portable), path = "arena/portable.rs")]
mod arena;
#[cfg_attr(
    all(target_os = "linux", not(tine_portable)),
    expect(unsafe_code, reason = "futex is a system call")
)]
mod futex;
#[expect(unsafe_code, reason = "atomics in a shared mapping: see the module's invariant")]
mod region;
mod results;
mod shared;
mod store;
mod sync;
#[expect(unsafe_code, reason = "one atom of its own, in `state`")]
mod table;

// Running: the worker's loop, and the schedulers that give it a place.
mod cancel;
mod clock;
mod desk;
mod engine;
mod facts;
mod governor;
mod kill_point;
mod panics;
mod policy;
mod probe;
mod procfs;
#[cfg_attr(
    all(target_os = "linux", not(tine_portable)),
    expect(unsafe_code, reason = "fork and signals: see the modules' invariants")
)]
mod run;
mod stop;
mod worker;

pub use arena::{Buffer, Element, memory_in_use};
#[cfg(all(feature = "kill-points", target_os = "linux", not(tine_portable)))]
pub use kill_point::arm as arm_kill_point;

pub use cancel::CancelToken;
pub use codec::BlockRef;
pub use context::{Exchange, Fetched, Finished, Inline, Inputs, Lent, TaskContext};
pub use error::{Attempt, Error, ErrorKind, Place, Result, TaskResult};
pub use graph::{
    Dependency, Dependents, Edge, Fusion, Graph, GraphBuilder, Group, GroupId, Key, Port, Supply,
    Tags, TaskBody, TaskFn, TaskId, TaskMetrics, Token, annotate, annotations, is_annotated,
    max_pressure, tokenize,
};
pub use observer::{
    GroupProgress, MemoryUse, Observer, OutputStream, Progress, RareFact, RareKind, RunEnd,
    RunView, Stall, TaskLine, TaskStatus, TaskTimes, Wanted, WorkerFact,
};
pub use plan::Plan;
pub use portable::Portable;
pub use probe::{CurrentTask, Probe, ProbedWorker};
pub use projection::Projection;
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub use run::Processes;
pub use run::{Jobs, Serial, Threads, init};
pub use scheduler::{Outputs, Scheduler, by_name, current, get, observe, observers, with};
pub use shared::SharedWords;
pub use stop::should_stop;
pub use store::StoredValue;
pub use value::{Datum, TypeTag, Value};
