//! `tine demo`: files, the job on worker processes and on one thread, pictures, a report.
//! It knows the order of the steps, and leaves each to its module.

mod columns;
mod generate;
mod input;
mod means;
mod measure;
mod pictures;
mod read;
mod record;
mod report;

use std::fs;
use std::path::Path;
use std::time::Instant;

use tine::prelude::*;
use tine_scheduler::Serial;

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::note;
use crate::cli::workers;
use generate::Draft;
use input::Input;
use means::Means;
use measure::{Measured, measure};
use report::{Data, Report, Seconds};

/// Does the job, and returns what is to be printed.
pub(crate) fn run(demo: &high::Demo) -> Result<String, Failure> {
    make_folder(&demo.out)?;
    let (mut input, generate) = provide(demo)?;
    let parts = input.parts()?;
    if generate.is_none() {
        input.warm()?;
    }
    let job = means::mean_delays(&parts);
    let (parallel, one_thread) = compute_twice(demo, &job)?;
    check(&input, &parallel, &one_thread)?;
    let trace = parallel.trace()?;
    let recording = demo.profile.clone();
    let paths = pictures::write(&demo.out, &job, trace, &input.folder, recording)?;
    let report = Report {
        data: Data { files: input.files.len(), bytes: input.bytes },
        seconds: Seconds { generate, parallel: parallel.seconds, one_thread: one_thread.seconds },
        scheduler: trace.about().scheduler.clone(),
        workers: trace.about().workers as usize,
        peak_memory: trace.peak_memory(),
        means: parallel.value,
        paths,
    };
    Ok(if demo.json { report.json() } else { report.text() })
}

fn make_folder(out: &Path) -> Result<(), Failure> {
    fs::create_dir_all(out)
        .map_err(|e| Failure::io("make the folder", out, &e).help("name another folder with --out"))
}

/// Finds the files, or writes them, which takes so many seconds.
fn provide(demo: &high::Demo) -> Result<(Input, Option<f64>), Failure> {
    if let Some(input) = Input::find(&demo.data)? {
        if !demo.chosen.is_empty() {
            let (verb, chosen) =
                (if demo.chosen.len() == 1 { "has" } else { "have" }, demo.chosen.join(" and "));
            let folder = input.folder.display();
            note(&format!("note: {folder} has CSV files already: {chosen} {verb} no effect"));
        }
        return Ok((input, None));
    }
    let started = Instant::now();
    let draft = Draft::new(&demo.data)?;
    let files = draft.write(demo.rows, demo.seed);
    let workers = workers::local(demo.workers, demo.memory.as_deref())?;
    measure(demo, "writing files", &files, &*workers, None)?;
    draft.publish()?;
    let seconds = started.elapsed().as_secs_f64();
    let input = Input::find(&demo.data)?.ok_or_else(|| {
        Failure::new(format!("the files written to {} are gone again", demo.data.display()))
    })?;
    Ok((input, Some(seconds)))
}

/// On worker processes, then on this thread, both recorded alike.
fn compute_twice(
    demo: &high::Demo,
    job: &Delayed<Means>,
) -> Result<(Measured<Means>, Measured<Means>), Failure> {
    let file = Some(demo.profile.as_path());
    let workers = workers::local(demo.workers, demo.memory.as_deref())?;
    let parallel = measure(demo, "worker processes", job, &*workers, file)?;
    Ok((parallel, measure(demo, "one thread", job, &Serial::new(), None)?))
}

/// Fails where there is no mean at all, and where the two runs differ in a single bit.
fn check(
    input: &Input,
    parallel: &Measured<Means>,
    one_thread: &Measured<Means>,
) -> Result<(), Failure> {
    if parallel.value.origins.is_empty() {
        let folder = input.folder.display();
        return Err(Failure::new(format!(
            "no flight in {folder} has a departure delay and an origin"
        ))
        .help("are DepDelay and Origin empty in all files? Name another folder with --data"));
    }
    if parallel.value != one_thread.value {
        return Err(Failure::new("worker processes and one thread computed different means").help(
            "were the files changed meanwhile? If not, this is an error in tine: please report it",
        ));
    }
    Ok(())
}
