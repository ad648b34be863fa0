//! The graph of a run by layer: one box a group, from what the trace knows of inputs.
//! It does not draw: the pictures of graphs do.

use std::io;
use std::panic::Location;
use std::sync::Arc;

use tine_profiler::Trace;
use tine_scheduler::{Dependency, Finished, Graph, Result, TaskBody, TaskContext, TaskId, TypeTag};

use super::Run;
use crate::graph::{self, Level};

/// A task that is drawn and never run.
struct Drawn;

impl TaskBody for Drawn {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        task.finish(())
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<()>()
    }
}

/// The picture, in a tree of its own so that its style and that of the page leave each other alone.
pub(super) fn section(run: &Run<'_>) -> io::Result<String> {
    Ok(match svg(run.trace)? {
        None => "<p class=\"none\">No graph: there is no task.</p>\n".to_owned(),
        Some(picture) => format!(
            "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Layers\"><div \
             id=\"layers-picture\"><template shadowrootmode=\"open\">{picture}</template></div></div>\n"
        ),
    })
}

/// The picture as SVG; `None` where there is nothing to draw.
fn svg(trace: &Trace) -> io::Result<Option<String>> {
    if trace.is_empty() {
        return Ok(None);
    }
    let place = Location::caller();
    let Ok(graph) = graph_of(trace, place) else { return Ok(None) };
    let options =
        graph::Options { level: Level::Layers, title: "Layers".to_owned(), ..Default::default() };
    let mut out = Vec::new();
    let input = graph::Input { graph: &graph, outputs: &[], trace: Some(trace) };
    graph::svg(&input, &options, &mut out)?;
    let picture = String::from_utf8_lossy(&out).into_owned();
    // The graph was made here, which is nothing that a user wants to know.
    Ok(Some(picture.replace(&format!("first created at {place}\n"), "")))
}

fn graph_of(trace: &Trace, place: &'static Location<'static>) -> Result<Graph> {
    let mut builder = Graph::builder();
    let groups: Vec<_> = trace.groups().iter().map(|g| builder.group(&g.name)).collect();
    let body: Arc<dyn TaskBody> = Arc::new(Drawn);
    for t in trace.tasks() {
        // Ranks are a topological order; what is not would make a cycle.
        let inputs = t.inputs.iter().filter(|&&i| (i as usize) < t.rank);
        let inputs = inputs.map(|&i| Dependency::Task(TaskId::from_index(i as usize)));
        builder.push_at(groups[t.group], inputs, body.clone(), place);
    }
    builder.build()
}
