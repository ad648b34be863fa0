//! What was typed of `tine man`.
//! It does not know what the pages say.

use std::path::PathBuf;

use clap::Args;

/// Manual pages: one for tine, and one for each of its subcommands
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  tine man | man -l -                  reads the page of tine
  tine man ~/.local/share/man/man1     writes all pages to where man finds them: man tine-report")]
pub(crate) struct Man {
    /// The folder for all pages, made where there is none [default: the page of tine alone, on
    /// standard output]
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}
