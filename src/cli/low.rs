//! What was typed: the arguments of the command, as clap reads them.
//! No file is looked at and nothing is decided here: see `high`.

mod cat;
mod completions;
mod foreign;
mod lists;
mod look;
mod man;
pub(crate) mod map;
mod prep;
mod run;

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use cat::Cat;
pub(crate) use completions::Completions;
pub(crate) use look::{
    Curves, Diagnose, Diff, Direction, Flamegraph, Format, Graph, Level, Measure, Output, Report,
    Shown, Source, Timeline, Trace,
};
pub(crate) use man::Man;
pub(crate) use map::Map;
pub(crate) use run::Run;

/// Reads the command line `args`, the first of which is the name of the program.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let (args, lists) = lists::split(args);
    let typed = Cli::try_parse_from(&args).map_err(|error| foreign::explain(error, &args))?;
    Ok(lists::attach(typed, lists))
}
pub(crate) use prep::{Name, Prep, Scale};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "tine",
    version,
    about = "Parallel computing on forked worker processes, and pictures of what they did.",
    after_help = "Exit codes: 0 done, 1 failed (the message says why), 2 the command line or a job file is wrong,\n\
                  130 interrupted by Ctrl-C.",
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Run(Run),
    Map(Box<Map>),
    Cat(Cat),
    Prep(Prep),
    Report(Report),
    Diagnose(Diagnose),
    Graph(Graph),
    Timeline(Timeline),
    Curves(Curves),
    Flamegraph(Flamegraph),
    Diff(Diff),
    Trace(Trace),
    Completions(Completions),
    Man(Man),
}

/// Mean departure delay per airport over ten CSV files, on all cores and on one
///
/// Writes ten CSV files of artificial flights, 1990.csv to 1999.csv, reads them on
/// forked worker processes, computes the mean departure delay per airport, does the same
/// once more on one thread, and prints the means, both times and the peak memory.
/// Pictures of the run are left in the folder of --out: the task graph, a timeline of
/// the workers, a flame graph, and the trace that the pictures are drawn from.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, verbatim_doc_comment)]
pub(crate) struct Demo {
    /// Flights in each of the ten files, where files are written [default: 260000]
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<NonZeroU64>,

    /// Where random numbers start: the same seed and rows give the same files [default: 42]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Folder of the CSV files [default: a folder in that of --out, named by rows and seed]
    ///
    /// CSV files that are in it, or in nycflights in it, are used, and none are written.
    /// They need a header line with the columns Origin and DepDelay, wherever they stand.
    /// Where there are no CSV files, ten are written to nycflights in it.
    #[arg(long, value_name = "DIR", verbatim_doc_comment)]
    pub(crate) data: Option<PathBuf>,

    /// Folder for report.html, graph.svg, timeline.svg, flamegraph.svg and run.tine; made where
    /// there is none
    #[arg(long, value_name = "DIR", default_value = "tine-demo")]
    pub(crate) out: PathBuf,

    /// Worker processes [default: the cores that this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,

    /// Memory for results and workers together, as 512MiB [default: most of what is left]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<String>,

    /// File that the run is recorded in while it goes on [default: run.tine in the folder of --out]
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,

    /// Print one JSON object instead of the table, and no progress
    #[arg(long)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  tine demo                         write files, compute, draw; results in tine-demo/
  tine demo --rows 2000000          larger files: some 2 GB in all
  tine demo --data ~/flights        use CSV files of your own with Origin and DepDelay
  tine demo --json | jq .mean_delay

Exit codes: 0 done, 1 failed (a missing column, a malformed line, a file that cannot be read or
written), 2 the command line is wrong, 130 interrupted by Ctrl-C.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
