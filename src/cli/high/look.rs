//! What is meant by the subcommands that look at recorded runs: names of results, times, measures.
//! It opens nothing: whether a group or a run is there is found out later.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use tine_profiler::Measure;
use tine_scheduler::config::units;
use tine_viz::curves::Curve;
use tine_viz::graph::{ColourBy, Direction, Format, Level};

use crate::cli::failure::Failure;
use crate::cli::low;

/// Something to look at.
#[derive(Debug)]
pub(crate) enum Look {
    Report(Report),
    Diagnose(Diagnose),
    Graph(Graph),
    Timeline(Timeline),
    Curves(Curves),
    Flamegraph(Flamegraph),
    Diff(Diff),
    Trace(Trace),
}

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Which run, from 1; the longest, where it is not given.
    pub(crate) run: Option<usize>,
}

/// Where the result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

/// Where the result goes, and what is done with it then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) target: Target,
    pub(crate) open: bool,
}

/// `tine report`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) source: Source,
    pub(crate) output: Output,
}

/// `tine diagnose`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnose {
    pub(crate) source: Source,
}

/// `tine graph`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Graph {
    pub(crate) source: Source,
    pub(crate) format: Format,
    pub(crate) level: Level,
    pub(crate) direction: Direction,
    /// What colours say.
    pub(crate) colour: ColourBy,
    pub(crate) output: Output,
}

/// `tine timeline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    pub(crate) source: Source,
    /// Nanoseconds from the start of the run.
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
    pub(crate) group: Option<String>,
    pub(crate) width: Option<u32>,
    pub(crate) output: Output,
}

/// `tine curves`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Curves {
    pub(crate) source: Source,
    pub(crate) show: Vec<Curve>,
    pub(crate) width: Option<u32>,
    pub(crate) output: Output,
}

/// `tine flamegraph`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flamegraph {
    pub(crate) source: Source,
    /// What was asked for; by what there is, where it is not given.
    pub(crate) measure: Option<Measure>,
    pub(crate) icicle: bool,
    pub(crate) group: Option<String>,
    pub(crate) worker: Option<u16>,
    pub(crate) width: Option<u32>,
    pub(crate) output: Output,
}

/// `tine diff`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diff {
    pub(crate) before: Source,
    pub(crate) after: Source,
    pub(crate) top: usize,
    pub(crate) measure: Option<Measure>,
    pub(crate) normalise: bool,
    pub(crate) output: Option<Output>,
}

/// `tine trace`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) source: Source,
    pub(crate) format: low::Format,
    pub(crate) measure: Option<Measure>,
    pub(crate) output: Output,
}

impl Source {
    fn new(path: PathBuf, run: Option<NonZeroUsize>) -> Source {
        Source { path, run: run.map(NonZeroUsize::get) }
    }
}

impl From<low::Source> for Source {
    fn from(typed: low::Source) -> Self {
        Source::new(typed.trace, typed.run)
    }
}

impl Output {
    /// What was typed, or a file beside `input` whose name ends in `suffix`.
    fn beside(typed: low::Output, input: &Path, suffix: &str) -> Result<Output, Failure> {
        let target = match typed.output {
            Some(path) if path.as_os_str() == "-" => Target::Stdout,
            Some(path) => Target::File(path),
            None => Target::File(beside(input, suffix)),
        };
        if typed.open && target == Target::Stdout {
            let message = "--open needs a file: standard output cannot be opened";
            return Err(Failure::usage(message).help("leave --open out, or name a file with -o"));
        }
        Ok(Output { target, open: typed.open })
    }
}

/// The name of `input` without its extension, with `suffix`.
fn beside(input: &Path, suffix: &str) -> PathBuf {
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    input.with_file_name(name)
}

impl low::Measure {
    fn meant(&self) -> Option<Measure> {
        let all = [
            (self.cpu, Measure::Cpu),
            (self.wall, Measure::Wall),
            (self.memory, Measure::Live),
            (self.allocated, Measure::Allocated),
        ];
        all.into_iter().find_map(|(given, measure)| given.then_some(measure))
    }
}

impl TryFrom<low::Report> for Report {
    type Error = Failure;

    fn try_from(typed: low::Report) -> Result<Self, Failure> {
        let output = Output::beside(typed.output, &typed.source.trace, "-report.html")?;
        Ok(Report { source: typed.source.into(), output })
    }
}

impl From<low::Diagnose> for Diagnose {
    fn from(typed: low::Diagnose) -> Self {
        Diagnose { source: typed.source.into() }
    }
}

