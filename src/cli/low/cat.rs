//! What was typed of `tine cat`.
//! No file is looked at and nothing is decided here: see `high`.

use std::path::PathBuf;

use clap::Args;

/// Print what jobs have printed, from the file that --stream of `tine map` or `tine run` wrote
///
/// What each job has printed to standard output goes to standard output, what it has printed to standard
/// error to standard error; one job after the other, in their order, and of each its last attempt. The
/// file may be read while the run goes on: it is at most a second behind.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cat {
    /// The stream file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Jobs, by their numbers, or as train or train:seed=2 where a job file has named them, in this
    /// order [default: all]
    #[arg(value_name = "JOB")]
    pub(crate) jobs: Vec<String>,

    /// Only what they have printed to standard output
    #[arg(long, conflicts_with = "stderr")]
    pub(crate) stdout: bool,

    /// Only what they have printed to standard error
    #[arg(long)]
    pub(crate) stderr: bool,

    /// The Nth attempt of each, counted over all runs that wrote to the file, instead of the last
    #[arg(long, value_name = "N", conflicts_with = "all",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempt: Option<u32>,

    /// All attempts of each
    #[arg(long)]
    pub(crate) all: bool,

    /// Only jobs whose last attempt has failed
    #[arg(long)]
    pub(crate) failed: bool,

    /// Put the name of its job, or where it has none its number, before each line
    #[arg(long, conflicts_with = "list")]
    pub(crate) tag: bool,

    /// Say which jobs there are, how they ended and how much they have printed, instead of that
    #[arg(long, conflicts_with_all = ["stdout", "stderr"])]
    pub(crate) list: bool,

    /// List them as JSON, one object a line
    #[arg(long, requires = "list")]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  tine map --stream out ./step ::: {1..10000}
  tine cat out                     what all of them have printed, in their order
  tine cat out 17 --stderr         the errors of job 17
  tine cat out --failed --tag      what those have printed that failed
  tine cat out --list | sort -nk4  who has printed most

Exit codes: 0 done, 1 failed (the file cannot be read, is no stream file, or is damaged; what comes
before the damage is printed), 2 there is no such job, or the command line is wrong.";
