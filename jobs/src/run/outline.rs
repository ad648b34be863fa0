//! What a run would do, found out without running anything: for each job whether it runs and why.
//! It writes no journal, and does not know how a plan is shown.

use std::ops::Range;

use tine_scheduler::{Error, ErrorKind, Graph, Plan, Result, TaskId};

use super::command;
use super::files::Files;
use super::fresh::{self, Asked, Paths};
use super::graph::{self, Numbers};
use super::journal::Past;
use super::reason::{Reason, Verdict};
use super::{Options, Selection};
use crate::file::{Fresh, JobId, Jobs};

/// Why jobs of an entry run or do not, in so many words the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// What is to become of the first of them, and why.
    pub verdict: Verdict,
    /// How many there are.
    pub jobs: u64,
    /// The name of the first.
    pub first: String,
}

/// The jobs of one entry in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name of the entry.
    pub name: String,
    /// How many jobs of it there are in the run.
    pub jobs: u64,
    /// How many of these would run.
    pub runs: u64,
    /// Why, in the order of their first jobs.
    pub reasons: Vec<Share>,
    /// The command of the first job that would run; where none would, of the first.
    pub command: String,
    /// The entries that it waits for.
    pub after: Vec<String>,
    /// Slots that each takes.
    pub cores: u32,
    /// Bytes that are set aside for each.
    pub memory: Option<u64>,
}

/// What a run would do.
#[derive(Debug)]
pub struct Outline<'a, 'f> {
    jobs: &'a Jobs<'f>,
    numbers: Numbers,
    graph: Graph,
    /// By task.
    verdicts: Vec<Verdict>,
}

impl<'a, 'f> Outline<'a, 'f> {
    /// Looks at all selected jobs, as a run would when their turn comes.
    ///
    /// # Errors
    /// A journal or a file that cannot be read.
    pub fn new(jobs: &'a Jobs<'f>, selection: &Selection, options: &Options) -> Result<Self> {
        let numbers = Numbers::new(jobs, selection);
        let graph = graph::graph(jobs, &numbers, &options.defaults)?;
        let path = options.journal_of(jobs.file());
        let mut past = Past::read(&path).map_err(|e| {
            Error::new(ErrorKind::Os, format!("the journal {} cannot be read: {e}", path.display()))
        })?;
        let asked =
            Asked { force: options.force, resumed: options.resume.then_some(past.run.max(1)) };
        let mut files = Files::new(jobs.file().folder(), std::mem::take(&mut past.files));
        let all: Vec<TaskId> = graph.tasks().collect();
        let plan = Plan::new(&graph, &all)?;
        let mut verdicts = vec![Verdict::UpToDate; numbers.len()];
        for rank in 0..plan.len() {
            let task = plan.task(rank);
            let job = numbers.job(task);
            let verdict = after(jobs, job, &numbers, &verdicts);
            verdicts[task.index()] = match verdict.filter(|_| !asked.force) {
                Some(verdict) => verdict,
                None => {
                    let (paths, name) = (Paths::of(jobs, job), jobs.name(job));
                    let last = (&mut files, past.job(&name), past.why(&name));
                    let judged = fresh::judge(jobs, job, &paths, last, &asked);
                    let unreadable = |e: std::io::Error| {
                        Error::new(ErrorKind::Os, format!("a file of {name} cannot be read: {e}"))
                    };
                    judged.map_err(unreadable)?.0
                }
            };
        }
        Ok(Outline { jobs, numbers, graph, verdicts })
    }

    /// How many jobs there are.
    pub fn len(&self) -> usize {
        self.verdicts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty()
    }

    /// How many jobs would run.
    pub fn runs(&self) -> u64 {
        self.verdicts.iter().filter(|v| v.runs()).count() as u64
    }

    /// The graph of the jobs.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What would become of a job; `None` where it is no part of the run.
    pub fn verdict(&self, job: JobId) -> Option<&Verdict> {
        Some(&self.verdicts[self.numbers.task(job)?.index()])
    }

    /// The command of a job, as a line.
    pub fn command(&self, job: JobId) -> String {
        command::line(self.jobs, job)
    }

    /// The jobs of the plan, entry by entry in an order in which they can run.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for &group in self.jobs.order() {
            let members = self.members(group);
            if !members.is_empty() {
                entries.push(self.entry(group, members));
            }
        }
        entries
    }

    /// The tasks of an entry, which follow each other.
    fn members(&self, group: usize) -> Range<usize> {
        let mut tasks = self.jobs.members(group).map(JobId::from_index);
        let first = tasks.find_map(|job| self.numbers.task(job));
        let Some(first) = first else { return 0..0 };
        let more = tasks.filter(|&job| self.numbers.task(job).is_some()).count();
        first.index()..first.index() + 1 + more
    }

    fn entry(&self, group: usize, members: Range<usize>) -> Entry {
        let entry = &self.jobs.file().groups()[group];
        let verdicts = &self.verdicts[members.clone()];
        let job = |at: usize| self.numbers.job(TaskId::from_index(members.start + at));
        let mut reasons: Vec<Share> = Vec::new();
        for (at, verdict) in verdicts.iter().enumerate() {
            match reasons.iter_mut().find(|r| r.verdict.word() == verdict.word()) {
                Some(reason) => reason.jobs += 1,
                None => reasons.push(Share {
                    verdict: verdict.clone(),
                    jobs: 1,
                    first: self.jobs.name(job(at)),
                }),
            }
        }
        let shown = verdicts.iter().position(Verdict::runs).unwrap_or(0);
        let first = job(0);
        let before: Vec<JobId> = self.jobs.before(first);
        let mut after: Vec<&str> =
            before.iter().map(|&b| self.jobs.group(b).name.what.as_str()).collect();
        after.dedup();
        Entry {
            name: entry.name.what.clone(),
            jobs: verdicts.len() as u64,
            runs: verdicts.iter().filter(|v| v.runs()).count() as u64,
            reasons,
            command: command::line(self.jobs, job(shown)),
            after: after.into_iter().map(str::to_owned).collect(),
            cores: entry.settings.cores,
            memory: entry.settings.memory,
        }
    }
}

/// A job that reads what another makes which runs, will probably run: that one's files change.
fn after(jobs: &Jobs<'_>, job: JobId, numbers: &Numbers, verdicts: &[Verdict]) -> Option<Verdict> {
    let entry = jobs.group(job);
    if entry.outputs.is_empty() || entry.settings.fresh == Fresh::Never {
        return None;
    }
    let makes = |b: &JobId| {
        let runs = numbers.task(*b).is_some_and(|t| verdicts[t.index()].runs());
        runs && !jobs.group(*b).outputs.is_empty()
    };
    let before = jobs.before(job).into_iter().find(makes)?;
    Some(Verdict::Runs(Reason::After(jobs.name(before))))
}
