//! The jobserver of GNU make, from both sides: cores that make, ninja and cargo share with a run.
//! It starts nothing, and waits for nobody: it is asked for cores, and says whether there are so many.
//!
//! A jobserver is a pipe with a byte, a token, for every core that nobody uses. Whoever wants one more
//! than it was given by its parent reads a byte, and writes it back afterwards. Each process has one core
//! without a byte: that of the recipe, or the job, that it is.
//!
//! - Where a run is the *server*, the pipe has as many tokens as there are slots. A job is started when
//!   as many could be taken as it has cores, so that all that jobs take for what they start is missing to
//!   the run, and all together never have more than the slots.
//! - Where it is a *client*, because make has started it, it has one core, and reads a token for
//!   every other that its jobs take.
//!
//! What a job has read and not written back, because it was killed, nobody can know of while others run:
//! it may as well be in use. A server puts its tokens in order whenever nothing runs.

mod auth;
mod pool;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use tine_scheduler::jobs::Command;

pub use auth::{Auth, Unusable};
use pool::Pool;

/// How programs are told where the pipe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// By a name: GNU make from 4.4 on, ninja from 1.13 on, cargo.
    Fifo,
    /// By two descriptors that they inherit: every GNU make, cargo.
    Pipe,
}

/// The variable that tells programs of a jobserver, and much else.
pub const VARIABLE: &str = "MAKEFLAGS";

/// Cores that a run shares with others.
#[derive(Debug)]
pub struct Jobserver {
    pool: Pool,
    /// What this run serves; nothing where it is a client.
    served: Option<Served>,
}

/// A pipe of this run's own.
#[derive(Debug)]
struct Served {
    style: Style,
    /// What programs find in their environment.
    flags: OsString,
    /// Both ends.
    ends: [File; 2],
    /// How many tokens there are in all.
    all: usize,
}

impl Jobserver {
    /// A server for programs that a run with so many slots starts. `flags` is what the environment has
    /// of [`VARIABLE`]: what else it says stays.
    ///
    /// ```
    /// use tine_jobs::jobserver::{Jobserver, Style};
    /// let mut server = Jobserver::serve(Style::Fifo, 2, None)?;
    /// let flags = server.flags().expect("programs are told").to_string_lossy().into_owned();
    /// assert!(flags.starts_with(" -j2 --jobserver-auth=fifo:"));
    /// assert!(server.take(1, 1, true) && server.take(2, 1, false));
    /// assert!(!server.take(3, 1, false)); // two are all that there are
    /// server.give(1);
    /// assert!(server.take(3, 1, false));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// No pipe.
    pub fn serve(style: Style, slots: usize, flags: Option<&OsStr>) -> io::Result<Jobserver> {
        let (read, write) = io::pipe()?;
        let (read, write) = (File::from(OwnedFd::from(read)), File::from(OwnedFd::from(write)));
        // A name that is there as long as this process, and leaves nothing behind.
        let path = format!("/proc/{}/fd/{}", std::process::id(), read.as_raw_fd());
        let pool = Pool::open(path.as_ref(), path.as_ref(), 0)?;
        pool.put(slots)?;
        let auth = match style {
            Style::Fifo => format!("fifo:{path}"),
            Style::Pipe => INHERITED.to_owned(),
        };
        let flags = auth::with(flags.unwrap_or_default(), slots, &auth);
        let served = Served { style, flags, ends: [read, write], all: slots };
        Ok(Jobserver { pool, served: Some(served) })
    }

    /// The jobserver of the make that has started this process, where there is one: by what the
    /// environment has of [`VARIABLE`]. Programs of this run find it as this process did.
    ///
    /// # Errors
    /// There is one that cannot be used.
    pub fn join(flags: &OsStr) -> Result<Option<Jobserver>, Unusable> {
        let Some(auth) = Auth::of(flags)? else { return Ok(None) };
        let [read, write] = auth.paths();
        let pool = Pool::open(&read, &write, 1).map_err(|_| auth.unusable())?;
        Ok(Some(Jobserver { pool, served: None }))
    }

    /// What programs are to find as [`VARIABLE`]; `None` where that is what they find anyway.
    pub fn flags(&self) -> Option<&OsStr> {
        self.served.as_ref().map(|served| served.flags.as_os_str())
    }

    /// Tells a program of it, unless it is told something else already.
    pub(crate) fn tell(&self, command: &mut Command) {
        // Of several values of a variable the last one counts.
        if let Some(flags) = self.flags() {
            command.env.insert(0, (VARIABLE.into(), Some(flags.to_owned())));
        }
    }

    /// The ends of the pipe that programs are to inherit, as 3 and 4.
    pub fn inherited(&self) -> Option<[BorrowedFd<'_>; 2]> {
        let served = self.served.as_ref().filter(|served| served.style == Style::Pipe)?;
        Some([served.ends[0].as_fd(), served.ends[1].as_fd()])
    }

    /// What can be read when there are tokens; `None` where there are some, and the job that was refused
    /// last needs more: that has to be tried again.
    pub fn readable(&self) -> Option<BorrowedFd<'_>> {
        (!self.pool.some).then(|| self.pool.as_fd())
    }

    /// Takes so many cores for the job in a slot; none where there are not so many. A job that is `alone`
    /// begins with fewer, but one at least: nobody gives back what is missing to it.
    pub fn take(&mut self, slot: usize, cores: u32, alone: bool) -> bool {
        if let Some(served) = self.served.as_ref().filter(|_| alone) {
            self.pool.settle(served.all);
        }
        self.pool.take(slot, cores as usize, alone)
    }

    /// Gives back what was taken for the job in a slot.
    pub fn give(&mut self, slot: usize) {
        self.pool.give(slot);
    }
}

/// What programs find as 3 and 4.
const INHERITED: &str = "3,4";
