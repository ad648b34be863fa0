//! `tine run`: the jobs of a file.
//! It knows the order of the steps, and leaves each to its module.

mod audience;
mod left;
mod plan;

use std::sync::Arc;

use tine_jobs::file::{JobFile, Jobs as FileJobs, Unknown};
use tine_jobs::run::{Outline, Run, Selection};
use tine_scheduler::{Jobs, Observer};

use crate::cli::failure::Failure;
use crate::cli::high::{self, What};
use audience::Teller;
use left::Left;

/// Does the job, and returns what is to be printed.
pub(crate) fn run(job: &high::Run) -> Result<String, Failure> {
    // First of all: programs have no less memory, to the eyes of the kernel, than this process now.
    let engine = match job.what {
        What::Run => Some(Jobs::prepare()?),
        What::Plan | What::Explain(_) => None,
    };
    let file = JobFile::read(&job.file)?;
    let jobs = file.expand()?;
    let names: Vec<&str> = job.jobs.iter().map(String::as_str).collect();
    let tags: Vec<&str> = job.tags.iter().map(String::as_str).collect();
    let selection = Selection::new(&jobs, &names, &tags).map_err(unknown)?;
    match (&job.what, engine) {
        (What::Explain(names), _) => plan::explain(job, &jobs, &selection, names),
        (_, Some(engine)) => start(job, engine, &jobs, &selection),
        (_, None) => {
            let outline = Outline::new(&jobs, &selection, &job.options)?;
            Ok(if job.json { plan::json(job, &outline) } else { plan::text(job, &outline) })
        }
    }
}

/// A name that no job has is a mistake of the command line.
fn unknown(unknown: Unknown) -> Failure {
    let failure = Failure::usage(unknown.message);
    match unknown.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

fn start(
    job: &high::Run,
    engine: Jobs,
    jobs: &FileJobs<'_>,
    selection: &Selection,
) -> Result<String, Failure> {
    let mut engine = engine.slots(job.options.slots);
    if let Some(memory) = &job.memory {
        engine = engine.memory(memory);
    }
    let left = Left::new(job)?;
    let teller = Teller::new(job, jobs, selection, left.log()?)?;
    let run = Run::new(jobs, selection, job.options.clone(), teller)?;
    let mut run = run.share(super::jobserver(job.jobserver, job.options.slots)?);
    let observers: Vec<Arc<dyn Observer>> = left.observer().into_iter().collect();
    let ran = engine.run(&mut run, &observers);
    let counts = run.counts();
    let end = run.into_audience().finish(&counts);
    let pictures = left.finish();
    let tally = ran?;
    if tally.interrupts > 0 && counts.done + counts.fresh < counts.total {
        return Err(Failure::interrupted().help("--resume goes on where it was interrupted"));
    }
    end.and(pictures).map(|()| String::new())
}
