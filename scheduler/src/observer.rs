//! What can be told of a run to whoever wants to know: one method a fact, all optional.
//! It keeps nothing and draws nothing; workers never wait for an observer.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::plan::Plan;
use crate::probe::Probe;

/// Which facts an observer wants to be recorded; each has its price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Start and end of each task (one clock reading a task).
    pub times: bool,
    /// CPU time and private memory of tasks long enough for that to cost under 1 % of them.
    pub costs: bool,
    /// `tick` about ten times a second.
    pub ticks: bool,
    /// `line` for each line that a task prints in a process of its own (two system calls a task).
    pub lines: bool,
}

impl Wanted {
    /// Nothing: the engine records nothing at all.
    pub const NOTHING: Wanted = Wanted { times: false, costs: false, ticks: false, lines: false };
    /// Everything.
    pub const ALL: Wanted = Wanted { times: true, costs: true, ticks: true, lines: true };

    /// What either of two observers wants.
    #[must_use]
    pub fn or(self, other: Wanted) -> Wanted {
        Wanted {
            times: self.times || other.times,
            costs: self.costs || other.costs,
            ticks: self.ticks || other.ticks,
            lines: self.lines || other.lines,
        }
    }
}

/// How a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TaskStatus {
    /// Not ended when the run was.
    #[default]
    Unfinished = 0,
    /// Its result is there.
    Done = 1,
    /// It failed.
    Failed = 2,
    /// Not run, because a task before it failed.
    Skipped = 3,
}

/// The times of one task, those of its last attempt. Nanoseconds count from the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskTimes {
    /// When its body began; 0 and `ended` 0 where it never ran or nothing was recorded.
    pub started: u64,
    /// When its result was stored.
    pub ended: u64,
    /// CPU time in microseconds, where it was measured.
    pub cpu_us: Option<u32>,
    /// The worker that ran it.
    pub worker: u16,
    /// Which attempt, from 1.
    pub attempt: u8,
    /// How it stands.
    pub status: TaskStatus,
    /// Bytes of its result as it lies in shared memory, the numbers that it refers to included; 0
    /// where it stays in the process.
    pub result_bytes: u64,
    /// Time spent in turning inputs and result from and to bytes, in nanoseconds, to 256 of them;
    /// small values, of less than 4 KiB, are not looked at.
    pub codec: u64,
}

/// A fact that not every task has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RareFact {
    /// The task, as its rank in the plan.
    pub task: u32,
    /// What the value says.
    pub kind: RareKind,
    /// The value, in bytes or as a count.
    pub value: u64,
}

/// What a [`RareFact`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u16)]
#[non_exhaustive]
pub enum RareKind {
    /// Private memory of the worker before the task, in bytes.
    MemoryBefore = 1,
    /// Private memory of the worker after the task, in bytes.
    MemoryAfter = 2,
    /// The most private memory that the worker had during the task, in bytes.
    MemoryPeak = 3,
    /// Page faults that needed no disk.
    MinorFaults = 4,
    /// Page faults that waited for a disk.
    MajorFaults = 5,
    /// Bytes of the task's result that were moved to the file.
    Spilled = 6,
    /// Times that the thread gave its processor up by itself since the last task that was measured:
    /// to wait for a disk, a network, a lock, a clock, or for its next task.
    Waits = 7,
    /// A further slot that a job of several cores had, beside its worker; one fact for each.
    AlsoSlot = 8,
}

/// Which of its two output streams a task wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum OutputStream {
    /// Standard output.
    Stdout = 0,
    /// Standard error.
    Stderr = 1,
}

/// A line that a task printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskLine<'a> {
    /// The task that ended the line, as its rank in the plan; `None` where nobody can say.
    pub task: Option<u32>,
    /// The worker that ran it.
    pub worker: u16,
    /// Where the task wrote it.
    pub stream: OutputStream,
    /// The line, without its end; what is no UTF-8 in it is replaced.
    pub text: &'a str,
}

/// A worker that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerFact {
    /// Its number, from 0; a replacement has the number of the dead.
    pub worker: u16,
    /// Its process, or the process that its thread is in.
    pub pid: u32,
    /// When, in nanoseconds from the start of the run.
    pub at: u64,
    /// How it ended, for a death; `None` for a start and for an orderly end.
    pub death: Option<String>,
}

/// A task that has made no progress for long, as far as can be seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// The task, as its rank in the plan.
    pub task: u32,
    /// The worker that runs it.
    pub worker: u16,
    /// The worker's process.
    pub pid: u32,
    /// How long there has been no sign of life.
    pub time: Duration,
    /// What is known of it, in sentences: what its threads wait in, why that may be, what to do.
    pub text: String,
}

/// An attempt of a job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedAttempt<'a> {
    /// The task, as its rank in the plan.
    pub task: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Why: its exit code, its signal, or who ended it.
    pub why: &'a str,
    /// The end of what it wrote to its standard error, at most some kilobytes of it; empty where it
    /// wrote nothing.
    pub last_words: &'a [u8],
}

