//! A map whose progress is shown.
//! It decides nothing: it passes everything on, and tells the progress of it.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use tine_jobs::map::Map;
use tine_scheduler::jobs::{Admit, Ended, Feed, Foreman, Job, Needs, Order, Standing};
use tine_scheduler::{Error, Graph, OutputStream, Plan, Result, TaskId, TaskStatus};

use crate::cli::progress::{Close, Jobs, Start, Terminal};

/// The jobs, and how far they are.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) map: Map<Terminal>,
    progress: Jobs,
    name: String,
    /// How the last attempts ended of jobs that are not through.
    ends: BTreeMap<TaskId, (Duration, Option<String>)>,
    /// Since the start of the run, as far as is known.
    now: Duration,
}

impl Watched {
    /// Shows the progress of `map`, whose jobs are called `name`.
    pub(super) fn new(map: Map<Terminal>, progress: Jobs, name: &str) -> Self {
        let (ends, now) = (BTreeMap::new(), Duration::ZERO);
        Watched { map, progress, name: name.to_owned(), ends, now }
    }

    /// The run is over: takes away what is on the screen.
    pub(super) fn end(mut self) -> Map<Terminal> {
        drop(self.progress.finished(self.now, self.map.sink()));
        self.map
    }

    fn called(&self, job: &Job<'_>) -> String {
        format!("{}({})", self.name, job.task.index() + 1)
    }
}

// That progress cannot be shown ends no run: errors of the terminal are dropped.
impl Foreman for Watched {
    fn graph(&mut self, room: usize) -> Result<Graph> {
        self.map.graph(room)
    }

    fn feed(&mut self) -> Result<Feed> {
        let feed = self.map.feed()?;
        let (Feed::Known(jobs) | Feed::Closed(jobs)) = feed;
        self.progress.group(0, &self.name, jobs);
        if let Feed::Closed(_) = feed {
            self.progress.complete();
        }
        Ok(feed)
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        self.map.input()
    }

    fn needs(&self, plan: &Plan<'_>, task: TaskId) -> Needs {
        self.map.needs(plan, task)
    }

    fn timeout(&self, job: &Job<'_>) -> Option<Duration> {
        self.map.timeout(job)
    }

    fn review(&mut self, standing: &Standing) -> Admit {
        self.now = standing.elapsed;
        self.map.review(standing)
    }

    fn admit(&mut self, standing: &Standing) -> Admit {
        self.now = standing.elapsed;
        self.map.admit(standing)
    }

    fn order(&mut self, job: &Job<'_>) -> Result<Order> {
        self.map.order(job)
    }

    fn take_shared(&mut self, slot: usize, cores: u32, alone: bool) -> bool {
        self.map.take_shared(slot, cores, alone)
    }

    fn give_shared(&mut self, slot: usize) {
        self.map.give_shared(slot);
    }

    fn shared(&self) -> Option<BorrowedFd<'_>> {
        self.map.shared()
    }

    fn inherited(&self) -> Option<[BorrowedFd<'_>; 2]> {
        self.map.inherited()
    }

    fn refused(&mut self, job: &Job<'_>, error: &Error) {
        self.ends.insert(job.task, (Duration::ZERO, Some(error.message().to_owned())));
        self.map.refused(job, error);
    }

    fn started(&mut self, job: &Job<'_>, pid: u32) {
        let name = self.called(job);
        let (attempt, slot, elapsed) = (job.attempt, job.slot, self.now);
        let start = Start { job: &name, group: 0, attempt, slot, pid, elapsed };
        drop(self.progress.started(&start, self.map.sink()));
        self.map.started(job, pid);
    }

    fn output(&mut self, job: &Job<'_>, stream: OutputStream, bytes: &[u8]) -> Result<()> {
        self.map.output(job, stream, bytes)
    }

    fn ended(&mut self, job: &Job<'_>, ended: &Ended) -> Result<()> {
        self.now = ended.ended;
        self.progress.stopped(0, &self.called(job));
        let result = self.map.ended(job, ended);
        let error = result.as_ref().err().map(|e| e.message().to_owned());
        self.ends.insert(job.task, (ended.ended.saturating_sub(ended.started), error));
        result
    }

    fn closed(&mut self, job: &Job<'_>, status: TaskStatus) -> Result<()> {
        let (name, end) = (self.called(job), self.ends.remove(&job.task));
        let (took, error) = match &end {
            Some((took, error)) => (Some(*took), error.as_deref()),
            None => (None, None),
        };
        // What an earlier run has done is done.
        let ran = took.is_some() || status == TaskStatus::Done;
        let close = Close { job: &name, group: 0, status, ran, took, error, elapsed: self.now };
        drop(self.progress.closed(&close, self.map.sink()));
        self.map.closed(job, status)
    }

    fn tick(&mut self, standing: &Standing) {
        self.now = standing.elapsed;
        drop(self.progress.tick(standing, self.map.sink()));
        self.map.tick(standing);
    }

    fn interrupted(&mut self, level: u32) {
        self.progress.ending();
        self.map.interrupted(level);
    }
}
