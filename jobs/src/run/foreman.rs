//! The foreman of a job file: answers what the engine asks of a run, and keeps the journal.
//! It starts no program and prints nothing: the engine does, and the audience.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::BorrowedFd;

use tine_scheduler::jobs::{
    Admit, Ended, Exit, Feed, Foreman, Job, Needs, Order, Reason as EndReason, Standing,
};
use tine_scheduler::{Error, ErrorKind, Graph, OutputStream, Plan, Result, TaskId, TaskStatus};

use super::audience::{Audience, Counts, Failed, Subject, Try};
use super::command::{self, Start};
use super::end;
use super::files::Files;
use super::fresh::{self, Asked, Before, Paths};
use super::graph::{self, Numbers};
use super::journal::{self, Entry, Journal, Past, State};
use super::memory::Memory;
use super::reason::Verdict;
use super::{Options, Selection, unstarted};
use crate::direct::Direct;
use crate::file::{Action, JobId, Jobs};
use crate::jobserver::Jobserver;

/// Runs the jobs of a file.
#[derive(Debug)]
pub struct Run<'a, 'f, A> {
    jobs: &'a Jobs<'f>,
    numbers: Numbers,
    /// Leaves out shells that would do nothing.
    direct: Option<Direct>,
    options: Options,
    memory: Memory,
    asked: Asked,
    journal: Journal,
    past: Past,
    run: u32,
    files: Files,
    /// Jobs whose attempts go on, or that wait for the next one.
    active: BTreeMap<u32, Active>,
    /// Jobs that the user ended, about which all has been said.
    canceled: BTreeSet<u32>,
    counts: Counts,
    audience: A,
    jobserver: Option<Jobserver>,
}

/// What is kept of a job from its first attempt to its end.
#[derive(Debug, Default)]
struct Active {
    before: Before,
    paths: Paths,
    command: String,
    name: String,
    attempt: u32,
    /// The most memory that an attempt had, in bytes.
    peak: u64,
    /// Why the last attempt failed.
    why: String,
    state: Option<State>,
}

impl<'a, 'f, A: Audience> Run<'a, 'f, A> {
    /// A run of the selected jobs, which says in its journal that it begins.
    ///
    /// # Errors
    /// A journal that cannot be read or written, or that another run has open.
    pub fn new(
        jobs: &'a Jobs<'f>,
        selection: &Selection,
        options: Options,
        audience: A,
    ) -> Result<Self> {
        let path = options.journal_of(jobs.file());
        let refused = |e: std::io::Error| journal::refused(&path, &e);
        let (mut journal, mut past) = Journal::open(&path).map_err(refused)?;
        let resumed = options.resume && past.run > 0;
        journal.begin(resumed).map_err(refused)?;
        let run = if resumed { past.run } else { past.run + 1 };
        let files = Files::new(jobs.file().folder(), std::mem::take(&mut past.files));
        let numbers = Numbers::new(jobs, selection);
        Ok(Run {
            jobs,
            direct: Direct::of(jobs.file().shell()),
            asked: Asked { force: options.force, resumed: options.resume.then_some(run) },
            memory: Memory::new(jobs, &options, &past),
            options,
            journal,
            past,
            run,
            files,
            active: BTreeMap::new(),
            canceled: BTreeSet::new(),
            counts: Counts { total: numbers.len() as u64, ..Counts::default() },
            numbers,
            audience,
            jobserver: None,
        })
    }

    /// The same run, with cores that are shared with what jobs start, or with make.
    #[must_use]
    pub fn share(self, jobserver: Option<Jobserver>) -> Self {
        Run { jobserver, ..self }
    }

    /// How many jobs have come to which end.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Who is told.
    pub fn audience(&mut self) -> &mut A {
        &mut self.audience
    }

    /// Gives back who is told, at the end.
    pub fn into_audience(self) -> A {
        self.audience
    }

    fn job(&self, task: TaskId) -> JobId {
        self.numbers.job(task)
    }

    fn subject<'n>(&self, job: &Job<'_>, id: JobId, name: &'n str) -> Subject<'n> {
        Subject { seq: seq(job), group: self.jobs.place(id).0, name }
    }

    fn cores(&self, job: JobId) -> u32 {
        let most = u32::try_from(self.options.slots).unwrap_or(u32::MAX).max(1);
        self.jobs.group(job).settings.cores.min(most)
    }

    fn attempts(&self, job: JobId) -> u32 {
        let retries = self.jobs.group(job).settings.retries.or(self.options.defaults.retries);
        u32::from(retries.unwrap_or(0)) + 1
    }

