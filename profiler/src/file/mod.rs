//! The trace file: a signature, a version, and sections that are checked one by one.
//! It knows the columns of a trace, and opens no file.
//!
//! Layout: 8 bytes of signature, the version as 4 bytes little endian, then sections: 4 bytes of
//! tag, 8 of length, 4 of checksum (CRC-32 of tag and payload), payload. `RUN ` opens a run; every
//! other section of a run begins with its number, from 0, so that runs at the same time may share a
//! file. What a run's tasks are (`GRPS`, `TASK`, `EDGE`) comes once, at its start, and, where jobs come
//! in as it goes on, more of them later (`MORE`, since version 3); what they are called, where that is not
//! their key, stands beside it (`NAME`); what happened to them is added while it goes on, in as many
//! sections as there are looks at it; `DONE` closes it.
//! `FIN ` with the number of runs closes the file.
//!
//! Nothing that was written is ever changed. A file that ends anywhere else was left by a process
//! that died: all sections that are whole are read, and what is missing is said. Sections with an
//! unknown tag are passed over: a later version can add facts without locking this one out.

mod bytes;
mod decode;
mod encode;
mod error;
mod read;
mod section;
#[cfg(test)]
mod tests;
mod write;

pub use error::{TraceError, TraceErrorKind};
pub(crate) use read::read;
pub(crate) use write::{Mark, Writer, write};

/// As in PNG: a byte above 127 and both line ends show a transfer that changed them.
const SIGNATURE: [u8; 8] = *b"\x89TINE\r\n\x1a";
/// Raised when a reader of the version before would misread the file.
const VERSION: u32 = 3;
/// The oldest that this reader understands: what came since are sections.
const OLDEST: u32 = 2;