/// A run, as it begins.
#[derive(Clone, Copy, Debug)]
pub struct RunView<'a> {
    /// The tasks, in static order.
    pub plan: &'a Plan<'a>,
    /// `serial`, `threads` or `processes`.
    pub scheduler: &'static str,
    /// How many workers there are.
    pub workers: usize,
    /// When it started.
    pub started: SystemTime,
}

/// How far a run is.
pub struct Progress<'a> {
    pub(crate) count: &'a dyn Fn() -> Vec<GroupProgress>,
    pub(crate) times: &'a dyn Fn(Range<usize>) -> Vec<TaskTimes>,
    /// Nanoseconds since the start of the run.
    pub elapsed: u64,
    /// The processes that work for the run, the calling one first.
    pub pids: &'a [u32],
    /// Workers that came and went so far.
    pub workers: &'a [WorkerFact],
    /// Facts that not every task has, as far as they have come.
    pub rare: &'a [RareFact],
}

impl Progress<'_> {
    /// Tasks ended and in all, one entry a group of the graph. Walks all tasks: a few nanoseconds each.
    pub fn groups(&self) -> Vec<GroupProgress> {
        (self.count)()
    }

    /// The times of the tasks with these ranks, as far as they have ended; empty where no times are
    /// wanted. A few nanoseconds a task.
    pub fn times(&self, ranks: Range<usize>) -> Vec<TaskTimes> {
        (self.times)(ranks)
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("elapsed", &self.elapsed).finish_non_exhaustive()
    }
}

/// How far a group is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupProgress {
    /// Tasks that ended.
    pub ended: usize,
    /// Tasks in all.
    pub total: usize,
}

/// A run, as it ended.
#[derive(Clone, Copy, Debug)]
pub struct RunEnd<'a> {
    /// One entry a task, by rank in the plan; empty where no times were wanted.
    pub times: &'a [TaskTimes],
    /// Facts that not every task has.
    pub rare: &'a [RareFact],
    /// Rare facts that were lost because a ring was full.
    pub lost: u64,
    /// Workers that came and went.
    pub workers: &'a [WorkerFact],
    /// Nanoseconds from start to end.
    pub elapsed: u64,
    /// Why it failed, where it did.
    pub error: Option<&'a Error>,
}

/// The memory of a run, when something about it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// Bytes that results and workers may take together.
    pub budget: u64,
    /// Who says so.
    pub source: String,
    /// Bytes of shared memory that results lie in, whole chunks of 2 MB.
    pub results: u64,
    /// Bytes that workers hold of their own.
    pub private: u64,
    /// Bytes of results that were moved to disk so far.
    pub spilled: u64,
    /// Whether sources are held back, because memory is short.
    pub held_back: bool,
}

/// Somebody who is told what happens in a run, in the process that called `compute`.
pub trait Observer: Send + Sync {
    /// What is to be recorded.
    fn wanted(&self) -> Wanted {
        Wanted::NOTHING
    }

    /// What is to be done inside of the workers; asked once a run, before they start.
    fn probes(&self, _run: &RunView<'_>) -> Vec<Arc<dyn Probe>> {
        Vec::new()
    }

    /// Told when the run begins, when sources are held back for want of memory and when they are not
    /// any more, when the first result is moved to disk, and at the end if there was any of these.
    /// Only of runs with a budget, on forked processes.
    fn memory_changed(&self, _run: &RunView<'_>, _memory: &MemoryUse) {}

    /// The graph is planned, and workers are about to start.
    fn run_started(&self, _run: &RunView<'_>) {}

    /// More tasks are known than the plan of `before` has room for: from now on the run is `now`, in
    /// which they all have the ranks that they had. Only of runs whose jobs are still coming in.
    fn run_grew(&self, _before: &RunView<'_>, _now: &RunView<'_>) {}

    /// About ten times a second, where wanted.
    fn tick(&self, _run: &RunView<'_>, _progress: &Progress<'_>) {}

    /// A task has made no progress for 30 seconds; told again every 30 seconds while that lasts.
    /// Returns whether the user has been told: where no observer says so, the text is printed to
    /// the standard error.
    fn stalled(&self, _run: &RunView<'_>, _stall: &Stall) -> bool {
        false
    }

    /// A task printed a line, where wanted; in the order of each worker's streams.
    fn line(&self, _run: &RunView<'_>, _line: &TaskLine<'_>) {}

    /// An attempt of a job failed; there may be another. Only of runs of jobs.
    fn attempt_failed(&self, _run: &RunView<'_>, _failed: &FailedAttempt<'_>) {}

    /// The run is over, well or not.
    fn run_finished(&self, _run: &RunView<'_>, _end: &RunEnd<'_>) {}
}

impl fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