impl From<low::Level> for Level {
    fn from(typed: low::Level) -> Self {
        match typed {
            low::Level::Auto => Level::Auto,
            low::Level::Tasks => Level::Tasks,
            low::Level::Layers => Level::Layers,
        }
    }
}

impl From<low::Direction> for Direction {
    fn from(typed: low::Direction) -> Self {
        match typed {
            low::Direction::Auto => Direction::Auto,
            low::Direction::Down => Direction::Down,
            low::Direction::Right => Direction::Right,
        }
    }
}

impl TryFrom<low::Graph> for Graph {
    type Error = Failure;

    fn try_from(typed: low::Graph) -> Result<Self, Failure> {
        let wrong = |e: tine_scheduler::Error| Failure::usage(e.message());
        let extension = typed.output.output.as_deref().and_then(Path::extension);
        let by_name = extension.and_then(|e| e.to_str()).filter(|e| e.parse::<Format>().is_ok());
        let name = typed.format.as_deref().or(by_name).unwrap_or("svg");
        let format: Format = name.parse().map_err(wrong)?;
        let colour = typed.colour.parse().map_err(wrong)?;
        let suffix = match format {
            Format::Svg => "-graph.svg",
            Format::Dot => "-graph.dot",
            Format::Json => "-graph.json",
        };
        let output = Output::beside(typed.output, &typed.file, suffix)?;
        Ok(Graph {
            source: Source::new(typed.file, typed.run),
            format,
            level: typed.level.into(),
            direction: typed.direction.into(),
            colour,
            output,
        })
    }
}

impl TryFrom<low::Timeline> for Timeline {
    type Error = Failure;

    fn try_from(typed: low::Timeline) -> Result<Self, Failure> {
        let (from, to) = (time("--from", typed.from)?, time("--to", typed.to)?);
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            let message = "--from is not before --to: nothing is between them";
            return Err(Failure::usage(message).help("both count from the start of the run"));
        }
        Ok(Timeline {
            output: Output::beside(typed.output, &typed.source.trace, "-timeline.svg")?,
            source: typed.source.into(),
            from,
            to,
            group: typed.group,
            width: typed.picture.width,
        })
    }
}

/// Nanoseconds of what was typed as a duration.
fn time(option: &str, typed: Option<String>) -> Result<Option<u64>, Failure> {
    let Some(text) = typed else { return Ok(None) };
    let parsed = units::parse_timedelta(&text);
    let nanos = parsed.ok().and_then(|d| u64::try_from(d.as_nanos()).ok());
    nanos.map(Some).ok_or_else(|| {
        Failure::usage(format!("{option}: `{text}` is not a time"))
            .help("write a number and a unit, such as 200ms, 1.5s or 3m")
    })
}

impl TryFrom<low::Curves> for Curves {
    type Error = Failure;

    fn try_from(typed: low::Curves) -> Result<Self, Failure> {
        let show = typed.show.iter().map(|shown| match shown {
            low::Shown::Memory => Curve::Memory,
            low::Shown::Parallelism => Curve::Parallelism,
            low::Shown::Cpu => Curve::Cpu,
            low::Shown::Progress => Curve::Progress,
        });
        let show = if typed.show.is_empty() { Curve::ALL.to_vec() } else { show.collect() };
        Ok(Curves {
            output: Output::beside(typed.output, &typed.source.trace, "-curves.svg")?,
            source: typed.source.into(),
            show,
            width: typed.picture.width,
        })
    }
}

impl TryFrom<low::Flamegraph> for Flamegraph {
    type Error = Failure;

    fn try_from(typed: low::Flamegraph) -> Result<Self, Failure> {
        Ok(Flamegraph {
            output: Output::beside(typed.output, &typed.source.trace, "-flamegraph.svg")?,
            source: typed.source.into(),
            measure: typed.measure.meant(),
            icicle: typed.icicle,
            group: typed.group,
            worker: typed.worker,
            width: typed.picture.width,
        })
    }
}

impl TryFrom<low::Diff> for Diff {
    type Error = Failure;

    fn try_from(typed: low::Diff) -> Result<Self, Failure> {
        let output = low::Output { output: typed.output, open: typed.open };
        let is_drawn = output.output.is_some();
        let output = Output::beside(output, &typed.after, "")?;
        Ok(Diff {
            before: Source::new(typed.before, typed.run),
            after: Source::new(typed.after, typed.run_after),
            top: typed.top,
            measure: typed.measure.meant(),
            normalise: typed.normalise,
            output: is_drawn.then_some(output),
        })
    }
}

