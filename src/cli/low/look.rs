//! What was typed of the subcommands that look at recorded runs.
//! No file is looked at and nothing is decided here: see `high`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// A run that was recorded.
#[derive(Args, Debug)]
pub(crate) struct Source {
    /// The trace file, by convention *.tine
    #[arg(value_name = "RUN.tine")]
    pub(crate) trace: PathBuf,

    /// Which run of the file, from 1 [default: the longest]
    #[arg(long, value_name = "N")]
    pub(crate) run: Option<NonZeroUsize>,
}

/// Where the result goes.
#[derive(Args, Debug)]
pub(crate) struct Output {
    /// Where to write, - for standard output [default: a file beside the input]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Open what was written, by xdg-open
    #[arg(long)]
    pub(crate) open: bool,
}

/// How wide a picture is.
#[derive(Args, Debug)]
pub(crate) struct Picture {
    /// Width of the picture in pixels
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(320..=20_000))]
    pub(crate) width: Option<u32>,
}

/// What stacks are weighed by.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct Measure {
    /// CPU time, as sampled [default: where there are samples]
    #[arg(long)]
    pub(crate) cpu: bool,

    /// Time in tasks, without functions [default: where there are no samples]
    #[arg(long)]
    pub(crate) wall: bool,

    /// Memory that was in use when a worker held most
    #[arg(long)]
    pub(crate) memory: bool,

    /// Memory that was allocated in all
    #[arg(long)]
    pub(crate) allocated: bool,
}

/// One HTML file with everything that is known of a run, the diagnosis first
///
/// It can be sent and opened anywhere: it loads nothing from any network.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine report run.tine               writes run-report.html
  tine report run.tine --open        and opens it
  tine report run.tine -o - > r.html")]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What cost most in a run, and what to try, in plain words
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine diagnose run.tine
  tine diagnose run.tine --run 2")]
pub(crate) struct Diagnose {
    #[command(flatten)]
    pub(crate) source: Source,
}

/// How much of a graph is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Tasks up to 300 of them, else layers
    #[default]
    Auto,
    /// Every task
    Tasks,
    /// One box a group
    Layers,
}

/// Which way edges run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    /// As it fits better
    #[default]
    Auto,
    /// From top to bottom
    Down,
    /// From left to right
    Right,
}

/// The task graph of a run, of a job file, or one that was saved as JSON or DOT
///
/// A job file is known by its name, *.toml; what any other file is, is told by what is in it.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine graph run.tine                       writes run-graph.svg
  tine graph run.tine --colour time         dark is long
  tine graph jobs.toml                      what its jobs need, before they run
  tine graph saved.json --format dot -o - | dot -Tpdf > graph.pdf")]
pub(crate) struct Graph {
    /// A trace, a job file, or a graph as JSON or DOT
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Which run of a trace, from 1 [default: the longest]
    #[arg(long, value_name = "N")]
    pub(crate) run: Option<NonZeroUsize>,

    /// svg, dot or json [default: by the name of the output, else svg]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// How much is drawn
    #[arg(long, value_enum, default_value_t)]
    pub(crate) level: Level,

    /// Which way edges run
    #[arg(long, value_enum, default_value_t)]
    pub(crate) direction: Direction,

    /// What colours say: group, order, age, critical, worker, time, memory, status, ...
    #[arg(long, alias = "color", value_name = "WHAT", default_value = "group")]
    pub(crate) colour: String,

    #[command(flatten)]
    pub(crate) output: Output,
}

/// What each worker did when: one row a worker, one box a task
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine timeline run.tine
  tine timeline run.tine --from 1.5s --to 2s      a part of it
  tine timeline run.tine --group read_csv         one group in colour, the others grey")]
pub(crate) struct Timeline {
    #[command(flatten)]
    pub(crate) source: Source,

    /// Where to begin, as 200ms or 1.5s from the start of the run
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,

    /// Where to end
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,

    /// The group that has colour: its name, or how it begins
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,

    #[command(flatten)]
    pub(crate) picture: Picture,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// A curve over the time of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// Memory of processes and results, with the budget
    Memory,
    /// Tasks that ran at once
    Parallelism,
    /// Cores that were busy
    Cpu,
    /// How much of each group had ended
    Progress,
}

/// Memory, parallelism, CPU use and progress over the time of a run
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine curves run.tine                          all four, under one another
  tine curves run.tine --show memory
  tine curves run.tine --show memory,cpu -o memory.svg")]
pub(crate) struct Curves {
    #[command(flatten)]
    pub(crate) source: Source,

    /// Which curves, from top to bottom [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CURVE")]
    pub(crate) show: Vec<Shown>,

    #[command(flatten)]
    pub(crate) picture: Picture,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Where time or memory went: groups, and the functions in them, as wide as what they took
///
/// Click a frame to zoom, press Ctrl-F to search.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine flamegraph run.tine
  tine flamegraph run.tine --memory --icicle
  tine flamegraph run.tine --group read_csv --worker 3")]
pub(crate) struct Flamegraph {
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) measure: Measure,

    /// Roots at the top
    #[arg(long)]
    pub(crate) icicle: bool,

    /// One group alone: its name, or how it begins
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,

    /// One worker alone, from 0
    #[arg(long, value_name = "N")]
    pub(crate) worker: Option<u16>,

    #[command(flatten)]
    pub(crate) picture: Picture,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What got slower or bigger from one run to another, by group and by function
///
/// Prints tables, the largest changes first. With -o, draws the change as a flame graph too: red grew,
/// blue shrank. Groups are matched by their names without hashes.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine diff before.tine after.tine
  tine diff before.tine after.tine -o change.svg
  tine diff before.tine after.tine --normalise -o shares.svg --open")]
pub(crate) struct Diff {
    /// The trace of the first run
    #[arg(value_name = "BEFORE.tine")]
    pub(crate) before: PathBuf,

    /// The trace of the second run
    #[arg(value_name = "AFTER.tine")]
    pub(crate) after: PathBuf,

    /// Which run of the first file, from 1 [default: the longest]
    #[arg(long, value_name = "N")]
    pub(crate) run: Option<NonZeroUsize>,

    /// Which run of the second file, from 1 [default: the longest]
    #[arg(long, value_name = "N")]
    pub(crate) run_after: Option<NonZeroUsize>,

    /// How many rows a table has at most
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) top: usize,

    #[command(flatten)]
    pub(crate) measure: Measure,

    /// In the picture, compare shares: scale the first run to the total of the second
    #[arg(long, alias = "normalize", requires = "output")]
    pub(crate) normalise: bool,

    /// Draw the change as a flame graph, to this file; - for standard output, without tables
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Open the picture, by xdg-open
    #[arg(long, requires = "output")]
    pub(crate) open: bool,
}

/// A format of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Trace events for ui.perfetto.dev and chrome://tracing
    Chrome,
    /// Folded stacks for flame graph programs
    Folded,
    /// A table of tasks: comma-separated values
    Csv,
    /// A table of tasks: one JSON object a line
    Jsonl,
}

/// A run in the format of another program
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine trace run.tine --format chrome            writes run.chrome.json; open it in ui.perfetto.dev
  tine trace run.tine --format csv -o - | head
  tine trace run.tine --format folded --memory -o memory.folded")]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) source: Source,

    /// Which format
    #[arg(long, value_enum)]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) measure: Measure,
    #[command(flatten)]
    pub(crate) output: Output,
}
