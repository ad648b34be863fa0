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
    let usage = usage(&command);
    let man = Man::new(command.override_usage(usage));
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

/// How a command is written, with all its options and their values.
fn usage(command: &clap::Command) -> String {
    let mut usage = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let arguments = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let options = arguments().filter(|arg| !arg.is_positional());
    for arg in options.chain(command.get_positionals().filter(|arg| !arg.is_hide_set())) {
        let (open, close) = if arg.is_required_set() { ("", "") } else { ("[", "]") };
        usage += &format!(" {open}{}{close}", written(arg));
    }
    match command.has_subcommands() {
        true => usage + " COMMAND ...",
        false => usage,
    }
}

/// An argument as it is written: its names, and its value.
fn written(arg: &clap::Arg) -> String {
    let names = arg.get_short().map(|short| format!("-{short}"));
    let names = names.into_iter().chain(arg.get_long().map(|long| format!("--{long}")));
    let mut written = names.collect::<Vec<_>>().join("|");
    let range = arg.get_num_args().unwrap_or_default();
    if !arg.is_positional() && !range.takes_values() {
        return written;
    }
    let value = arg.get_value_names().map_or_else(|| arg.get_id().to_string(), |v| v.join(" "));
    let (open, close) = match (arg.is_positional(), range.min_values(), arg.is_require_equals_set())
    {
        (true, ..) => ("", ""),
        (_, 0, true) => ("[=", "]"),
        (_, 0, false) => (" [", "]"),
        (.., true) => ("=", ""),
        (.., false) => (" ", ""),
    };
    written += &format!("{open}{value}{close}");
    let many = range.max_values() > arg.get_value_names().map_or(1, <[_]>::len);
    written + if many { "..." } else { "" }
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
