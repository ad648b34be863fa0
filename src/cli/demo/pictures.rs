//! Writes what is left of a run: its trace, and the pictures of it.
//! It draws nothing itself, and does not know what was computed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tine::prelude::*;
use tine_profiler::Trace;
use tine_viz::{flame, graph, report, timeline};

use super::means::Means;
use super::report::Paths;
use crate::cli::failure::Failure;

/// Writes pictures and report into `out`, and returns where everything is, the trace included.
pub(crate) fn write(
    out: &Path,
    job: &Delayed<Means>,
    trace: &Trace,
    data: &Path,
    recording: PathBuf,
) -> Result<Paths, Failure> {
    let tasks = job.graph()?;
    let shape = graph::Shape::of_graph(&tasks, &[]);
    let input = graph::Input { shape: &shape, trace: Some(trace) };
    let graph = graph::Options::default();
    Ok(Paths {
        data: data.to_owned(),
        graph: file(out, "graph.svg", |w| graph::svg(&input, &graph, w))?,
        timeline: file(out, "timeline.svg", |w| {
            timeline::svg(trace, &timeline::Options::default(), w)
        })?,
        flamegraph: file(out, "flamegraph.svg", |w| {
            flame::svg(trace, &flame::Options::default(), w)
        })?,
        report: file(out, "report.html", |w| report::html(trace, &report::Options::default(), w))?,
        trace: recording,
    })
}

fn file(
    out: &Path,
    name: &str,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<PathBuf, Failure> {
    let path = out.join(name);
    let written = File::create(&path).map(BufWriter::new).and_then(|mut w| {
        write(&mut w)?;
        w.flush()
    });
    match written {
        Ok(()) => Ok(path),
        Err(e) => {
            Err(Failure::io("write", &path, &e)
                .help("make room, or name another folder with --out"))
        }
    }
}
