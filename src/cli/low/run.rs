//! What was typed of `tine run`.
//! No file is looked at and nothing is decided here: see `high`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::failure::RUN_CODES;

/// Run the jobs of a file: what is not up to date, in the order in which they need each other
///
/// The file is TOML: [[job]] with name, argv or shell, needs, inputs, outputs, matrix and more; its
/// keys are described in docs/jobs.md. Jobs run side by side, as many as there are cores. What they
/// print is shown when they end, each as a whole. A job whose command and files are what they were
/// when it was last done does not run.
#[derive(Args, Debug)]
#[command(after_help = after_help())]
pub(crate) struct Run {
    /// The job file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Jobs to run, with all that they need, as train or train:lr=0.1,seed=2 [default: all]
    #[arg(value_name = "JOB")]
    pub(crate) jobs: Vec<String>,

    /// Run the jobs with this tag, with all that they need; may be repeated
    #[arg(long, value_name = "TAG", help_heading = "What is run")]
    pub(crate) tag: Vec<String>,

    /// Run jobs although they are up to date
    #[arg(long, conflicts_with = "resume", help_heading = "What is run")]
    pub(crate) force: bool,

    /// Go on with a run that was cut off: what it has done counts, also of jobs without outputs
    #[arg(long, help_heading = "What is run")]
    pub(crate) resume: bool,

    /// Start jobs that do not need a failed one, instead of none
    #[arg(long, help_heading = "What is run")]
    pub(crate) keep_going: bool,

    /// Say what would run and why, and run nothing
    #[arg(short = 'n', long, help_heading = "What is run")]
    pub(crate) dry_run: bool,

    /// Say of each of these jobs whether it would run and why, and run nothing; may be repeated
    #[arg(long, value_name = "JOB", conflicts_with = "dry_run", help_heading = "What is run")]
    pub(crate) explain: Vec<String>,

    /// Cores that jobs may take at a time [default: the cores that this process may use]
    #[arg(short = 'j', long = "jobs", value_name = "N", help_heading = "How it is run",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) slots: Option<u16>,

    /// Let make, ninja and cargo in jobs take cores of -j that no job uses, and no others: by a pipe with
    /// a name (fifo: make from 4.4, ninja from 1.13, cargo), or by descriptors (pipe: every make, cargo)
    #[arg(long, value_name = "STYLE", num_args = 0..=1, require_equals = true,
          default_missing_value = "fifo", value_parser = ["fifo", "pipe"],
          help_heading = "How it is run")]
    pub(crate) jobserver: Option<String>,

    /// Memory that jobs may have together, declared or learned, as 4GiB [default: most of what is
    /// left]
    #[arg(long, value_name = "SIZE", help_heading = "How it is run")]
    pub(crate) memory: Option<String>,

    /// Start no job while less memory is free; below half of it, the youngest gives way [default:
    /// what jobs take is learned, and those for which there is not enough wait]
    #[arg(long, value_name = "SIZE", help_heading = "How it is run")]
    pub(crate) memfree: Option<String>,

    /// End an attempt of a job after this, as 90s, where the file says nothing
    #[arg(long, value_name = "TIME", help_heading = "How it is run")]
    pub(crate) timeout: Option<String>,

    /// Attempts after the first, where the file says nothing
    #[arg(long, value_name = "N", help_heading = "How it is run",
          value_parser = clap::value_parser!(u8).range(0..=200))]
    pub(crate) retries: Option<u8>,

    /// Show what jobs print in the order of the jobs
    #[arg(short = 'k', long, help_heading = "What is shown and left")]
    pub(crate) keep_order: bool,

    /// Show lines as they come, each with the name of its job before it
    #[arg(long, help_heading = "What is shown and left")]
    pub(crate) line_buffer: bool,

    /// Write what all jobs print to this file, for `tine cat`, instead of showing it
    #[arg(long, value_name = "FILE", help_heading = "What is shown and left")]
    pub(crate) stream: Option<PathBuf>,

    /// Show what jobs print and what failed, nothing else
    #[arg(short = 'q', long, help_heading = "What is shown and left")]
    pub(crate) quiet: bool,

    /// Print JSON to standard output, one object a line; what jobs print goes to standard error
    #[arg(long, conflicts_with = "quiet", help_heading = "What is shown and left")]
    pub(crate) json: bool,

    /// Leave graph.svg, timeline.svg, report.html, run.tine and joblog.tsv in this folder
    #[arg(long, value_name = "DIR", help_heading = "What is shown and left")]
    pub(crate) out: Option<PathBuf>,

    /// Write a line for each attempt that ended; JSON where the name ends with .jsonl
    #[arg(long, value_name = "FILE", help_heading = "What is shown and left")]
    pub(crate) joblog: Option<PathBuf>,

    /// Where it is kept what was done [default: .tine/NAME.journal beside the job file]
    #[arg(long, value_name = "FILE", help_heading = "What is shown and left")]
    pub(crate) journal: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  tine run jobs.toml                   run what is not up to date
  tine run jobs.toml -n                say what would run, and why
  tine run jobs.toml train:seed=2      that job, and what it needs
  tine run jobs.toml --resume          after a crash, a power cut, or Ctrl-C
  tine run jobs.toml --out result      leave pictures, a report and a log
  tine run jobs.toml --stream out      what jobs print, in one file: tine cat out train:seed=2
  tine graph jobs.toml                 draw what needs what
";

/// Examples, then exit codes.
fn after_help() -> String {
    format!("{EXAMPLES}\n{RUN_CODES}")
}
