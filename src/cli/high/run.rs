//! What `tine run` is meant to do, with its defaults, checked.
//! It opens no file.

use std::path::PathBuf;
use std::time::Duration;

use tine_jobs::gates::FreeMemory;
use tine_jobs::jobserver::Style;
use tine_jobs::output::Mode;
use tine_jobs::run::{Defaults, Options};
use tine_scheduler::config::{self, units};
use tine_scheduler::limits;

use crate::cli::failure::Failure;
use crate::cli::low;

/// What `tine run` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The job file.
    pub(crate) file: PathBuf,
    /// What is done with it.
    pub(crate) what: What,
    /// Names of the jobs that are asked for.
    pub(crate) jobs: Vec<String>,
    /// Tags of those that are asked for.
    pub(crate) tags: Vec<String>,
    /// How they are run.
    pub(crate) options: Options,
    /// How much memory may be set aside; `None` for the default of the engine.
    pub(crate) memory: Option<String>,
    /// How what they print is shown.
    pub(crate) mode: Mode,
    /// Whether each line has the name of its job before it.
    pub(crate) tagged: bool,
    /// Nothing is shown but what jobs print, and what failed.
    pub(crate) quiet: bool,
    /// One JSON object a line.
    pub(crate) json: bool,
    /// The folder for pictures.
    pub(crate) out: Option<PathBuf>,
    /// The log of jobs.
    pub(crate) joblog: Option<PathBuf>,
    /// The file that what they print goes to.
    pub(crate) stream: Option<PathBuf>,
    /// How cores are shared with programs that jobs start.
    pub(crate) jobserver: Option<Style>,
}

/// What is done with a job file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Its jobs are run.
    Run,
    /// It is said what would run.
    Plan,
    /// It is said of these jobs whether they would run.
    Explain(Vec<String>),
}

impl TryFrom<low::Run> for Run {
    type Error = Failure;

    fn try_from(typed: low::Run) -> Result<Self, Failure> {
        let timeout = typed.timeout.as_deref().map(duration).transpose()?;
        let named =
            |name, e: tine_scheduler::Error| Failure::usage(format!("--{name}: {}", e.message()));
        let asked = typed.memory.as_deref().map(units::parse_bytes).transpose();
        let budget = match asked.map_err(|e| named("memory", e))? {
            None => super::budget()?,
            asked => asked,
        };
        let free = typed.memfree.as_deref().map(FreeMemory::parse).transpose();
        let what = match (typed.dry_run, typed.explain.is_empty()) {
            (true, _) => What::Plan,
            (false, false) => What::Explain(typed.explain),
            (false, true) => What::Run,
        };
        let mode = match typed.line_buffer {
            true => Mode::Lines { in_order: typed.keep_order },
            false => Mode::Whole { in_order: typed.keep_order },
        };
        let slots = match typed.slots {
            Some(slots) => usize::from(slots),
            None => config::workers()?.unwrap_or_else(processors),
        };
        Ok(Run {
            file: typed.file,
            what,
            jobs: typed.jobs,
            tags: typed.tag,
            options: Options {
                slots,
                keep_going: typed.keep_going,
                force: typed.force,
                resume: typed.resume,
                journal: typed.journal,
                defaults: Defaults { timeout, retries: typed.retries },
                budget,
                free: free.map_err(|e| named("memfree", e))?,
            },
            memory: typed.memory,
            mode,
            tagged: typed.line_buffer,
            quiet: typed.quiet,
            json: typed.json,
            out: typed.out,
            joblog: typed.joblog,
            stream: typed.stream,
            jobserver: super::style(typed.jobserver.as_deref()),
        })
    }
}

fn duration(text: &str) -> Result<Duration, Failure> {
    match units::parse_timedelta(text) {
        Ok(time) if !time.is_zero() => Ok(time),
        Ok(_) => Err(Failure::usage("--timeout must be above zero")),
        Err(e) => Err(Failure::usage(format!("--timeout: {}", e.message()))),
    }
}

/// As the engine has it: what affinity and control groups leave.
fn processors() -> usize {
    usize::try_from(limits::cpus().value).unwrap_or(1).max(1)
}
