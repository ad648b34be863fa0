//! A stream file as it lies there: records by their places, each checked.
//! It does not know what they mean, and never believes a length before the bytes are there.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::StreamError;
use super::record::{HEAD, Head};
use super::{SIGNATURE, START, VERSION};

/// A file, and its length when it was opened.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) len: u64,
}

/// What the first bytes of a file say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Stream,
    /// A beginning of what a stream file begins with, or nothing.
    Cut,
}

impl Source {
    pub(super) fn new(file: File, path: &Path) -> Result<Source, StreamError> {
        let refused = |e| StreamError::io(path, "read", e);
        let meta = file.metadata().map_err(refused)?;
        if !meta.is_file() {
            return Err(StreamError::NotAStream { path: path.to_owned(), written: false });
        }
        Ok(Source { file, path: path.to_owned(), len: meta.len() })
    }

    /// Reads signature and version.
    pub(super) fn start(&self) -> Result<Start, StreamError> {
        let mut bytes = [0; START as usize];
        let there = self.len.min(START) as usize;
        self.read(0, &mut bytes[..there])?;
        let signed = there.min(SIGNATURE.len());
        if bytes[..signed] != SIGNATURE[..signed] {
            return Err(StreamError::NotAStream { path: self.path.clone(), written: false });
        }
        if there < bytes.len() {
            return Ok(Start::Cut);
        }
        let found = u32::from_le_bytes(*bytes.last_chunk().expect("there are more than four"));
        match found {
            1..=VERSION => Ok(Start::Stream),
            _ => Err(StreamError::Version { path: self.path.clone(), found }),
        }
    }

    /// The head of the record at `at`; `None` where there is none, or not all of it.
    pub(super) fn head(&self, at: u64) -> Result<Option<Head>, StreamError> {
        let mut bytes = [0; HEAD];
        if at.checked_add(HEAD as u64).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        self.read(at, &mut bytes)?;
        Ok(Head::read(&bytes))
    }

    /// The payload of the record at `at`, into `to`.
    pub(super) fn payload(
        &self,
        at: u64,
        head: &Head,
        to: &mut Vec<u8>,
    ) -> Result<(), StreamError> {
        let from = at + HEAD as u64;
        if from + u64::from(head.len) > self.len {
            return Err(self.damaged(at, "ends behind the file"));
        }
        to.resize(head.len as usize, 0);
        self.read(from, to)?;
        match head.fits(to) {
            true => Ok(()),
            false => Err(self.damaged(at, "does not agree with its checksum")),
        }
    }

    /// The error that a record is not what was written.
    pub(super) fn damaged(&self, at: u64, what: &'static str) -> StreamError {
        StreamError::damaged(&self.path, at, what)
    }

    /// Whether there is nothing but zeros from `at` on, as after a power cut.
    pub(super) fn is_blank(&self, mut at: u64) -> Result<bool, StreamError> {
        let mut bytes = vec![0; 1 << 16];
        while at < self.len {
            let part = bytes.len().min(usize::try_from(self.len - at).unwrap_or(usize::MAX));
            self.read(at, &mut bytes[..part])?;
            if bytes[..part].iter().any(|b| *b != 0) {
                return Ok(false);
            }
            at += part as u64;
        }
        Ok(true)
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), StreamError> {
        match self.file.read_exact_at(to, at) {
            // Somebody has made it shorter since.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.damaged(at, "ends behind the file"))
            }
            done => done.map_err(|e| StreamError::io(&self.path, "read", e)),
        }
    }
}
