//! Folded stacks as SVG by inferno, with the colours and the dark side of the other pictures.
//! It does not decide what is drawn.

use std::collections::BTreeMap;
use std::io::{self, Write};

use inferno::flamegraph::color::{BackgroundColor, BasicPalette, Color};
use inferno::flamegraph::{self, Direction, Palette};
use tine_profiler::{Folded, Measure, Trace};

use super::{Options, colours, titles};

/// For dark surroundings. Frames keep their light colours, on which inferno writes black.
const DARK: &str = "\
text { fill:#20242c }
#subtitle { fill:#5b6472 }
#search { opacity:0.6 }
@media (prefers-color-scheme: dark) {
#background stop { stop-color:#15181e }
svg > text { fill:#e6e9ef !important }
svg > #subtitle { fill:#9aa4b2 !important }
#frames > *:hover { stroke:white }
#frames rect { filter:brightness(0.88) }
}
@media (max-width: 700px) {
#title { font-size:13px; transform:translateY(4px) }
#search, #unzoom { transform:translateY(-11px) }
}
@media (max-width: 450px) {
#title, #subtitle { font-size:11px }
}
";

/// One run.
pub(super) fn one(
    trace: &Trace,
    options: &Options,
    (title, folded, measure): (&str, &Folded, Measure),
    out: &mut impl Write,
) -> io::Result<()> {
    let mut colours = colours::of_frames(trace, folded, measure);
    let mut inferno = house(options, title, measure);
    inferno.subtitle = Some(titles::subtitle(trace, options, (folded, measure)));
    inferno.palette_map = Some(&mut colours);
    let lines: Vec<String> = folded.stacks().map(|(stack, n)| format!("{stack} {n}")).collect();
    draw(&mut inferno, &lines, out)
}

/// The change between two.
pub(super) fn two(
    options: &Options,
    (title, folded, measure): (&str, &[Folded; 2], Measure),
    normalise: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let totals = [folded[0].total(), folded[1].total()];
    let mut inferno = house(options, title, measure);
    let [before, after] = totals.map(|t| titles::amount(measure, t));
    let scaled = if normalise { ", the first scaled to the second" } else { "" };
    inferno.subtitle =
        Some(format!("{before} before, {after} after{scaled}; red grew, blue shrank"));
    let mut stacks: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (side, folded) in folded.iter().enumerate() {
        for (stack, n) in folded.stacks() {
            stacks.entry(stack).or_default()[side] = n;
        }
    }
    let scale = |n: u64| match normalise && totals[0] > 0 {
        // The quotient is at most the second total, which is a u64.
        true => (u128::from(n) * u128::from(totals[1]) / u128::from(totals[0])) as u64,
        false => n,
    };
    let lines: Vec<String> =
        stacks.iter().map(|(stack, [a, b])| format!("{stack} {} {b}", scale(*a))).collect();
    draw(&mut inferno, &lines, out)
}

fn house(options: &Options, title: &str, measure: Measure) -> flamegraph::Options<'static> {
    let mut inferno = flamegraph::Options::default();
    inferno.title = title.to_owned();
    inferno.image_width = options.width;
    (inferno.count_name, inferno.name_type) = match measure {
        Measure::Wall => ("µs".to_owned(), "Task:".to_owned()),
        Measure::Cpu => ("µs".to_owned(), "Function:".to_owned()),
        Measure::Live | Measure::Allocated => ("bytes".to_owned(), "Function:".to_owned()),
    };
    if options.icicle {
        inferno.direction = Direction::Inverted;
    }
    inferno.font_type = "monospace".to_owned();
    inferno.font_width = 0.61; // the widest of the usual fonts of one width
    inferno.frame_height = 20;
    inferno.colors = Palette::Basic(BasicPalette::Blue);
    inferno.bgcolors = Some(BackgroundColor::Flat(Color { r: 255, g: 255, b: 255 }));
    inferno.deterministic = true;
    inferno
}

fn draw(
    inferno: &mut flamegraph::Options<'_>,
    lines: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    let mut picture = Vec::new();
    flamegraph::from_lines(inferno, lines.iter().map(String::as_str), &mut picture)?;
    // inferno takes no style of ours: it is put at the end of its own.
    let end = b"</style>";
    let at = picture.windows(end.len()).position(|w| w == end).unwrap_or(0);
    let (before, after) = picture.split_at(at);
    out.write_all(before)?;
    if at > 0 {
        out.write_all(DARK.as_bytes())?;
    }
    out.write_all(after)
}
