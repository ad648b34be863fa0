//! Where the jobs of a map come from: sources in their order, how they are split and put together.
//! It opens none of them.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use tine_jobs::gates::parse_size;
use tine_jobs::input::blocks::{Header, Records, Size};
use tine_jobs::input::{Columns, Packing, Splitter, Trim};

use super::{Arguments, Blocks, Feed, Origin};
use crate::cli::failure::Failure;
use crate::cli::low;

/// The longest text that the system hands over as one argument, less its NUL.
const LONGEST_LINE: usize = 131_071;

pub(super) fn feed(typed: &low::Map, slots: usize) -> Result<Feed, Failure> {
    match typed.pipe.pipe {
        true => blocks(typed).map(Feed::Blocks),
        false => arguments(typed, slots).map(Feed::Arguments),
    }
}

fn arguments(typed: &low::Map, slots: usize) -> Result<Arguments, Failure> {
    let input = &typed.input;
    let groups = groups(typed)?;
    let sides = |sides: &str| Trim { left: sides.contains('l'), right: sides.contains('r') };
    let trim = input.trim.as_deref().map(sides);
    let columns = match &input.colsep {
        None => None,
        Some(text) => Some(
            Columns::new(text, trim.unwrap_or(Trim::BOTH))
                .map_err(|e| malformed("--colsep", text, &e))?,
        ),
    };
    if let Some(other) = input.header.as_deref().filter(|&text| text != ":") {
        return Err(Failure::usage(format!("--header cannot be {other:?} without --pipe"))
            .help("`--header :` takes the first argument of each source as its name"));
    }
    let delimiter = match (&input.delimiter, input.null) {
        (Some(text), _) => unescaped(text)?,
        (None, true) => vec![0],
        (None, false) => vec![b'\n'],
    };
    let splitter = Splitter::new(&delimiter)
        .until(input.eof.clone().map(OsString::into_vec))
        .skip_blank(input.no_run_if_empty)
        .trim(trim.filter(|_| columns.is_none()).unwrap_or_default());
    let (packing, counted) = packing(input, slots)?;
    Ok(Arguments {
        wraps: input.link,
        groups,
        splitter,
        columns,
        named: input.header.is_some(),
        packing,
        longest: input.max_chars.unwrap_or(LONGEST_LINE).min(LONGEST_LINE),
        counted,
        seed: input.shuf.then(|| input.seed.unwrap_or_else(random)),
    })
}

/// How arguments are put together, and whether they are counted only.
fn packing(input: &low::map::Input, slots: usize) -> Result<(Packing, bool), Failure> {
    let most = input.max_args.or(input.max_replace_args);
    let fit = |spread| Packing::Fit { most, spread };
    Ok(match () {
        () if most == Some(0) || input.max_lines == Some(0) => (Packing::Rows(1), true),
        () if input.many || input.repeat => (fit(slots), false),
        () if input.xargs || input.max_args.is_some() => (fit(1), false),
        () => match (input.max_replace_args, input.max_lines) {
            (Some(n), _) => (Packing::Rows(n), false),
            (None, Some(n)) => (Packing::Lines(n), false),
            (None, None) => (Packing::Rows(1), false),
        },
    })
}

/// The sources: those of -a, then those behind separators.
fn groups(typed: &low::Map) -> Result<Vec<Vec<Origin>>, Failure> {
    let file = |path: &Path| match path.as_os_str() == "-" {
        true => Origin::Stdin,
        false => Origin::File(path.to_owned()),
    };
    let mut groups: Vec<Vec<Origin>> =
        typed.input.arg_file.iter().map(|path| vec![file(path)]).collect();
    for list in &typed.lists {
        let origins = match list.files {
            true => list.words.iter().map(|word| file(Path::new(word))).collect(),
            false => vec![Origin::Words(list.words.clone())],
        };
        for origin in origins {
            match groups.last_mut() {
                Some(group) if list.linked => group.push(origin),
                _ => groups.push(vec![origin]),
            }
        }
    }
    if groups.is_empty() {
        groups.push(vec![Origin::Stdin]);
    }
    if typed.input.link {
        groups = vec![groups.into_iter().flatten().collect()];
    }
    if groups.iter().flatten().filter(|&origin| *origin == Origin::Stdin).count() > 1 {
        return Err(Failure::usage("standard input can be one source only, not several"));
    }
    Ok(groups)
}

