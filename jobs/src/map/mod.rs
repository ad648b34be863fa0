//! One command for many arguments: who says what each job is, and what becomes of it.
//! It knows neither the command line nor how programs are started.

mod graph;
mod memory;
mod outcome;
mod settings;
mod shuffle;
mod supply;
mod times;
mod titles;
mod verdict;
mod work;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tine_scheduler::jobs::{
    Admit, Ended, Feed, Foreman, Job, Needs, Order, Reason, Standing, Stdin,
};
use tine_scheduler::{Error, ErrorKind, Graph, OutputStream, Plan, Result, TaskId, TaskStatus};

use crate::direct::Direct;
use crate::gates::{Machine, When};
use crate::jobserver::Jobserver;
use crate::log::Entry;
use crate::output::stream::End;
use crate::output::{Begin, Output, Sink};
use crate::template::Filling;

pub use outcome::Outcome;
pub use settings::{Resume, Settings};
pub use supply::{Arguments, Pieces, Supply};
pub use times::TimeShare;
pub use work::{Results, Work};

/// The jobs of a map, for [`Jobs::run`](tine_scheduler::jobs).
#[derive(Debug)]
pub struct Map<S> {
    name: String,
    supply: Supply,
    titles: Arc<titles::Names>,
    work: Work,
    /// Leaves out shells that would do nothing.
    direct: Option<Direct>,
    settings: Settings,
    output: Output<S>,
    machine: Machine,
    began: SystemTime,
    /// Those that have been started and are not through.
    current: BTreeMap<TaskId, Current>,
    /// Since the start of the run, as far as is known.
    now: Duration,
    failed: usize,
    /// Jobs that have come to their end, well or not, and that earlier runs had done.
    through: usize,
    /// Whether nobody reads the output any more.
    unread: bool,
    /// Why the end of an attempt could not be written to the stream file: the run ends with it.
    unwritten: Option<Error>,
}

#[derive(Debug)]
struct Current {
    line: OsString,
    sent: u64,
    ended: Option<Ended>,
}

impl<S: Sink> Map<S> {
    /// The jobs of `supply`, which are called `name` in pictures; what they print goes to `output`.
    pub fn new(
        name: &str,
        supply: Supply,
        work: Work,
        output: Output<S>,
        mut settings: Settings,
    ) -> Self {
        memory::adopt(&mut settings);
        Map {
            name: name.to_owned(),
            supply,
            titles: Arc::default(),
            direct: work.shell.as_ref().and_then(|shell| Direct::of(&[&**shell, "-c".as_ref()])),
            work,
            settings,
            output,
            machine: Machine,
            began: SystemTime::now(),
            current: BTreeMap::new(),
            now: Duration::ZERO,
            failed: 0,
            through: 0,
            unread: false,
            unwritten: None,
        }
    }

    /// Prints what is left, and says how it ended.
    ///
    /// # Errors
    /// The output cannot be printed.
    pub fn finish(self) -> Result<Outcome> {
        let halted = self.settings.gates.halt.halted();
        let (failed, done, known) = (self.failed, self.through, self.supply.count().known);
        let mut outcome = Outcome { failed, done, known, halted, unread: self.unread };
        match self.output.finish() {
            Err(e) if e.is_closed() => outcome.unread = true,
            done => drop(done?),
        }
        Ok(outcome)
    }

    /// Where output is printed.
    pub fn sink(&mut self) -> &mut S {
        self.output.sink()
    }

    /// How many jobs there are, as soon as that is known.
    pub fn total(&self) -> Option<usize> {
        let count = self.supply.count();
        count.closed.then_some(count.known)
    }

    fn seq(job: &Job<'_>) -> u64 {
        job.task.index() as u64 + 1
    }

    fn is_halted_now(&self) -> bool {
        self.settings.gates.halt.halted().is_some_and(|halted| halted.when == When::Now)
    }

    /// Something to say that is no output of a job.
    fn note(&mut self, text: &str) {
        let line = format!("tine: {text}\n");
        // There is nowhere left to say that this cannot be said.
        drop(self.output.sink().write(OutputStream::Stderr, line.as_bytes()));
    }

    /// Keeps what jobs are called that have become known, where somebody will look at it.
    fn name_new(&mut self, known: usize) {
        for job in self.titles.len()..known {
            if !self.settings.names {
                break;
            }
            self.settings.names = self.titles.push(&self.name, &self.supply.arguments(job));
        }
    }

    fn printed(&mut self, result: std::result::Result<(), crate::output::Error>) -> Result<()> {
        result.map_err(|e| {
            self.unread |= e.is_closed();
            e.into()
        })
    }

