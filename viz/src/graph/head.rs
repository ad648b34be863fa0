//! What stands above a picture of a graph: heading, how much there is, and the key to its colours.
//! It does not know where the boxes are.

use std::io::{self, Write};

use super::colour::{Key, Ramp};
use super::drawing::{Drawing, Paint};
use crate::legend::{Entry, Legend};
use crate::palette;
use crate::svg::Svg;
use crate::text;

const FONT: f64 = 12.0;
const TITLE: f64 = 15.0;
const LINE: f64 = 20.0;
/// Between title and summary on one line.
const APART: f64 = 16.0;
/// Width and height of a ramp, and of one that has one shade only.
const RAMP: (f64, f64) = (260.0, 12.0);
const ONE: f64 = 26.0;

/// A legend may make a narrow picture so wide before it is broken into rows: most windows are wider,
/// and narrower ones show the picture smaller.
const LEGEND: f64 = 720.0;

/// The head of a picture, laid out.
#[derive(Debug)]
pub(super) struct Head<'a> {
    title: String,
    summary: &'a str,
    /// Whether the summary has a line of its own.
    broken: bool,
    key: &'a Key,
    legend: Legend,
    pub(super) height: f64,
}

impl<'a> Head<'a> {
    /// Lays it out in `width` pixels.
    pub(super) fn new(drawing: &'a Drawing, title: &str, width: f64) -> Head<'a> {
        let title = text::fit(title, TITLE, width).unwrap_or_default();
        let needed = text::width(&title, TITLE) + APART + text::width(&drawing.summary, FONT);
        let broken = needed > width;
        let key = &drawing.key;
        let legend = Legend::new(entries(drawing), width);
        let mut height = 28.0 + if broken { LINE } else { 0.0 };
        height += if key.ramp.is_some() { 3.0 * LINE } else { 0.0 };
        height += if key.note.is_some() { LINE } else { 0.0 };
        height += legend.height;
        Head { title, summary: &drawing.summary, broken, key, legend, height }
    }

    /// The least width in which its words are not cut.
    pub(super) fn least_width(drawing: &Drawing) -> f64 {
        let ramp = drawing.key.ramp.as_ref().map_or(0.0, |(what, _)| text::width(what, FONT));
        let note = drawing.key.note.as_ref().map_or(0.0, |n| text::width(n, FONT));
        let legend = Legend::new(entries(drawing), LEGEND).width;
        text::width(&drawing.summary, FONT).max(ramp).max(note).max(legend.ceil())
    }

    /// Draws it with its corner at `left`, `top`.
    pub(super) fn draw(&self, svg: &mut Svg<impl Write>, left: f64, top: f64) -> io::Result<()> {
        let y = top + 14.0;
        let style = ("style", "font-size:15px".into());
        let at = [("x", left.into()), ("y", y.into()), ("class", "strong".into()), style];
        svg.inside("text", &at, &self.title)?;
        let after = left + text::width(&self.title, TITLE) + APART;
        let (x, y) = if self.broken { (left, y + LINE) } else { (after, y) };
        svg.text(x, y, "quiet", self.summary)?;
        let mut y = y + 14.0;
        if let Some((what, ramp)) = &self.key.ramp {
            svg.text(left, y + FONT, "quiet", what)?;
            draw_ramp(svg, ramp, left, y + LINE)?;
            y += 3.0 * LINE;
        }
        if let Some(note) = &self.key.note {
            svg.text(left, y + FONT, "quiet", note)?;
            y += LINE;
        }
        self.legend.draw(svg, left, y)
    }
}

/// Colours with names, then forms, then what bars are.
fn entries(drawing: &Drawing) -> Vec<Entry> {
    let key = &drawing.key;
    let swatch = |(paint, name): &(Paint, String)| {
        let class = match paint {
            Paint::Swatch(n) => format!("b {}", palette::class(*n)),
            Paint::Failed => "b bad".to_owned(),
            Paint::Plain | Paint::Shade(_) => "b data".to_owned(),
        };
        Entry { class, round: 3.0, name: name.clone() }
    };
    let form = |(class, round, name): (&str, f64, &str)| Entry {
        class: class.to_owned(),
        round,
        name: name.to_owned(),
    };
    let bars = key.bars.iter().map(|name| Entry {
        class: "fplain".to_owned(),
        round: 1.0,
        name: format!("bar: {name}"),
    });
    let swatches = key.swatches.iter().map(swatch);
    swatches.chain(key.forms(&drawing.nodes).into_iter().map(form)).chain(bars).collect()
}

fn draw_ramp(svg: &mut Svg<impl Write>, ramp: &Ramp, left: f64, top: f64) -> io::Result<()> {
    let ticks = ramp.ticks();
    let shades: Vec<usize> = ramp.shades().collect();
    let whole = if shades.len() > 1 { RAMP.0 } else { ONE };
    let step = whole / shades.len() as f64;
    for (i, shade) in shades.iter().enumerate() {
        let class = format!("v{shade}");
        let at = [
            ("class", (&class).into()),
            ("x", (left + i as f64 * step).into()),
            ("y", top.into()),
            // Half a pixel more, so that no line shows between two shades.
            ("width", (step + if i + 1 < shades.len() { 0.5 } else { 0.0 }).into()),
            ("height", RAMP.1.into()),
        ];
        svg.leaf("rect", &at)?;
    }
    if let [(_, only)] = &ticks[..] {
        return svg.text(left + whole + 8.0, top + FONT - 1.5, "", only);
    }
    for (place, label) in &ticks {
        let anchor = match *place {
            p if p <= 0.0 => "start",
            p if p >= 1.0 => "end",
            _ => "middle",
        };
        let at = [
            ("x", (left + place * whole).into()),
            ("y", (top + RAMP.1 + FONT + 2.0).into()),
            ("text-anchor", anchor.into()),
        ];
        svg.inside("text", &at, label)?;
    }
    Ok(())
}
