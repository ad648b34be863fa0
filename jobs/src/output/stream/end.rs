//! What an `END ` says: how an attempt ended, and where all that it has printed lies.
//! It does not know files.

use std::fmt;
use std::time::Duration;

use tine_scheduler::OutputStream;
use tine_scheduler::jobs::{Ended, Exit, Reason};

use super::record::Input;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By itself, with this exit code.
    Code(i32),
    /// By the signal with this number.
    Signal(i32),
    /// It could not be started: the number of the error (`errno`).
    NotStarted(i32),
    /// It did not: the run was ended before, or goes on.
    Unfinished,
}

impl fmt::Display for How {
    /// A word for tables: `0`, `signal 9`, `not started`, `unfinished`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Code(code) => f.pad(&code.to_string()),
            How::Signal(signal) => f.pad(&format!("signal {signal}")),
            How::NotStarted(_) => f.pad("not started"),
            How::Unfinished => f.pad("unfinished"),
        }
    }
}

/// The end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub how: How,
    /// Whether it counts as a failure: one with exit code 0 may, where what it should have made is not
    /// there.
    pub failed: bool,
    /// Whether another attempt was to follow.
    pub again: bool,
    /// How long it ran.
    pub took: Duration,
}

impl End {
    /// That of a program. One that was ended with its run is unfinished: it is run again where that is
    /// resumed.
    pub fn of(ended: &Ended, failed: bool, again: bool) -> End {
        let how = match (ended.reason, ended.exit) {
            (Some(Reason::Stopped | Reason::GaveWay), _) => How::Unfinished,
            (_, Exit::Code(code)) => How::Code(code),
            (_, Exit::Signal(signal)) => How::Signal(signal),
            (_, Exit::NotStarted(errno)) => How::NotStarted(errno),
        };
        let failed = failed && how != How::Unfinished;
        End { how, failed, again, took: ended.ended.saturating_sub(ended.started) }
    }

    /// Whether that was all that became of the job.
    pub(super) fn is_final(&self) -> bool {
        self.how != How::Unfinished && !self.again
    }

    /// Of one that nobody knows the end of.
    pub(super) const UNFINISHED: End =
        End { how: How::Unfinished, failed: false, again: false, took: Duration::ZERO };
}

/// Where a record of output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where its head begins.
    pub(super) at: u64,
    /// Bytes of output in it.
    pub(super) len: u32,
    pub(super) stream: OutputStream,
}

/// The payload of an `END `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) end: End,
    pub(super) name: Box<[u8]>,
    pub(super) extents: Vec<Extent>,
}

impl Summary {
    pub(super) fn write(end: &End, name: &[u8], extents: &[Extent], to: &mut Vec<u8>) {
        let (kind, number) = match end.how {
            How::Code(code) => (0, code),
            How::Signal(signal) => (1, signal),
            How::NotStarted(errno) => (2, errno),
            How::Unfinished => (3, 0),
        };
        to.extend_from_slice(&[kind, u8::from(end.failed) | u8::from(end.again) << 1]);
        to.extend_from_slice(&number.to_le_bytes());
        let nanos = u64::try_from(end.took.as_nanos()).unwrap_or(u64::MAX);
        to.extend_from_slice(&nanos.to_le_bytes());
        let len = u32::try_from(name.len()).expect("command lines are below 4 GiB");
        to.extend_from_slice(&len.to_le_bytes());
        to.extend_from_slice(name);
        for extent in extents {
            to.push(extent.stream as u8);
            to.extend_from_slice(&extent.at.to_le_bytes());
            to.extend_from_slice(&extent.len.to_le_bytes());
        }
    }

    /// Reads a payload; `None` where it is none.
    pub(super) fn read(payload: &[u8]) -> Option<Summary> {
        let mut from = Input(payload);
        let (kind, flags) = (from.u8()?, from.u8()?);
        let number = from.array().map(i32::from_le_bytes)?;
        let how = match kind {
            0 => How::Code(number),
            1 => How::Signal(number),
            2 => How::NotStarted(number),
            _ => How::Unfinished,
        };
        let took = Duration::from_nanos(from.u64()?);
        let len = from.u32()?;
        let name = from.bytes(len)?.into();
        let mut extents = Vec::new();
        while let Some(stream) = from.u8() {
            let stream = match stream {
                0 => OutputStream::Stdout,
                1 => OutputStream::Stderr,
                _ => return None,
            };
            extents.push(Extent { at: from.u64()?, len: from.u32()?, stream });
        }
        let (failed, again) = (flags & 1 != 0, flags & 2 != 0);
        Some(Summary { end: End { how, failed, again, took }, name, extents })
    }
}
