//! The graph of a run by layer: one box a group, from what the trace knows of inputs.
//! It does not draw: the pictures of graphs do.

use std::io;

use tine_profiler::Trace;

use super::Run;
use super::html::visible;
use crate::graph::{self, Level, Shape};

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
    let options =
        graph::Options { level: Level::Layers, title: "Layers".to_owned(), ..Default::default() };
    let mut out = Vec::new();
    let input = graph::Input { shape: &Shape::of_trace(trace), trace: Some(trace) };
    graph::svg(&input, &options, &mut out)?;
    Ok(Some(String::from_utf8_lossy(&out).chars().map(visible).collect()))
}
