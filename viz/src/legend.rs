//! The legend: swatches with names, in rows that fit the width.
//! It does not know what they explain.

use std::io::{self, Write};

use crate::svg::Svg;
use crate::text;

const SIZE: f64 = 12.0;
const ROW: f64 = 20.0;
const SWATCH: f64 = 14.0;
const GAP: f64 = 20.0;
/// More names than this explain nothing.
const MOST: usize = 24;
/// The longest name, in characters.
const LONGEST: usize = 32;

/// One entry: how its swatch looks, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Class of the swatch.
    pub(crate) class: String,
    /// How round its corners are, in pixels.
    pub(crate) round: f64,
    pub(crate) name: String,
}

/// A legend laid out.
#[derive(Debug)]
pub(crate) struct Legend {
    /// Place of the swatch, class, radius, name.
    items: Vec<(f64, f64, Entry)>,
    pub(crate) height: f64,
}

impl Legend {
    /// Lays out `entries` in rows of at most `width` pixels.
    pub(crate) fn new(entries: Vec<Entry>, width: f64) -> Legend {
        let left_out = entries.len().saturating_sub(MOST);
        let mut shown: Vec<Entry> = entries.into_iter().take(MOST).collect();
        if left_out > 0 {
            let name = format!("and {} more", text::count(left_out as u64));
            shown.push(Entry { class: String::new(), round: 0.0, name });
        }
        let (mut x, mut y) = (0.0, 0.0);
        let mut items = Vec::new();
        for mut entry in shown {
            entry.name = text::shorten(&entry.name, LONGEST);
            let w = SWATCH + 6.0 + text::width(&entry.name, SIZE);
            if x > 0.0 && x + w > width {
                (x, y) = (0.0, y + ROW);
            }
            items.push((x, y, entry));
            x += w + GAP;
        }
        let height = if items.is_empty() { 0.0 } else { y + ROW };
        Legend { items, height }
    }

    /// Draws it with its corner at `left`, `top`.
    pub(crate) fn draw(&self, svg: &mut Svg<impl Write>, left: f64, top: f64) -> io::Result<()> {
        for (x, y, entry) in &self.items {
            let (x, y) = (left + x, top + y);
            if entry.class.is_empty() {
                svg.text(x, y + SIZE, "quiet", &entry.name)?;
                continue;
            }
            svg.leaf(
                "rect",
                &[
                    ("class", (&entry.class).into()),
                    ("x", (x + 0.5).into()),
                    ("y", (y + 1.5).into()),
                    ("width", (SWATCH - 1.0).into()),
                    ("height", (SWATCH - 3.0).into()),
                    ("rx", entry.round.into()),
                ],
            )?;
            svg.text(x + SWATCH + 6.0, y + SIZE - 0.5, "", &entry.name)?;
        }
        Ok(())
    }
}
