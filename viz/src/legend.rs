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
/// The longest name, in characters; where all names have room in so many rows, none is cut before
/// it is as long as it may be at all.
const LONGEST: usize = 32;
const FEW_ROWS: f64 = 2.0;
const LONGEST_OF_FEW: usize = 120;

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
    /// What its longest row takes.
    pub(crate) width: f64,
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
        let whole = Legend::with_names(shown.clone(), width, LONGEST_OF_FEW);
        match whole.height <= FEW_ROWS * ROW {
            true => whole,
            false => Legend::with_names(shown, width, LONGEST),
        }
    }

    /// Lays out `entries` whose names are cut to `longest` characters.
    fn with_names(entries: Vec<Entry>, width: f64, longest: usize) -> Legend {
        let (mut x, mut y, mut widest) = (0.0, 0.0, 0.0f64);
        let mut items = Vec::new();
        for mut entry in entries {
            entry.name = text::shorten(&entry.name, longest);
            let w = SWATCH + 6.0 + text::width(&entry.name, SIZE);
            if x > 0.0 && x + w > width {
                (x, y) = (0.0, y + ROW);
            }
            items.push((x, y, entry));
            widest = widest.max(x + w);
            x += w + GAP;
        }
        let height = if items.is_empty() { 0.0 } else { y + ROW };
        Legend { items, width: widest, height }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize, width: f64) -> Vec<String> {
        let name = "read_text-try_map-frequencies-by-partial".to_owned();
        let entry = |i| Entry { class: "c0".to_owned(), round: 0.0, name: format!("{name}-{i}") };
        let legend = Legend::new((0..n).map(entry).collect(), width);
        legend.items.into_iter().map(|(_, _, e)| e.name).collect()
    }

    #[test]
    fn names_are_cut_only_where_they_have_no_room() {
        assert!(
            names(3, 1200.0).iter().all(|n| n.starts_with("read_text-try_map-frequencies-by-"))
        );
        assert!(names(20, 1200.0).iter().all(|n| n.contains('…') && n.chars().count() == LONGEST));
    }
}
