//! The engine of tine: task graphs, and how they are run on forked processes, threads, or one
//! thread.
//!
//! Nothing here prints or draws; collections are built on top of it.

mod codec;
mod context;
mod error;
mod graph;
mod observer;
mod plan;
mod scheduler;
mod serial;
mod store;
mod value;

pub use codec::BlockRef;
pub use context::{Exchange, Fetched, Finished, Inputs, Lent, TaskContext};
pub use error::{Attempt, Error, ErrorKind, Place, Result, TaskResult};
pub use graph::{
    Dependency, Dependents, Edge, Fusion, Graph, GraphBuilder, Group, GroupId, Key, Port, Supply,
    Tags, TaskBody, TaskFn, TaskId, TaskMetrics, Token, annotate, annotations, max_pressure,
    tokenize,
};
pub use observer::{
    GroupProgress, Observer, Progress, RareFact, RareKind, RunEnd, RunView, TaskStatus, TaskTimes,
    Wanted, WorkerFact,
};
pub use plan::Plan;
pub use scheduler::{Outputs, Scheduler, current, get, observe, observers, with};
pub use serial::Serial;
pub use store::StoredValue;
pub use value::{Datum, TypeTag, Value};