fn blocks(typed: &low::Map) -> Result<Blocks, Failure> {
    let (input, pipe) = (&typed.input, &typed.pipe);
    let origin = match (&input.arg_file[..], &typed.lists[..]) {
        ([], []) => Origin::Stdin,
        ([file], []) if file.as_os_str() == "-" => Origin::Stdin,
        ([file], []) => Origin::File(file.clone()),
        _ => {
            return Err(Failure::usage("--pipe has one source, standard input or the file of -a")
                .help("arguments behind `:::` cannot be had beside it"));
        }
    };
    let block = match &pipe.block {
        None => 1 << 20,
        Some(text) => {
            parse_size(text).map_err(|e| Failure::usage(format!("--block: {}", e.message())))?
        }
    };
    let read = usize::try_from(block).ok().filter(|&read| read > 0);
    let read = read.ok_or_else(|| Failure::usage("--block must be at least 1"))?;
    let zero = |n: Option<usize>| n == Some(0);
    if zero(input.max_replace_args) || zero(input.max_lines) {
        return Err(Failure::usage("with --pipe a job reads at least one record, not 0"));
    }
    let header = match &input.header {
        None => Header::None,
        Some(text) => Header::parse(text).map_err(|e| malformed("--header", text, &e))?,
    };
    Ok(Blocks {
        origin,
        records: records(pipe)?,
        size: input.max_replace_args.map_or(Size::Bytes(read), Size::Records),
        read,
        multiple: input.max_lines.unwrap_or(1),
        header,
    })
}

fn records(pipe: &low::map::Pipe) -> Result<Records, Failure> {
    let start = pipe.recstart.clone().unwrap_or_default();
    let end = match (&pipe.recend, &pipe.recstart) {
        (Some(end), _) => end.clone(),
        (None, Some(_)) => OsString::new(),
        (None, None) => "\n".into(),
    };
    let records = match pipe.regexp {
        false => Records::new(&unescaped(&end)?, &unescaped(&start)?),
        true => match (end.to_str(), start.to_str()) {
            (Some(end), Some(start)) => Records::matching(end, start)
                .map_err(|e| malformed("--recend or --recstart", &format!("{end}{start}"), &e))?,
            _ => return Err(Failure::usage("regular expressions must be UTF-8")),
        },
    };
    Ok(records.removed(pipe.remove_rec_sep))
}

fn malformed(option: &str, text: &str, error: &dyn Display) -> Failure {
    Failure::usage(format!("{option}: {text:?} is no regular expression: {error}"))
}

/// Text with the escapes of `printf`: `\n`, `\t`, `\0`, `\x41`, `\101`.
pub(super) fn unescaped(text: &OsStr) -> Result<Vec<u8>, Failure> {
    let mut bytes = text.as_bytes();
    let mut out = vec![];
    while let [first, rest @ ..] = bytes {
        bytes = rest;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let digits = |radix: u32, skip: usize, most: usize| {
            let digits = rest[skip..].iter().take(most);
            let count = digits.take_while(|&&b| char::from(b).is_digit(radix)).count();
            let text = std::str::from_utf8(&rest[skip..skip + count]).ok()?;
            Some((u8::from_str_radix(text, radix).ok()?, skip + count))
        };
        let (byte, length) = match rest {
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'r', ..] => (b'\r', 1),
            [b'a', ..] => (7, 1),
            [b'f', ..] => (12, 1),
            [b'v', ..] => (11, 1),
            [b'x', ..] => digits(16, 1, 2).unwrap_or((b'\\', 0)),
            [b'0'..=b'7', ..] => digits(8, 0, 3).unwrap_or((b'\\', 0)),
            [b'\\', ..] => (b'\\', 1),
            _ => (b'\\', 0),
        };
        out.push(byte);
        bytes = &rest[length..];
    }
    Ok(out)
}

/// A number that is another one each time.
fn random() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_nanos() as u64 ^ (u64::from(std::process::id()) << 32)
}
