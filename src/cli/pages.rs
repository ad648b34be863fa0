//! Completions for shells, and manual pages: made from the description of the command line, so that
//! they say what it takes.
//! It does not know any subcommand.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

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
    let behind = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let subcommands = command.has_subcommands();
    let man = Man::new(command);
    let mut text = Vec::new();
    man.render_title(&mut text)
        .and_then(|()| man.render_name_section(&mut text))
        .and_then(|()| man.render_synopsis_section(&mut text))
        .and_then(|()| man.render_description_section(&mut text))
        .and_then(|()| man.render_options_section(&mut text))
        .and_then(|()| match subcommands {
            true => man.render_subcommands_section(&mut text),
            false => Ok(()),
        })
        .and_then(|()| sections(&behind).to_writer(&mut text))
        .expect("a Vec takes everything");
    String::from_utf8_lossy(&text).into_owned()
}

/// What stands behind the options in the help, under the headings that readers of manuals look for.
/// Its lines stay as they are: they are commands and tables.
fn sections(behind: &str) -> Roff {
    let mut page = Roff::new();
    for part in behind.split("\n\n").filter(|part| !part.is_empty()) {
        let (heading, lines) = match part.split_once(':') {
            Some(("Examples", lines)) => ("EXAMPLES", lines),
            Some(("Exit codes", lines)) => ("EXIT STATUS", lines),
            _ => ("NOTES", part),
        };
        page.control("SH", [heading]).control("nf", []);
        let lines: Vec<_> = lines.trim_start_matches([' ', '\n']).lines().collect();
        let lines = lines.iter().map(|line| line.strip_prefix("  ").unwrap_or(line));
        page.text([roman(lines.collect::<Vec<_>>().join("\n"))]);
        page.control("fi", []);
    }
    page
}
