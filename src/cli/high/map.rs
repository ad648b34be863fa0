//! What is meant by `tine map`: numbers checked, defaults filled in, names of sources in their order.
//! It opens nothing and starts nothing.

mod sources;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tine_jobs::gates::{Delay, Forecast, FreeMemory, Gates, LoadLimit, parse_size};
use tine_jobs::input::blocks::{Header, Records, Size};
use tine_jobs::input::{Columns, Packing, Splitter};
use tine_jobs::jobserver::Style;
use tine_jobs::output::Mode;
use tine_jobs::template::{Marks, Reading};
use tine_scheduler::OutputStream;
use tine_scheduler::config::units::parse_timedelta;
use tine_scheduler::jobs::Needs;

use crate::cli::failure::Failure;
use crate::cli::low;

/// `tine map`.
#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) slots: usize,
    pub(crate) command: Vec<OsString>,
    pub(crate) reading: Reading,
    pub(crate) marks: Marks,
    /// The shell; `None` where commands are started as they are.
    pub(crate) shell: Option<OsString>,
    pub(crate) feed: Feed,
    pub(crate) mode: Mode,
    /// A text with places, or `{}` for all arguments.
    pub(crate) tag: Option<OsString>,
    pub(crate) results: Option<Results>,
    /// The file that the output of all goes to.
    pub(crate) stream: Option<PathBuf>,
    pub(crate) dry: bool,
    /// Where commands are printed before they run.
    pub(crate) shown: Option<OutputStream>,
    pub(crate) progress: Progress,
    pub(crate) joblog: Option<Joblog>,
    pub(crate) resume: Option<Resume>,
    pub(crate) profile: Option<PathBuf>,
    pub(crate) retries: u32,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) gates: Gates,
    pub(crate) needs: Option<Needs>,
    pub(crate) memory: Forecast,
    /// How cores are shared with programs that jobs start.
    pub(crate) jobserver: Option<Style>,
    pub(crate) nice: i32,
    pub(crate) folder: Option<OsString>,
    pub(crate) variables: Vec<(OsString, OsString)>,
}

/// What becomes jobs.
#[derive(Debug)]
pub(crate) enum Feed {
    Arguments(Arguments),
    Blocks(Blocks),
}

/// Jobs have arguments.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Sources that stand side by side, in their order.
    pub(crate) groups: Vec<Vec<Origin>>,
    /// Whether there is one group, whose shorter sources begin again.
    pub(crate) wraps: bool,
    pub(crate) splitter: Splitter,
    pub(crate) columns: Option<Columns>,
    /// Whether the first of each source is its name.
    pub(crate) named: bool,
    pub(crate) packing: Packing,
    /// Bytes that a line may have.
    pub(crate) longest: usize,
    /// Whether arguments are counted only.
    pub(crate) counted: bool,
    /// Where random numbers start, where jobs are shuffled.
    pub(crate) seed: Option<u64>,
}

/// Jobs read blocks.
#[derive(Debug)]
pub(crate) struct Blocks {
    pub(crate) origin: Origin,
    pub(crate) records: Records,
    pub(crate) size: Size,
    pub(crate) read: usize,
    pub(crate) multiple: usize,
    pub(crate) header: Header,
}

/// Where arguments are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Words(Vec<OsString>),
    File(PathBuf),
    Stdin,
}

/// Where output is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Results {
    /// Below this folder, or, where it has places, there.
    Named(OsString),
    /// Into files whose names are printed.
    Temporary,
}

/// What is shown while jobs run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) bar: bool,
    pub(crate) eta: bool,
    /// Whether anything is.
    pub(crate) any: bool,
    /// Events as JSON on standard output, instead.
    pub(crate) json: bool,
    /// Whether standard error is a terminal that can be drawn on.
    pub(crate) animated: bool,
    /// Whether there may be colours.
    pub(crate) colour: bool,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joblog {
    pub(crate) path: PathBuf,
    /// Whether what is there stays.
    pub(crate) append: bool,
}

/// What an earlier run has done already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// What its log has a line of, or where there is none, its stream file.
    Ended,
    /// What its log says has ended well, or its stream file.
    Succeeded,
    /// What there are results of.
    Files,
}

/// How long a job may run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Timeout {
    Fixed(Duration),
    /// So many times the median of the others.
    Share(f64),
}

impl TryFrom<low::Map> for Map {
    type Error = Failure;

