//! Why the command ends without having done its job: what happened, what to do, the exit code.
//! It does not know where the text goes.

use std::fmt;
use std::path::Path;

use tine_jobs::file::Mistake;
use tine_scheduler::{Error, ErrorKind};

/// The exit codes of the command, as `tine --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// The job could not be done.
    Failed = 1,
    /// The command line, or a job file, cannot be understood.
    Usage = 2,
    /// Ctrl-C: 128 and the number of SIGINT, as shells have it.
    Interrupted = 130,
    /// Any of the first two, where small numbers count failed jobs.
    Uncounted = 255,
}

/// The exit codes of `tine run`, for its help.
pub(crate) const RUN_CODES: &str = "\
Exit codes:
  0    all jobs are done, or were up to date
  1    a job failed, or the run could not go on; the message says why
  2    the command line or the job file is wrong; nothing was started
  130  interrupted by Ctrl-C or SIGTERM: once, nothing more starts; twice, jobs are ended;
       three times, they are killed";

/// The exit codes of `tine map`, for its help: those of GNU parallel.
pub(crate) const MAP_CODES: &str = "\
Exit codes:
  0        all jobs are done
  1..100   so many jobs failed
  101      more than 100 jobs failed
  0..255   where --halt ended the run: as for GNU parallel, that of the job which failed where
           one was enough, else the number or the percentage of failures; 0 for successes
  130      interrupted by Ctrl-C or SIGTERM
  141      nobody reads the output any more
  255      the command line is wrong, or the run could not go on";

/// What the user is told at the end, instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    code: Code,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// The job could not be done because of `message`.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure { code: Code::Failed, message: message.into(), help: None }
    }

    /// The command line asks for what cannot be together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure { code: Code::Usage, message: message.into(), help: None }
    }

    /// The user has ended it.
    pub(crate) fn interrupted() -> Self {
        Failure { code: Code::Interrupted, message: "interrupted".into(), help: None }
    }

    /// The same, and how far it was.
    pub(crate) fn interrupted_at(how_far: impl fmt::Display) -> Self {
        Failure { message: format!("interrupted: {how_far}"), ..Failure::interrupted() }
    }

    /// The file system refused to `verb` (`read`, `write`) `path`.
    pub(crate) fn io(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        Failure::new(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, of a command whose exit code is a number of jobs.
    #[must_use]
    pub(crate) fn uncounted(mut self) -> Self {
        if self.code != Code::Interrupted {
            self.code = Code::Uncounted;
        }
        self
    }

    /// How the process is to end.
    pub(crate) fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// So that a task can return it: the message goes through the engine as it is.
impl std::error::Error for Failure {}

/// What is wrong with a job file is wrong with what was asked for: it is told from jobs that fail.
impl From<Mistake> for Failure {
    fn from(mistake: Mistake) -> Self {
        let failure = Failure::usage(mistake.without_hint());
        match mistake.hint() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Interrupted => Failure::interrupted(),
            // A task of this command failed with a `Failure`, which names file and line: the
            // task's own name and the place in tine's source would say nothing to the user.
            ErrorKind::Task => Failure::new(error.message()),
            _ => Failure::new(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_failures_read_as_the_failure() {
        let failure = Failure::new("a.csv, line 3: two words").help("write one");
        let error = Error::from_task(failure.clone()).in_task("read(3)", None).on_attempt(1, 1);
        assert_eq!(Failure::from(error).to_string(), failure.to_string());
        assert_eq!(failure.to_string(), "a.csv, line 3: two words\n  help: write one");
    }

    #[test]
    fn interruption_has_its_code() {
        let error = Error::new(ErrorKind::Interrupted, "Ctrl-C");
        assert_eq!(Failure::from(error).code(), Code::Interrupted);
    }
}
