//! Pictures and pages of a run: finds the run, sets the options, has it drawn.
//! It draws nothing itself.

use std::fs::File;
use std::io::Read;

use tine_jobs::file::JobFile;
use tine_jobs::run::{Selection, graph_of};
use tine_profiler::{Measure, Trace};
use tine_viz::graph::{self, Shape, ShapeError};
use tine_viz::{curves, flame, report, timeline};

use super::input::{self, Opened};
use super::{find, output};
use crate::cli::failure::Failure;
use crate::cli::high;

/// `tine report`.
pub(super) fn report(job: &high::Report) -> Result<String, Failure> {
    let opened = Opened::new(&job.source)?;
    let options = report::Options::default();
    output::write(&job.output, |out| report::html(opened.trace(), &options, out))
}

/// `tine graph`: of a trace, of a job file, or of a file of text.
pub(super) fn graph(job: &high::Graph) -> Result<String, Failure> {
    let path = &job.source.path;
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
        no_runs(job)?;
        let file = JobFile::read(path)?;
        let jobs = file.expand()?;
        let all = Selection::new(&jobs, &[], &[]).expect("all jobs are there");
        return draw(&Shape::of_graph(&graph_of(&jobs, &all)?, &[]), None, job);
    }
    let refused = |e: &std::io::Error| {
        Failure::io("read", path, e).help("is the name right, and may this user read it?")
    };
    let mut begin = Vec::new();
    let mut file = File::open(path).map_err(|e| refused(&e))?;
    file.by_ref().take(8).read_to_end(&mut begin).map_err(|e| refused(&e))?;
    if input::is_trace(&begin) {
        let opened = Opened::new(&job.source)?;
        let trace = opened.trace();
        return draw(&Shape::of_trace(trace), Some(trace), job);
    }
    no_runs(job)?;
    file.read_to_end(&mut begin).map_err(|e| refused(&e))?;
    let text = String::from_utf8(begin).map_err(|_| neither(job))?;
    let shape = match text.trim_start_matches('\u{feff}').trim_start() {
        json if json.starts_with('{') => Shape::from_json(&text),
        dot if is_dot(dot) => Shape::from_dot(&text),
        _ => return Err(neither(job)),
    };
    let wrong = |e: ShapeError| {
        Failure::new(format!("{}: {e}", path.display()))
            .help("`tine graph RUN.tine --format json` writes a graph as it should be")
    };
    draw(&shape.map_err(wrong)?, None, job)
}

/// Fails where a run was chosen of a file that has none.
fn no_runs(job: &high::Graph) -> Result<(), Failure> {
    if job.source.run.is_none() {
        return Ok(());
    }
    let message = format!("--run is for traces, and {} is none", job.source.path.display());
    Err(Failure::new(message).help("leave it out: a saved graph has no runs"))
}

fn draw(shape: &Shape, trace: Option<&Trace>, job: &high::Graph) -> Result<String, Failure> {
    let options = graph::Options {
        level: job.level,
        direction: job.direction,
        colour: job.colour,
        ..graph::Options::default()
    };
    let input = graph::Input { shape, trace };
    output::write(&job.output, |out| graph::write(&input, &options, job.format, out))
}

/// Whether a text begins as the language of Graphviz does: with a word of its own, or a comment.
fn is_dot(text: &str) -> bool {
    let lower = text.get(..7).unwrap_or(text).to_ascii_lowercase();
    ["digraph", "graph", "strict", "//", "/*", "#"].iter().any(|w| lower.starts_with(w))
}

fn neither(job: &high::Graph) -> Failure {
    let name = job.source.path.display();
    Failure::new(format!("{name} is neither a trace nor a graph"))
        .help("name a *.tine file, a job file (*.toml), or a graph that was saved as JSON or DOT")
}

/// `tine timeline`.
pub(super) fn timeline(job: &high::Timeline) -> Result<String, Failure> {
    let opened = Opened::new(&job.source)?;
    let trace = opened.trace();
    let mut options = timeline::Options {
        from: job.from,
        to: job.to,
        group: find::some_group(trace, job.group.as_ref())?,
        ..timeline::Options::default()
    };
    let elapsed = trace.tasks().map(|t| t.ended).max().unwrap_or(0).max(trace.about().elapsed);
    if job.from.is_some_and(|from| from >= elapsed) {
        let took = crate::cli::words::duration(elapsed);
        return Err(Failure::new(format!("--from is after the end of the run, which took {took}"))
            .help("times count from the start of the run"));
    }
    options.width = job.width.map_or(options.width, f64::from);
    output::write(&job.output, |out| timeline::svg(trace, &options, out))
}

/// `tine curves`.
pub(super) fn curves(job: &high::Curves) -> Result<String, Failure> {
    let opened = Opened::new(&job.source)?;
    let mut options = curves::Options { curves: job.show.clone(), ..curves::Options::default() };
    options.width = job.width.map_or(options.width, f64::from);
    output::write(&job.output, |out| curves::svg(opened.trace(), &options, out))
}

/// `tine flamegraph`.
pub(super) fn flamegraph(job: &high::Flamegraph) -> Result<String, Failure> {
    built_with_flame_graphs()?;
    let opened = Opened::new(&job.source)?;
    let trace = opened.trace();
    has_samples(trace, job.measure)?;
    let options = flame::Options {
        width: job.width.map(|w| w as usize),
        measure: job.measure,
        group: find::some_group(trace, job.group.as_ref())?,
        worker: find::worker(trace, job.worker)?,
        icicle: job.icicle,
        ..flame::Options::default()
    };
    output::write(&job.output, |out| flame::svg(trace, &options, out))
}

/// Fails where this program has no flame graphs.
pub(super) fn built_with_flame_graphs() -> Result<(), Failure> {
    if flame::AVAILABLE {
        return Ok(());
    }
    Err(Failure::new("this program was built without flame graphs")
        .help("build it with the feature `flame`, or use tine trace --format folded"))
}

/// Fails where what was asked for was not recorded.
pub(super) fn has_samples(trace: &Trace, measure: Option<Measure>) -> Result<(), Failure> {
    let (samples, what, help) = match measure {
        Some(Measure::Cpu) => (
            trace.cpu_samples(),
            "its CPU time",
            "record it again with sampling on, or leave --cpu out",
        ),
        Some(Measure::Live | Measure::Allocated) => (
            trace.live_samples(),
            "its memory",
            "make tine::alloc the global allocator of the program, and record it again",
        ),
        _ => return Ok(()),
    };
    let found = match measure {
        Some(Measure::Allocated) => !trace.allocation_samples().is_empty(),
        _ => !samples.is_empty(),
    };
    if found {
        return Ok(());
    }
    Err(Failure::new(format!("the run has no samples of {what}")).help(help))
}
