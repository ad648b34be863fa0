//! Rows of arguments, put together into jobs: some at a time, or as many as a line holds.
//! It does not know what a line looks like: its caller says how long an argument makes it.

use std::ops::Range;

use super::{Count, Rows};

/// How many rows a job has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// This many; the last job may have fewer.
    Rows(usize),
    /// As many as are this many lines, where a line whose end is blank goes on with the next row.
    Lines(usize),
    /// As many as a line holds.
    Fit {
        /// At most this many.
        most: Option<usize>,
        /// How many jobs share what is left when the input ends.
        spread: usize,
    },
}

/// Which rows each job has.
#[derive(Debug)]
pub struct Packer {
    packing: Packing,
    /// How much of a line arguments may take.
    limit: usize,
    /// The first row of each job, where these are not at equal distances.
    starts: Vec<usize>,
    /// Rows that were looked at.
    seen: usize,
    /// How much the rows of the job in the making take.
    length: usize,
    /// Lines in it.
    lines: usize,
    closed: bool,
}

impl Packer {
    /// No job yet. Arguments may take `limit` of a line.
    pub fn new(packing: Packing, limit: usize) -> Self {
        Packer { packing, limit, starts: vec![0], seen: 0, length: 0, lines: 0, closed: false }
    }

    /// Looks at the rows that have come. `length` says how much longer the arguments of a row make a
    /// line.
    pub fn take(&mut self, rows: &Rows, length: impl Fn(&[&[u8]]) -> usize) {
        let count = rows.count();
        let mut arguments = vec![];
        match self.packing {
            Packing::Rows(_) => self.seen = count.known,
            Packing::Lines(most) => {
                for row in self.seen..count.known {
                    self.lines += usize::from(!rows.goes_on(row));
                    if self.lines == most {
                        self.cut(row + 1);
                    }
                }
            }
            Packing::Fit { most, .. } => {
                for row in self.seen..count.known {
                    arguments.clear();
                    rows.row(row, &mut arguments);
                    let more = length(&arguments);
                    let start = self.starts[self.starts.len() - 1];
                    let full = most.is_some_and(|most| row - start == most);
                    if row > start && (full || self.length + more > self.limit) {
                        self.cut(row);
                    }
                    self.length += more;
                }
            }
        }
        self.seen = count.known;
        if count.closed && !self.closed {
            self.close();
        }
    }

    /// How many jobs there are.
    pub fn count(&self) -> Count {
        let known = match self.packing {
            Packing::Rows(most) if self.closed => self.seen.div_ceil(most),
            Packing::Rows(most) => self.seen / most,
            _ => self.starts.len() - 1,
        };
        Count { known, closed: self.closed }
    }

    /// Whether a blank at the end of a row means that the next one belongs to it.
    pub fn goes_on(&self) -> bool {
        matches!(self.packing, Packing::Lines(_))
    }

    /// The rows of a job that is known.
    pub fn rows(&self, job: usize) -> Range<usize> {
        match self.packing {
            Packing::Rows(most) => job * most..((job + 1).saturating_mul(most)).min(self.seen),
            _ => self.starts[job]..self.starts[job + 1],
        }
    }

    fn cut(&mut self, row: usize) {
        self.starts.push(row);
        (self.length, self.lines) = (0, 0);
    }

    /// What is left becomes the last job, or is shared among several.
    fn close(&mut self) {
        self.closed = true;
        let start = self.starts[self.starts.len() - 1];
        if matches!(self.packing, Packing::Rows(_)) || start == self.seen {
            return;
        }
        let share = match self.packing {
            Packing::Fit { spread, .. } => (self.seen - start).div_ceil(spread.max(1)),
            _ => self.seen - start,
        };
        let mut row = start;
        while row < self.seen {
            row = (row + share).min(self.seen);
            self.cut(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Group, Source, Splitter};

    fn pack(packing: Packing, limit: usize, words: &[&str]) -> Vec<Range<usize>> {
        let source = Source::words(words, &Splitter::default());
        let rows = Rows::new(vec![Group::new(source)], None);
        let mut packer = Packer::new(packing, limit);
        packer.take(&rows, |arguments| arguments.iter().map(|a| a.len() + 1).sum());
        assert!(packer.count().closed);
        (0..packer.count().known).map(|job| packer.rows(job)).collect()
    }

    #[test]
    fn rows_are_taken_as_the_packing_says() {
        let words = ["a", "b", "c ", "d", "e"];
        assert_eq!(pack(Packing::Rows(2), 0, &words), [0..2, 2..4, 4..5]);
        assert_eq!(pack(Packing::Lines(2), 0, &words), [0..2, 2..5]);
        assert_eq!(pack(Packing::Lines(1), 0, &words), [0..1, 1..2, 2..4, 4..5]);
        let fit = |most, spread| Packing::Fit { most, spread };
        assert_eq!(pack(fit(None, 1), 6, &words), [0..2, 2..4, 4..5]);
        assert_eq!(pack(fit(None, 1), 1, &words).len(), 5);
        assert_eq!(pack(fit(Some(3), 1), 99, &words), [0..3, 3..5]);
        assert_eq!(pack(fit(None, 4), 99, &["x"; 10]), [0..3, 3..6, 6..9, 9..10]);
        assert!(pack(fit(None, 4), 99, &[]).is_empty());
    }
}
