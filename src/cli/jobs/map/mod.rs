//! `tine map`: one command for many arguments.
//! It does not know what was typed, only what is meant.

mod dry;
mod supply;
mod watched;

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tine_jobs::log::{Log, Past};
use tine_jobs::map::{Map, Outcome, Results, Resume, Settings, TimeShare, Work};
use tine_jobs::output::stream::{Kind, Writer};
use tine_jobs::output::{Bounds, Output};
use tine_jobs::template::{Marks, Template};
use tine_profiler::profile_to;
use tine_scheduler::Jobs;
use tine_scheduler::jobs::Tally;

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::high::map::Progress;
use crate::cli::progress::{self, Look, Terminal};
use crate::cli::words::{count, plural};
use supply::Supplied;
use watched::Watched;

/// The exit code where nobody reads the output any more: 128 and the number of SIGPIPE, as shells
/// have it.
const UNREAD: u8 = 141;

/// Runs the jobs; returns the exit code.
pub(crate) fn run(map: &high::Map) -> Result<u8, Failure> {
    // The small process that starts programs is to be small: before anything is read.
    let jobs = if map.dry { None } else { Some(Jobs::prepare()?) };
    let supplied = supply::open(map)?;
    let work = work(map, &supplied)?;
    let Some(jobs) = jobs else { return dry::run(map, supplied, &work) };
    let stream = stream(map)?;
    let settings = settings(map, stream.as_ref().map(Writer::past))?;
    let mut output = Output::new(terminal(map)?, map.mode, Bounds::default());
    if let Some(stream) = stream {
        output = output.into_stream(stream);
    }
    let foreman = Map::new(&name(map), supplied.supply, work, output, settings);
    let (tally, outcome) = match &map.profile {
        None => run_all(map, jobs, foreman)?,
        Some(path) => recorded(path, || run_all(map, jobs, foreman))?,
    };
    if tally.interrupts > 0 && !outcome.unread {
        return Err(interrupted(map, &outcome));
    }
    Ok(match () {
        () if outcome.unread => UNREAD,
        () => outcome.code(),
    })
}

/// How far a run was that the user ended.
fn interrupted(map: &high::Map, outcome: &Outcome) -> Failure {
    let (done, known) = (count(outcome.done as u64), plural(outcome.known as u64, "job"));
    let failed = match outcome.failed {
        0 => String::new(),
        n => format!(", {} failed", count(n as u64)),
    };
    let failure = Failure::interrupted_at(format_args!("{done} of {known} done{failed}"));
    match map.joblog.is_some() || map.stream.is_some() || map.results.is_some() {
        true => failure.help("--resume goes on where it was interrupted"),
        false => failure,
    }
}

fn run_all(
    map: &high::Map,
    jobs: Jobs,
    mut foreman: Map<Terminal>,
) -> Result<(Tally, Outcome), Failure> {
    let mut jobs = jobs.slots(map.slots).retries(map.retries);
    if let Some(high::map::Timeout::Fixed(limit)) = map.timeout {
        jobs = jobs.task_timeout(limit);
    }
    let observers = tine_scheduler::observers();
    let ran = match progress(map) {
        None => jobs.run(&mut foreman, &observers),
        Some(progress) => {
            let mut watched = Watched::new(foreman, progress, &name(map));
            let ran = jobs.run(&mut watched, &observers);
            foreman = watched.end();
            ran
        }
    };
    let outcome = foreman.finish();
    match ran {
        Ok(tally) => Ok((tally, outcome?)),
        // That the run was ended for lack of a reader is what the outcome says.
        Err(error) => match outcome {
            Ok(outcome) if outcome.unread => Ok((Tally::default(), outcome)),
            _ => Err(error.into()),
        },
    }
}

/// How progress is shown, where it is.
fn progress(map: &high::Map) -> Option<progress::Jobs> {
    let Progress { bar, eta, colour, animated, json, any } = map.progress;
    let kind = match () {
        () if json => progress::Kind::Json,
        () if !any => return None,
        () if animated => progress::Kind::Bars,
        () => progress::Kind::Plain,
    };
    Some(progress::Jobs::new(kind, Look { bar, eta, colour, slots: map.slots }))
}