    /// Decides about a job whose turn has come for the first time.
    fn first(&mut self, job: &Job<'_>, id: JobId) -> Result<Verdict> {
        let name = self.jobs.name(id);
        let paths = Paths::of(self.jobs, id);
        let past = (&mut self.files, self.past.job(&name), self.past.why(&name));
        let judged = fresh::judge(self.jobs, id, &paths, past, &self.asked);
        let (verdict, before) = judged.map_err(|e| unreadable(&e))?;
        self.audience.judged(&self.subject(job, id, &name), &verdict)?;
        if verdict.runs() {
            let command = command::line(self.jobs, id);
            let active = Active { before, paths, command, name, ..Active::default() };
            self.active.insert(number(job), active);
        } else {
            self.counts.fresh += 1;
        }
        Ok(verdict)
    }

    /// Says that an attempt starts, and makes sure that it finds what it reads and can write what it
    /// makes.
    fn start(&mut self, job: &Job<'_>, id: JobId) -> Result<()> {
        let of = self.attempts(id);
        let Some(active) = self.active.get_mut(&number(job)) else { return Ok(()) };
        active.attempt = job.attempt;
        let (attempt, slot, command) = (job.attempt, job.slot, active.command.as_str());
        let attempt = Try { attempt, of, slot, command };
        let who = Subject { seq: seq(job), group: self.jobs.place(id).0, name: &active.name };
        self.audience.starts(&who, &attempt)?;
        if let Some(missing) = active.paths.inputs.iter().find(|p| !self.files.exists(p)) {
            return Err(Error::new(ErrorKind::Task, format!("its input {missing} is not there")));
        }
        for path in &active.paths.outputs {
            self.files.make_folder(path).map_err(|e| {
                Error::new(ErrorKind::Os, format!("the folder of {path} cannot be made: {e}"))
            })?;
        }
        Ok(())
    }

    /// Why an attempt that has ended is a failure; `None` where it is none.
    fn failure(&self, job: JobId, active: &Active, ended: &Ended) -> Option<String> {
        if let Exit::NotStarted(errno) = ended.exit {
            return Some(unstarted::why(self.jobs, job, errno));
        }
        end::failure(ended).or_else(|| {
            let missing = active.paths.outputs.iter().find(|p| !self.files.exists(p))?;
            Some(format!("it ended well, but its output {missing} is not there"))
        })
    }

    /// Removes the outputs of an attempt that failed: nobody must take them for whole ones.
    fn remove_outputs(&self, active: &Active) -> Result<()> {
        for path in &active.paths.outputs {
            self.files.remove(path).map_err(|e| {
                let message = format!("{path}, which a failed job made, cannot be removed: {e}");
                Error::new(ErrorKind::Os, message)
            })?;
        }
        Ok(())
    }

    /// Says and counts what became of a job in the end.
    fn finish(&mut self, job: &Job<'_>, id: JobId, active: &Active, state: State) -> Result<()> {
        self.counts.count(state);
        if state != State::Done {
            self.note(id, active, state)?;
        }
        self.audience.closed(&self.subject(job, id, &active.name), state, &active.why)
    }

    /// Writes into the journal what became of a job.
    fn note(&mut self, id: JobId, active: &Active, state: State) -> Result<()> {
        let fresh = self.jobs.group(id).settings.fresh;
        let is_hashed = state == State::Done && fresh != crate::file::Fresh::Never;
        let outputs = match is_hashed {
            true => {
                active.paths.hash_outputs(&mut self.files, fresh).map_err(|e| unreadable(&e))?
            }
            false => 0,
        };
        let Before { command, inputs } = active.before;
        let time = journal::now();
        let entry =
            Entry { state, run: self.run, time, command, inputs, outputs, peak: active.peak };
        let files = self.files.take_new();
        let written = self.journal.job(&active.name, &entry, (active.attempt, &active.why), &files);
        written
            .map_err(|e| Error::new(ErrorKind::Os, format!("the journal cannot be written: {e}")))
    }
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Os, format!("a file of it cannot be read: {error}"))
}

fn number(job: &Job<'_>) -> u32 {
    u32::try_from(job.task.index()).expect("tasks are counted in 32 bits")
}

fn seq(job: &Job<'_>) -> u64 {
    job.task.index() as u64 + 1
}

impl<A: Audience> Foreman for Run<'_, '_, A> {
    fn graph(&mut self, _room: usize) -> Result<Graph> {
        graph::graph(self.jobs, &self.numbers, &self.options.defaults)
    }

    fn feed(&mut self) -> Result<Feed> {
        Ok(Feed::Closed(self.numbers.len()))
    }

    fn needs(&self, _plan: &Plan<'_>, task: TaskId) -> Needs {
        let job = self.job(task);
        let settings = &self.jobs.group(job).settings;
        // One for which there is no memory now fits when nothing else runs.
        let fits = self.memory.fits(self.jobs, job, task.index() as u64 + 1);
        let all = u32::try_from(self.options.slots).unwrap_or(u32::MAX);
        Needs {
            cores: if fits { self.cores(job) } else { all },
            memory: settings.memory,
            limit: settings.memory,
            priority: settings.priority,
        }
    }

    fn admit(&mut self, standing: &Standing) -> Admit {
        match self.counts.failed > 0 && !self.options.keep_going {
            true => Admit::Never,
            false => self.memory.admit(standing),
        }
    }

