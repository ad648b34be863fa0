//! The file of one partition, being written.
//! It does not know its number, nor how it was named.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::output::Output;
use crate::compression::{Compression, Encoder};
use crate::error::{Error, Result};

/// How much is gathered before it is compressed or written.
const GATHERED: usize = 64 << 10;

/// Where one partition is written.
///
/// The file appears under its name when it is complete, and replaces what was there. A process that
/// dies while it writes changes nothing that anybody sees, and the task can be done again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sink {
    pub(super) path: PathBuf,
    pub(super) compression: Compression,
    pub(super) level: i32,
    pub(super) open_end: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Written {
    /// The file; the address, where it is in a store.
    pub path: PathBuf,
    /// How many bytes it has, compressed if it is.
    pub bytes: u64,
    /// How many lines were written, where lines were written.
    pub lines: u64,
}

impl Sink {
    /// The file; the address, where it is in a store.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Opens it to be written to; missing folders are made.
    ///
    /// # Errors
    /// What the file system or the store refuses, with the file and the reason.
    pub fn create(&self) -> Result<SinkWriter> {
        let output = Output::create(&self.path)?;
        let encoder = Encoder::new(self.compression, self.level, output)
            .map_err(|e| Error::io("create", self.path.display(), e))?;
        Ok(SinkWriter {
            output: BufWriter::with_capacity(GATHERED, encoder),
            path: self.path.clone(),
            open_end: self.open_end,
            lines: 0,
        })
    }

    /// Writes lines, each with `\n` behind it.
    ///
    /// # Errors
    /// What the file system or the store refuses, with the file and the reason.
    pub fn write_lines<S: AsRef<str>>(
        &self,
        lines: impl IntoIterator<Item = S>,
    ) -> Result<Written> {
        self.try_write_lines(lines.into_iter().map(Ok::<S, Error>))
    }

    /// As [`write_lines`](Self::write_lines), until a line is an error: then nothing is written,
    /// and the error returned.
    ///
    /// # Errors
    /// The first error among the lines; what the file system refuses, with the file and the reason.
    pub fn try_write_lines<S: AsRef<str>, E: From<Error>>(
        &self,
        lines: impl IntoIterator<Item = std::result::Result<S, E>>,
    ) -> std::result::Result<Written, E> {
        let mut writer = self.create()?;
        for line in lines {
            writer.write_line(line?.as_ref())?;
        }
        Ok(writer.finish()?)
    }
}

/// The file of a partition, open. What is not [`finish`](Self::finish)ed was never there.
pub struct SinkWriter {
    output: BufWriter<Encoder<Output>>,
    path: PathBuf,
    open_end: bool,
    lines: u64,
}

impl SinkWriter {
    /// Writes a line, and the line end that belongs behind it or before it.
    ///
    /// # Errors
    /// What the file system or the store refuses, with the file and the reason.
    pub fn write_line(&mut self, line: &str) -> Result<()> {
        if self.open_end && self.lines > 0 {
            self.put(b"\n")?;
        }
        self.put(line.as_bytes())?;
        if !self.open_end {
            self.put(b"\n")?;
        }
        self.lines += 1;
        Ok(())
    }

    /// Writes what is held back, and gives the file its name.
    ///
    /// # Errors
    /// What the file system or the store refuses, with the file and the reason.
    pub fn finish(self) -> Result<Written> {
        let failed = |e| Error::io("write", self.path.display(), e);
        let encoder = self.output.into_inner().map_err(|e| failed(e.into_error()))?;
        let output = encoder.finish().map_err(failed)?;
        let bytes = output.publish(&self.path).map_err(failed)?;
        Ok(Written { path: self.path, bytes, lines: self.lines })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.output.write_all(bytes).map_err(|e| Error::io("write", self.path.display(), e))
    }
}

/// Errors are [`crate::Error`]s with file and reason inside of [`io::Error`]s of the same kind.
impl Write for SinkWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.output
            .write(buf)
            .map_err(|e| io::Error::new(e.kind(), Error::io("write", self.path.display(), e)))
    }

    /// Does nothing: nobody sees the file before it is finished.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for SinkWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkWriter").field("path", &self.path).finish_non_exhaustive()
    }
}
