//! A run as it was: an immutable table of its tasks, in columns, and what else is known of it.
//! It knows no file format and measures nothing.

mod build;
mod columns;
mod stats;

use tine_scheduler::{Key, Place, RareFact, TaskStatus, WorkerFact};

use crate::host::Host;
use crate::memory::MemorySample;
pub(crate) use columns::{Columns, NO_CPU};
pub use stats::GroupTotal;

/// What is known of a run as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// `serial`, `threads` or `processes`.
    pub scheduler: String,
    /// How many workers it had.
    pub workers: u32,
    /// When it started, in nanoseconds since 1970.
    pub started: u64,
    /// How long it took, in nanoseconds.
    pub elapsed: u64,
    /// Why it failed, where it did.
    pub error: Option<String>,
    /// Facts that were lost because a ring was full.
    pub lost: u64,
    /// The version of tine that ran it.
    pub version: String,
    /// The machine.
    pub host: Host,
}

/// Tasks that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceGroup {
    /// Its name.
    pub name: String,
    /// Whether its tasks read data into the run.
    pub source: bool,
    /// Where the user created the first of its tasks; `None` where none of them ran.
    pub created_at: Option<Place>,
}

/// A run as it was, for statistics and pictures.
///
/// Tasks are numbered by their rank in the static order. Values, which need no running, are not
/// among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    pub(crate) about: About,
    pub(crate) groups: Vec<TraceGroup>,
    pub(crate) columns: Columns,
    pub(crate) workers: Vec<WorkerFact>,
    pub(crate) memory: Vec<MemorySample>,
    pub(crate) rare: Vec<RareFact>,
}

/// One task of a trace. Times are nanoseconds from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRecord<'a> {
    /// Its rank in the static order.
    pub rank: usize,
    /// The index of its group in [`Trace::groups`].
    pub group: usize,
    /// Its place in the group, one number an axis.
    pub position: &'a [u32],
    /// When its body began.
    pub started: u64,
    /// When its result was stored; as `started` 0 where it never ran.
    pub ended: u64,
    /// CPU time in microseconds, where it was measured.
    pub cpu_us: Option<u32>,
    /// The worker that ran it.
    pub worker: u16,
    /// Which attempt, from 1.
    pub attempt: u8,
    /// How it stands.
    pub status: TaskStatus,
    /// The ranks of the tasks whose results it took, in the order of its arguments.
    pub inputs: &'a [u32],
}

impl TaskRecord<'_> {
    /// How long it ran, in nanoseconds.
    pub fn duration(&self) -> u64 {
        self.ended.saturating_sub(self.started)
    }

    /// Whether it ran at all.
    pub fn ran(&self) -> bool {
        self.ended > 0
    }
}

impl Trace {
    /// What is known of the run as a whole.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The groups of the graph, in the order in which they were first named.
    pub fn groups(&self) -> &[TraceGroup] {
        &self.groups
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The task of this rank.
    ///
    /// # Panics
    /// If `rank` is not below [`len`](Self::len).
    pub fn task(&self, rank: usize) -> TaskRecord<'_> {
        self.columns.record(rank)
    }

    /// All tasks, by rank.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = TaskRecord<'_>> {
        (0..self.len()).map(|rank| self.task(rank))
    }

    /// The name of a task of this trace.
    pub fn key(&self, task: &TaskRecord<'_>) -> Key {
        Key::new(self.groups[task.group].name.clone(), task.position)
    }

    /// Workers that came and went, in the order of time.
    pub fn workers(&self) -> &[WorkerFact] {
        &self.workers
    }

    /// The memory of the run's processes over time; empty where the system does not tell.
    pub fn memory(&self) -> &[MemorySample] {
        &self.memory
    }

    /// Facts that not every task has.
    pub fn rare(&self) -> &[RareFact] {
        &self.rare
    }
}
