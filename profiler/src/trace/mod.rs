//! A run as it was: an immutable table of its tasks, in columns, and what else is known of it.
//! It knows no file format and measures nothing.

mod build;
mod columns;
mod facts;
mod failures;
mod notice;
mod stacks;

use tine_scheduler::{Key, Place, RareFact, TaskStatus, WorkerFact};

use crate::host::Host;
use crate::memory::MemorySample;
pub use build::Sampled;
#[cfg(test)]
pub(crate) use columns::Lists;
pub(crate) use columns::{Columns, NO_CPU, Names};
pub use facts::TaskFacts;
pub use failures::Failure;
pub use notice::{Notice, NoticeKind};
pub use stacks::{Frame, Sample, StackId, Stacks};

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
    /// Whether the end of the run was seen; if not, the process that recorded it died in it.
    pub complete: bool,
    /// The command line of the program.
    pub command: Vec<String>,
    /// Settings that were in force.
    pub settings: Vec<SettingInForce>,
    /// Bytes that results and workers might take together; 0 where there was no budget.
    pub budget: u64,
}

/// A setting as it was in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingInForce {
    /// Its name: `worker-memory`.
    pub name: String,
    /// Its value, as it would be written in a file.
    pub value: String,
    /// Who says so.
    pub source: String,
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
    pub(crate) names: Names,
    pub(crate) workers: Vec<WorkerFact>,
    pub(crate) memory: Vec<MemorySample>,
    /// By task.
    pub(crate) rare: Vec<RareFact>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) stacks: Stacks,
    pub(crate) cpu_samples: Vec<Sample>,
    pub(crate) allocation_samples: Vec<Sample>,
    pub(crate) live_samples: Vec<Sample>,
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
    /// When the last of its inputs was there, so that it could begin; 0 for a source.
    pub queued: u64,
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
    /// Bytes of its result in shared memory; 0 where it stayed in the process.
    pub result_bytes: u64,
    /// Time spent in turning inputs and result from and to bytes, in nanoseconds; small values are
    /// not looked at.
    pub codec: u64,
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

    /// The key of a task of this trace: its group, and its place in it.
    pub fn key(&self, task: &TaskRecord<'_>) -> Key {
        Key::new(self.groups[task.group].name.clone(), task.position)
    }

    /// What a task of this trace is called where its key does not say it: the name of a job.
    pub fn title(&self, rank: usize) -> Option<&str> {
        self.names.get(rank)
    }

    /// What a task of this trace is called: its title, or else its key.
    ///
    /// # Panics
    /// If `rank` is not below [`len`](Self::len).
    pub fn name(&self, rank: usize) -> String {
        match self.title(rank) {
            Some(title) => title.to_owned(),
            None => self.key(&self.task(rank)).to_string(),
        }
    }

    /// Workers that came and went, in the order of time.
    pub fn workers(&self) -> &[WorkerFact] {
        &self.workers
    }

    /// The memory of the run's processes over time; empty where the system does not tell.
    pub fn memory(&self) -> &[MemorySample] {
        &self.memory
    }

    /// Bytes of the results that a task took.
    pub fn input_bytes(&self, task: &TaskRecord<'_>) -> u64 {
        task.inputs.iter().map(|&i| self.columns.result_bytes[i as usize]).sum()
    }

    /// What happened in the run that its user should know of, in the order of time.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The stacks that samples point to.
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    /// What workers did at regular moments of their CPU time; weights are nanoseconds. Empty where
    /// nobody looked.
    pub fn cpu_samples(&self) -> &[Sample] {
        &self.cpu_samples
    }

    /// What workers allocated, as a sample of it; weights are bytes. Empty where the program has no
    /// allocator that says so.
    pub fn allocation_samples(&self) -> &[Sample] {
        &self.allocation_samples
    }

    /// What of it was there when a worker held most; weights are bytes.
    pub fn live_samples(&self) -> &[Sample] {
        &self.live_samples
    }

    /// Facts that not every task has, by task.
    pub fn rare(&self) -> &[RareFact] {
        &self.rare
    }
}
