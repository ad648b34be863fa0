//! Writes logs: a line is there whole, or not at all.
//! It does not know what is in a line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use super::entry::{Entry, Format};
use super::error::Error;
use super::read::Reader;
use super::{json, table};

/// A log that is being kept: one write for each job, so that whoever reads it while the run goes on,
/// or after it was killed, sees whole lines.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
    format: Format,
    /// Whether lines have the columns that GNU parallel does not know.
    ours: bool,
    line: Vec<u8>,
}

impl Log {
    /// Begins a log, in place of a file that is there. `-` is standard output. The name says which
    /// [`Format`] it has.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> Result<Log, Error> {
        let file = if path == Path::new("-") {
            io::stdout().as_fd().try_clone_to_owned().map(File::from)
        } else {
            // What was there is gone only when it can be written to.
            OpenOptions::new().append(true).create(true).open(path).and_then(|file| {
                match file.metadata()?.is_file() {
                    true => file.set_len(0).map(|()| file),
                    false => Ok(file),
                }
            })
        };
        let file = file.map_err(|e| Error::io(path, "written", e))?;
        Log::begin(file, path, Format::of(path))
    }

    /// Goes on with the log of an earlier run, or begins one. Lines have the format and the columns
    /// of those that are there; a last one that was cut off is taken away.
    ///
    /// # Errors
    /// The file is no log, or cannot be read or written.
    pub fn append(path: &Path) -> Result<Log, Error> {
        let mut reader = match Reader::open(path) {
            Ok(reader) => reader,
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Log::create(path);
            }
            Err(e) => return Err(e),
        };
        while reader.next_row()?.is_some() {}
        let file = OpenOptions::new().append(true).open(path);
        let file = file.and_then(|file| file.set_len(reader.whole()).map(|()| file));
        let file = file.map_err(|e| Error::io(path, "written", e))?;
        if reader.whole() == 0 {
            return Log::begin(file, path, reader.format());
        }
        let (format, ours) = (reader.format(), reader.has_ours());
        Ok(Log { file, path: path.to_owned(), format, ours, line: Vec::new() })
    }

    /// Adds the line of a job.
    ///
    /// # Errors
    /// The file cannot be written to.
    pub fn add(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        self.line.clear();
        match self.format {
            Format::Table => table::line(entry, self.ours, &mut self.line),
            Format::Json => json::line(entry, &mut self.line),
        }
        self.write()
    }

    fn begin(file: File, path: &Path, format: Format) -> Result<Log, Error> {
        let mut log = Log { file, path: path.to_owned(), format, ours: true, line: Vec::new() };
        if format == Format::Table {
            table::header(&mut log.line);
        }
        log.write().map(|()| log)
    }

    fn write(&mut self) -> Result<(), Error> {
        self.file.write_all(&self.line).map_err(|e| Error::io(&self.path, "written", e))
    }
}
