//! Whether a job is up to date: whether its command and its files are what they were when it was
//! last done.
//! It does not know how a job is run.
//!
//! As in ninja and n2, what counts is not which file is newer, but whether anything differs from
//! what the journal says of the last time: an older file that was copied over a newer one counts, and
//! so does another command.

use std::io;

use super::command;
use super::files::Files;
use super::journal::{Entry, State};
use super::reason::{Reason, Verdict};
use crate::file::{Fresh, JobId, Jobs};

/// Hashes of what a job is made of, taken before it starts: what changes while it runs has been
/// read or not, and must count the next time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) command: u64,
    pub(crate) inputs: u64,
}

/// What of a run matters here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Everything runs.
    pub(crate) force: bool,
    /// Runs of the journal from this number on are resumed.
    pub(crate) resumed: Option<u32>,
}

/// The paths of a job: what it reads, the outputs of jobs that it needs included, and what it makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    pub(crate) inputs: Vec<String>,
    pub(crate) needed: Vec<String>,
    pub(crate) outputs: Vec<String>,
}

impl Paths {
    pub(crate) fn of(jobs: &Jobs<'_>, job: JobId) -> Self {
        let mut needed = Vec::new();
        jobs.needed(job, &mut |other| needed.extend(jobs.outputs(other)));
        Paths { inputs: jobs.inputs(job), needed, outputs: jobs.outputs(job) }
    }

    fn read(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().chain(&self.needed).map(String::as_str)
    }

    /// Hashes the outputs, after the job.
    pub(crate) fn hash_outputs(&self, files: &mut Files, fresh: Fresh) -> io::Result<u64> {
        files.hash(self.outputs.iter().map(String::as_str), fresh)
    }
}

/// Decides about a job whose turn has come, or could come now.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn judge(
    jobs: &Jobs<'_>,
    job: JobId,
    paths: &Paths,
    (files, last, why): (&mut Files, Option<&Entry>, Option<&str>),
    asked: &Asked,
) -> io::Result<(Verdict, Before)> {
    let fresh = jobs.group(job).settings.fresh;
    let command = command::hash(jobs, job);
    // A job that is never compared needs no hashes of its files.
    let is_compared = !paths.outputs.is_empty() && fresh != Fresh::Never;
    let inputs = if is_compared { files.hash(paths.read(), fresh)? } else { 0 };
    let before = Before { command, inputs };
    let run = |reason| Ok((Verdict::Runs(reason), before));
    if asked.force {
        return run(Reason::Forced);
    }
    let done = last.filter(|e| e.state == State::Done);
    let same = done.filter(|e| e.command == command);
    if !is_compared {
        let resumed = asked.resumed.is_some_and(|from| same.is_some_and(|e| e.run >= from));
        return match (resumed, paths.outputs.is_empty()) {
            (true, _) => Ok((Verdict::Resumed, before)),
            (false, true) => run(Reason::NoOutputs),
            (false, false) => run(Reason::Never),
        };
    }
    match (last, done, same) {
        (None, ..) => run(Reason::NeverDone),
        (Some(last), None, _) => {
            run(Reason::NotDone(last.state, why.unwrap_or_default().to_owned()))
        }
        (_, Some(_), None) => run(Reason::CommandChanged),
        (_, _, Some(entry)) => {
            let reason = compare(paths, files, entry, before.inputs, fresh)?;
            Ok((reason.map_or(Verdict::UpToDate, Verdict::Runs), before))
        }
    }
}

/// What differs between the files now and those of the entry.
fn compare(
    paths: &Paths,
    files: &mut Files,
    entry: &Entry,
    inputs: u64,
    fresh: Fresh,
) -> io::Result<Option<Reason>> {
    if let Some(missing) = paths.outputs.iter().find(|p| !files.exists(p)) {
        return Ok(Some(Reason::OutputMissing(missing.clone())));
    }
    if inputs != entry.inputs {
        // Only all of them together were hashed: one that is newer is the likely one.
        let since = i128::from(entry.time) * 1_000_000;
        let newer = paths.read().find_map(|path| files.newer(path, since));
        return Ok(Some(Reason::InputsChanged(newer)));
    }
    let outputs = paths.hash_outputs(files, fresh)?;
    Ok((outputs != entry.outputs).then_some(Reason::OutputsChanged))
}
