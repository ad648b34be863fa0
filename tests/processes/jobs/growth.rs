//! Jobs that come in while others run.
//! It does not test what they do.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use tine_scheduler::jobs::{Command, Ended, Feed, Foreman, Job, Order};
use tine_scheduler::{Error, ErrorKind, Graph, Jobs, OutputStream, Result, TaskStatus};

use super::graphs::random;
use crate::runner::step;

/// Takes in one job for each byte of a pipe.
struct Line {
    input: File,
    known: usize,
    asked: bool,
    /// More room than is asked for.
    spare: usize,
    graphs: usize,
    started: Vec<u32>,
    statuses: Vec<Option<TaskStatus>>,
}

impl Foreman for Line {
    fn graph(&mut self, room: usize) -> Result<Graph> {
        self.graphs += 1;
        let mut g = Graph::builder();
        g.set_tags(std::sync::Arc::new(vec![("retries".into(), "2".into())]));
        for i in 0..room + self.spare {
            g.task(format!("line-{i}"), [] as [&str; 0], || ());
        }
        g.build()
    }

    fn feed(&mut self) -> Result<Feed> {
        let mut bytes = [0; 64];
        // At first nothing is known, and nobody waits for it.
        if !std::mem::replace(&mut self.asked, true) {
            return Ok(Feed::Known(0));
        }
        let n =
            self.input.read(&mut bytes).map_err(|e| Error::new(ErrorKind::Os, e.to_string()))?;
        self.known += n;
        self.started.resize(self.known, 0);
        self.statuses.resize(self.known, None);
        Ok(if n == 0 { Feed::Closed(self.known) } else { Feed::Known(self.known) })
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        Some(self.input.as_fd())
    }

    fn order(&mut self, job: &Job<'_>) -> Result<Order> {
        self.started[job.task.index()] += 1;
        assert_eq!(job.attempt, self.started[job.task.index()]);
        // Every seventh fails once.
        let what =
            if job.task.index().is_multiple_of(7) && job.attempt == 1 { "false" } else { "true" };
        Ok(Order::Run(Command { argv: vec![what.into()], ..Command::default() }))
    }

    fn output(&mut self, _job: &Job<'_>, _: OutputStream, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    fn ended(&mut self, _job: &Job<'_>, ended: &Ended) -> Result<()> {
        match ended.is_success() {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Task, "it failed")),
        }
    }

    fn closed(&mut self, job: &Job<'_>, status: TaskStatus) -> Result<()> {
        assert_eq!(self.statuses[job.task.index()].replace(status), None, "closed once");
        Ok(())
    }
}

/// Runs jobs that come in as `send` says.
fn run(
    spare: usize,
    slots: usize,
    send: impl FnOnce(std::io::PipeWriter) + Send + 'static,
) -> Line {
    let mut jobs = Jobs::prepare().expect("one thread").slots(slots);
    let (read, write) = std::io::pipe().expect("a pipe");
    let input = File::from(std::os::fd::OwnedFd::from(read));
    let (started, statuses) = (Vec::new(), Vec::new());
    let mut line = Line { input, known: 0, asked: false, spare, graphs: 0, started, statuses };
    let sender = std::thread::spawn(move || send(write));
    let tally = jobs.run(&mut line, &[]).expect("no error of the run");
    sender.join().expect("it only writes");
    assert_eq!((tally.done, tally.failed, tally.unstarted), (line.known, 0, 0));
    assert!(line.statuses.iter().all(|s| *s == Some(TaskStatus::Done)));
    let tries = |i: usize| if i.is_multiple_of(7) { 2 } else { 1 };
    assert!((0..line.known).all(|i| line.started[i] == tries(i)), "{:?}", line.started);
    line
}

/// One by one, with as little room as a foreman may give, and with more.
pub(crate) fn one_by_one() {
    for spare in [0, 3] {
        let line = run(spare, 2, |mut write| {
            for _ in 0..200 {
                write.write_all(b"x").expect("somebody reads");
                std::thread::yield_now();
            }
        });
        assert_eq!(line.known, 200);
        // Each has room for twice as many as the one before.
        assert!(line.graphs < 12, "{}", line.graphs);
        step("one by one");
    }
}

/// In bursts of all sizes, over every doubling, with an end right behind one.
pub(crate) fn in_bursts() {
    let mut seed = 11;
    for count in [1, 2, 3, 4, 5, 8, 16, 63, 64, 65, 128, 257] {
        let burst = random(&mut seed) as usize % 63 + 1;
        let line = run(0, 3, move |mut write| {
            for left in (1..=count).rev().step_by(burst) {
                write.write_all(&b"x".repeat(burst.min(left))).expect("somebody reads");
            }
        });
        assert_eq!(line.known, count);
        step(count);
    }
}

/// An input that is closed before there was any job.
pub(crate) fn of_nothing() {
    let line = run(0, 2, drop);
    assert_eq!((line.known, line.graphs), (0, 1));
}
