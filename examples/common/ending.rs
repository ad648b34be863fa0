//! How a program that measures ends: what went wrong on standard error, and its exit code.
//! It does not know what was measured.

use std::error::Error;
use std::process::ExitCode;

/// Says what went wrong in `program`, and on misuse how it is meant.
#[expect(clippy::print_stderr, reason = "the program's output")]
pub(crate) fn end(program: &str, ran: Result<(), Box<dyn Error>>) -> ExitCode {
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}
