//! What is meant by `tine map`: numbers checked, defaults filled in, names of sources in their order.
//! It opens nothing and starts nothing.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tine_jobs::gates::{Delay, FreeMemory, Gates, LoadLimit, parse_size};
use tine_jobs::input::blocks::{Header, Records, Size};
use tine_jobs::input::{Columns, Packing, Splitter, Trim};
use tine_jobs::output::Mode;
use tine_jobs::template::{Marks, Reading};
use tine_scheduler::OutputStream;
use tine_scheduler::config::units::parse_timedelta;
use tine_scheduler::jobs::Needs;

use crate::cli::failure::Failure;
use crate::cli::low;

/// The longest text that the system hands over as one argument, less its NUL.
const LONGEST_LINE: usize = 131_071;

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
    /// What its log has a line of.
    Ended,
    /// What its log says has ended well.
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
        let feed = feed(&typed, slots)?;
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
            dry: shown.dry_run,
            shown: match (shown.verbose, shown.trace) {
                (true, _) => Some(OutputStream::Stdout),
                (false, true) => Some(OutputStream::Stderr),
                (false, false) => None,
            },
            progress: Progress {
                bar: shown.bar,
                eta: shown.eta,
                any: shown.bar || shown.eta || shown.progress,
                json: shown.json,
                animated: super::may_animate(),
                colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            },
            joblog: shown.joblog.as_deref().map(|name| joblog(name, control)),
            resume: resume(shown, control)?,
            profile: shown.profile.clone(),
            retries: match control.retries {
                // Without an end; this is as often as the engine runs a job.
                Some(0) => 200,
                tries => tries.unwrap_or(1) - 1,
            },
            timeout: control.timeout.as_deref().map(timeout).transpose()?,
            gates: gates(control, cpus)?,
            needs: control.memory.as_deref().map(needs).transpose()?,
            nice: control.nice.unwrap_or(0),
            folder: control.wd.clone(),
            variables: variables(&control.env)?,
            command: typed.command,
        })
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

fn feed(typed: &low::Map, slots: usize) -> Result<Feed, Failure> {
    match typed.pipe.pipe {
        true => blocks(typed).map(Feed::Blocks),
        false => arguments(typed, slots).map(Feed::Arguments),
    }
}

fn arguments(typed: &low::Map, slots: usize) -> Result<Arguments, Failure> {
    let input = &typed.input;
    let groups = groups(typed)?;
    let trim = match input.trim.as_deref() {
        None => None,
        Some(sides) => Some(Trim { left: sides.contains('l'), right: sides.contains('r') }),
    };
    let columns = match &input.colsep {
        None => None,
        Some(text) => Some(
            Columns::new(text, trim.unwrap_or(Trim::BOTH))
                .map_err(|e| malformed("--colsep", text, &e))?,
        ),
    };
    if let Some(other) = input.header.as_deref().filter(|&text| text != ":") {
        return Err(Failure::usage(format!("--header cannot be {other:?} without --pipe"))
            .help("`--header :` takes the first argument of each source as its name"));
    }
    let delimiter = match (&input.delimiter, input.null) {
        (Some(text), _) => unescaped(text)?,
        (None, true) => vec![0],
        (None, false) => vec![b'\n'],
    };
    let splitter = Splitter::new(&delimiter)
        .until(input.eof.clone().map(OsString::into_vec))
        .skip_blank(input.no_run_if_empty)
        .trim(trim.filter(|_| columns.is_none()).unwrap_or_default());
    let (packing, counted) = packing(input, slots)?;
    Ok(Arguments {
        wraps: input.link,
        groups,
        splitter,
        columns,
        named: input.header.is_some(),
        packing,
        longest: input.max_chars.unwrap_or(LONGEST_LINE).min(LONGEST_LINE),
        counted,
        seed: input.shuf.then(|| input.seed.unwrap_or_else(random)),
    })
}

/// How arguments are put together, and whether they are counted only.
fn packing(input: &low::map::Input, slots: usize) -> Result<(Packing, bool), Failure> {
    let most = input.max_args.or(input.max_replace_args);
    let fit = |spread| Packing::Fit { most, spread };
    Ok(match () {
        () if most == Some(0) || input.max_lines == Some(0) => (Packing::Rows(1), true),
        () if input.many || input.repeat => (fit(slots), false),
        () if input.xargs || input.max_args.is_some() => (fit(1), false),
        () => match (input.max_replace_args, input.max_lines) {
            (Some(n), _) => (Packing::Rows(n), false),
            (None, Some(n)) => (Packing::Lines(n), false),
            (None, None) => (Packing::Rows(1), false),
        },
    })
}

