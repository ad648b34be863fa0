//! Writes a stream file while jobs run.
//! It does not know when they start, or whether another attempt follows.
//!
//! What a job prints is gathered in memory up to some bounds, and then written as one record, with
//! room for the head in front of it, so that it is copied once. The end of an attempt is written
//! with what is left of its output in one call: of most jobs that is all there is.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use tine_scheduler::OutputStream;

use super::end::{End, Extent, Summary};
use super::error::StreamError;
use super::index::{Entry, Index, Place, Rest};
use super::known::Known;
use super::read::summary;
use super::record::{self, HEAD, Tag};
use super::source::{Source, Start};
use super::{SIGNATURE, START, VERSION};
use crate::log::Past;
use crate::output::held::Bounds;

/// How long output stays in memory: what a run that is killed may lose, and what a reader of a run that
/// goes on may lack.
const DELAY: Duration = Duration::from_secs(1);

const STREAMS: [(OutputStream, Tag); 2] =
    [(OutputStream::Stdout, Tag::Out), (OutputStream::Stderr, Tag::Err)];

/// By what jobs are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By their numbers in the run: what they are called is for people.
    Numbered,
    /// By their names: one that had another number in an earlier run keeps that.
    Named,
}

/// A stream file, open for a run. Nobody else writes to it meanwhile.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    kind: Kind,
    /// Where the next record begins.
    at: u64,
    /// The number of the error that something could not be written for: nothing more is.
    broken: Option<i32>,
    bounds: Bounds,
    /// Whether everything is written as it comes.
    prompt: bool,
    /// Bytes of memory that buffers take.
    memory: usize,
    flushed: Duration,
    /// Attempts that go on, by the number of their job in the run.
    open: BTreeMap<u64, Attempt>,
    known: Known,
    /// Job, attempt, and where the end of it is.
    ends: Vec<(u64, u32, u64)>,
}

#[derive(Debug)]
struct Attempt {
    of: (u64, u32),
    name: Box<[u8]>,
    /// Whether there is a record of it.
    said: bool,
    /// Each with room for a head in front, or empty.
    buffers: [Vec<u8>; 2],
    extents: Vec<Extent>,
}

impl Writer {
    /// Makes the file, or empties it where it is a stream file.
    ///
    /// # Errors
    /// It cannot be made, is something else, or another run writes to it.
    pub fn create(path: &Path, kind: Kind, bounds: Bounds) -> Result<Writer, StreamError> {
        let (source, _) = Writer::open(path)?;
        source.file.set_len(0).map_err(|e| StreamError::io(path, "written", e))?;
        Writer::begin_file(source.file, path, kind, bounds)
    }

    /// Goes on with the file, made where there is none: what is whole in it stays.
    ///
    /// # Errors
    /// As for [`create`](Writer::create); also where the file is of the other kind, or damaged.
    pub fn resume(path: &Path, kind: Kind, bounds: Bounds) -> Result<Writer, StreamError> {
        let (source, start) = Writer::open(path)?;
        let refused = |e| StreamError::io(path, "written", e);
        if start == Start::Cut {
            source.file.set_len(0).map_err(refused)?;
            return Writer::begin_file(source.file, path, kind, bounds);
        }
        let index = Index::of(&source)?;
        if index.rest == Rest::Damaged {
            return Err(source.damaged(index.whole, "does not agree with its checksum"));
        }
        if !index.entries.is_empty() && index.named != (kind == Kind::Named) {
            return Err(StreamError::OtherKind { path: path.to_owned(), named: index.named });
        }
        source.file.set_len(index.whole).map_err(refused)?;
        let file = source.file.try_clone().map_err(refused)?;
        let mut writer = Writer::over(file, path, kind, bounds);
        writer.at = index.whole;
        writer.remember(&source, index)?;
        writer.begin_run().map_err(refused)?;
        Ok(writer)
    }

    /// Writes what jobs print as it comes, instead of some of it together.
    #[must_use]
    pub fn prompt(mut self, prompt: bool) -> Writer {
        self.prompt = prompt;
        self
    }

    /// Which jobs runs before this one have ended, by the file.
    pub fn past(&self) -> &Past {
        &self.known.past
    }

