//! The command line: what was typed, what is meant, the job, and how the process ends.
//! It does not know what a job does.

mod demo;
mod failure;
mod high;
mod jobs;
mod look;
mod low;
mod pages;
mod prep;
mod progress;
mod words;
mod workers;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use failure::{Code, Failure};
use high::Job;

/// What is left to do when a job is done.
enum Done {
    /// To print this.
    Text(String),
    /// To end with this exit code: everything is printed.
    Code(u8),
}

/// Runs the command line `args`, the first of which is the name of the program.
pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let counts = args.get(1).is_some_and(|command| command == "map");
    let typed = match low::parse(args) {
        Ok(typed) => typed,
        Err(message) => return print_usage(&message, counts),
    };
    let result = Job::try_from(typed).and_then(|job| match job {
        Job::Demo(demo) => demo::run(&demo).map(Done::Text),
        Job::Look(look) => look::run(&look).map(Done::Text),
        Job::Run(run) => jobs::run::run(&run).map(Done::Text),
        Job::Cat(cat) => jobs::cat::run(&cat).map(|()| Done::Text(String::new())),
        Job::Map(map) => jobs::map::run(&map).map(Done::Code),
        Job::Completions(shell) => Ok(Done::Text(pages::completions(shell))),
        Job::Man(folder) => pages::manual(folder.as_deref()).map(Done::Text),
        Job::Prep(prep) => prep::run(&prep).map(Done::Text),
    });
    match result {
        Ok(Done::Text(text)) => print(&text),
        Ok(Done::Code(code)) => ExitCode::from(code),
        Err(failure) if counts => fail(&failure.uncounted()),
        Err(failure) => fail(&failure),
    }
}

/// Help and version go to standard output and are a success, mistakes to standard error. Where the
/// exit code `counts` jobs, a mistake has another one.
fn print_usage(message: &clap::Error, counts: bool) -> ExitCode {
    // Whoever closed the stream does not want to read it.
    drop(message.print());
    ExitCode::from(match (message.use_stderr(), counts) {
        (false, _) => 0,
        (true, false) => Code::Usage as u8,
        (true, true) => Code::Uncounted as u8,
    })
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
