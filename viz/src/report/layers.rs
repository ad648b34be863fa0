//! The graph of a run by layer: one box a group, from what the trace knows of inputs.
//! It does not draw: the pictures of graphs do.

use std::io;
use std::panic::Location;
use std::sync::Arc;

use tine_profiler::Trace;
use tine_scheduler::{Dependency, Finished, Graph, Result, TaskBody, TaskContext, TaskId, TypeTag};

use super::Run;
use super::html::visible;
use crate::graph::{self, Level};
use crate::text;

/// Longer names are cut, and then say no times: they would be said by name.
const LONGEST: usize = 400;

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
        Some(picture) => {
            // As wide as the page, unless its text could not be read then.
            let width = picture.split('"').skip_while(|p| !p.ends_with("width=")).nth(1);
            let width: f64 = width.and_then(|w| w.parse().ok()).unwrap_or(0.0);
            let least = (width * 0.72).min(4_000.0);
            format!(
                "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Layers\"><div \
             id=\"layers-picture\"><template shadowrootmode=\"open\"><style>svg{{max-width:100%;\
             min-width:{least:.0}px;height:auto}}</style>{picture}</template></div></div>\n"
            )
        }
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
    let picture: String = String::from_utf8_lossy(&out).chars().map(visible).collect();
    // The graph was made here, which is nothing that a user wants to know.
    Ok(Some(picture.replace(&format!("first created at {place}\n"), "")))
}

fn graph_of(trace: &Trace, place: &'static Location<'static>) -> Result<Graph> {
    let mut builder = Graph::builder();
    let groups = trace.groups().iter().map(|g| builder.group(&text::shorten(&g.name, LONGEST)));
    let groups: Vec<_> = groups.collect();
    let body: Arc<dyn TaskBody> = Arc::new(Drawn);
    for t in trace.tasks() {
        // Ranks are a topological order; what is not would make a cycle.
        let inputs = t.inputs.iter().filter(|&&i| (i as usize) < t.rank);
        let inputs = inputs.map(|&i| Dependency::Task(TaskId::from_index(i as usize)));
        builder.push_at(groups[t.group], inputs, body.clone(), place);
    }
    builder.build()
}
