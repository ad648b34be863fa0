//! Flame graphs of a run, by inferno: the group is the root, its tasks stand on it.
//! It reads the folded stacks of a trace, and nothing else.

use std::io::{self, Write};

use inferno::flamegraph::color::{BackgroundColor, BasicPalette, Color, PaletteMap};
use inferno::flamegraph::{self, Palette};
use tine_profiler::Trace;

use crate::palette::Colour;
use crate::svg::{Page, Svg};
use crate::text;

/// How to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Width of the picture in pixels; as wide as the window, where it is not given.
    pub width: Option<usize>,
    /// Stands above the picture.
    pub title: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { width: None, title: "Flame graph".to_owned() }
    }
}

/// Draws where the time of a run went as SVG: click to zoom, Ctrl-F to search.
///
/// Groups have the colours that they have in the other pictures. A run without a task that took
/// time gives a picture that says so.
///
/// ```
/// use tine_profiler::Trace;
/// use tine_viz::flame;
/// let mut picture = Vec::new();
/// flame::svg(&Trace::default(), &flame::Options::default(), &mut picture)?;
/// assert!(String::from_utf8_lossy(&picture).contains("no task that took time"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn svg(trace: &Trace, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let folded = trace.folded();
    if folded.is_empty() {
        return nothing(&options.title, out);
    }
    let mut colours = colours(trace, &folded);
    let mut inferno = flamegraph::Options::default();
    inferno.title = options.title.clone();
    inferno.subtitle = Some(subtitle(trace));
    inferno.image_width = options.width;
    inferno.count_name = "µs".to_owned();
    inferno.name_type = "Task:".to_owned();
    inferno.font_type = "monospace".to_owned();
    inferno.font_width = 0.61; // the widest of the usual fonts of one width
    inferno.frame_height = 20;
    inferno.colors = Palette::Basic(BasicPalette::Blue);
    inferno.bgcolors = Some(BackgroundColor::Flat(Color { r: 255, g: 255, b: 255 }));
    inferno.deterministic = true;
    inferno.palette_map = Some(&mut colours);
    flamegraph::from_lines(&mut inferno, folded.lines(), out)
}

fn subtitle(trace: &Trace) -> String {
    let totals = trace.group_totals();
    let time: u64 = totals.iter().map(|t| t.time).sum();
    let ran: u64 = totals.iter().map(|t| t.ran).sum();
    format!("{} in {}, summed over workers", text::duration(time), text::plural(ran, "task"))
}

/// The colour of each frame: that of its group, paler for what stands on it.
fn colours(trace: &Trace, folded: &str) -> PaletteMap {
    let mut map = PaletteMap::default();
    let mut next = 0..;
    let used = trace.group_totals().into_iter().map(|t| t.tasks > 0);
    let places: Vec<usize> = used.map(|u| if u { next.next().unwrap_or(0) } else { 0 }).collect();
    let names = trace.groups().iter().map(|g| tine_profiler::frame_name(&g.name));
    let by_name: std::collections::HashMap<String, usize> = names.zip(places).collect();
    for line in folded.lines() {
        let stack = line.rsplit_once(' ').map_or(line, |(s, _)| s);
        let mut frames = stack.split(';');
        let group = frames.next().unwrap_or_default();
        let colour = Colour::of(by_name.get(group).copied().unwrap_or(0));
        map.insert(group, light(colour, 0.75));
        for frame in frames {
            map.insert(frame, light(colour, 0.45));
        }
    }
    // The frame below all, which inferno shows as `all`, has no name.
    map.insert("", Color { r: 225, g: 228, b: 233 });
    map
}

/// Mixed with white, because inferno writes black on all colours.
fn light(colour: Colour, share: f64) -> Color {
    let [r, g, b] = colour.mix([255; 3], share).rgb();
    Color { r, g, b }
}

fn nothing(title: &str, out: &mut impl Write) -> io::Result<()> {
    let why = "The run has no task that took time.";
    let page = Page { width: 480.0, height: 90.0, title: why, style: "" };
    let mut svg = Svg::begin(out, &page)?;
    svg.text(20.0, 34.0, "strong", title)?;
    svg.text(20.0, 60.0, "quiet", why)?;
    svg.end()
}
