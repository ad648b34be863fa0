//! What a run leaves in a folder: its trace, pictures, report and log.
//! It draws nothing itself, and does not know what the jobs are.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tine::Pictures;
use tine_jobs::log::Log;
use tine_profiler::{Recorder, Trace};
use tine_scheduler::Observer;
use tine_viz::graph::{self, Shape};

use crate::cli::failure::Failure;
use crate::cli::high;

/// What will be left of a run.
#[derive(Debug)]
pub(super) struct Left<'a> {
    job: &'a high::Run,
    recorder: Option<Arc<Recorder>>,
}

impl<'a> Left<'a> {
    /// Makes the folder, and begins the trace in it.
    pub(super) fn new(job: &'a high::Run) -> Result<Self, Failure> {
        let Some(out) = &job.out else { return Ok(Left { job, recorder: None }) };
        fs::create_dir_all(out).map_err(|e| {
            Failure::io("make the folder", out, &e).help("name another folder with --out")
        })?;
        let recorder = Recorder::to_file(out.join("run.tine"))
            .map_err(|e| Failure::new(e.to_string()).help("name another folder with --out"))?;
        Ok(Left { job, recorder: Some(Arc::new(recorder)) })
    }

    /// Who watches the run.
    pub(super) fn observer(&self) -> Option<Arc<dyn Observer>> {
        self.recorder.clone().map(|r| r as Arc<dyn Observer>)
    }

    /// The logs of the run: where one was asked for, and in the folder.
    pub(super) fn log(&self) -> Result<Vec<Log>, Failure> {
        let asked = self.job.joblog.clone();
        let folder = self.job.out.as_ref().map(|out| out.join("joblog.tsv"));
        let same = asked == folder;
        let paths: Vec<PathBuf> = asked.into_iter().chain(folder.filter(|_| !same)).collect();
        let open = |path: &PathBuf| match self.job.options.resume {
            true => Log::append(path),
            false => Log::create(path),
        };
        let logs: Result<Vec<Log>, _> = paths.iter().map(open).collect();
        logs.map_err(|e| Failure::new(e.to_string()))
    }

    /// Draws what was recorded, also of a run that failed.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let (Some(out), Some(recorder)) = (&self.job.out, self.recorder) else { return Ok(()) };
        recorder.finish().map_err(|e| Failure::new(e.to_string()).help("make room"))?;
        let recording = recorder.take();
        // Nothing is recorded of a run that could not begin.
        let Some(trace) = recording.longest() else { return Ok(()) };
        draw(out, trace)
    }
}

fn draw(out: &Path, trace: &Trace) -> Result<(), Failure> {
    let shape = Shape::of_trace(trace);
    let input = graph::Input { shape: &shape, trace: Some(trace) };
    let path = out.join("graph.svg");
    let written = File::create(&path).map(BufWriter::new).and_then(|mut w| {
        graph::svg(&input, &graph::Options::default(), &mut w)?;
        w.flush()
    });
    let refused = |path: &Path, e: &io::Error| {
        Failure::io("write", path, e).help("make room, or name another folder with --out")
    };
    written.map_err(|e| refused(&path, &e))?;
    for (name, write) in [
        ("timeline.svg", Trace::timeline as fn(&Trace, PathBuf) -> io::Result<()>),
        ("report.html", Trace::report),
    ] {
        let path = out.join(name);
        write(trace, path.clone()).map_err(|e| refused(&path, &e))?;
    }
    Ok(())
}