    /// Makes the job ready for its start.
    fn prepare(&mut self, job: &Job<'_>) -> Result<Order> {
        let (index, seq, total) = (job.task.index(), Self::seq(job), self.total().unwrap_or(0));
        let piece = self.supply.piece(index).map_err(|e| {
            Error::new(ErrorKind::Os, format!("the block of job {seq} cannot be handed over: {e}"))
        })?;
        let arguments = self.supply.arguments(index);
        let filling = Filling { arguments: &arguments, number: index + 1, slot: job.slot, total };
        let files = self.work.files(&filling)?;
        // Files that an attempt of this run has left say nothing of an earlier one.
        if !self.current.contains_key(&job.task) && self.is_done(seq, files.as_ref()) {
            return Ok(Order::Done);
        }
        let sent = piece.as_ref().map_or(0, |(_, length)| *length);
        let stdin = match piece {
            Some((file, _)) => Stdin::File(file),
            None => Stdin::Null,
        };
        let argv = self.work.argv(&filling)?;
        let line = self.work.line(&argv);
        let mut command = self.work.command(argv, &filling, job, stdin)?;
        if let Some(direct) = &mut self.direct {
            direct.unwrap(&mut command);
        }
        if let Some(shared) = &self.settings.jobserver {
            shared.tell(&mut command);
        }
        let tag = self.work.tag(&filling)?;
        self.begin(job, tag, files, Current { line, sent, ended: None })?;
        self.starts_in_memory(seq);
        Ok(Order::Run(command))
    }

    fn begin(
        &mut self,
        job: &Job<'_>,
        tag: Option<Vec<u8>>,
        files: Option<crate::output::Files>,
        current: Current,
    ) -> Result<()> {
        let seq = Self::seq(job);
        if self.current.contains_key(&job.task) {
            self.output.retract(seq);
        }
        // One that gave way once may have to again.
        let again = self.current.contains_key(&job.task);
        let may_repeat = again || self.settings.retries > 0 || self.settings.gates.free.is_some();
        let names = matches!(self.work.results, Some(Results::Temporary));
        let name = current.line.as_encoded_bytes();
        let begin = Begin { name, tag: tag.as_deref(), may_repeat, files: files.as_ref(), names };
        let mut begun = self.output.begin(seq, &begin);
        if let (Ok(()), Some(stream)) = (&begun, self.settings.shown) {
            let mut line = current.line.as_encoded_bytes().to_vec();
            line.push(b'\n');
            begun = match stream {
                OutputStream::Stdout => self.output.output(seq, stream, &line),
                OutputStream::Stderr => {
                    drop(self.output.sink().write(stream, &line));
                    Ok(())
                }
            };
        }
        self.printed(begun)?;
        self.current.insert(job.task, current);
        Ok(())
    }

    /// Whether an earlier run has done it.
    fn is_done(&self, seq: u64, files: Option<&crate::output::Files>) -> bool {
        match &self.settings.resume {
            None => false,
            Some(Resume::Ended(past)) => past.ended(seq),
            Some(Resume::Succeeded(past)) => past.succeeded(seq),
            Some(Resume::Files) => files.is_some_and(crate::output::Files::exist),
        }
    }

    /// A job that was started is through: it is counted and written down.
    fn through(&mut self, job: &Job<'_>, current: &Current, status: TaskStatus) -> Result<()> {
        let Some(ended) = &current.ended else { return Ok(()) };
        if let Some(log) = &mut self.settings.log {
            let entry = Entry::new(Self::seq(job), &current.line, job, self.began, ended);
            log.add(&entry.sent(current.sent))?;
        }
        let code = match status {
            TaskStatus::Done => Ok(()),
            _ => Err(verdict::code(ended)),
        };
        let before = self.settings.gates.halt.halted();
        // What is ended because the run is says nothing of itself.
        if code.is_err() && !(before.is_some() && verdict::is_stopped(ended)) {
            self.failed += 1;
            if let Some(why) = verdict::explain(ended) {
                self.note(&format!("job {} {why}: {}", Self::seq(job), current.line.display()));
            }
        }
        let total = self.total();
        if before.is_none()
            && let Some(halted) = self.settings.gates.ended(code, total)
        {
            let how = verdict::describe(ended);
            let line = current.line.display();
            self.note(&format!("job {} {how}: {line}", Self::seq(job)));
            self.note(verdict::halt(halted));
        }
        Ok(())
    }
}

impl<S: Sink> Foreman for Map<S> {
    fn graph(&mut self, room: usize) -> Result<Graph> {
        graph::of(&self.name, room, &self.titles)
    }

