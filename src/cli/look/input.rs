//! Opens a trace file and chooses a run of it; says what is wrong where that cannot be.
//! It does not know what the run is wanted for.

use std::path::Path;

use tine_profiler::{Recording, Trace, TraceError, TraceErrorKind};

use crate::cli::failure::Failure;
use crate::cli::high::Source;
use crate::cli::{note, words};

/// A file with runs, one of which was chosen.
#[derive(Debug)]
pub(super) struct Opened {
    recording: Recording,
    chosen: usize,
}

impl Opened {
    /// Reads the file and chooses the run.
    pub(super) fn new(source: &Source) -> Result<Opened, Failure> {
        let path = &source.path;
        let recording = Recording::read(path).map_err(|e| explained(path, &e))?;
        let chosen = choose(source, &recording)?;
        let opened = Opened { recording, chosen };
        opened.say(source);
        Ok(opened)
    }

    /// The chosen run.
    pub(super) fn trace(&self) -> &Trace {
        &self.recording.traces()[self.chosen]
    }

    /// What the user should know of the choice, and of the run.
    fn say(&self, source: &Source) {
        let (name, runs) = (source.path.display(), self.recording.traces().len());
        let about = self.trace().about();
        if runs > 1 && source.run.is_none() {
            let n = self.chosen + 1;
            note(&format!(
                "note: {name} has {runs} runs; this is run {n}, the longest (--run chooses)"
            ));
        }
        if !about.complete {
            let ended = self.trace().tasks().filter(|t| t.ran()).count() as u64;
            note(&format!(
                "note: the program ended before its run did: {} of {} are in {name}",
                words::count(ended),
                words::plural(self.trace().len() as u64, "task")
            ));
        }
        if about.lost > 0 {
            let lost = words::plural(about.lost, "fact");
            note(&format!("note: {lost} about tasks were lost while the run was recorded"));
        }
    }
}

fn choose(source: &Source, recording: &Recording) -> Result<usize, Failure> {
    let (name, runs) = (source.path.display(), recording.traces());
    if let Some(n) = source.run {
        return match n <= runs.len() {
            true => Ok(n - 1),
            false => {
                let has = words::plural(runs.len() as u64, "run");
                let last = runs.len();
                Err(Failure::new(format!("there is no run {n} in {name}, which has {has}")).help(
                    format!("choose one from 1 to {last}, or leave --run out for the longest"),
                ))
            }
        };
    }
    // The first of equals: a later one replaces it only if it took longer.
    let longest = (0..runs.len())
        .reduce(|a, b| if runs[b].about().elapsed > runs[a].about().elapsed { b } else { a });
    longest.ok_or_else(|| {
        Failure::new(format!("{name} has no run in it"))
            .help("nothing was computed while it was recorded")
    })
}

/// Whether a file begins as traces do; `false` too where it cannot be read.
pub(super) fn is_trace(begin: &[u8]) -> bool {
    begin.starts_with(b"\x89TINE")
}

/// The error of a file that is no trace, or not a whole one, with what to do.
fn explained(path: &Path, error: &TraceError) -> Failure {
    let help = match error.kind() {
        TraceErrorKind::NotATrace => {
            "name a trace file: tine::profile and tine demo leave them, by convention as *.tine"
        }
        TraceErrorKind::Version => "it was written by a later version of tine: use that one",
        TraceErrorKind::CutOff => {
            "nothing of it can be read: was it copied whole, and is its program done?"
        }
        TraceErrorKind::Checksum | TraceErrorKind::Malformed => {
            "the file was changed after it was written: copy or record it again"
        }
        TraceErrorKind::NoRun => "nothing was computed while it was recorded",
        TraceErrorKind::Io if path.is_dir() => "this is a folder: name a trace file in it",
        TraceErrorKind::Io if !path.exists() => "is the name right, and is this its folder?",
        _ => "may this user read it?",
    };
    Failure::new(error.to_string()).help(help)
}
