//! Flame graphs of a run, by inferno: the group is the root, what it did stands on it.
//! It reads the folded stacks of traces, and nothing else.
//!
//! inferno is under the CDDL-1.0, and so behind the feature `flame`. Without it the pictures here say
//! what is missing, and everything else of this crate is as it was.

#[cfg(feature = "flame")]
mod colours;
#[cfg(feature = "flame")]
mod draw;
mod titles;

use std::io::{self, Write};

use tine_profiler::{Fold, Measure, Trace};

use crate::svg::{Page, Svg};
use crate::text;

/// Whether this crate was built with what draws flame graphs.
pub const AVAILABLE: bool = cfg!(feature = "flame");

/// How to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Width of the picture in pixels; as wide as the window, where it is not given.
    pub width: Option<usize>,
    /// Stands above the picture; where it is empty, what is shown.
    pub title: String,
    /// What frames are as wide as. Where it is not given: CPU time where workers were looked at ten
    /// times or more, and otherwise the time in tasks.
    pub measure: Option<Measure>,
    /// One group alone, by its place in [`Trace::groups`].
    pub group: Option<usize>,
    /// One worker alone.
    pub worker: Option<u16>,
    /// Roots at the top: an icicle graph.
    pub icicle: bool,
}

/// Fewer looks at workers than these say less of where time went than the times of tasks do.
const ENOUGH: usize = 10;

impl Options {
    /// What frames are as wide as in pictures of `trace`.
    pub fn measure_of(&self, trace: &Trace) -> Measure {
        let sampled = trace.cpu_samples().len() >= ENOUGH;
        self.measure.unwrap_or(if sampled { Measure::Cpu } else { Measure::Wall })
    }

    fn fold(&self, measure: Measure) -> Fold {
        Fold { measure, group: self.group, worker: self.worker }
    }
}

/// Draws where the time or the memory of a run went as SVG: click to zoom, Ctrl-F to search.
///
/// Groups have the colours that they have in the other pictures, functions that of their crate. A
/// run in which nothing of the kind was recorded gives a picture that says why, and what to do.
///
/// ```
/// use tine_profiler::Trace;
/// use tine_viz::flame;
/// let mut picture = Vec::new();
/// flame::svg(&Trace::default(), &flame::Options::default(), &mut picture)?;
/// # if flame::AVAILABLE {
/// assert!(String::from_utf8_lossy(&picture).contains("no task that took time"));
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn svg(trace: &Trace, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let measure = options.measure_of(trace);
    let title = titles::title(trace, options, measure);
    let folded = trace.fold(&options.fold(measure));
    if folded.is_empty() || !AVAILABLE {
        return nothing(&title, &titles::why_nothing(trace, options, measure), out);
    }
    #[cfg(feature = "flame")]
    return draw::one(trace, options, (&title, &folded, measure), out);
    #[cfg(not(feature = "flame"))]
    Ok(())
}

/// Draws what changed from one run to another as SVG: frames are as wide as in the second, red where
/// they grew and blue where they shrank. What is not in the second any more is not in the picture.
///
/// With `normalise`, the first run is scaled so that both have the same total: what is red or blue
/// then has another share of it. Runs are compared by CPU time only if both have it.
///
/// ```
/// use tine_profiler::Trace;
/// use tine_viz::flame;
/// let (before, after) = (Trace::default(), Trace::default());
/// let mut picture = Vec::new();
/// flame::difference((&before, &after), &flame::Options::default(), false, &mut picture)?;
/// # if flame::AVAILABLE {
/// assert!(String::from_utf8_lossy(&picture).contains("no task that took time"));
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// `group` of the options is a place in the groups of the first; the second has it by its name.
///
/// # Errors
/// Those of `out`.
pub fn difference(
    (before, after): (&Trace, &Trace),
    options: &Options,
    normalise: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let both = [before, after].map(|t| options.measure_of(t));
    let measure = if both[0] == both[1] { both[0] } else { Measure::Wall };
    let name = options.group.and_then(|g| before.groups().get(g)).map(|g| &g.name);
    let place = after.groups().iter().position(|g| Some(&g.name) == name);
    // A group that is not there has no stacks, not those of all groups.
    let second =
        Options { group: options.group.map(|_| place.unwrap_or(usize::MAX)), ..options.clone() };
    let folded = [before.fold(&options.fold(measure)), after.fold(&second.fold(measure))];
    let title = titles::difference(before, options, measure, normalise);
    if folded[1].is_empty() || !AVAILABLE {
        return nothing(&title, &titles::why_nothing(after, options, measure), out);
    }
    #[cfg(feature = "flame")]
    return draw::two(options, (&title, &folded, measure), normalise, out);
    #[cfg(not(feature = "flame"))]
    Ok(())
}

/// A picture of sentences, one a line.
fn nothing(title: &str, why: &[&str], out: &mut impl Write) -> io::Result<()> {
    let longest = why.iter().map(|w| text::width(w, 12.0)).fold(text::width(title, 12.0), f64::max);
    let height = 54.0 + 20.0 * why.len() as f64;
    let page = Page { width: (longest + 40.0).max(360.0), height, title: why[0], style: "" };
    let mut svg = Svg::begin(out, &page)?;
    svg.text(20.0, 34.0, "strong", title)?;
    for (i, line) in why.iter().enumerate() {
        svg.text(20.0, 58.0 + 20.0 * i as f64, "quiet", line)?;
    }
    svg.end()
}