impl TryFrom<low::Trace> for Trace {
    type Error = Failure;

    fn try_from(typed: low::Trace) -> Result<Self, Failure> {
        let suffix = match typed.format {
            low::Format::Chrome => ".chrome.json",
            low::Format::Folded => ".folded",
            low::Format::Csv => ".csv",
            low::Format::Jsonl => ".jsonl",
        };
        let measure = typed.measure.meant();
        if measure.is_some() && typed.format != low::Format::Folded {
            let message = "--cpu, --wall, --memory and --allocated are for --format folded";
            return Err(Failure::usage(message).help("the other formats hold all of it"));
        }
        Ok(Trace {
            output: Output::beside(typed.output, &typed.source.trace, suffix)?,
            source: typed.source.into(),
            format: typed.format,
            measure,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::high::Job;

    fn look(args: &[&str]) -> Result<Look, Failure> {
        let args = ["tine"].iter().chain(args);
        match Job::try_from(
            low::Cli::try_parse_from(args).map_err(|e| Failure::new(e.to_string()))?,
        ) {
            Ok(Job::Look(look)) => Ok(look),
            Ok(other) => panic!("{other:?}"),
            Err(e) => Err(e),
        }
    }

    fn target(look: Look) -> PathBuf {
        let output = match look {
            Look::Report(l) => l.output,
            Look::Graph(l) => l.output,
            Look::Timeline(l) => l.output,
            Look::Curves(l) => l.output,
            Look::Flamegraph(l) => l.output,
            Look::Trace(l) => l.output,
            other => panic!("{other:?}"),
        };
        match output.target {
            Target::File(path) => path,
            Target::Stdout => PathBuf::from("-"),
        }
    }

    #[test]
    fn results_stand_beside_the_trace() {
        let named = |args: &[&str]| target(look(args).unwrap()).display().to_string();
        assert_eq!(named(&["report", "d/run.tine"]), "d/run-report.html");
        assert_eq!(named(&["timeline", "run.x.tine"]), "run.x-timeline.svg");
        assert_eq!(named(&["graph", "g.dot", "--format", "json"]), "g-graph.json");
        assert_eq!(named(&["curves", "run.tine", "-o", "c.svg"]), "c.svg");
        assert_eq!(named(&["flamegraph", "run.tine", "-o", "-"]), "-");
        let trace = |format| named(&["trace", "run.tine", "--format", format]);
        let all = ["chrome", "folded", "csv", "jsonl"].map(trace);
        assert_eq!(all, ["run.chrome.json", "run.folded", "run.csv", "run.jsonl"]);
    }

    #[test]
    fn a_graph_is_written_as_its_name_says() {
        let format = |args: &[&str]| match look(args).unwrap() {
            Look::Graph(g) => g.format,
            other => panic!("{other:?}"),
        };
        assert_eq!(format(&["graph", "run.tine"]), Format::Svg);
        assert_eq!(format(&["graph", "run.tine", "-o", "x.dot"]), Format::Dot);
        assert_eq!(format(&["graph", "run.tine", "-o", "x.dot", "--format", "json"]), Format::Json);
        assert!(look(&["graph", "run.tine", "--format", "png"]).is_err());
    }

    #[test]
    fn times_are_read_and_checked() {
        let times = |from, to| {
            look(&["timeline", "r.tine", "--from", from, "--to", to]).map(|l| match l {
                Look::Timeline(t) => (t.from, t.to),
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(times("200ms", "1.5s"), Ok((Some(200_000_000), Some(1_500_000_000))));
        assert!(times("2s", "1s").unwrap_err().to_string().contains("--from is not before --to"));
        assert!(times("soon", "1s").unwrap_err().to_string().contains("`soon` is not a time"));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let refused = |args: &[&str]| look(args).unwrap_err().to_string();
        assert!(
            refused(&["report", "r.tine", "-o", "-", "--open"]).contains("--open needs a file")
        );
        let trace = ["trace", "r.tine", "--format", "csv", "--memory"];
        assert!(refused(&trace).contains("are for --format folded"));
        assert!(refused(&["flamegraph", "r.tine", "--memory", "--cpu"]).contains("cannot be used"));
        assert!(refused(&["diff", "a.tine", "b.tine", "--normalise"]).contains("--output"));
    }
}
