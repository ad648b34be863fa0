//! The graph and the report of a run, which other parts of the house draw.
//! It knows where a graph comes from, and nothing of how it is drawn.

use tine_profiler::Trace;

use crate::cli::failure::Failure;
use crate::cli::high;

/// Where a graph comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Drawable<'a> {
    /// A run.
    Trace(&'a Trace),
    /// A graph that was saved as JSON.
    Json(&'a str),
    /// A graph that was saved in the language of Graphviz.
    Dot(&'a str),
}

/// Writes the report of a run, and returns what is to be printed.
pub(super) fn report(_trace: &Trace, _output: &high::Output) -> Result<String, Failure> {
    Err(Failure::new("this program has no reports yet")
        .help("use tine diagnose, tine timeline, tine curves and tine flamegraph"))
}

/// Writes a graph, and returns what is to be printed.
pub(super) fn graph(graph: Drawable<'_>, job: &high::Graph) -> Result<String, Failure> {
    let tasks = match graph {
        Drawable::Trace(trace) => trace.len(),
        Drawable::Json(text) | Drawable::Dot(text) => text.lines().count(),
    };
    let high::Graph { format, level, direction, colour, output, .. } = job;
    let asked = format!("{format} {level:?} {direction:?} {colour} {:?} {tasks}", output.target);
    Err(Failure::new(format!("this program draws no graphs of files yet ({asked})")))
}
