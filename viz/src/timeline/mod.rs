//! The timeline of a run: one row a worker, one box a task, time from left to right.
//! It decides nothing about colours and text; it reads a trace and nothing else.

mod draw;
mod lanes;

use std::io::{self, Write};

use tine_profiler::Trace;

/// How to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Width of the picture in pixels.
    pub width: f64,
    /// Stands above the picture.
    pub title: String,
    /// Where the picture begins, in nanoseconds from the start of the run; at its start, where this
    /// is not given.
    pub from: Option<u64>,
    /// Where it ends; at the end of the run, where this is not given.
    pub to: Option<u64>,
    /// The group that has colour, by its place in [`Trace::groups`]; all have, where this is not
    /// given.
    pub group: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options { width: 1280.0, title: "Timeline".to_owned(), from: None, to: None, group: None }
    }
}

/// Draws the timeline of a run as SVG, light or dark as the viewer is.
///
/// Tasks that would be narrower than half a pixel are drawn together, so that the picture of a
/// million tasks is no larger than one of some thousand. Deaths of workers, failed tasks, and tasks
/// that were tried again are marked, however narrow they are.
///
/// ```
/// use tine_profiler::Trace;
/// use tine_viz::timeline;
/// let mut picture = Vec::new();
/// timeline::svg(&Trace::default(), &timeline::Options::default(), &mut picture)?;
/// assert!(picture.starts_with(b"<svg "));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn svg(trace: &Trace, options: &Options, out: &mut impl Write) -> io::Result<()> {
    draw::draw(trace, options, out)
}
