//! Why a job waits for memory, in words.
//! It does not know who is told, or what the job is called.

use std::fmt;

use tine_scheduler::config::units::format_bytes;

/// Why the next job does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// What it is expected to take, in bytes; `None` where nothing is known of its kind.
    pub need: Option<u64>,
    /// How many jobs run.
    pub running: usize,
    /// What there is.
    pub has: Has,
}

/// What there is of memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// So much is free on the machine, of which those that run are still to take so much.
    Free {
        /// What is free.
        free: u64,
        /// What is expected to be taken of it.
        taken: u64,
    },
    /// Jobs may have so much, of which those that run are expected to take so much.
    Budget {
        /// What they may have together.
        budget: u64,
        /// What those that run will have.
        taken: u64,
    },
}

/// What stands behind the name of the jobs: `waits for memory: …`.
///
/// ```
/// use tine_jobs::gates::{Has, Shortage};
/// let has = Has::Free { free: 3 << 30, taken: 1 << 30 };
/// let shortage = Shortage { need: Some(2 << 30), running: 1, has };
/// let text = "waits for memory: it may take 2.00 GiB, and 3.00 GiB are free, of which the job that \
///             runs may take 1.00 GiB";
/// assert_eq!(shortage.to_string(), text);
/// ```
impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("waits for memory: ")?;
        match self.need {
            Some(need) => write!(f, "it may take {}", format_bytes(need))?,
            None => f.write_str("it is not known yet what it takes")?,
        }
        let who = match self.running {
            1 => "the job that runs".to_owned(),
            n => format!("the {n} jobs that run"),
        };
        match self.has {
            Has::Free { free, taken: 0 } => write!(f, ", and {} are free", format_bytes(free)),
            Has::Free { free, taken } => {
                let (free, taken) = (format_bytes(free), format_bytes(taken));
                write!(f, ", and {free} are free, of which {who} may take {taken}")
            }
            Has::Budget { budget, taken } => {
                let (budget, taken) = (format_bytes(budget), format_bytes(taken));
                write!(f, ", and of the {budget} that jobs may have, {who} may take {taken}")
            }
        }
    }
}
