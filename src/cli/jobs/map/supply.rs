//! The sources of a map, opened: files, words, standard input, and the names that they begin with.
//! It does not know what is run.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use tine_jobs::input::{Group, Packer, Packing, Rows, Source};
use tine_jobs::map::{Arguments, Pieces, Supply};
use tine_jobs::template::{Filling, Marks, Template};

use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::high::map::{Feed, Origin};

/// Where jobs come from, and what is known of them before the first.
#[derive(Debug)]
pub(super) struct Supplied {
    pub(super) supply: Supply,
    /// What stands for arguments in texts, with their names.
    pub(super) marks: Marks,
}

/// Opens what arguments or blocks come from, and reads the names.
pub(super) fn open(map: &high::Map) -> Result<Supplied, Failure> {
    match &map.feed {
        Feed::Arguments(arguments) => open_arguments(map, arguments),
        Feed::Blocks(blocks) => {
            let fd = match &blocks.origin {
                Origin::File(path) => {
                    File::open(path).map_err(|e| Failure::io("read", path, &e))?.into()
                }
                _ => stdin()?,
            };
            let cut = tine_jobs::input::blocks::Blocks::new(
                fd,
                blocks.records.clone(),
                blocks.size,
                blocks.read,
            );
            let cut = cut.multiple(blocks.multiple).header(blocks.header.clone());
            let supply = Supply::Pieces(Pieces::new(cut));
            Ok(Supplied { supply, marks: map.marks.clone() })
        }
    }
}

fn open_arguments(map: &high::Map, arguments: &high::map::Arguments) -> Result<Supplied, Failure> {
    let mut groups = vec![];
    for origins in &arguments.groups {
        let mut sources = vec![];
        for origin in origins {
            sources.push(source(origin, arguments)?);
        }
        groups.push(group(sources, arguments.wraps));
    }
    let mut rows = Rows::new(groups, arguments.columns.clone());
    let mut marks = map.marks.clone();
    if arguments.named {
        marks.names = rows.take_names().map_err(|e| Failure::new(e.to_string()))?;
    }
    let words: Vec<_> = map.command.iter().map(|word| word.as_bytes()).collect();
    let measure = Template::command(&words, &marks, map.reading)
        .map_err(|e| Failure::usage(e.to_string()))?;
    let complete = measure.needs_total();
    let packer = Packer::new(arguments.packing, room(arguments, &measure)?);
    let supply = Arguments::new(rows, packer, measure)
        .counted_only(arguments.counted)
        .shuffled(arguments.seed)
        .complete(complete);
    Ok(Supplied { supply: Supply::Arguments(supply), marks })
}

/// How much of a line is left for arguments.
fn room(arguments: &high::map::Arguments, measure: &Template) -> Result<usize, Failure> {
    if !matches!(arguments.packing, Packing::Fit { .. }) {
        return Ok(usize::MAX);
    }
    let fixed = measure.line(&Filling::new(&[])).map_or(0, |line| line.len());
    arguments.longest.checked_sub(fixed).filter(|&room| room > 0).ok_or_else(|| {
        Failure::usage(format!("the command has {fixed} bytes, and a line {}", arguments.longest))
    })
}

fn group(mut sources: Vec<Source>, wraps: bool) -> Group {
    if wraps {
        return Group::wrapping(sources);
    }
    let mut group = Group::new(sources.remove(0));
    sources.into_iter().for_each(|source| group.link(source));
    group
}

fn source(origin: &Origin, arguments: &high::map::Arguments) -> Result<Source, Failure> {
    let splitter = arguments.splitter.clone();
    match origin {
        Origin::Words(words) => {
            let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
            Ok(Source::words(&words, &splitter))
        }
        Origin::File(path) => {
            Source::open(path, splitter).map_err(|e| Failure::io("read", path, &e))
        }
        Origin::Stdin => Ok(Source::stream("standard input".into(), stdin()?, splitter)),
    }
}

fn stdin() -> Result<OwnedFd, Failure> {
    let fd = io::stdin().as_fd().try_clone_to_owned();
    fd.map_err(|e| Failure::new(format!("cannot read standard input: {e}")))
}