/// The sources: those of -a, then those behind separators.
fn groups(typed: &low::Map) -> Result<Vec<Vec<Origin>>, Failure> {
    let file = |path: &Path| match path.as_os_str() == "-" {
        true => Origin::Stdin,
        false => Origin::File(path.to_owned()),
    };
    let mut groups: Vec<Vec<Origin>> =
        typed.input.arg_file.iter().map(|path| vec![file(path)]).collect();
    for list in &typed.lists {
        let origins = match list.files {
            true => list.words.iter().map(|word| file(Path::new(word))).collect(),
            false => vec![Origin::Words(list.words.clone())],
        };
        for origin in origins {
            match groups.last_mut() {
                Some(group) if list.linked => group.push(origin),
                _ => groups.push(vec![origin]),
            }
        }
    }
    if groups.is_empty() {
        groups.push(vec![Origin::Stdin]);
    }
    if typed.input.link {
        groups = vec![groups.into_iter().flatten().collect()];
    }
    if groups.iter().flatten().filter(|&origin| *origin == Origin::Stdin).count() > 1 {
        return Err(Failure::usage("standard input can be one source only, not several"));
    }
    Ok(groups)
}

fn blocks(typed: &low::Map) -> Result<Blocks, Failure> {
    let (input, pipe) = (&typed.input, &typed.pipe);
    let origin = match (&input.arg_file[..], &typed.lists[..]) {
        ([], []) => Origin::Stdin,
        ([file], []) if file.as_os_str() == "-" => Origin::Stdin,
        ([file], []) => Origin::File(file.clone()),
        _ => {
            return Err(Failure::usage("--pipe has one source, standard input or the file of -a")
                .help("arguments behind `:::` cannot be had beside it"));
        }
    };
    let block = match &pipe.block {
        None => 1 << 20,
        Some(text) => {
            parse_size(text).map_err(|e| Failure::usage(format!("--block: {}", e.message())))?
        }
    };
    let read = usize::try_from(block).ok().filter(|&read| read > 0);
    let read = read.ok_or_else(|| Failure::usage("--block must be at least 1"))?;
    let zero = |n: Option<usize>| n == Some(0);
    if zero(input.max_replace_args) || zero(input.max_lines) {
        return Err(Failure::usage("with --pipe a job reads at least one record, not 0"));
    }
    let header = match &input.header {
        None => Header::None,
        Some(text) => Header::parse(text).map_err(|e| malformed("--header", text, &e))?,
    };
    Ok(Blocks {
        origin,
        records: records(pipe)?,
        size: input.max_replace_args.map_or(Size::Bytes(read), Size::Records),
        read,
        multiple: input.max_lines.unwrap_or(1),
        header,
    })
}

fn records(pipe: &low::map::Pipe) -> Result<Records, Failure> {
    let start = pipe.recstart.clone().unwrap_or_default();
    let end = match (&pipe.recend, &pipe.recstart) {
        (Some(end), _) => end.clone(),
        (None, Some(_)) => OsString::new(),
        (None, None) => "\n".into(),
    };
    let records = match pipe.regexp {
        false => Records::new(&unescaped(&end)?, &unescaped(&start)?),
        true => match (end.to_str(), start.to_str()) {
            (Some(end), Some(start)) => Records::matching(end, start)
                .map_err(|e| malformed("--recend or --recstart", &format!("{end}{start}"), &e))?,
            _ => return Err(Failure::usage("regular expressions must be UTF-8")),
        },
    };
    Ok(records.removed(pipe.remove_rec_sep))
}

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
        (_, true) => Ok(Some(Resume::Succeeded)),
        (true, _) if shown.joblog.is_some() => Ok(Some(Resume::Ended)),
        (true, _) if shown.results.is_some() => Ok(Some(Resume::Files)),
        (true, _) => Err(Failure::usage("--resume does not know what has been done")
            .help("name the log of the earlier run by --joblog, or its results by --results")),
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

fn malformed(option: &str, text: &str, error: &dyn Display) -> Failure {
    Failure::usage(format!("{option}: {text:?} is no regular expression: {error}"))
}

/// Text with the escapes of `printf`: `\n`, `\t`, `\0`, `\x41`, `\101`.
fn unescaped(text: &OsStr) -> Result<Vec<u8>, Failure> {
    let mut bytes = text.as_bytes();
    let mut out = vec![];
    while let [first, rest @ ..] = bytes {
        bytes = rest;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let digits = |radix: u32, skip: usize, most: usize| {
            let digits = rest[skip..].iter().take(most);
            let count = digits.take_while(|&&b| char::from(b).is_digit(radix)).count();
            let text = std::str::from_utf8(&rest[skip..skip + count]).ok()?;
            Some((u8::from_str_radix(text, radix).ok()?, skip + count))
        };
        let (byte, length) = match rest {
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'r', ..] => (b'\r', 1),
            [b'a', ..] => (7, 1),
            [b'f', ..] => (12, 1),
            [b'v', ..] => (11, 1),
            [b'x', ..] => digits(16, 1, 2).unwrap_or((b'\\', 0)),
            [b'0'..=b'7', ..] => digits(8, 0, 3).unwrap_or((b'\\', 0)),
            [b'\\', ..] => (b'\\', 1),
            _ => (b'\\', 0),
        };
        out.push(byte);
        bytes = &rest[length..];
    }
    Ok(out)
}

/// A number that is another one each time.
fn random() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_nanos() as u64 ^ (u64::from(std::process::id()) << 32)
}

#[cfg(test)]
#[path = "map/tests.rs"]
mod tests;
