//! The command line: what was typed, what is meant, the job, and how the process ends.
//! It does not know what a job does.

mod demo;
mod failure;
mod high;
mod look;
mod low;
mod prep;
mod progress;
mod words;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use failure::{Code, Failure};
use high::Job;

/// Runs the command line `args`, the first of which is the name of the program.
pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let typed = match low::Cli::try_parse_from(args) {
        Ok(typed) => typed,
        Err(message) => return print_usage(&message),
    };
    let result = Job::try_from(typed).and_then(|job| match job {
        Job::Demo(demo) => demo::run(&demo),
        Job::Look(look) => look::run(&look),
        Job::Prep(prep) => prep::run(&prep),
    });
    match result {
        Ok(text) => print(&text),
        Err(failure) => fail(&failure),
    }
}

/// Help and version go to standard output and are a success, mistakes to standard error.
fn print_usage(message: &clap::Error) -> ExitCode {
    // Whoever closed the stream does not want to read it.
    drop(message.print());
    ExitCode::from(if message.use_stderr() { Code::Usage as u8 } else { 0 })
}

/// Writes the result. A reader that has seen enough and closed the pipe, as `head` does, is none
/// of our failures.
fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(e) => fail(&Failure::new(format!("cannot write to standard output: {e}"))),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    note(&format!("error: {failure}"));
    ExitCode::from(failure.code() as u8)
}

/// Says something beside the result, on standard error.
fn note(text: &str) {
    // There is nowhere left to say that standard error cannot be written to.
    drop(writeln!(io::stderr(), "{text}"));
}
