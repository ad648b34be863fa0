//! Pictures and pages of a run: finds the run, sets the options, has it drawn.
//! It draws nothing itself.

use std::fs::File;
use std::io::Read;

use tine_profiler::{Measure, Trace};
use tine_viz::{curves, flame, timeline};

use super::input::{self, Opened};
use super::unfinished::{self, Drawable};
use super::{find, output};
use crate::cli::failure::Failure;
use crate::cli::high;

/// `tine report`.
pub(super) fn report(job: &high::Report) -> Result<String, Failure> {
    let opened = Opened::new(&job.source)?;
    unfinished::report(opened.trace(), &job.output)
}

/// `tine graph`: of a trace, or of a file of text.
pub(super) fn graph(job: &high::Graph) -> Result<String, Failure> {
    let path = &job.source.path;
    let refused = |e: &std::io::Error| {
        Failure::io("read", path, e).help("is the name right, and may this user read it?")
    };
    let mut begin = Vec::new();
    let mut file = File::open(path).map_err(|e| refused(&e))?;
    file.by_ref().take(8).read_to_end(&mut begin).map_err(|e| refused(&e))?;
    if input::is_trace(&begin) {
        let opened = Opened::new(&job.source)?;
        return unfinished::graph(Drawable::Trace(opened.trace()), job);
    }
    if job.source.run.is_some() {
        let message = format!("--run is for traces, and {} is none", path.display());
        return Err(Failure::new(message).help("leave it out: a saved graph has no runs"));
    }
    let mut bytes = begin;
    file.read_to_end(&mut bytes).map_err(|e| refused(&e))?;
    let text = String::from_utf8(bytes).map_err(|_| neither(job))?;
    match text.trim_start_matches('\u{feff}').trim_start() {
        json if json.starts_with('{') => unfinished::graph(Drawable::Json(json), job),
        dot if is_dot(dot) => unfinished::graph(Drawable::Dot(dot), job),
        _ => Err(neither(job)),
    }
}

/// Whether a text begins as the language of Graphviz does: with a word of its own, or a comment.
fn is_dot(text: &str) -> bool {
    let lower = text.get(..7).unwrap_or(text).to_ascii_lowercase();
    ["digraph", "graph", "strict", "//", "/*", "#"].iter().any(|w| lower.starts_with(w))
}

fn neither(job: &high::Graph) -> Failure {
    let name = job.source.path.display();
    Failure::new(format!("{name} is neither a trace nor a graph"))
        .help("name a *.tine file, or a graph that was saved as JSON or DOT")
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
