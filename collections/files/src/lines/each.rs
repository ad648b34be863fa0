//! Goes over the lines of one piece.
//! It does not know where the piece comes from.

use std::ops::ControlFlow;
use std::str;

use crate::chunks::Chunks;
use crate::error::{Error, ErrorKind, Result};
use crate::position::Position;

/// Calls `f` with every line of the piece; `index` counts them.
///
/// # Errors
/// Text that is not UTF-8; a line that is too long.
pub(super) fn lines_of<B>(
    chunks: &Chunks,
    index: &mut u64,
    f: &mut impl FnMut(&str, &Position<'_>) -> ControlFlow<B>,
) -> Result<ControlFlow<B>> {
    let format = &chunks.block().format;
    let checked =
        format.delimiter.is_text().then(|| simdutf8::basic::from_utf8(chunks.piece()).ok());
    match (checked.flatten(), format.delimiter.bytes()) {
        // Line by line, so that what comes before a fault is seen before it.
        (None, _) => one_by_one(chunks, index, f),
        (Some(text), [byte]) => {
            let ends = memchr::memchr_iter(*byte, text.as_bytes()).map(|at| at + 1);
            split(chunks, text, ends, index, f)
        }
        (Some(text), _) => {
            let ends = format.delimiter.ends(text.as_bytes());
            split(chunks, text, ends, index, f)
        }
    }
}

/// Calls `f` with the lines of text that end at `ends`, and with the rest if there is one.
fn split<B>(
    chunks: &Chunks,
    text: &str,
    ends: impl Iterator<Item = usize>,
    index: &mut u64,
    f: &mut impl FnMut(&str, &Position<'_>) -> ControlFlow<B>,
) -> Result<ControlFlow<B>> {
    let block = chunks.block();
    let (delimiter, longest) = (block.format.delimiter.len(), block.format.longest);
    let returns = block.format.delimiter.takes_returns();
    let mut at = Position { block, first: chunks.first(), offset: chunks.offset(), index: *index };
    let mut from = 0;
    let mut call = |from: usize, to: usize, next: usize| {
        let mut line = &text[from..to];
        if returns && next > to {
            line = line.strip_suffix('\r').unwrap_or(line);
        }
        if line.len() as u64 > longest {
            return Err(chunks.too_long(at.offset));
        }
        let stop = f(line, &at);
        at.offset += (next - from) as u64;
        at.index += 1;
        Ok(stop)
    };
    for end in ends {
        let stop = call(from, end - delimiter, end)?;
        if stop.is_break() {
            return Ok(stop);
        }
        from = end;
    }
    let stop = match from < text.len() {
        true => call(from, text.len(), text.len())?,
        false => ControlFlow::Continue(()),
    };
    *index = at.index;
    Ok(stop)
}

/// As [`split`], of bytes that are not all UTF-8, or that the delimiter may cut within a character.
fn one_by_one<B>(
    chunks: &Chunks,
    index: &mut u64,
    f: &mut impl FnMut(&str, &Position<'_>) -> ControlFlow<B>,
) -> Result<ControlFlow<B>> {
    let (block, piece) = (chunks.block(), chunks.piece());
    let delimiter = &block.format.delimiter;
    let mut at = Position { block, first: chunks.first(), offset: chunks.offset(), index: *index };
    let rest = (!delimiter.ends_line(piece)).then_some(piece.len());
    let mut from = 0;
    for end in delimiter.ends(piece).chain(rest) {
        let line = delimiter.strip(&piece[from..end]);
        if line.len() as u64 > block.format.longest {
            return Err(chunks.too_long(at.offset));
        }
        let stop = f(&text_of(line, &at)?, &at);
        if stop.is_break() {
            return Ok(stop);
        }
        at.offset += (end - from) as u64;
        at.index += 1;
        from = end;
    }
    *index = at.index;
    Ok(ControlFlow::Continue(()))
}

/// Returns the line as text.
///
/// # Errors
/// A line that is not UTF-8, unless it may be mended.
pub(super) fn text_of<'a>(line: &'a [u8], at: &Position<'_>) -> Result<std::borrow::Cow<'a, str>> {
    if at.block.format.lossy {
        return Ok(String::from_utf8_lossy(line));
    }
    str::from_utf8(line).map(Into::into).map_err(|e| {
        let from = e.valid_up_to();
        let bad = &line[from..from + e.error_len().unwrap_or(line.len() - from)];
        let what = format!(
            "\"{}\" is not UTF-8, at byte {from} of the line; convert the file, or read it lossy",
            bad.escape_ascii()
        );
        Error::new(ErrorKind::InvalidUtf8, what)
            .of_file(at.file())
            .at_line(at.line().ok())
            .at_offset(at.offset + from as u64)
    })
}