    fn open(path: &Path) -> Result<(Source, Start), StreamError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(path);
        let file = file.map_err(|e| StreamError::io(path, "written", e))?;
        let other = |e| match e {
            StreamError::NotAStream { path, .. } => StreamError::NotAStream { path, written: true },
            other => other,
        };
        let source = Source::new(file, path).map_err(other)?;
        match crate::lock::lock(&source.file) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                return Err(StreamError::Busy { path: path.to_owned() });
            }
            done => done.map_err(|e| StreamError::io(path, "locked", e))?,
        }
        let start = source.start().map_err(other)?;
        Ok((source, start))
    }

    fn over(file: File, path: &Path, kind: Kind, bounds: Bounds) -> Writer {
        Writer {
            file,
            path: path.to_owned(),
            kind,
            at: 0,
            broken: None,
            bounds: Bounds { job: bounds.job.max(1), ..bounds },
            prompt: false,
            memory: 0,
            flushed: Duration::ZERO,
            open: BTreeMap::new(),
            known: Known::default(),
            ends: Vec::new(),
        }
    }

    fn begin_file(
        file: File,
        path: &Path,
        kind: Kind,
        bounds: Bounds,
    ) -> Result<Writer, StreamError> {
        let mut writer = Writer::over(file, path, kind, bounds);
        let mut start = SIGNATURE.to_vec();
        start.extend_from_slice(&VERSION.to_le_bytes());
        debug_assert_eq!(start.len() as u64, START);
        let begun = writer.append(&start).and_then(|()| writer.begin_run());
        begun.map_err(|e| StreamError::io(path, "written", e))?;
        Ok(writer)
    }

    fn begin_run(&mut self) -> io::Result<()> {
        let mut payload = vec![u8::from(self.kind == Kind::Named)];
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        payload.extend_from_slice(&(now.as_millis() as u64).to_le_bytes());
        let mut record = Vec::new();
        record::append(&mut record, Tag::Run, (0, 0), &payload);
        self.append(&record)
    }

    /// Takes in what the file says of earlier runs; what had not ended then never will.
    fn remember(&mut self, source: &Source, index: Index) -> Result<(), StreamError> {
        let mut entries = index.entries.into_iter().peekable();
        while let Some(Entry { job, attempt, place }) = entries.next() {
            let (end, name) = match place {
                Place::Ended(at) => {
                    self.ends.push((job, attempt, at));
                    let Summary { end, name, .. } = summary(source, at)?;
                    (end, name)
                }
                Place::Open(found) => {
                    let name = found.name;
                    let mut payload = Vec::new();
                    Summary::write(&End::UNFINISHED, &name, &found.extents, &mut payload);
                    let written = self.append_end((job, attempt), Vec::new(), &payload);
                    written.map_err(|e| StreamError::io(&self.path, "written", e))?;
                    (End::UNFINISHED, name)
                }
            };
            self.known.attempts.insert(job, attempt);
            self.known.highest = self.known.highest.max(job);
            let is_last = entries.peek().is_none_or(|next| next.job != job);
            if is_last && end.is_final() {
                self.known.past.add(job, !end.failed);
            }
            if self.kind == Kind::Named {
                self.known.taken.insert(job);
                self.known.numbers.insert(name, job);
            }
        }
        Ok(())
    }

    /// What the file is called.
    pub(in crate::output) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of memory that what waits takes, to be looked at by tests.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.memory
    }

    /// An attempt of the job with the number `seq` in this run begins.
    pub(in crate::output) fn begin(&mut self, seq: u64, name: &[u8]) -> io::Result<()> {
        if self.open.contains_key(&seq) {
            self.end(seq, &End::UNFINISHED)?;
        }
        let job = match self.kind {
            Kind::Numbered => seq,
            Kind::Named => self.known.number(seq, name),
        };
        let attempt = self.known.attempts.get(&job).copied().unwrap_or(0).saturating_add(1);
        let attempt = Attempt {
            of: (job, attempt),
            name: name.into(),
            said: false,
            buffers: [const { Vec::new() }; 2],
            extents: Vec::new(),
        };
        self.open.insert(seq, attempt);
        Ok(())
    }

    /// It has printed something.
    pub(in crate::output) fn write(
        &mut self,
        seq: u64,
        stream: OutputStream,
        bytes: &[u8],
    ) -> io::Result<()> {
        if !self.open.contains_key(&seq) {
            self.begin(seq, b"")?;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(attempt) = self.open.get_mut(&seq) else { return Ok(()) };
            let buffer = &mut attempt.buffers[stream as usize];
            let before = buffer.capacity();
            if buffer.is_empty() {
                buffer.resize(HEAD, 0);
            }
            let room = (self.bounds.job + HEAD).saturating_sub(buffer.len());
            let (now, later) = rest.split_at(rest.len().min(room));
            buffer.extend_from_slice(now);
            self.memory += buffer.capacity() - before;
            rest = later;
            if self.prompt || buffer.len() >= self.bounds.job + HEAD {
                self.put(seq, stream)?;
            }
        }
        if self.memory > self.bounds.all { self.flush() } else { Ok(()) }
    }

    /// An attempt has ended.
    pub(in crate::output) fn end(&mut self, seq: u64, end: &End) -> io::Result<()> {
        let Some(mut attempt) = self.open.remove(&seq) else { return Ok(()) };
        let mut records = Vec::new();
        for ((stream, tag), mut buffer) in STREAMS.into_iter().zip(attempt.buffers) {
            self.memory -= buffer.capacity();
            if buffer.is_empty() {
                continue;
            }
            record::seal(&mut buffer, tag, attempt.of);
            let at = self.at + records.len() as u64;
            attempt.extents.push(Extent { at, len: (buffer.len() - HEAD) as u32, stream });
            match records.is_empty() {
                true => records = buffer,
                false => records.append(&mut buffer),
            }
        }
        let mut payload = Vec::new();
        Summary::write(end, &attempt.name, &attempt.extents, &mut payload);
        self.known.attempts.insert(attempt.of.0, attempt.of.1);
        self.append_end(attempt.of, records, &payload)
    }

    /// No further attempt follows.
    pub(in crate::output) fn close(&mut self, seq: u64) -> io::Result<()> {
        self.end(seq, &End::UNFINISHED)
    }

    /// So much of the run has passed: what has waited long enough is written.
    pub(in crate::output) fn tick(&mut self, elapsed: Duration) -> io::Result<()> {
        if elapsed.saturating_sub(self.flushed) < DELAY {
            return Ok(());
        }
        self.flushed = elapsed;
        self.flush()
    }

    /// Closes the file: with an index, so that nobody has to walk over it.
    pub(in crate::output) fn finish(mut self) -> io::Result<()> {
        while let Some((&seq, _)) = self.open.first_key_value() {
            self.end(seq, &End::UNFINISHED)?;
        }
        self.ends.sort_unstable();
        let (index, mut records) = (self.at, Vec::new());
        record::append(&mut records, Tag::Index, (0, 0), &Index::write(&self.ends));
        let own = index + records.len() as u64;
        let place = [index.to_le_bytes(), own.to_le_bytes()].concat();
        record::append(&mut records, Tag::Fin, (0, 0), &place);
        self.append(&records)
    }

    /// Writes all that waits, and gives its memory back.
    fn flush(&mut self) -> io::Result<()> {
        let jobs: Vec<u64> = self.open.keys().copied().collect();
        for seq in jobs {
            for (stream, _) in STREAMS {
                self.put(seq, stream)?;
                let Some(attempt) = self.open.get_mut(&seq) else { continue };
                let buffer = std::mem::take(&mut attempt.buffers[stream as usize]);
                self.memory -= buffer.capacity();
            }
        }
        Ok(())
    }

    /// Writes what waits of one stream as a record.
    fn put(&mut self, seq: u64, stream: OutputStream) -> io::Result<()> {
        let Some(attempt) = self.open.get_mut(&seq) else { return Ok(()) };
        let mut buffer = std::mem::take(&mut attempt.buffers[stream as usize]);
        if buffer.is_empty() {
            attempt.buffers[stream as usize] = buffer;
            return Ok(());
        }
        let (of, said) = (attempt.of, std::mem::replace(&mut attempt.said, true));
        record::seal(&mut buffer, STREAMS[stream as usize].1, of);
        if !said {
            let mut record = Vec::new();
            record::append(&mut record, Tag::Job, of, &attempt.name);
            self.append(&record)?;
        }
        let (at, len) = (self.at, (buffer.len() - HEAD) as u32);
        self.append(&buffer)?;
        buffer.clear();
        if let Some(attempt) = self.open.get_mut(&seq) {
            attempt.extents.push(Extent { at, len, stream });
            attempt.buffers[stream as usize] = buffer;
        }
        Ok(())
    }

    /// Writes an `END `, with records before it.
    fn append_end(&mut self, of: (u64, u32), mut records: Vec<u8>, end: &[u8]) -> io::Result<()> {
        let at = self.at + records.len() as u64;
        record::append(&mut records, Tag::End, of, end);
        self.append(&records)?;
        self.ends.push((of.0, of.1, at));
        Ok(())
    }

    /// Writes whole records. Where that fails nothing of them is left, and nothing follows.
    fn append(&mut self, records: &[u8]) -> io::Result<()> {
        if let Some(errno) = self.broken {
            return Err(io::Error::from_raw_os_error(errno));
        }
        let written = self.file.write_all(records);
        match &written {
            Ok(()) => self.at += records.len() as u64,
            Err(e) => {
                self.broken = Some(e.raw_os_error().unwrap_or(Errno::EIO as i32));
                // Readers do without: they take what is whole.
                drop(self.file.set_len(self.at));
            }
        }
        written
    }
}