    fn try_from(typed: low::Map) -> Result<Self, Failure> {
        let cpus = tine_scheduler::limits::cpus().value as usize;
        let slots = match &typed.jobs {
            None => cpus,
            Some(text) => slots(text, cpus)?,
        };
        let feed = sources::feed(&typed, slots)?;
        let counted = match &feed {
            Feed::Arguments(arguments) => arguments.counted,
            Feed::Blocks(_) => true,
        };
        let reading = Reading {
            words: typed.argv,
            quoted: typed.quote,
            repeated: typed.input.repeat
                || typed.input.max_lines.is_some()
                || (typed.input.max_replace_args.is_some() && !typed.input.many),
            bare: counted,
        };
        if typed.command.is_empty() && (typed.argv || typed.quote || counted) {
            return Err(Failure::usage("there is no command")
                .help("write it before `:::`; only lines for a shell can be arguments"));
        }
        let shell = std::env::var_os("PARALLEL_SHELL").filter(|shell| !shell.is_empty());
        let (shown, control) = (&typed.shown, &typed.control);
        Ok(Map {
            slots,
            reading,
            marks: marks(&typed.places)?,
            shell: (!typed.argv).then(|| shell.unwrap_or_else(|| "/bin/sh".into())),
            feed,
            mode: mode(shown),
            tag: match shown.tag {
                true => Some("{}".into()),
                false => shown.tagstring.clone(),
            },
            results: results(shown)?,
            stream: shown.stream.clone(),
            dry: shown.dry_run,
            shown: match (shown.verbose, shown.trace) {
                (true, _) => Some(OutputStream::Stdout),
                (false, true) => Some(OutputStream::Stderr),
                (false, false) => None,
            },
            progress: progress(shown),
            joblog: shown.joblog.as_deref().map(|name| joblog(name, control)),
            resume: resume(shown, control)?,
            profile: shown.profile.clone(),
            retries: retries(control.retries),
            timeout: control.timeout.as_deref().map(timeout).transpose()?,
            gates: gates(control, cpus)?,
            needs: control.memory.as_deref().map(needs).transpose()?,
            memory: Forecast::new(super::budget()?, control.memfree.is_none()),
            jobserver: super::style(control.jobserver.as_deref()),
            nice: control.nice.unwrap_or(0),
            folder: control.wd.clone(),
            variables: variables(&control.env)?,
            command: typed.command,
        })
    }
}

/// How often a job is run again, of which this is how often it is tried.
fn retries(tries: Option<u32>) -> u32 {
    match tries {
        // Without an end; this is as often as the engine runs a job.
        Some(0) => 200,
        tries => tries.unwrap_or(1) - 1,
    }
}