/// Records the run in a file.
fn recorded<T>(path: &Path, run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let recorded = profile_to(path, run).map_err(|e| {
        Failure::new(e.to_string()).help("make room, or name another file with --profile")
    })?;
    recorded.output
}

fn terminal(map: &high::Map) -> Result<Terminal, Failure> {
    let terminal = Terminal::new()
        .map_err(|e| Failure::new(format!("cannot write to standard output: {e}")))?;
    Ok(if map.progress.json { terminal.diverted() } else { terminal })
}

/// What jobs are called in pictures: the program.
fn name(map: &high::Map) -> String {
    let first = map.command.first().map(|word| word.to_string_lossy().into_owned());
    let program = first.as_deref().and_then(|line| line.split_whitespace().next());
    let program = program.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    match program.is_empty() || program.contains(['{', '}', '(', ')']) {
        true => "map".to_owned(),
        false => program.to_owned(),
    }
}

fn work(map: &high::Map, supplied: &Supplied) -> Result<Work, Failure> {
    let marks = &supplied.marks;
    let words: Vec<_> = map.command.iter().map(|word| word.as_bytes()).collect();
    let command = Template::command(&words, marks, map.reading).map_err(|e| {
        Failure::usage(e.to_string())
            .help("let the shell take it from a variable: `--env x={}`, and \"$x\" in the command")
    })?;
    let mut work = Work::new(command, map.shell.clone());
    work.tag = map.tag.as_deref().map(|text| match (text == "{}", marks) {
        (true, _) => Template::raw(),
        (false, marks) => template(text, marks),
    });
    work.results = map.results.as_ref().map(|results| match results {
        high::map::Results::Temporary => Results::Temporary,
        high::map::Results::Named(name) => match template(name, marks) {
            template if template.has_places() => Results::Named(template),
            _ => Results::Below(name.into(), marks.names.clone()),
        },
    });
    work.folder = map.folder.as_deref().map(|folder| template(folder, marks));
    for (name, value) in &map.variables {
        work.variables.push((name.clone(), template(value, marks)));
    }
    work.nice = map.nice;
    Ok(work)
}

fn template(text: &OsStr, marks: &Marks) -> Template {
    Template::text(text.as_bytes(), marks)
}

/// The file that all output goes to, where it does; a run that is taken up again goes on with it.
fn stream(map: &high::Map) -> Result<Option<Writer>, Failure> {
    let Some(path) = &map.stream else { return Ok(None) };
    let writer = match map.resume {
        Some(_) => Writer::resume(path, Kind::Numbered, Bounds::default()),
        None => Writer::create(path, Kind::Numbered, Bounds::default()),
    };
    writer.map(Some).map_err(|e| Failure::new(e.to_string()))
}

fn settings(map: &high::Map, streamed: Option<&Past>) -> Result<Settings, Failure> {
    let failed = |e: tine_jobs::log::Error| Failure::new(e.to_string());
    // What an earlier run has done is read before its log is written to.
    let past = || match &map.joblog {
        Some(log) => Past::read(&log.path).map_err(failed),
        None => Ok(streamed.cloned().unwrap_or_default()),
    };
    let resume = match map.resume {
        None => None,
        Some(high::map::Resume::Ended) => Some(Resume::Ended(past()?)),
        Some(high::map::Resume::Succeeded) => Some(Resume::Succeeded(past()?)),
        Some(high::map::Resume::Files) => Some(Resume::Files),
    };
    let log = match &map.joblog {
        None => None,
        Some(log) if log.append => Some(Log::append(&log.path).map_err(failed)?),
        Some(log) => Some(Log::create(&log.path).map_err(failed)?),
    };
    Ok(Settings {
        gates: map.gates.clone(),
        time: match map.timeout {
            Some(high::map::Timeout::Share(share)) => Some(TimeShare::new(share)),
            _ => None,
        },
        log,
        resume,
        shown: map.shown,
        retries: map.retries,
        needs: map.needs,
        memory: map.memory.clone(),
        names: map.profile.is_some(),
        answers: std::io::stderr().is_terminal(),
        jobserver: super::jobserver(map.jobserver, map.slots)?,
    })
}
