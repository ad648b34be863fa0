//! One file for what many jobs print: written while they run, read whenever.
//! It does not know where the jobs come from, or how their output is shown.
//!
//! Layout: 8 bytes of signature, the version as 4 bytes little endian, then records. A record is a
//! head of 32 bytes and a payload: 4 bytes of tag, 4 of the payload's length, 8 of the number of a
//! job, 4 of an attempt, 8 of checksum of the payload (XXH3), 4 of checksum of the head (the low half
//! of its XXH3), all little endian.
//!
//! | tag | payload |
//! |---|---|
//! | `RUN ` | a run begins: whether its jobs have names that stand for them, and the time |
//! | `JOB ` | an attempt has begun: what the job is called |
//! | `OUT `, `ERR ` | what it has printed |
//! | `END ` | how it ended, what the job is called, and where all that it has printed lies |
//! | `INDX` | where the `END `s of all attempts are that are in front of it |
//! | `FIN ` | where the `INDX` is: the last record of a run that came to its end |
//!
//! Nothing that was written is ever changed, and records of many jobs alternate. What a job prints is
//! gathered into few records; one that prints little has an `END ` and one record a stream. A file that
//! ends in the middle of a record was left by a process that died: it is read up to there, and a run
//! that goes on with it cuts the rest off. `INDX` only saves a walk over the heads of all records,
//! which finds the same: of a file without it, or with more behind it.
//!
//! Attempts are counted in the file, from 1: one that was cut off and is made again by a later run is
//! another.

mod end;
mod error;
mod index;
mod known;
mod read;
mod record;
mod source;
#[cfg(test)]
mod tests;
mod write;

pub use end::{End, How};
pub use error::StreamError;
pub use index::Entry;
pub use read::{Attempt, Reader, UnknownJob};
pub use write::{Kind, Writer};

/// As in the traces of runs: a byte above 127 and both line ends show a transfer that changed them.
const SIGNATURE: [u8; 8] = *b"\x89TOUT\r\n\x1a";
/// Raised when a reader of the version before would misread the file.
const VERSION: u32 = 1;
/// Bytes before the first record.
const START: u64 = 12;
