//! The `tine` command: arguments in, exit code out.
//! It knows no subcommand: see `cli`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(std::env::args_os())
}
