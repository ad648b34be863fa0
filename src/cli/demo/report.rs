//! What is said in the end: a table for people, one JSON object for programs.
//! It computes nothing and writes no file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use tine_scheduler::config::units::format_count;

use super::means::Means;

/// Everything that is reported.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The result.
    pub(crate) means: Means,
    /// The data that it is of.
    pub(crate) data: Data,
    /// How long each step took.
    pub(crate) seconds: Seconds,
    /// `processes`; `threads` where there are none.
    pub(crate) scheduler: String,
    /// How many of them.
    pub(crate) workers: usize,
    /// The most memory that all processes held at once, in bytes; `None` where it is not known.
    pub(crate) peak_memory: Option<u64>,
    /// What was written.
    pub(crate) paths: Paths,
}

/// The data that were read.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    /// How many files.
    pub(crate) files: usize,
    /// Their bytes in all.
    pub(crate) bytes: u64,
}

/// Times in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Seconds {
    /// Writing the files; `None` where they were there.
    pub(crate) generate: Option<f64>,
    /// The means, on all workers.
    pub(crate) parallel: f64,
    /// The means, on one thread.
    pub(crate) one_thread: f64,
}

/// Where things are.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Paths {
    /// The folder of the CSV files.
    #[serde(serialize_with = "lossy")]
    pub(crate) data: PathBuf,
    /// The picture of the tasks.
    #[serde(serialize_with = "lossy")]
    pub(crate) graph: PathBuf,
    /// The picture of the workers over time.
    #[serde(serialize_with = "lossy")]
    pub(crate) timeline: PathBuf,
    /// The picture of where time went.
    #[serde(serialize_with = "lossy")]
    pub(crate) flamegraph: PathBuf,
    /// All of it on one page, with what to think of it.
    #[serde(serialize_with = "lossy")]
    pub(crate) report: PathBuf,
    /// The record that timeline and flame graph are drawn from.
    #[serde(serialize_with = "lossy")]
    pub(crate) trace: PathBuf,
}

impl Report {
    fn speed_up(&self) -> f64 {
        self.seconds.one_thread / self.seconds.parallel
    }

    /// The report as one line with one JSON object.
    pub(crate) fn json(&self) -> String {
        let object = Json {
            mean_delay: self.means.origins.iter().map(|(o, m)| (o.as_str(), m.delay)).collect(),
            flights: self.means.origins.iter().map(|(o, m)| (o.as_str(), m.flights)).collect(),
            rows: self.means.rows(),
            files: self.data.files,
            bytes: self.data.bytes,
            generated: self.seconds.generate.is_some(),
            seconds: self.seconds,
            speed_up: self.speed_up(),
            scheduler: &self.scheduler,
            workers: self.workers,
            peak_memory_bytes: self.peak_memory,
            paths: self.paths.clone(),
        };
        serde_json::to_string(&object).expect("strings and numbers are JSON") + "\n"
    }

    /// The report as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.table(&mut text)
            .and_then(|()| self.facts(&mut text))
            .and_then(|()| self.files(&mut text))
            .expect("writing to a String cannot fail");
        text
    }

    fn table(&self, out: &mut String) -> std::fmt::Result {
        let width = self.means.origins.keys().map(|o| o.chars().count()).max().unwrap_or(0).max(6);
        writeln!(out, "Mean departure delay in minutes\n")?;
        writeln!(out, "  {:<width$}  {:>10}  {:>13}", "origin", "mean delay", "flights")?;
        for (origin, mean) in &self.means.origins {
            let flights = format_count(mean.flights);
            writeln!(out, "  {origin:<width$}  {:>10.2}  {flights:>13}", mean.delay)?;
        }
        Ok(())
    }

    fn facts(&self, out: &mut String) -> std::fmt::Result {
        let (rows, unknown) = (format_count(self.means.rows()), format_count(self.means.unknown));
        let (files, s) = (self.data.files, if self.data.files == 1 { "" } else { "s" });
        writeln!(out, "\n  {rows} flights in {files} file{s}, {}", bytes(self.data.bytes))?;
        if self.means.unknown > 0 {
            writeln!(
                out,
                "  {unknown} of them have no departure delay (cancelled) and count in no mean"
            )?;
        }
        let Seconds { generate, parallel, one_thread } = self.seconds;
        writeln!(out)?;
        if let Some(generate) = generate {
            writeln!(out, "  {:<14}{generate:>8.2} s", "writing files")?;
        }
        let workers = format!("{} {}", self.workers, self.scheduler);
        writeln!(out, "  {workers:<14}{parallel:>8.2} s")?;
        writeln!(out, "  {:<14}{one_thread:>8.2} s", "one thread")?;
        writeln!(out, "  {:<14}{:>8.2} times", "speed-up", self.speed_up())?;
        if let Some(peak) = self.peak_memory {
            writeln!(out, "  {:<14}{:>11}, all processes together", "peak memory", bytes(peak))?;
        }
        Ok(())
    }

    fn files(&self, out: &mut String) -> std::fmt::Result {
        let Paths { data, graph, timeline, flamegraph, report, trace } = &self.paths;
        let rows = [
            ("data", data),
            ("task graph", graph),
            ("timeline", timeline),
            ("flame graph", flamegraph),
            ("report", report),
            ("trace", trace),
        ];
        writeln!(out, "\nFiles (a browser shows report.html and the .svg files)\n")?;
        for (what, path) in rows {
            writeln!(out, "  {what:<14}{}", path.display())?;
        }
        Ok(())
    }
}