    fn feed(&mut self) -> Result<Feed> {
        self.supply.advance().map_err(|e| Error::new(ErrorKind::Os, e.to_string()))?;
        let count = self.supply.count();
        if count.known > graph::MOST {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("there are more than {} jobs: run parts of them", graph::MOST),
            ));
        }
        self.name_new(count.known);
        Ok(match count.closed {
            true => Feed::Closed(count.known),
            false => Feed::Known(count.known),
        })
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        self.supply.input()
    }

    fn needs(&self, _plan: &Plan<'_>, _task: TaskId) -> Needs {
        self.settings.needs.unwrap_or_default()
    }

    fn timeout(&self, _job: &Job<'_>) -> Option<Duration> {
        self.settings.time.as_ref().and_then(TimeShare::limit)
    }

    fn review(&mut self, standing: &Standing) -> Admit {
        self.now = standing.elapsed;
        match self.settings.gates.review(standing, &mut self.machine) {
            Admit::Now => self.review_memory(),
            other => other,
        }
    }

    fn admit(&mut self, standing: &Standing) -> Admit {
        self.now = standing.elapsed;
        match self.wait_for_memory() {
            Some(wait) => Admit::After(wait),
            None => self.settings.gates.admit(standing, &mut self.machine),
        }
    }

    fn order(&mut self, job: &Job<'_>) -> Result<Order> {
        self.prepare(job)
    }

    fn started(&mut self, job: &Job<'_>, pid: u32) {
        self.settings.memory.runs(Self::seq(job), pid);
    }

    fn take_shared(&mut self, slot: usize, cores: u32, alone: bool) -> bool {
        self.settings.jobserver.as_mut().is_none_or(|shared| shared.take(slot, cores, alone))
    }

    fn give_shared(&mut self, slot: usize) {
        self.settings.jobserver.iter_mut().for_each(|shared| shared.give(slot));
    }

    fn shared(&self) -> Option<BorrowedFd<'_>> {
        self.settings.jobserver.as_ref().and_then(Jobserver::readable)
    }

    fn inherited(&self) -> Option<[BorrowedFd<'_>; 2]> {
        self.settings.jobserver.as_ref().and_then(Jobserver::inherited)
    }

    fn refused(&mut self, job: &Job<'_>, error: &Error) {
        self.failed += 1;
        if !self.unread {
            self.note(&format!("job {} cannot be started: {}", Self::seq(job), error.message()));
        }
    }

    fn output(&mut self, job: &Job<'_>, stream: OutputStream, bytes: &[u8]) -> Result<()> {
        let done = self.output.output(Self::seq(job), stream, bytes);
        self.printed(done)
    }

    fn ended(&mut self, job: &Job<'_>, ended: &Ended) -> std::result::Result<(), Error> {
        let halted = self.is_halted_now();
        let seq = Self::seq(job);
        self.ended_in_memory(seq, ended);
        if let Some(current) = self.current.get_mut(&job.task) {
            let stopped = halted && matches!(ended.reason, Some(Reason::Timeout(_)));
            let reason = if stopped { Some(Reason::Stopped) } else { ended.reason };
            let ended = Ended { reason, ..ended.clone() };
            let failed = !ended.is_success();
            let left = job.attempt <= self.settings.retries;
            let again = failed && (left || ended.reason == Some(Reason::GaveWay));
            let end = End::of(&ended, failed, again);
            if let Err(error) = self.output.ended(Self::seq(job), &end) {
                self.unwritten = Some(error.into());
            }
            current.ended = Some(ended);
        }
        if !ended.is_success() {
            let how = verdict::describe(ended);
            return Err(Error::new(verdict::kind(ended), format!("job {seq} {how}")));
        }
        if let Some(time) = &mut self.settings.time {
            time.learn(ended.ended.saturating_sub(ended.started));
        }
        Ok(())
    }

    fn closed(&mut self, job: &Job<'_>, status: TaskStatus) -> Result<()> {
        // Before the log says that it has ended: its output is not there.
        if let Some(error) = self.unwritten.take() {
            return Err(error);
        }
        self.through += usize::from(status == TaskStatus::Done);
        if let Some(current) = self.current.remove(&job.task) {
            self.through(job, &current, status)?;
        }
        self.supply.release(job.task.index());
        let done = self.output.end(Self::seq(job));
        self.printed(done)
    }

    fn interrupted(&mut self, level: u32) {
        // On a terminal somebody waits for an answer; a log says how the run ended.
        if self.settings.answers {
            self.note(match level {
                1 => "no more jobs start; Ctrl-C again ends those that run",
                2 => "jobs that run are ended; Ctrl-C again kills them",
                _ => "jobs that run are killed",
            });
        }
    }

    fn tick(&mut self, standing: &Standing) {
        // What cannot be written now cannot be later either, and then ends the run.
        drop(self.output.tick(standing.elapsed));
    }
}

#[cfg(test)]
mod tests;
