//! What `tine cat` is meant to print.
//! It opens no file.

use std::path::PathBuf;

use tine_scheduler::OutputStream;

use crate::cli::low;

/// What `tine cat` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cat {
    /// The stream file.
    pub(crate) file: PathBuf,
    /// Jobs that are asked for; all where there is none.
    pub(crate) jobs: Vec<String>,
    /// Which attempts of each.
    pub(crate) attempts: Attempts,
    /// Only of those that have failed.
    pub(crate) failed: bool,
    /// What is said of them.
    pub(crate) what: What,
}

/// Which attempts of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempts {
    Last,
    Number(u32),
    All,
}

/// What is said of attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// What they have printed to these streams, perhaps with tags.
    Output { streams: Vec<OutputStream>, tagged: bool },
    /// How they ended.
    List { json: bool },
}

impl From<low::Cat> for Cat {
    fn from(typed: low::Cat) -> Self {
        let streams = match (typed.stdout, typed.stderr) {
            (true, _) => vec![OutputStream::Stdout],
            (false, true) => vec![OutputStream::Stderr],
            (false, false) => vec![OutputStream::Stdout, OutputStream::Stderr],
        };
        Cat {
            file: typed.file,
            jobs: typed.jobs,
            attempts: match (typed.attempt, typed.all) {
                (Some(number), _) => Attempts::Number(number),
                (None, true) => Attempts::All,
                (None, false) => Attempts::Last,
            },
            failed: typed.failed,
            what: match typed.list {
                true => What::List { json: typed.json },
                false => What::Output { streams, tagged: typed.tag },
            },
        }
    }
}