/// The object of `--json`; the order of its fields is that of the output.
#[derive(Serialize)]
struct Json<'a> {
    mean_delay: BTreeMap<&'a str, f64>,
    flights: BTreeMap<&'a str, u64>,
    rows: u64,
    files: usize,
    bytes: u64,
    generated: bool,
    seconds: Seconds,
    speed_up: f64,
    scheduler: &'a str,
    workers: usize,
    peak_memory_bytes: Option<u64>,
    paths: Paths,
}

/// A path that is not UTF-8 is no JSON string; what can be shown of it is shown.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// A size for people.
fn bytes(n: u64) -> String {
    match n {
        0..10_000 => format!("{n} bytes"),
        10_000..10_000_000 => format!("{:.0} kB", n as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.0} MB", n as f64 / 1e6),
        _ => format!("{:.1} GB", n as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::means::Mean;

    fn report() -> Report {
        let origins = [("EWR", 9.5, 1_117_000), ("JFK", 11.25, 442_000)]
            .map(|(o, delay, flights)| (o.to_owned(), Mean { delay, flights }));
        Report {
            means: Means { origins: origins.into(), unknown: 65_000 },
            data: Data { files: 10, bytes: 241_300_000 },
            seconds: Seconds { generate: Some(1.5), parallel: 0.5, one_thread: 0.95 },
            scheduler: "processes".into(),
            workers: 2,
            peak_memory: Some(61_200_000),
            paths: Paths {
                data: "d/nycflights".into(),
                graph: "o/graph.svg".into(),
                timeline: "o/timeline.svg".into(),
                flamegraph: "o/flamegraph.svg".into(),
                report: "o/report.html".into(),
                trace: "o/run.tine".into(),
            },
        }
    }

    #[test]
    fn text_is_complete() {
        let want = "\
Mean departure delay in minutes

  origin  mean delay        flights
  EWR           9.50      1,117,000
  JFK          11.25        442,000

  1,624,000 flights in 10 files, 241 MB
  65,000 of them have no departure delay (cancelled) and count in no mean

  writing files     1.50 s
  2 processes       0.50 s
  one thread        0.95 s
  speed-up          1.90 times
  peak memory         61 MB, all processes together

Files (a browser shows report.html and the .svg files)

  data          d/nycflights
  task graph    o/graph.svg
  timeline      o/timeline.svg
  flame graph   o/flamegraph.svg
  report        o/report.html
  trace         o/run.tine
";
        assert_eq!(report().text(), want);
    }

    #[test]
    fn json_is_one_object_on_one_line() {
        let line = report().json();
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["mean_delay"], serde_json::json!({ "EWR": 9.5, "JFK": 11.25 }));
        assert_eq!(value["rows"], 1_624_000);
        assert_eq!(value["seconds"]["parallel"], 0.5);
        assert_eq!(value["peak_memory_bytes"], 61_200_000);
        assert_eq!(value["paths"]["trace"], "o/run.tine");
    }

    #[test]
    fn sizes_and_counts_read_well() {
        assert_eq!([0, 999, 1000, 1234567].map(format_count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([5, 20_000, 12_300_000].map(bytes), ["5 bytes", "20 kB", "12 MB"]);
    }
}
