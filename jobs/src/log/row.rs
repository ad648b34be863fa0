//! What a line of a log says, in either format.
//! It does not know how it is written down.

use std::borrow::Cow;

/// A line of a log: a job that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// Its number, from 1.
    pub seq: u64,
    /// When it started, in seconds since 1970.
    pub start: f64,
    /// How long it ran, in seconds.
    pub runtime: f64,
    /// Bytes that it was given.
    pub sent: u64,
    /// Bytes that it wrote to standard output.
    pub received: u64,
    /// Its exit code.
    pub code: i32,
    /// The signal that ended it, or 0.
    pub signal: i32,
    /// The command, as the log has it.
    pub command: Cow<'a, [u8]>,
    /// Its name, where the log has one.
    pub name: Option<Cow<'a, [u8]>>,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// The most memory that it had, in bytes, where the log says so.
    pub peak: Option<u64>,
}

impl Row<'_> {
    /// Whether it ended well.
    pub fn is_success(&self) -> bool {
        self.code == 0 && self.signal == 0
    }
}
