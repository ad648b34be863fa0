//! Why a job runs, or does not.
//! It does not know how that was found out.

use std::fmt;

use super::journal::State;

/// Why a job is run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Everything runs, because that is what was asked for.
    Forced,
    /// It names no outputs.
    NoOutputs,
    /// `fresh = "never"`.
    Never,
    /// The journal does not have it.
    NeverDone,
    /// The last time it came to this end, for this reason where one is known.
    NotDone(State, String),
    /// Its command is another one.
    CommandChanged,
    /// This output is not there.
    OutputMissing(String),
    /// An input is another one; this, where that can be said.
    InputsChanged(Option<String>),
    /// Somebody else changed its outputs.
    OutputsChanged,
    /// This job, whose files it reads, runs as well.
    After(String),
}

impl Reason {
    /// A word for it, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Reason::Forced => "forced",
            Reason::NoOutputs => "no-outputs",
            Reason::Never => "never-fresh",
            Reason::NeverDone => "never-done",
            Reason::NotDone(..) => "not-done",
            Reason::CommandChanged => "command-changed",
            Reason::OutputMissing(_) => "output-missing",
            Reason::InputsChanged(_) => "inputs-changed",
            Reason::OutputsChanged => "outputs-changed",
            Reason::After(_) => "after-another",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Forced => f.write_str("--force was given"),
            Reason::NoOutputs => f.write_str("it names no outputs, so that it always runs"),
            Reason::Never => f.write_str("`fresh` is \"never\""),
            Reason::NeverDone => f.write_str("it has not been done before"),
            Reason::NotDone(state, why) => {
                let was = if *state == State::Failed { "it" } else { "it was" };
                write!(f, "{was} {} the last time", state.word())?;
                if why.is_empty() { Ok(()) } else { write!(f, ": {why}") }
            }
            Reason::CommandChanged => f.write_str("its command has changed"),
            Reason::OutputMissing(path) => write!(f, "its output {path} is not there"),
            Reason::InputsChanged(Some(path)) => write!(f, "its input {path} has changed"),
            Reason::InputsChanged(None) => f.write_str("its inputs have changed"),
            Reason::OutputsChanged => f.write_str("its outputs were changed by somebody else"),
            Reason::After(job) => write!(f, "it reads what {job} makes, which runs"),
        }
    }
}

/// What is to become of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It runs.
    Runs(Reason),
    /// Its files are what they were when it was done.
    UpToDate,
    /// It was done before the run was cut off that is now resumed.
    Resumed,
}

impl Verdict {
    /// Whether the job runs.
    pub fn runs(&self) -> bool {
        matches!(self, Verdict::Runs(_))
    }

    /// A word for it, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Runs(reason) => reason.word(),
            Verdict::UpToDate => "up-to-date",
            Verdict::Resumed => "resumed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Runs(reason) => write!(f, "runs: {reason}"),
            Verdict::UpToDate => f.write_str("does not run: it is up to date"),
            Verdict::Resumed => f.write_str("does not run: it was done before the run was cut off"),
        }
    }
}