    fn review(&mut self, standing: &Standing) -> Admit {
        self.memory.review(standing)
    }

    fn order(&mut self, job: &Job<'_>) -> Result<Order> {
        let id = self.job(job.task);
        if !self.active.contains_key(&number(job)) && !self.first(job, id)?.runs() {
            return Ok(Order::Done);
        }
        self.start(job, id)?;
        let start = Start { attempt: job.attempt, slot: job.slot, cores: self.cores(id) };
        let mut command = command::command(self.jobs, id, &start);
        if let (Some(direct), Action::Shell(_)) = (&mut self.direct, &self.jobs.group(id).action) {
            direct.unwrap(&mut command);
        }
        if let Some(shared) = &self.jobserver {
            shared.tell(&mut command);
        }
        self.memory.starts(self.jobs, id, seq(job));
        Ok(Order::Run(command))
    }

    fn take_shared(&mut self, slot: usize, cores: u32, alone: bool) -> bool {
        self.jobserver.as_mut().is_none_or(|shared| shared.take(slot, cores, alone))
    }

    fn give_shared(&mut self, slot: usize) {
        self.jobserver.iter_mut().for_each(|shared| shared.give(slot));
    }

    fn shared(&self) -> Option<BorrowedFd<'_>> {
        self.jobserver.as_ref().and_then(Jobserver::readable)
    }

    fn inherited(&self) -> Option<[BorrowedFd<'_>; 2]> {
        self.jobserver.as_ref().and_then(Jobserver::inherited)
    }

    fn started(&mut self, job: &Job<'_>, pid: u32) {
        self.memory.runs(seq(job), pid);
        let id = self.job(job.task);
        let of = self.attempts(id);
        let Some(active) = self.active.get(&number(job)) else { return };
        let attempt = Try { attempt: job.attempt, of, slot: job.slot, command: &active.command };
        let who = Subject { seq: seq(job), group: self.jobs.place(id).0, name: &active.name };
        self.audience.started(&who, &attempt, pid);
    }

    fn refused(&mut self, job: &Job<'_>, error: &Error) {
        let active = self.active.entry(number(job)).or_default();
        error.message().clone_into(&mut active.why);
    }

    fn output(&mut self, job: &Job<'_>, stream: OutputStream, bytes: &[u8]) -> Result<()> {
        self.audience.prints(seq(job), stream, bytes)
    }

    fn ended(&mut self, job: &Job<'_>, ended: &Ended) -> Result<()> {
        let id = self.job(job.task);
        let of = self.attempts(id);
        self.memory.ended(seq(job), ended.peak);
        self.files.forget_folders();
        let Some(mut active) = self.active.remove(&number(job)) else { return Ok(()) };
        active.peak = active.peak.max(ended.peak);
        let failure = self.failure(id, &active, ended);
        let stopped = ended.reason == Some(EndReason::Stopped);
        let gave_way = ended.reason == Some(EndReason::GaveWay);
        let again = failure.is_some() && !stopped && (gave_way || job.attempt < of);
        let attempt = Try { attempt: job.attempt, of, slot: job.slot, command: &active.command };
        let who = self.subject(job, id, &active.name);
        let failed = failure.as_deref().map(|why| Failed { why, again });
        self.audience.ended(&who, &attempt, ended, failed.as_ref())?;
        let Some(why) = failure else {
            active.state = Some(State::Done);
            active.why.clear();
            let noted = self.note(id, &active, State::Done);
            self.active.insert(number(job), active);
            return noted;
        };
        let removed = self.remove_outputs(&active);
        let error = Error::new(ErrorKind::Task, why.clone());
        active.why = why;
        if stopped {
            self.canceled.insert(number(job));
            self.finish(job, id, &active, State::Canceled)?;
        } else {
            active.state = Some(State::Failed);
            self.active.insert(number(job), active);
        }
        removed.and(Err(error))
    }

    fn closed(&mut self, job: &Job<'_>, status: TaskStatus) -> Result<()> {
        let id = self.job(job.task);
        let active = self.active.remove(&number(job));
        if self.canceled.contains(&number(job)) {
            return Ok(());
        }
        let attempted = active.as_ref().map(|active| active.attempt);
        let Some((state, why)) = end::state(status, attempted, self.canceled.is_empty()) else {
            return Ok(());
        };
        let mut active = active.unwrap_or_default();
        if active.name.is_empty() {
            active.name = self.jobs.name(id);
        }
        if active.why.is_empty() {
            why.clone_into(&mut active.why);
        }
        self.finish(job, id, &active, state)
    }

    fn tick(&mut self, standing: &Standing) {
        if let Some((group, shortage)) = self.memory.shortage(standing) {
            let name = &self.jobs.file().groups()[group].name.what;
            self.audience.waits(group, name, &shortage);
        }
        self.audience.tick(standing, &self.counts);
    }

    fn interrupted(&mut self, level: u32) {
        self.audience.interrupted(level);
    }
}
