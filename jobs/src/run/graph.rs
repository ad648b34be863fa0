//! The jobs of a run as a graph of the engine: one group an entry, along the axes of its matrix.
//! It does not know what is run: a task is an index, and its text is made when it starts.

mod titles;

use std::sync::Arc;

use tine_scheduler::{
    Dependency, Error, ErrorKind, Finished, Graph, GraphBuilder, Key, Result, Tags, TaskBody,
    TaskContext, TaskId, TypeTag,
};

use super::Defaults;
use super::select::Selection;
use crate::file::{Group, JobId, Jobs};

/// Which task stands for which job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    jobs: Arc<[JobId]>,
    tasks: Vec<u32>,
}

const NO_TASK: u32 = u32::MAX;

impl Numbers {
    /// The tasks of a run: entry after entry in an order in which they can run.
    pub(crate) fn new(jobs: &Jobs<'_>, selection: &Selection) -> Self {
        let mut numbered = Vec::with_capacity(selection.len());
        let mut tasks = vec![NO_TASK; jobs.len()];
        for &group in jobs.order() {
            for job in jobs.members(group).map(JobId::from_index) {
                if selection.has(job) {
                    let task = u32::try_from(numbered.len()).expect("fewer than 2^30 jobs");
                    tasks[job.index()] = task;
                    numbered.push(job);
                }
            }
        }
        Numbers { jobs: numbered.into(), tasks }
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// The job of a task.
    pub(crate) fn job(&self, task: TaskId) -> JobId {
        self.jobs[task.index()]
    }

    /// The task of a job; `None` where it is no part of the run.
    pub(crate) fn task(&self, job: JobId) -> Option<TaskId> {
        Some(self.tasks[job.index()])
            .filter(|&t| t != NO_TASK)
            .map(|t| TaskId::from_index(t as usize))
    }
}

/// The graph of the jobs that have numbers.
///
/// # Errors
/// None for jobs that were expanded: they do not wait for each other.
pub(crate) fn graph(jobs: &Jobs<'_>, numbers: &Numbers, defaults: &Defaults) -> Result<Graph> {
    let mut builder = Graph::builder();
    builder.set_titles(Arc::new(titles::Names::new(jobs, numbers.jobs.clone())));
    let body: Arc<dyn TaskBody> = Arc::new(Program);
    for &group in jobs.order() {
        let entry = &jobs.file().groups()[group];
        builder.set_tags(Arc::new(tags(entry, defaults)));
        add(&mut builder, jobs, (group, entry), numbers, &body);
    }
    builder.build()
}

/// What the engine must know of an entry before its jobs run.
fn tags(entry: &Group, defaults: &Defaults) -> Tags {
    let settings = &entry.settings;
    let mut tags = Tags::new();
    let mut set = |name: &str, value: Option<String>| {
        tags.extend(value.map(|v| (name.to_owned(), v)));
    };
    let nanos = |d: std::time::Duration| format!("{} ns", d.as_nanos());
    set("retries", settings.retries.or(defaults.retries).map(|n| n.to_string()));
    set("timeout", settings.timeout.or(defaults.timeout).map(nanos));
    set("backoff", settings.backoff.map(nanos));
    tags
}

fn add(
    builder: &mut GraphBuilder,
    jobs: &Jobs<'_>,
    (group, entry): (usize, &Group),
    numbers: &Numbers,
    body: &Arc<dyn TaskBody>,
) {
    let shape: Vec<u32> =
        entry.shape().map(|n| u32::try_from(n).expect("fewer than 2^30 jobs")).collect();
    let members = jobs.members(group).map(JobId::from_index);
    let is_whole = members.clone().all(|job| numbers.task(job).is_some());
    let id = match shape.len() {
        0 => None,
        1 => Some(builder.group(&entry.name.what)),
        _ => Some(builder.grid(&entry.name.what, &shape)),
    };
    let place = std::panic::Location::caller();
    for (position, job) in members.enumerate() {
        if numbers.task(job).is_none() {
            continue;
        }
        let before = jobs.before(job);
        let inputs = before.iter().filter_map(|&b| numbers.task(b)).map(Dependency::Task);
        match id {
            Some(id) if is_whole => builder.push_at(id, inputs, body.clone(), place),
            _ => {
                let key = Key::new(entry.name.what.clone(), unravel(position, &shape));
                builder.define(&key, inputs, body.clone(), place)
            }
        };
    }
}

/// A position as one index an axis.
fn unravel(mut position: usize, shape: &[u32]) -> Vec<u32> {
    let mut index = vec![0; shape.len()];
    for (i, &len) in index.iter_mut().zip(shape).rev() {
        *i = u32::try_from(position % len as usize).expect("below the length");
        position /= len as usize;
    }
    index
}

/// The body of a job, which no worker runs.
struct Program;

impl TaskBody for Program {
    fn run(&self, _task: &TaskContext<'_>) -> Result<Finished> {
        Err(Error::new(ErrorKind::Unsupported, "a job is a program, and is run by `Jobs` alone"))
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<()>()
    }
}
