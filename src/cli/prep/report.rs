//! What is said in the end: a table for people, one JSON object for programs.
//! It looks at no file.

use serde::Serialize;
use tine_datasets::{Order, Row};

use crate::cli::words::{bytes, plural};

/// Everything that is reported.
#[derive(Clone, Debug)]
pub(crate) struct Report<'a> {
    /// What was wanted.
    pub(crate) order: &'a Order,
    /// What was done about each data set.
    pub(crate) rows: Vec<Row>,
    /// From start to end.
    pub(crate) seconds: f64,
}

impl Report<'_> {
    /// The report as text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}: {}\n\n", self.order.folder.display(), self.order.recipe);
        for row in &self.rows {
            let files = plural((row.kept + row.written) as u64, "file");
            let (name, size) = (row.dataset.name(), bytes(row.bytes));
            text += &format!("  {name:<10}{files:>10}{size:>10}   {}\n", deeds(row));
        }
        let sum = |of: fn(&Row) -> usize| self.rows.iter().map(of).sum::<usize>();
        let (written, kept) = (sum(|r| r.written), sum(|r| r.kept));
        let all = bytes(self.rows.iter().map(|r| r.bytes).sum());
        let done = match (written, kept) {
            (0, _) => "all was there, nothing written".to_owned(),
            (n, 0) => format!("{} written", plural(n as u64, "file")),
            (n, kept) => format!("{} written, {kept} kept", plural(n as u64, "file")),
        };
        text + &format!("\n  {all} in all; {done}, in {:.2} s\n", self.seconds)
    }

    /// The report as one line with one JSON object.
    pub(crate) fn json(&self) -> String {
        let dataset = |row: &Row| Data {
            name: row.dataset.name(),
            files: row.kept + row.written,
            written: row.written,
            kept: row.kept,
            foreign: row.foreign,
            bytes: row.bytes,
        };
        let object = Json {
            folder: self.order.folder.display().to_string(),
            scale: self.order.recipe.scale.to_string(),
            seed: self.order.recipe.seed,
            datasets: self.rows.iter().map(dataset).collect(),
            bytes: self.rows.iter().map(|r| r.bytes).sum(),
            seconds: self.seconds,
        };
        serde_json::to_string(&object).expect("strings and numbers are JSON") + "\n"
    }
}

fn deeds(row: &Row) -> String {
    let mut deeds = Vec::new();
    if row.written > 0 {
        deeds.push(format!("{} written", row.written));
    }
    match (row.kept, row.foreign) {
        (0, _) => {}
        (kept, 0) => deeds.push(format!("{kept} kept: there already")),
        (kept, _) => deeds.push(format!("{kept} kept: not written by tine prep")),
    }
    deeds.join(", ")
}

/// The object of `--json`; the order of its fields is that of the output. An array is one file.
#[derive(Serialize)]
struct Json {
    folder: String,
    scale: String,
    seed: u64,
    datasets: Vec<Data>,
    bytes: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct Data {
    name: &'static str,
    files: usize,
    written: usize,
    kept: usize,
    foreign: usize,
    bytes: u64,
}

#[cfg(test)]
mod tests {
    use tine_datasets::{Dataset, Recipe};

    use super::*;

    #[test]
    fn says_what_was_written_and_what_was_there() {
        let row =
            |dataset, written, kept, foreign, bytes| Row { dataset, written, kept, foreign, bytes };
        let order = Order {
            folder: "d".into(),
            recipe: Recipe::SMALL,
            datasets: Vec::new(),
            overwrite: false,
        };
        let rows = vec![
            row(Dataset::Accounts, 4, 0, 0, 884_000),
            row(Dataset::Json, 1, 4, 0, 150_000),
            row(Dataset::Text, 0, 2, 2, 3_000_000),
        ];
        let report = Report { order: &order, rows, seconds: 0.25 };
        let want = "\
d: scale small, seed 42

  accounts     4 files    884 kB   4 written
  json         5 files    150 kB   1 written, 4 kept: there already
  text         2 files   3.00 MB   2 kept: not written by tine prep

  4.03 MB in all; 5 files written, 6 kept, in 0.25 s
";
        assert_eq!(report.text(), want);
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!((&json["bytes"], &json["scale"]), (&4_034_000.into(), &"small".into()));
        assert_eq!(json["datasets"][1]["kept"], 4);
    }
}
