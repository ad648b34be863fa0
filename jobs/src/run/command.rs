//! What is started for a job: its words, variables and folder, made up when its turn comes.
//! It starts nothing, and touches no file.

use std::ffi::OsString;
use std::path::PathBuf;

use tine_scheduler::jobs::{Command, Stdin};
use twox_hash::XxHash3_64;

use crate::file::{Action, JobId, Jobs, Text, Values};
use crate::template::quote::word;

/// The words of a job's command: program and arguments, with the shell in front where it has one.
pub(crate) fn words(jobs: &Jobs<'_>, job: JobId, values: &dyn Values) -> Vec<String> {
    match &jobs.group(job).action {
        Action::Argv(texts) => arguments(texts, values),
        Action::Shell(script) => {
            let mut words = jobs.file().shell().to_vec();
            let mut text = String::new();
            script.render(values, &mut text);
            words.push(text);
            words
        }
    }
}

/// A text that is a list and nothing else becomes an argument an item, any other one argument.
fn arguments(texts: &[Text], values: &dyn Values) -> Vec<String> {
    let mut words = Vec::with_capacity(texts.len());
    for text in texts {
        match text.as_list() {
            Some(list) => values.words(list, &mut |word| words.push(word.to_owned())),
            None => words.push(text.plain(values)),
        }
    }
    words
}

/// What the command of a job is as a line, for people: quoted where a shell would need it.
pub(crate) fn line(jobs: &Jobs<'_>, job: JobId) -> String {
    let values = values(jobs, job, None);
    match &jobs.group(job).action {
        Action::Argv(texts) => {
            let words: Vec<String> =
                arguments(texts, &values).iter().map(|w| word(w).into_owned()).collect();
            words.join(" ")
        }
        Action::Shell(script) => {
            let mut text = String::new();
            script.render(&values, &mut text);
            text
        }
    }
}

/// The values of a job in its commands; an attempt has its own.
pub(super) fn values<'j>(
    jobs: &'j Jobs<'_>,
    job: JobId,
    start: Option<(u32, u32)>,
) -> impl Values + 'j {
    let mut values = jobs.values(job);
    if jobs.group(job).settings.cwd.is_some() {
        values = values.absolute();
    }
    match start {
        Some((cores, attempt)) => values.started(cores, attempt),
        None => values,
    }
}

/// An attempt that is about to start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Which, from 1.
    pub(crate) attempt: u32,
    /// The slot that it has, from 1.
    pub(crate) slot: usize,
    /// How many slots it has.
    pub(crate) cores: u32,
}

/// What is started.
pub(crate) fn command(jobs: &Jobs<'_>, job: JobId, start: &Start) -> Command {
    let values = values(jobs, job, Some((start.cores, start.attempt)));
    let settings = &jobs.group(job).settings;
    let own = |(name, text): &(String, Text)| (name.into(), Some(text.plain(&values).into()));
    let mut env: Vec<(OsString, Option<OsString>)> = settings.env.iter().map(own).collect();
    let mut tell = |name: &str, value: String| env.push((name.into(), Some(value.into())));
    tell("TINE_JOB", jobs.name(job));
    tell("TINE_ATTEMPT", start.attempt.to_string());
    tell("TINE_SLOT", start.slot.to_string());
    Command {
        argv: words(jobs, job, &values).into_iter().map(Into::into).collect(),
        env,
        cwd: Some(folder(jobs, settings.cwd.as_ref(), &values)),
        nice: 0,
        stdin: Stdin::Null,
    }
}

/// Where it runs: the folder of the job file, or one that counts from there.
pub(super) fn folder(jobs: &Jobs<'_>, cwd: Option<&Text>, values: &dyn Values) -> PathBuf {
    let base = jobs.file().folder();
    cwd.map_or_else(|| base.to_owned(), |text| base.join(text.plain(values)))
}

/// A hash of all that makes a command what it is; neither attempts nor slots change it.
pub(crate) fn hash(jobs: &Jobs<'_>, job: JobId) -> u64 {
    let values = values(jobs, job, None);
    let settings = &jobs.group(job).settings;
    let mut text = String::new();
    // A NUL is in no word, so that words cannot run into each other.
    let mut add = |kind: char, word: &str| {
        text.push(kind);
        text.push_str(word);
        text.push('\0');
    };
    words(jobs, job, &values).iter().for_each(|word| add('a', word));
    for (name, value) in &settings.env {
        add('e', name);
        add('=', &value.plain(&values));
    }
    if let Some(cwd) = &settings.cwd {
        add('d', &cwd.plain(&values));
    }
    XxHash3_64::oneshot(text.as_bytes())
}
