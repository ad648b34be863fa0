//! The trace file: a signature, a version, and sections that are checked one by one.
//! It knows the columns of a trace, and opens no file.
//!
//! Layout: 8 bytes of signature, the version as 4 bytes little endian, then sections: 4 bytes of
//! tag, 8 of length, 4 of checksum (CRC-32 of tag and payload), payload. `RUN ` opens a run, `DONE`
//! closes it, `FIN ` with the number of runs closes the file, so that a file that was cut off is
//! known whatever byte it was cut at. Sections with an unknown tag are passed over: a later
//! version can add facts without locking this one out.

mod bytes;
mod decode;
mod encode;
mod error;
mod section;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};

use crate::trace::Trace;
use bytes::{Input, Output};
pub use error::{TraceError, TraceErrorKind};
use section::Reader;

/// As in PNG: a byte above 127 and both line ends show a transfer that changed them.
const SIGNATURE: [u8; 8] = *b"\x89TINE\r\n\x1a";
/// Raised when a reader of the version before would misread the file.
const VERSION: u32 = 1;

/// Writes a whole file.
pub(crate) fn write(traces: &[Trace], out: &mut impl Write) -> io::Result<()> {
    out.write_all(&SIGNATURE)?;
    out.write_all(&VERSION.to_le_bytes())?;
    for trace in traces {
        section::write(out, *b"RUN ", encode::about(trace))?;
        section::write(out, *b"GRPS", encode::groups(trace))?;
        section::write(out, *b"TASK", encode::tasks(trace))?;
        section::write(out, *b"EDGE", encode::inputs(trace))?;
        section::write(out, *b"WORK", encode::workers(trace))?;
        section::write(out, *b"MEMO", encode::memory(trace))?;
        section::write(out, *b"RARE", encode::rare(trace))?;
        section::write(out, *b"DONE", Output::default())?;
    }
    let mut count = Output::default();
    count.number(traces.len() as u64);
    section::write(out, *b"FIN ", count)
}

/// Reads a whole file.
pub(crate) fn read(input: &mut impl Read) -> Result<Vec<Trace>, TraceError> {
    let mut reader = Reader::open(input, SIGNATURE, VERSION)?;
    let mut traces = Vec::new();
    let mut whole = 0;
    let mut trace: Option<Trace> = None;
    loop {
        let (tag, payload) = reader.next()?;
        let mut input = Input::new(&payload, section::name(tag), reader.payload_at());
        match (&tag, &mut trace) {
            (b"RUN ", slot @ None) => {
                *slot = Some(Trace { about: decode::about(&mut input)?, ..Trace::default() });
            }
            (b"DONE", slot @ Some(_)) => {
                // Sections may be missing, doubled or in another order, and each still be valid.
                traces.extend(slot.take().filter(|t| t.columns.is_whole(t.groups.len())));
                whole += 1;
                if traces.len() != whole {
                    return Err(input.malformed("the sections of a run do not fit together"));
                }
            }
            (b"FIN ", None) => {
                if input.number()? != traces.len() as u64 {
                    return Err(input.malformed("the number of runs is not that of the file"));
                }
                return reader.finish().map(|()| traces);
            }
            (b"RUN " | b"DONE" | b"FIN ", _) => {
                return Err(input.malformed("a run does not begin or end here"));
            }
            (_, Some(t)) => part(tag, &mut input, t)?,
            (_, None) => {}
        }
    }
}

/// Reads a section inside a run.
fn part(tag: [u8; 4], input: &mut Input<'_>, trace: &mut Trace) -> Result<(), TraceError> {
    match &tag {
        b"GRPS" => trace.groups = decode::groups(input)?,
        b"TASK" => decode::tasks(input, trace)?,
        b"EDGE" => decode::inputs(input, trace)?,
        b"WORK" => trace.workers = decode::workers(input)?,
        b"MEMO" => trace.memory = decode::memory(input)?,
        b"RARE" => trace.rare = decode::rare(input, trace.columns.len())?,
        _ => return Ok(()),
    }
    input.end()
}
