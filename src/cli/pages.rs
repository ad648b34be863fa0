//! Completions for shells, and manual pages: made from the description of the command line, so that
//! they say what it takes.
//! It does not know any subcommand.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::failure::Failure;
use super::low::Cli;

/// The script for a shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tine", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The page of tine; or all pages, written to files in a folder, and their names.
pub(crate) fn manual(folder: Option<&Path>) -> Result<String, Failure> {
    let mut command = Cli::command().disable_help_flag(true);
    command.build();
    let Some(folder) = folder else { return Ok(page(command)) };
    fs::create_dir_all(folder).map_err(|e| Failure::io("make the folder", folder, &e))?;
    let mut names = String::new();
    let subcommands = command.get_subcommands().filter(|c| !c.is_hide_set()).cloned();
    for command in subcommands.chain([command.clone()]).collect::<Vec<_>>() {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let path = folder.join(format!("{name}.1"));
        let text = page(command);
        fs::write(&path, text).map_err(|e| Failure::io("write", &path, &e))?;
        names += &format!("{}\n", path.display());
    }
    Ok(names)
}

/// A manual page, as `man` reads it.
fn page(command: clap::Command) -> String {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text).expect("a Vec takes everything");
    String::from_utf8_lossy(&text).into_owned()
}
