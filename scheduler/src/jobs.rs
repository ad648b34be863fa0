//! Jobs: tasks that are programs of their own. What is started, what it needs, how it ended, and who
//! decides about it.
//! It does not know how programs are started, or looked after while they run: see `run/jobs`.

use std::ffi::OsString;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::context::{Finished, TaskContext};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, TaskBody, TaskId};
use crate::observer::{OutputStream, TaskStatus};
use crate::plan::Plan;
use crate::value::TypeTag;

/// A program to be started, in a process group of its own.
#[derive(Debug, Default)]
pub struct Command {
    /// The program, looked up in `PATH` where it has no slash, and its arguments.
    pub argv: Vec<OsString>,
    /// Environment variables that it has beside those of this process, or without them (`None`).
    /// The last one of a name counts.
    pub env: Vec<(OsString, Option<OsString>)>,
    /// Its current directory; that of this process where there is none.
    pub cwd: Option<PathBuf>,
    /// Added to its niceness.
    pub nice: i32,
    /// What it reads.
    pub stdin: Stdin,
}

/// What a job reads from its standard input.
#[derive(Debug, Default)]
pub enum Stdin {
    /// Nothing: `/dev/null`.
    #[default]
    Null,
    /// What this process would read.
    Inherit,
    /// This file, from its current position.
    File(OwnedFd),
}

/// What a job takes while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Slots: of the `-j` that there are, at least one and at most all.
    pub cores: u32,
    /// Bytes of memory that are set aside for it while it runs.
    pub memory: Option<u64>,
    /// Bytes of memory at which its process tree is ended, all processes counted together.
    pub limit: Option<u64>,
    /// Jobs that are ready start in this order, the highest first; equals in static order.
    pub priority: i32,
}

impl Default for Needs {
    fn default() -> Self {
        Needs { cores: 1, memory: None, limit: None, priority: 0 }
    }
}

/// One attempt of one job.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The plan that it is part of.
    pub plan: &'a Plan<'a>,
    /// The task.
    pub task: TaskId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The slot that it runs in, from 1: no other job that runs has the same. One of several cores
    /// has the lowest of its slots.
    pub slot: usize,
}

/// What is to become of a job whose turn has come.
#[derive(Debug)]
pub enum Order {
    /// It is started.
    Run(Command),
    /// There is nothing to do: it counts as done.
    Done,
}

/// A program that has ended, with all that it had started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// Who ended it, where it was not the program itself.
    pub reason: Option<Reason>,
    /// Since the start of the run.
    pub started: Duration,
    /// Likewise.
    pub ended: Duration,
    /// CPU time in the program, of all its processes that were waited for.
    pub user: Duration,
    /// CPU time in the kernel, likewise.
    pub system: Duration,
    /// The most memory it had, in bytes: of its largest process, or, where the whole tree was looked
    /// at, of all of them together.
    pub peak: u64,
    /// Bytes read from disks.
    pub read: u64,
    /// Bytes written to disks.
    pub written: u64,
    /// Bytes that it wrote to its standard output and error.
    pub printed: [u64; 2],
    /// Processes that it had left behind, which were ended.
    pub leftovers: u32,
    /// Whether the kernel has killed something for lack of memory meanwhile, which may be this.
    pub out_of_memory: bool,
}

impl Ended {
    /// Whether the program ended by itself, and said that all went well.
    pub fn is_success(&self) -> bool {
        self.exit == Exit::Code(0) && self.reason.is_none()
    }
}

/// What a process says when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Its exit code.
    Code(i32),
    /// The number of the signal that ended it.
    Signal(i32),
    /// It could not be started: the number of the error (`errno`), as ENOENT.
    NotStarted(i32),
}

/// Why a job was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It took longer than this.
    Timeout(Duration),
    /// Its processes together had more memory than this.
    Memory(u64),
    /// The run was ended: by the user, by a failure elsewhere, or by its own timeout.
    Stopped,
    /// Memory was short, and it was the youngest: it is run again, and the attempt does not count.
    GaveWay,
}

/// What may be started now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admit {
    /// The next job.
    Now,
    /// None before this time has passed.
    After(Duration),
    /// None before this time has passed, and the youngest of those that run is to give way.
    Retreat(Duration),
    /// No more in this run; those that run go on to their end.
    Never,
    /// No more in this run, and those that run are ended.
    EndAll,
}

/// What has come in of the jobs of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// This many are known, in all, and more may come.
    Known(usize),
    /// This many there are; no more will come.
    Closed(usize),
}

/// How a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Since the start of the run.
    pub elapsed: Duration,
    /// Jobs that run.
    pub running: usize,
    /// Slots in use.
    pub busy: usize,
    /// Jobs that are ready to run.
    pub ready: usize,
    /// Jobs that wait for their next attempt.
    pub put_off: usize,
}

