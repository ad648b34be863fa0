//! One set of axes with what is in it: areas, lines, marks, and what is said under the pointer.
//! It does not know where it stands on the page.

use crate::legend::Entry;

/// What values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Bytes,
    Count,
    /// From 0 to 1.
    Share,
}

/// A curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    /// Class of its fill or its line.
    pub(super) class: String,
    /// Times and values.
    pub(super) points: Vec<(u64, f64)>,
}

/// A moment that is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: u64,
    pub(super) text: String,
}

/// A stretch of time, and what is said of it under the pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hover {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) text: String,
}

/// One set of axes with what is in it.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub(super) name: &'static str,
    /// What stands beside the name.
    pub(super) summary: String,
    pub(super) unit: Unit,
    /// The upper end of the axis.
    pub(super) most: f64,
    /// Each stands on the one before, at the same times.
    pub(super) areas: Vec<Series>,
    pub(super) lines: Vec<Series>,
    pub(super) marks: Vec<Mark>,
    pub(super) hovers: Vec<Hover>,
    pub(super) legend: Vec<Entry>,
    /// Why nothing can be drawn, where that is so.
    pub(super) empty: Option<&'static str>,
}

impl Panel {
    /// A panel with nothing in it.
    pub(super) fn new(name: &'static str, unit: Unit) -> Panel {
        Panel {
            name,
            summary: String::new(),
            unit,
            most: 1.0,
            areas: Vec::new(),
            lines: Vec::new(),
            marks: Vec::new(),
            hovers: Vec::new(),
            legend: Vec::new(),
            empty: None,
        }
    }

    /// Explains a class of swatches.
    pub(super) fn explain(&mut self, class: &str, name: impl Into<String>) {
        self.legend.push(Entry { class: class.to_owned(), round: 2.0, name: name.into() });
    }
}

/// Equal stretches that the time of a run is cut into, not more than can be told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Buckets {
    pub(super) span: u64,
    pub(super) count: usize,
}

impl Buckets {
    /// The bucket that a time falls into.
    pub(super) fn of(self, at: u64) -> usize {
        let place = u128::from(at) * self.count as u128 / u128::from(self.span.max(1));
        (place as usize).min(self.count - 1)
    }

    /// When a bucket begins; that after the last begins at the end.
    pub(super) fn start(self, bucket: usize) -> u64 {
        (u128::from(self.span) * bucket as u128 / self.count as u128) as u64
    }

    /// How long a bucket is.
    pub(super) fn width(self, bucket: usize) -> u64 {
        self.start(bucket + 1) - self.start(bucket)
    }

    /// Points of a curve that has one value a bucket: its two ends.
    pub(super) fn steps(self, values: &[f64]) -> Vec<(u64, f64)> {
        let mut points: Vec<(u64, f64)> = Vec::new();
        for (i, &v) in values.iter().enumerate() {
            // A run of equal values needs no points between its ends.
            if i > 0 && v == values[i - 1] {
                points.pop();
            } else {
                points.push((self.start(i), v));
            }
            points.push((self.start(i + 1), v));
        }
        points
    }
}

/// Marks so far apart that they can be told from each other, with what each stands for.
pub(super) fn thinned(marks: Vec<Mark>, apart: u64) -> Vec<Mark> {
    let mut kept: Vec<(Mark, u64)> = Vec::new();
    for mark in marks {
        match kept.last_mut() {
            Some((last, more)) if mark.at.saturating_sub(last.at) < apart => *more += 1,
            _ => kept.push((mark, 0)),
        }
    }
    let named = |(mark, more): (Mark, u64)| match more {
        0 => mark,
        n => Mark { text: format!("{}\nand {n} more soon after", mark.text), ..mark },
    };
    kept.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_without_gaps() {
        for (span, count) in [(10, 3), (1, 7), (0, 2), (u64::MAX, 500)] {
            let b = Buckets { span, count };
            assert_eq!(b.start(count), span);
            assert_eq!((0..count).map(|i| u128::from(b.width(i))).sum::<u128>(), span.into());
            assert!((0..count).all(|i| b.width(i) == 0 || b.of(b.start(i) + b.width(i) - 1) <= i));
        }
        let b = Buckets { span: 40, count: 4 };
        let steps = b.steps(&[1.0, 1.0, 2.0, 1.0]);
        assert_eq!(steps, [(0, 1.0), (20, 1.0), (20, 2.0), (30, 2.0), (30, 1.0), (40, 1.0)]);
    }

    #[test]
    fn marks_that_are_close_become_one() {
        let mark = |at| Mark { at, text: "died".to_owned() };
        let kept = thinned(vec![mark(0), mark(3), mark(9), mark(30)], 10);
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0].text, "died\nand 2 more soon after");
    }
}
