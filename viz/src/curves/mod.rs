//! What changed in the course of a run, as curves over its time: memory, parallelism, CPU, progress.
//! It reads a trace and nothing else.

mod draw;
mod memory;
mod panel;
mod progress;
mod tasks;

use std::io::{self, Write};

use tine_profiler::Trace;

/// Something that changes in the course of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Curve {
    /// Private memory of the processes and results in memory files, one on the other, with the
    /// budget, and with notices as marks.
    Memory,
    /// Tasks that ran at once, with the workers that there were and their deaths.
    Parallelism,
    /// Cores that the processes kept busy.
    Cpu,
    /// How much of each group had ended.
    Progress,
}

impl Curve {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Curve; 4] = [Curve::Parallelism, Curve::Progress, Curve::Cpu, Curve::Memory];
}

/// How to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Width of the picture in pixels.
    pub width: f64,
    /// Stands above the picture; left out where it is empty.
    pub title: String,
    /// Which curves, from top to bottom.
    pub curves: Vec<Curve>,
}

impl Default for Options {
    fn default() -> Self {
        Options { width: 1280.0, title: "Curves".to_owned(), curves: Curve::ALL.to_vec() }
    }
}

/// Draws curves over the time of a run as SVG, light or dark as the viewer is.
///
/// All have one axis of time. They are thinned to what can be seen, keeping peaks, so that hours are
/// no larger than seconds. A curve for which nothing was recorded says so.
///
/// ```
/// use tine_profiler::Trace;
/// use tine_viz::curves;
/// let mut picture = Vec::new();
/// curves::svg(&Trace::default(), &curves::Options::default(), &mut picture)?;
/// assert!(picture.starts_with(b"<svg "));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn svg(trace: &Trace, options: &Options, out: &mut impl Write) -> io::Result<()> {
    draw::draw(trace, options, out)
}
