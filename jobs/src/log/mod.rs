//! The log of jobs: one line for each that has ended, in GNU parallel's columns and some more, and
//! what such a log says about an earlier run.
//! It does not know why it is kept, or what is done with what it says.
//!
//! | column | meaning |
//! |---|---|
//! | `Seq` | the number of the job, from 1 |
//! | `Host` | `:`, this machine |
//! | `Starttime` | seconds since 1970, to the millisecond |
//! | `JobRuntime` | seconds, to the millisecond |
//! | `Send` | bytes of standard input that it was given |
//! | `Receive` | bytes that it wrote to standard output |
//! | `Exitval` | its exit code: 0 where a signal ended it, 127 and 126 where it could not be found or started, -1 where it was ended and left with 0 |
//! | `Signal` | the number of the signal that ended it, or 0 |
//! | `Command` | the command; a newline is a NUL, as in GNU parallel, and a tab `\t` |
//! | `Attempt` | which attempt this was, from 1 |
//! | `Slot` | the slot that it ran in, from 1 |
//! | `User`, `System` | seconds of CPU time in the program and in the kernel |
//! | `MaxRss` | the most memory it had, in bytes |
//! | `Read`, `Written` | bytes from and to disks |
//! | `Oom` | 1 where the kernel has killed for lack of memory meanwhile |
//! | `Reason` | who ended it: `timeout`, `memory`, `stopped`, `gave-way`; else `-` |
//! | `Leftovers` | processes that it had left behind, which were ended |
//! | `Job` | its name, or `-` |
//!
//! A file whose name ends with `.json`, `.jsonl` or `.ndjson` has one object a line instead, with
//! these keys, where nothing is escaped but what JSON escapes.

mod entry;
mod error;
mod json;
mod read;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use entry::{Entry, Format};
pub use error::Error;
pub use read::{Past, Reader};
pub use row::Row;
pub use write::Log;
