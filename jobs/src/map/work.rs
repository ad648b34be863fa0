//! What a job of a map is: its command, what is around it, and what is said of it.
//! It does not know when it runs.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use tine_scheduler::jobs::{Command, Job, Stdin};
use tine_scheduler::{Error, ErrorKind, Result};

use crate::output::Files;
use crate::template::{Filling, Template, TemplateError, quote};

/// Where the output of jobs goes.
#[derive(Clone, Debug)]
pub enum Results {
    /// Into a folder of its own for each, below this one, by these names of arguments.
    Below(PathBuf, Vec<Vec<u8>>),
    /// Where this says.
    Named(Template),
    /// Into files whose names are printed.
    Temporary,
}

/// What is run for each job.
#[derive(Clone, Debug)]
pub struct Work {
    /// The command.
    pub command: Template,
    /// What reads the command, as `sh`; without one it is started as it is.
    pub shell: Option<OsString>,
    /// What stands before each line of output.
    pub tag: Option<Template>,
    /// Where output goes.
    pub results: Option<Results>,
    /// The folder that jobs run in.
    pub folder: Option<Template>,
    /// Variables that are set.
    pub variables: Vec<(OsString, Template)>,
    /// Added to the niceness.
    pub nice: i32,
}

impl Work {
    /// Runs lines of a shell.
    pub fn new(command: Template, shell: Option<OsString>) -> Self {
        let variables = vec![];
        Work { command, shell, tag: None, results: None, folder: None, variables, nice: 0 }
    }

    /// The program and its arguments.
    ///
    /// # Errors
    /// An argument that cannot be put in safely, or no command.
    pub fn argv(&self, filling: &Filling<'_>) -> Result<Vec<OsString>> {
        let words = self.command.words(filling).map_err(refused)?;
        match &self.shell {
            None if words.is_empty() => Err(Error::new(ErrorKind::Build, "the command is empty")),
            None => Ok(words.into_iter().map(OsString::from_vec).collect()),
            Some(shell) => {
                let line = words.into_iter().map(OsString::from_vec);
                Ok([shell.clone(), "-c".into()].into_iter().chain(line).collect())
            }
        }
    }

    /// The line that does the same in a shell, for people and logs.
    pub fn line(&self, argv: &[OsString]) -> OsString {
        if let (Some(_), [_, _, line]) = (&self.shell, argv) {
            return line.clone();
        }
        let mut line = vec![];
        for word in argv {
            if !line.is_empty() {
                line.push(b' ');
            }
            quote::bare(word.as_bytes(), &mut line);
        }
        OsString::from_vec(line)
    }

    pub(super) fn command(
        &self,
        argv: Vec<OsString>,
        filling: &Filling<'_>,
        job: &Job<'_>,
        stdin: Stdin,
    ) -> Result<Command> {
        let number = |n: usize| Some(OsString::from(n.to_string()));
        let mut env = vec![
            ("PARALLEL_SEQ".into(), number(filling.number)),
            ("PARALLEL_JOBSLOT".into(), number(job.slot)),
            ("PARALLEL_PID".into(), number(std::process::id() as usize)),
            ("TINE_JOB".into(), number(filling.number)),
            ("TINE_SLOT".into(), number(job.slot)),
            ("TINE_ATTEMPT".into(), number(job.attempt as usize)),
        ];
        for (name, value) in &self.variables {
            let value = value.line(filling).map_err(refused)?;
            env.push((name.clone(), Some(OsString::from_vec(value))));
        }
        let cwd = match &self.folder {
            Some(folder) => Some(OsString::from_vec(folder.line(filling).map_err(refused)?).into()),
            None => None,
        };
        Ok(Command { argv, env, cwd, nice: self.nice, stdin })
    }

    pub(super) fn tag(&self, filling: &Filling<'_>) -> Result<Option<Vec<u8>>> {
        self.tag.as_ref().map(|tag| tag.line(filling)).transpose().map_err(refused)
    }

    pub(super) fn files(&self, filling: &Filling<'_>) -> Result<Option<Files>> {
        let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        Ok(match &self.results {
            None => None,
            Some(Results::Temporary) => Some(Files::Temporary),
            Some(Results::Below(root, names)) => Some(below(root, names, filling.arguments)),
            Some(Results::Named(template)) => {
                let name = template.line(filling).map_err(refused)?;
                Some(Files::named(&text(&name)))
            }
        })
    }
}

fn below(root: &Path, names: &[Vec<u8>], arguments: &[&[u8]]) -> Files {
    let name = |i: usize| match names.get(i) {
        Some(name) => OsStr::from_bytes(name).to_owned(),
        None => OsString::from((i + 1).to_string()),
    };
    let arguments = arguments.iter().enumerate();
    Files::below(root, arguments.map(|(i, a)| (name(i), OsStr::from_bytes(a).to_owned())))
}

fn refused(error: TemplateError) -> Error {
    Error::new(ErrorKind::Build, error.to_string())
}