/// How a run of jobs ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs that are done.
    pub done: usize,
    /// Jobs that failed.
    pub failed: usize,
    /// Jobs that were not run because one that they need failed.
    pub skipped: usize,
    /// Jobs that were not run because the run was ended before.
    pub unstarted: usize,
    /// How often the user has asked the run to end.
    pub interrupts: u32,
}

/// Who says what the jobs of a run are, and is told what becomes of them: in the calling thread, and
/// never two things at a time. The run waits for each answer.
pub trait Foreman {
    /// The graph of the jobs: at least `room` tasks, of which those that are [`Feed::Known`] are
    /// jobs and the others may become some. Asked at the beginning, with 0, and when more jobs are
    /// known than the last one had room for. Tasks keep their numbers.
    ///
    /// # Errors
    /// End the run.
    fn graph(&mut self, room: usize) -> Result<Graph>;

    /// The jobs that are known now. Asked at the beginning, and, until it is closed, when fewer jobs
    /// are ready than there are slots and [`input`](Self::input) can be read.
    ///
    /// # Errors
    /// End the run.
    fn feed(&mut self) -> Result<Feed>;

    /// Where further jobs come from, as long as they do; `None` where [`feed`](Self::feed) is to be
    /// asked at once.
    fn input(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// What `task` takes.
    fn needs(&self, _plan: &Plan<'_>, _task: TaskId) -> Needs {
        Needs::default()
    }

    /// How long this attempt may take, where that is not what its tag `timeout` or the scheduler
    /// says; asked anew now and then, so that it may depend on what others took.
    fn timeout(&self, _job: &Job<'_>) -> Option<Duration> {
        None
    }

    /// Whether the next job may start; asked before each.
    fn admit(&mut self, _standing: &Standing) -> Admit {
        Admit::Now
    }

    /// Takes so many cores from what other programs share with this run, for a job that is about to
    /// run in the slot; `alone` where none of this run does. Where it says false, there are not so many
    /// now, and nothing is started before [`shared`](Self::shared) can be read or a job has ended.
    fn take_shared(&mut self, _slot: usize, _cores: u32, _alone: bool) -> bool {
        true
    }

    /// Gives back what was taken for the job in the slot, with which nothing runs any more.
    fn give_shared(&mut self, _slot: usize) {}

    /// What can be read when there are cores to be taken again; `None` where nothing says when there
    /// are enough, so that they are asked for now and then.
    fn shared(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Two descriptors that every program has beside its three streams, as 3 and 4.
    fn inherited(&self) -> Option<[BorrowedFd<'_>; 2]> {
        None
    }

    /// What is to become of the run: asked when a job has ended, and about ten times a second, also
    /// where nothing could be started. As [`admit`](Self::admit), but that nothing is started
    /// because of it.
    fn review(&mut self, _standing: &Standing) -> Admit {
        Admit::Now
    }

    /// What is to be started.
    ///
    /// # Errors
    /// The job fails with this error.
    fn order(&mut self, job: &Job<'_>) -> Result<Order>;

    /// The program runs.
    fn started(&mut self, _job: &Job<'_>, _pid: u32) {}

    /// The program printed something.
    ///
    /// # Errors
    /// End the run: nobody reads it any more.
    fn output(&mut self, job: &Job<'_>, stream: OutputStream, bytes: &[u8]) -> Result<()>;

    /// The program has ended, and everything that it printed has been handed over. Returns whether
    /// the job is done.
    ///
    /// # Errors
    /// This attempt failed, with this error; there may be another.
    fn ended(&mut self, job: &Job<'_>, ended: &Ended) -> std::result::Result<(), Error>;

    /// No program was started for the job, which fails: what it needs is more than there is, or its
    /// [`order`](Self::order) was an error.
    fn refused(&mut self, _job: &Job<'_>, _error: &Error) {}

    /// Nothing more will become of the job, which is done, has failed for good, or is skipped.
    ///
    /// # Errors
    /// End the run.
    fn closed(&mut self, _job: &Job<'_>, _status: TaskStatus) -> Result<()> {
        Ok(())
    }

    /// About ten times a second, and at the end.
    fn tick(&mut self, _standing: &Standing) {}

    /// The user has asked, for the `level`th time, that the run end.
    fn interrupted(&mut self, _level: u32) {}
}

/// The body of a task that is a job, for graphs: what it does, a [`Foreman`] says.
pub fn body() -> Arc<dyn TaskBody> {
    Arc::new(Program)
}

struct Program;

impl TaskBody for Program {
    fn run(&self, _task: &TaskContext<'_>) -> Result<Finished> {
        let message = "a job is a program of its own: `Jobs` runs it, no other scheduler can";
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<()>()
    }
}
