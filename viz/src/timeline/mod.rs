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
}

impl Default for Options {
    fn default() -> Self {
        Options { width: 1280.0, title: "Timeline".to_owned() }
    }
}

/// Draws the timeline of a run as SVG, light or dark as the viewer is.
///
/// Tasks that would be narrower than half a pixel are drawn together, so that the picture of a
/// million tasks is no larger than one of some thousand.
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
