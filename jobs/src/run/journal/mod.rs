//! The journal of a job file: what became of each job, appended line by line.
//! It does not know what the hashes in it are of.
//!
//! A line is written by one call, when its job has come to its end. A journal that was cut off
//! anywhere is good up to its last whole line. Later lines stand above earlier ones; where most are
//! overruled, the file is written anew.

mod line;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tine_scheduler::{Error, ErrorKind};
use twox_hash::XxHash3_64;

use super::files::Contents;
use crate::file::HashTable;
use crate::gates::Peaks;
use line::Line;

/// The first line.
const HEADER: &[u8] = b"tine-journal\t1\n";
/// A journal is written anew when it has more lines than this many times what is left of them.
const GROWTH: usize = 4;
/// Shorter journals are left alone.
const SHORT: usize = 10_000;

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It succeeded.
    Done,
    /// It failed, after all its attempts.
    Failed,
    /// The user ended it.
    Canceled,
    /// It did not run, because one that it waits for failed.
    Skipped,
}

impl State {
    const ALL: [State; 4] = [State::Done, State::Failed, State::Canceled, State::Skipped];

    /// The word for it, in journals and reports.
    pub fn word(self) -> &'static str {
        match self {
            State::Done => "done",
            State::Failed => "failed",
            State::Canceled => "canceled",
            State::Skipped => "skipped",
        }
    }

    fn named(word: &str) -> Option<State> {
        // The word of older versions.
        let word = if word == "aborted" { "skipped" } else { word };
        State::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// The last that is known of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) state: State,
    /// The number of the run, in the journal; a resumed one has the number of the first.
    pub(crate) run: u32,
    /// Milliseconds since 1970.
    pub(crate) time: u64,
    pub(crate) command: u64,
    pub(crate) inputs: u64,
    pub(crate) outputs: u64,
    /// The most memory that it had, in bytes; 0 where that is not known.
    pub(crate) peak: u64,
}

/// What a journal says.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// By the hash of the job's name.
    jobs: HashTable<Entry>,
    /// Why those were not done that were not, likewise.
    whys: HashTable<Box<str>>,
    /// By the hash of the path.
    pub(crate) files: HashTable<Contents>,
    /// What jobs of each entry of the file have had of memory, by the hash of its name.
    peaks: HashTable<Peaks>,
    /// The number of the last run; 0 where there was none.
    pub(crate) run: u32,
    lines: usize,
    /// Bytes up to the end of the last whole line.
    good: u64,
}

impl Past {
    /// What is known of the job with this name.
    pub(crate) fn job(&self, name: &str) -> Option<&Entry> {
        self.jobs.get(&XxHash3_64::oneshot(name.as_bytes()))
    }

    /// Why the job with this name was not done the last time, where it was not.
    pub(crate) fn why(&self, name: &str) -> Option<&str> {
        self.whys.get(&XxHash3_64::oneshot(name.as_bytes())).map(|why| &**why)
    }

    /// What jobs of the entry with this name have had of memory.
    pub(crate) fn peaks(&self, group: &str) -> Option<&Peaks> {
        self.peaks.get(&XxHash3_64::oneshot(group.as_bytes()))
    }

    /// Reads a journal; nothing is known where there is none.
    ///
    /// # Errors
    /// A file that cannot be read, or that is no journal.
    pub(crate) fn read(path: &Path) -> io::Result<Past> {
        match File::open(path) {
            Ok(file) => Past::load(&file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Past::default()),
            Err(e) => Err(e),
        }
    }

    fn load(mut file: &File) -> io::Result<Past> {
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut past, mut buffer) = (Past::default(), Vec::new());
        loop {
            buffer.clear();
            let n = reader.read_until(b'\n', &mut buffer)?;
            if buffer.last() != Some(&b'\n') {
                // Of the first line any beginning is enough to know it by.
                return match past.good == 0 && !HEADER.starts_with(&buffer) {
                    true => Err(no_journal()),
                    false => Ok(past),
                };
            }
            if past.good == 0 && buffer != HEADER {
                return Err(no_journal());
            }
            past.good += n as u64;
            past.take(&buffer[..n - 1]);
        }
    }

    fn take(&mut self, line: &[u8]) {
        self.lines += 1;
        match line::read(line) {
            Some(Line::Run { resumed }) => self.run += u32::from(!resumed || self.run == 0),
            Some(Line::Job { name, mut entry, why }) => {
                entry.run = self.run;
                if entry.peak > 0 {
                    // Names of entries have no colon, and nothing to be escaped.
                    let group = name.split(|&b| b == b':').next().unwrap_or_default();
                    let group = XxHash3_64::oneshot(group);
                    self.peaks.entry(group).or_default().learn(entry.peak);
                }
                let key = unescaped_hash(name);
                match entry.state {
                    State::Done => drop(self.whys.remove(&key)),
                    _ => drop(self.whys.insert(key, shown(why))),
                }
                self.jobs.insert(key, entry);
            }
            Some(Line::File { path, contents }) => {
                self.files.insert(unescaped_hash(path), contents);
            }
            None => {}
        }
    }
}

