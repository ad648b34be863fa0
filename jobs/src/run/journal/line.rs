//! One line of a journal: what it says, written and read.
//! It does not know files.

use super::super::files::Contents;
use super::{Entry, State};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A run begins; one that is resumed is a part of the one before.
    Run { resumed: bool },
    /// A job has come to its end.
    Job { name: &'a [u8], entry: Entry, why: &'a [u8] },
    /// A file was read.
    File { path: &'a [u8], contents: Contents },
}

/// Appends the line that says that a run begins.
pub(super) fn write_run(resumed: bool, time: u64, out: &mut Vec<u8>) {
    let word = if resumed { "resume" } else { "run" };
    out.extend_from_slice(format!("{word}\t{time}\n").as_bytes());
}

/// Appends the line of a job, with a word on why for people, and the memory that it had.
pub(super) fn write_job(name: &str, entry: &Entry, attempt: u32, why: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(entry.state.word().as_bytes());
    out.push(b'\t');
    escape(name.as_bytes(), out);
    let Entry { command, inputs, outputs, time, .. } = entry;
    let rest = format!("\t{time}\t{attempt}\t{command:016x}\t{inputs:016x}\t{outputs:016x}\t");
    out.extend_from_slice(rest.as_bytes());
    escape(why.as_bytes(), out);
    out.extend_from_slice(format!("\t{}\n", entry.peak).as_bytes());
}

/// Appends the line of a file.
pub(super) fn write_file(path: &str, contents: &Contents, out: &mut Vec<u8>) {
    out.extend_from_slice(b"file\t");
    escape(path.as_bytes(), out);
    let Contents { size, modified, hash } = contents;
    out.extend_from_slice(format!("\t{size}\t{modified}\t{hash:016x}\n").as_bytes());
}

/// Reads a line without its end; `None` where it says nothing that is known.
pub(super) fn read(line: &[u8]) -> Option<Line<'_>> {
    let mut parts = line.split(|&b| b == b'\t');
    let kind = std::str::from_utf8(parts.next()?).ok()?;
    match kind {
        "run" | "resume" => Some(Line::Run { resumed: kind == "resume" }),
        "file" => {
            let path = parts.next()?;
            let contents = Contents {
                size: number(parts.next()?)?,
                modified: std::str::from_utf8(parts.next()?).ok()?.parse().ok()?,
                hash: hash(parts.next()?)?,
            };
            Some(Line::File { path, contents })
        }
        _ => {
            let state = State::named(kind)?;
            let name = parts.next()?;
            let time = number(parts.next()?)?;
            let _attempt = number(parts.next()?)?;
            let [command, inputs, outputs] =
                [hash(parts.next()?)?, hash(parts.next()?)?, hash(parts.next()?)?];
            let why = parts.next().unwrap_or_default();
            // Lines of older versions have none.
            let peak = parts.next().and_then(number).unwrap_or(0);
            let entry = Entry { state, run: 0, time, command, inputs, outputs, peak };
            Some(Line::Job { name, entry, why })
        }
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Sixteen digits, so that a line that was cut off is never taken for another number.
fn hash(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.len() == 16)?;
    u64::from_str_radix(text, 16).ok()
}

/// Appends `text` so that there is no tab and no line break in it.
pub(super) fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            _ => out.push(byte),
        }
    }
}
