//! What is meant: the job that the arguments ask for, with its defaults, checked.
//! It knows the terminal, and writes nothing.

pub(crate) mod cat;
mod look;
pub(crate) mod map;
mod prep;
mod run;

use std::io::IsTerminal;
use std::path::PathBuf;

use clap_complete::Shell;
use tine_jobs::jobserver::Style;
use tine_scheduler::config;

use super::failure::Failure;
use super::low;
pub(crate) use cat::Cat;
pub(crate) use look::{
    Curves, Diagnose, Diff, Flamegraph, Graph, Look, Output, Report, Source, Target, Timeline,
    Trace,
};
pub(crate) use map::Map;
pub(crate) use prep::Prep;
pub(crate) use run::{Run, What};

/// Flights a file: as many as the files that these imitate, some 25 MB.
const ROWS: u64 = 260_000;
const SEED: u64 = 42;

/// A job for the command.
#[derive(Debug)]
pub(crate) enum Job {
    /// `tine demo`.
    Demo(Demo),
    /// `tine run`.
    Run(Box<Run>),
    /// `tine map`.
    Map(Box<Map>),
    /// `tine cat`.
    Cat(Cat),
    /// Whatever looks at what was recorded.
    Look(Look),
    /// `tine completions`.
    Completions(Shell),
    /// `tine man`, into a folder or to standard output.
    Man(Option<PathBuf>),
    /// `tine prep`.
    Prep(Prep),
}

/// What `tine demo` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demo {
    /// Flights in each file.
    pub(crate) rows: u64,
    /// Where random numbers start.
    pub(crate) seed: u64,
    /// The folder of the files, or that of their folder.
    pub(crate) data: PathBuf,
    /// What to say where files are there already: they need not have these rows and this seed.
    pub(crate) chosen: Vec<&'static str>,
    /// The folder of the pictures.
    pub(crate) out: PathBuf,
    /// How many workers; `None` for the default of the scheduler.
    pub(crate) workers: Option<usize>,
    /// How much memory they and their results may take; `None` for the default of the scheduler.
    pub(crate) memory: Option<String>,
    /// The file that the run is recorded in.
    pub(crate) profile: PathBuf,
    /// One JSON object, nothing else.
    pub(crate) json: bool,
    /// Whether to draw a progress bar.
    pub(crate) progress: bool,
    /// Whether it may have colours.
    pub(crate) colour: bool,
}

/// How much memory settings let runs have together, where they do.
fn budget() -> Result<Option<u64>, Failure> {
    /// As a file or the environment has it.
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Size {
        Bytes(u64),
        Text(String),
    }
    Ok(match config::get_or("memory", None::<Size>)? {
        None => None,
        Some(Size::Bytes(bytes)) => Some(bytes),
        Some(Size::Text(text)) => Some(config::units::parse_bytes(&text)?),
    })
}

impl TryFrom<low::Cli> for Job {
    type Error = Failure;

    fn try_from(typed: low::Cli) -> Result<Self, Failure> {
        Ok(Job::Look(match typed.command {
            low::Command::Demo(demo) => return Ok(Job::Demo(demo.into())),
            low::Command::Run(run) => return Ok(Job::Run(Box::new(run.try_into()?))),
            low::Command::Map(map) => return Ok(Job::Map(Box::new(Map::try_from(*map)?))),
            low::Command::Cat(cat) => return Ok(Job::Cat(cat.into())),
            low::Command::Prep(prep) => return Ok(Job::Prep(prep.into())),
            low::Command::Report(report) => Look::Report(report.try_into()?),
            low::Command::Diagnose(diagnose) => Look::Diagnose(diagnose.into()),
            low::Command::Graph(graph) => Look::Graph(graph.try_into()?),
            low::Command::Timeline(timeline) => Look::Timeline(timeline.try_into()?),
            low::Command::Curves(curves) => Look::Curves(curves.try_into()?),
            low::Command::Flamegraph(flame) => Look::Flamegraph(flame.try_into()?),
            low::Command::Diff(diff) => Look::Diff(diff.try_into()?),
            low::Command::Trace(trace) => Look::Trace(trace.try_into()?),
            low::Command::Completions(typed) => return Ok(Job::Completions(typed.shell)),
            low::Command::Man(man) => return Ok(Job::Man(man.folder)),
        }))
    }
}

impl From<low::Demo> for Demo {
    fn from(typed: low::Demo) -> Self {
        let rows = typed.rows.map_or(ROWS, u64::from);
        let seed = typed.seed.unwrap_or(SEED);
        // The folder's name says what is in it, so that other rows and seeds make other files
        // instead of finding these; with --data it is the user who says what is in it.
        let chosen = match &typed.data {
            None => Vec::new(),
            Some(_) => [("--rows", typed.rows.is_some()), ("--seed", typed.seed.is_some())]
                .into_iter()
                .filter_map(|(name, given)| given.then_some(name))
                .collect(),
        };
        let data = typed.data.unwrap_or_else(|| typed.out.join(format!("rows-{rows}-seed-{seed}")));
        Demo {
            rows,
            seed,
            data,
            chosen,
            profile: typed.profile.unwrap_or_else(|| typed.out.join("run.tine")),
            out: typed.out,
            workers: typed.workers.map(usize::from),
            memory: typed.memory,
            json: typed.json,
            progress: !typed.json && may_animate(),
            colour: may_colour(),
        }
    }
}

/// How cores are shared with what jobs start, where that is asked for.
fn style(typed: Option<&str>) -> Option<Style> {
    typed.map(|style| match style {
        "pipe" => Style::Pipe,
        _ => Style::Fifo,
    })
}

/// Whether standard error is a terminal that can write over a line.
fn may_animate() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// Whether the user has not forbidden colours.
fn may_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn demo(args: &[&str]) -> Demo {
        let args = ["tine", "demo"].iter().chain(args);
        match Job::try_from(low::Cli::parse_from(args)) {
            Ok(Job::Demo(demo)) => demo,
            other => panic!("not a demo: {other:?}"),
        }
    }

    #[test]
    fn default_data_folder_says_what_is_in_it() {
        assert_eq!(demo(&[]).data, PathBuf::from("tine-demo/rows-260000-seed-42"));
        let other = demo(&["--rows", "5", "--seed", "7", "--out", "o"]);
        assert_eq!(other.data, PathBuf::from("o/rows-5-seed-7"));
        assert!(other.chosen.is_empty());
    }

    #[test]
    fn remembers_what_existing_files_overrule() {
        assert_eq!(demo(&["--data", "d", "--seed", "7"]).chosen, ["--seed"]);
        assert_eq!(demo(&["--data", "d", "--seed", "7"]).rows, ROWS);
    }

    #[test]
    fn json_has_no_progress() {
        assert!(!demo(&["--json"]).progress);
    }
}
