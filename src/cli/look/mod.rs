//! Looking at what was recorded: a trace in, a picture, a page, a table or text out.
//! It knows which module does what, and leaves everything to them.

mod diagnose;
mod diff;
mod export;
mod find;
mod input;
mod output;
mod pictures;

use crate::cli::failure::Failure;
use crate::cli::high::Look;

/// Does the job, and returns what is to be printed.
pub(crate) fn run(look: &Look) -> Result<String, Failure> {
    match look {
        Look::Report(report) => pictures::report(report),
        Look::Diagnose(job) => diagnose::run(job),
        Look::Graph(graph) => pictures::graph(graph),
        Look::Timeline(timeline) => pictures::timeline(timeline),
        Look::Curves(curves) => pictures::curves(curves),
        Look::Flamegraph(flame) => pictures::flamegraph(flame),
        Look::Diff(diff) => diff::run(diff),
        Look::Trace(trace) => export::run(trace),
    }
}