/// What is said of how far it is.
fn progress(shown: &low::map::Shown) -> Progress {
    Progress {
        bar: shown.bar,
        eta: shown.eta,
        any: shown.bar || shown.eta || shown.progress,
        json: shown.json,
        animated: super::may_animate(),
        colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// Numbers of GNU parallel's `-j`.
fn slots(text: &str, cpus: usize) -> Result<usize, Failure> {
    let number = |digits: &str| digits.parse::<usize>().ok();
    let slots = match text.as_bytes() {
        b"0" => Some(MOST_SLOTS),
        [b'+', ..] => number(&text[1..]).map(|n| cpus.saturating_add(n)),
        [b'-', ..] => number(&text[1..]).map(|n| cpus.saturating_sub(n).max(1)),
        [.., b'%'] => text[..text.len() - 1]
            .parse::<f64>()
            .ok()
            .filter(|share| share.is_finite() && *share >= 0.0)
            .map(|share| ((cpus as f64 * share / 100.0) as usize).max(1)),
        _ => number(text),
    };
    let slots = slots.ok_or_else(|| {
        Failure::usage(format!("-j cannot be {text:?}")).help(
            "write a number, +N or -N for more or less than there are cores, N% of them, or 0",
        )
    })?;
    match slots {
        1..=MOST_SLOTS => Ok(slots),
        _ => Err(Failure::usage(format!("-j can be at most {MOST_SLOTS}, not {slots}"))),
    }
}

/// The most jobs that the engine runs at a time.
const MOST_SLOTS: usize = 1024;

fn marks(places: &low::map::Places) -> Result<Marks, Failure> {
    let mut marks = Marks { plus: places.plus, ..Marks::default() };
    let given = [
        (&places.replace, &mut marks.argument),
        (&places.extensionreplace, &mut marks.stripped),
        (&places.basenamereplace, &mut marks.name),
        (&places.dirnamereplace, &mut marks.folder),
        (&places.basenameextensionreplace, &mut marks.stem),
        (&places.seqreplace, &mut marks.number),
        (&places.slotreplace, &mut marks.slot),
    ];
    for (text, mark) in given {
        match text {
            Some(text) if text.is_empty() => {
                return Err(Failure::usage("what stands for an argument cannot be empty"));
            }
            Some(text) => *mark = text.as_bytes().to_vec(),
            None => {}
        }
    }
    Ok(marks)
}

fn mode(shown: &low::map::Shown) -> Mode {
    let in_order = shown.keep_order;
    match (shown.ungroup, shown.line_buffer) {
        (true, _) => Mode::Raw,
        (false, true) => Mode::Lines { in_order },
        (false, false) => Mode::Whole { in_order },
    }
}

fn results(shown: &low::map::Shown) -> Result<Option<Results>, Failure> {
    let Some(name) = &shown.results else {
        return Ok(shown.files.then_some(Results::Temporary));
    };
    match Path::new(name).extension().and_then(OsStr::to_str) {
        Some(table @ ("csv" | "tsv" | "json")) => {
            Err(Failure::usage(format!("--results writes folders and files, not a .{table} table"))
                .help("--joblog FILE writes a table of the jobs"))
        }
        _ => Ok(Some(Results::Named(name.clone()))),
    }
}

fn joblog(name: &OsStr, control: &low::map::Control) -> Joblog {
    let resumes = control.resume || control.resume_failed;
    match name.as_bytes().strip_prefix(b"+") {
        Some(rest) => Joblog { path: OsStr::from_bytes(rest).into(), append: true },
        None => Joblog { path: name.into(), append: resumes },
    }
}

fn resume(shown: &low::map::Shown, control: &low::map::Control) -> Result<Option<Resume>, Failure> {
    match (control.resume, control.resume_failed) {
        (false, false) => Ok(None),
        (_, true) if shown.joblog.is_some() || shown.stream.is_some() => {
            Ok(Some(Resume::Succeeded))
        }
        (true, _) if shown.joblog.is_some() || shown.stream.is_some() => Ok(Some(Resume::Ended)),
        (true, _) if shown.results.is_some() => Ok(Some(Resume::Files)),
        (_, true) => Err(Failure::usage("--resume-failed does not know what has failed")
            .help("name the log of the earlier run by --joblog, or its stream file by --stream")),
        (true, _) => Err(Failure::usage("--resume does not know what has been done").help(
            "name the log of the earlier run by --joblog, its results by --results, or its stream \
             file by --stream",
        )),
    }
}

fn timeout(text: &str) -> Result<Timeout, Failure> {
    match text.strip_suffix('%').map(str::parse::<f64>) {
        Some(Ok(share)) if share > 0.0 && share.is_finite() => Ok(Timeout::Share(share / 100.0)),
        Some(_) => Err(Failure::usage(format!("--timeout: {text:?} is no percentage"))),
        None => parse_timedelta(text)
            .map(Timeout::Fixed)
            .map_err(|e| Failure::usage(format!("--timeout: {}", e.message()))),
    }
}

fn gates(control: &low::map::Control, cpus: usize) -> Result<Gates, Failure> {
    let named =
        |name: &str, e: tine_scheduler::Error| Failure::usage(format!("--{name}: {}", e.message()));
    let mut gates = Gates::default();
    if let Some(text) = &control.delay {
        gates.delay = Some(Delay::parse(text).map_err(|e| named("delay", e))?);
    }
    if let Some(text) = &control.load {
        let limit = LoadLimit::parse(text, cpus as u64);
        gates.load = Some(limit.map_err(|e| named("load", e))?);
    }
    if let Some(text) = &control.memfree {
        gates.free = Some(FreeMemory::parse(text).map_err(|e| named("memfree", e))?);
    }
    if let Some(text) = &control.halt {
        gates.halt = text.parse().map_err(|e| named("halt", e))?;
    }
    Ok(gates)
}

fn needs(text: &str) -> Result<Needs, Failure> {
    let bytes =
        parse_size(text).map_err(|e| Failure::usage(format!("--memory: {}", e.message())))?;
    Ok(Needs { memory: Some(bytes), limit: Some(bytes), ..Needs::default() })
}

fn variables(given: &[OsString]) -> Result<Vec<(OsString, OsString)>, Failure> {
    let mut variables = vec![];
    for text in given {
        let bytes = text.as_bytes();
        match memchr::memchr(b'=', bytes) {
            Some(0) => return Err(Failure::usage(format!("--env: {text:?} has no name"))),
            Some(at) => {
                let part = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
                variables.push((part(&bytes[..at]), part(&bytes[at + 1..])));
            }
            None if std::env::var_os(text).is_some() => {}
            None => {
                return Err(Failure::usage(format!("--env: there is no variable {text:?}"))
                    .help("jobs have all variables of this environment; NAME=VALUE sets one"));
            }
        }
    }
    Ok(variables)
}

#[cfg(test)]
#[path = "map/tests.rs"]
mod tests;