/// What is said of a journal that cannot be used.
pub(crate) fn refused(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    let message = match error.kind() {
        io::ErrorKind::WouldBlock => format!(
            "another run of this file goes on, and has the journal {path} open: wait for its end, \
             or name another one with --journal"
        ),
        _ => {
            format!("the journal {path} cannot be used: {error}; name another file with --journal")
        }
    };
    Error::new(ErrorKind::Os, message)
}

fn no_journal() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no journal of this version of tine")
}

/// The hash of a name as it was before it was escaped.
/// A reason, as it is shown in one line.
fn shown(why: &[u8]) -> Box<str> {
    String::from_utf8_lossy(why).replace("\\n", " ").replace("\\t", " ").into()
}

fn unescaped_hash(text: &[u8]) -> u64 {
    if !text.contains(&b'\\') {
        return XxHash3_64::oneshot(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next() {
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(&other) => other,
                None => b'\\',
            },
            other => other,
        });
    }
    XxHash3_64::oneshot(&plain)
}

/// A journal that is written to. While it is open no other run can open it.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Journal {
    /// Opens a journal, made where there is none, and reads what it says.
    ///
    /// # Errors
    /// What the file system says; `WouldBlock` where another run has it open; `InvalidData` for a
    /// file that is no journal, which stays as it is.
    pub(crate) fn open(path: &Path) -> io::Result<(Journal, Past)> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let options = || OpenOptions::new().read(true).append(true).create(true).clone();
        let file = options().open(path)?;
        crate::lock::lock(&file)?;
        let past = Past::load(&file)?;
        let mut journal = Journal { file, path: path.to_owned(), buffer: Vec::new() };
        if past.good == 0 {
            journal.file.set_len(0)?;
            journal.file.write_all(HEADER)?;
        } else {
            journal.file.set_len(past.good)?;
        }
        let live = past.jobs.len() + past.files.len();
        if past.lines > SHORT && past.lines > GROWTH * live {
            journal.rewrite()?;
        }
        Ok((journal, past))
    }

    /// Says that a run begins.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn begin(&mut self, resumed: bool) -> io::Result<()> {
        line::write_run(resumed, now(), &mut self.buffer);
        self.flush()
    }

    /// Says what became of a job, and which files were read for it, in one write.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn job(
        &mut self,
        name: &str,
        entry: &Entry,
        (attempt, why): (u32, &str),
        files: &[(String, Contents)],
    ) -> io::Result<()> {
        for (path, contents) in files {
            line::write_file(path, contents, &mut self.buffer);
        }
        line::write_job(name, entry, attempt, why, &mut self.buffer);
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written
    }

    /// Writes the journal anew with the last line of each job and file, beside it and then in its
    /// place. Runs keep their numbers.
    fn rewrite(&mut self) -> io::Result<()> {
        let mut last: HashTable<u64> = HashTable::default();
        self.each_line(&mut |at, line| {
            if let Some((key, _)) = key(line) {
                last.insert(key, at);
            }
            Ok(())
        })?;
        let path = self.path.with_extension("journal-new");
        let new = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
        crate::lock::lock(&new)?;
        new.set_len(0)?;
        let mut out = io::BufWriter::with_capacity(1 << 16, &new);
        self.each_line(&mut |at, line| {
            let kept = key(line).is_none_or(|(key, _)| last.get(&key) == Some(&at));
            if kept { out.write_all(line).and_then(|()| out.write_all(b"\n")) } else { Ok(()) }
        })?;
        out.flush()?;
        drop(out);
        fs::rename(&path, &self.path)?;
        self.file = new;
        Ok(())
    }

    fn each_line(&self, each: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut at, mut buffer) = (0, Vec::new());
        while reader.read_until(b'\n', &mut buffer)? > 0 {
            each(at, buffer.strip_suffix(b"\n").unwrap_or(&buffer))?;
            at += 1;
            buffer.clear();
        }
        Ok(())
    }
}

/// What a line is about: lines with the same key overrule each other.
fn key(line: &[u8]) -> Option<(u64, ())> {
    match line::read(line)? {
        Line::Run { .. } => None,
        Line::Job { name, .. } => Some((unescaped_hash(name), ())),
        // Paths and names of jobs are apart.
        Line::File { path, .. } => Some((!unescaped_hash(path), ())),
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
