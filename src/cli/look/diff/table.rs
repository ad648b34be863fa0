//! Rows of two runs as a table of text.
//! It does not know what the rows are of.

use super::compare::Row;
use crate::cli::words;

/// Longer names lose their middle.
const NAME: usize = 48;

/// What values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nanoseconds.
    Time,
    /// Microseconds.
    Micros,
    Bytes,
}

impl Kind {
    fn text(self, value: u64) -> String {
        match self {
            Kind::Time => words::duration(value),
            Kind::Micros => words::duration(value.saturating_mul(1000)),
            Kind::Bytes => words::bytes(value),
        }
    }
}

/// How a table is called, and how much of it is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) top: usize,
}

impl Table<'_> {
    /// The table, after an empty line. The share of a row is that of all changes.
    pub(super) fn text(&self, rows: &[Row]) -> String {
        let whole: u128 = rows.iter().map(|r| u128::from(r.change())).sum();
        let cells: Vec<[String; 5]> = rows
            .iter()
            .filter(|r| r.change() > 0)
            .take(self.top)
            .map(|r| self.cells(r, whole))
            .collect();
        let mut out = format!("\n{}\n", self.name);
        if cells.is_empty() {
            return out + "  no change\n";
        }
        let head = ["", "before", "after", "change", "share"].map(ToOwned::to_owned);
        let all: Vec<&[String; 5]> = std::iter::once(&head).chain(&cells).collect();
        let wide = |i: usize| all.iter().map(|c| c[i].chars().count()).max().unwrap_or(0);
        let widths: [usize; 5] = std::array::from_fn(wide);
        for cells in all {
            let mut line = format!("  {:<1$}", cells[0], widths[0]);
            for (cell, width) in cells.iter().zip(widths).skip(1) {
                line += &format!("  {cell:>width$}");
            }
            out += line.trim_end();
            out.push('\n');
        }
        let hidden = rows.iter().filter(|r| r.change() > 0).count() - cells.len();
        if hidden > 0 {
            out += &format!("  and {} more (--top shows more)\n", words::count(hidden as u64));
        }
        out
    }

    fn cells(&self, row: &Row, whole: u128) -> [String; 5] {
        let share = u128::from(row.change()) as f64 / whole.max(1) as f64 * 100.0;
        [
            words::shortened(&row.name, NAME),
            self.kind.text(row.before),
            self.kind.text(row.after),
            change(row.before, row.after, self.kind),
            format!("{share:.0} %"),
        ]
    }
}

/// A change with its sign, and in per cent of what was: `+1.20 s (+35 %)`.
pub(super) fn change(before: u64, after: u64, kind: Kind) -> String {
    let sign = if after < before { '-' } else { '+' };
    let amount = kind.text(before.abs_diff(after));
    match before {
        _ if before == after => "no change".to_owned(),
        0 => format!("{sign}{amount} (new)"),
        _ if after == 0 => format!("{sign}{amount} (gone)"),
        _ => {
            let percent = before.abs_diff(after) as f64 / before as f64 * 100.0;
            let places = usize::from(percent < 9.95);
            format!("{sign}{amount} ({sign}{percent:.places$} %)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, before: u64, after: u64) -> Row {
        Row { name: name.to_owned(), before, after }
    }

    #[test]
    fn columns_stand_under_one_another() {
        let rows = [row("clean", 2_000_000, 6_000_000), row("sum", 0, 900), row("read", 500, 400)];
        let table = Table { name: "time, by group", kind: Kind::Time, top: 2 };
        let want = "
time, by group
          before    after             change  share
  clean  2.00 ms  6.00 ms  +4.00 ms (+200 %)  100 %
  sum       0 ns   900 ns      +900 ns (new)    0 %
  and 1 more (--top shows more)
";
        assert_eq!(table.text(&rows), want);
    }

    #[test]
    fn changes_have_signs() {
        let of = |a, b| change(a, b, Kind::Bytes);
        assert_eq!(of(1000, 1050), "+50 B (+5.0 %)");
        assert_eq!(of(1000, 250), "-750 B (-75 %)");
        assert_eq!(of(10, 0), "-10 B (gone)");
        assert_eq!(of(10, 10), "no change");
        let same = Table { name: "x", kind: Kind::Bytes, top: 9 }.text(&[row("a", 3, 3)]);
        assert_eq!(same, "\nx\n  no change\n");
    }
}
