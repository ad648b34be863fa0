//! Reads stream files: which jobs there are, how they ended, what they printed.
//! It does not know where that is shown.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use tine_scheduler::OutputStream;

use super::end::{End, Extent, Summary};
use super::error::StreamError;
use super::index::{Entry, Index, Place, Rest};
use super::record::Tag;
use super::source::{Source, Start};
use crate::file::suggest;

/// A stream file, open for reading: also while a run writes to it.
///
/// ```
/// use tine_jobs::output::stream::{Kind, Reader, Writer};
/// use tine_jobs::output::{Begin, Bounds, Mode, Output, Sink};
/// use tine_scheduler::OutputStream::{self, Stdout};
///
/// # struct Nowhere;
/// # impl Sink for Nowhere {
/// #     fn write(&mut self, _: OutputStream, _: &[u8]) -> std::io::Result<()> { Ok(()) }
/// # }
/// # let path = std::env::temp_dir().join(format!("tine-stream-{}", std::process::id()));
/// let writer = Writer::create(&path, Kind::Numbered, Bounds::default())?;
/// let mut output = Output::new(Nowhere, Mode::default(), Bounds::default()).into_stream(writer);
/// output.begin(1, &Begin { name: b"echo one", ..Begin::default() })?;
/// output.output(1, Stdout, b"one\n")?;
/// output.finish()?;
///
/// let reader = Reader::open(&path)?;
/// let attempt = reader.attempt(&reader.entries()[0])?;
/// assert_eq!((&*attempt.name, attempt.bytes), (&b"echo one"[..], [4, 0]));
/// let mut text = Vec::new();
/// reader.output(&attempt, Stdout, &mut |bytes| {
///     text.extend_from_slice(bytes);
///     Ok::<_, tine_jobs::output::stream::StreamError>(())
/// })?;
/// assert_eq!(text, b"one\n");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    source: Source,
    index: Index,
}

/// What a stream file has of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The number of the job.
    pub job: u64,
    /// Which attempt of it, from 1.
    pub number: u32,
    /// What the job is called: its name in a job file, or its command.
    pub name: Box<[u8]>,
    /// How it ended.
    pub end: End,
    /// Bytes that it has printed to standard output and error.
    pub bytes: [u64; 2],
    extents: Vec<Extent>,
}

/// A job that is asked for and not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownJob {
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub help: Option<String>,
}

impl Reader {
    /// Opens a file, and finds out what is in it.
    ///
    /// # Errors
    /// It cannot be read, is no stream file, or one of a later version of tine.
    pub fn open(path: &Path) -> Result<Reader, StreamError> {
        let file = File::open(path).map_err(|e| StreamError::io(path, "read", e))?;
        let source = Source::new(file, path)?;
        let index = match source.start()? {
            Start::Stream => Index::of(&source)?,
            Start::Cut if source.len == 0 => {
                return Err(StreamError::NotAStream { path: path.to_owned(), written: false });
            }
            Start::Cut => {
                Index { entries: Vec::new(), named: false, whole: source.len, rest: Rest::Cut }
            }
        };
        Ok(Reader { source, index })
    }

    /// All attempts, by the numbers of their jobs, then by their own.
    pub fn entries(&self) -> &[Entry] {
        &self.index.entries
    }

    /// Whether jobs are called by names, as those of job files are, and not by their numbers alone.
    pub fn is_named(&self) -> bool {
        self.index.named
    }

    /// Where the file ends in the middle of a record, as one does whose run was killed, or goes on.
    pub fn cut(&self) -> Option<u64> {
        (self.index.rest == Rest::Cut).then_some(self.index.whole)
    }

    /// What is wrong behind the records that were found.
    pub fn damage(&self) -> Option<StreamError> {
        let damaged = self.index.rest == Rest::Damaged;
        damaged.then(|| self.source.damaged(self.index.whole, "does not agree with its checksum"))
    }

    /// What is known of an attempt.
    ///
    /// # Errors
    /// A record that cannot be read, or is damaged.
    pub fn attempt(&self, entry: &Entry) -> Result<Attempt, StreamError> {
        let (end, name, extents) = match &entry.place {
            Place::Open(found) => (End::UNFINISHED, found.name.clone(), found.extents.clone()),
            Place::Ended(at) => {
                let Summary { end, name, extents } = summary(&self.source, *at)?;
                (end, name, extents)
            }
        };
        let bytes = [OutputStream::Stdout, OutputStream::Stderr].map(|stream| {
            extents.iter().filter(|e| e.stream == stream).map(|e| u64::from(e.len)).sum()
        });
        Ok(Attempt { job: entry.job, number: entry.attempt, name, end, bytes, extents })
    }

    /// Hands over what an attempt has printed to a stream, piece by piece, each checked.
    ///
    /// # Errors
    /// A record that cannot be read or is damaged, behind all that comes before it; what `show` says.
    pub fn output<E: From<StreamError>>(
        &self,
        attempt: &Attempt,
        stream: OutputStream,
        show: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let tag = match stream {
            OutputStream::Stdout => Tag::Out,
            OutputStream::Stderr => Tag::Err,
        };
        let mut payload = Vec::new();
        for extent in attempt.extents.iter().filter(|e| e.stream == stream) {
            let head = self.source.head(extent.at)?;
            let expected = (tag, attempt.job, attempt.number, extent.len);
            let head = head.filter(|h| (h.tag, h.job, h.attempt, h.len) == expected);
            let Some(head) = head else {
                return Err(self.source.damaged(extent.at, "is not what was written there").into());
            };
            self.source.payload(extent.at, &head, &mut payload)?;
            show(&payload)?;
        }
        Ok(())
    }

    /// The numbers of the jobs that are asked for, in the order in which they are: each by its number,
    /// or its name where they have names, of which the first part and some values are enough.
    ///
    /// # Errors
    /// A record that cannot be read; or, within, a job that is not there.
    pub fn find(&self, asked: &[String]) -> Result<Result<Vec<u64>, UnknownJob>, StreamError> {
        let jobs: BTreeSet<u64> = self.entries().iter().map(|e| e.job).collect();
        let names = if self.is_named() { self.names()? } else { Vec::new() };
        let mut found = Vec::new();
        for text in asked {
            let before = found.len();
            found.extend(
                names.iter().filter(|(_, name)| is_called(name, text)).map(|(job, _)| *job),
            );
            if found.len() > before {
                continue;
            }
            match text.parse() {
                Ok(number) if jobs.contains(&number) => found.push(number),
                _ => return Ok(Err(self.unknown(text, &jobs, &names))),
            }
        }
        Ok(Ok(found))
    }

    /// The jobs with their names, in order.
    fn names(&self) -> Result<Vec<(u64, String)>, StreamError> {
        let mut names: Vec<(u64, String)> = Vec::new();
        for entry in self.entries() {
            if names.last().is_none_or(|(job, _)| *job != entry.job) {
                let attempt = self.attempt(entry)?;
                names.push((entry.job, String::from_utf8_lossy(&attempt.name).into_owned()));
            }
        }
        Ok(names)
    }

    fn unknown(&self, text: &str, jobs: &BTreeSet<u64>, names: &[(u64, String)]) -> UnknownJob {
        let path = self.source.path.display();
        let message = format!("there is no job {text} in {path}");
        let numbers = || match (jobs.first(), jobs.last()) {
            (Some(first), Some(last)) if first == last => {
                Some(format!("there is only job {first}"))
            }
            (Some(first), Some(last)) => {
                let near = text.parse::<u64>().ok().and_then(|n| nearest(jobs, n));
                let near = near.map_or(String::new(), |n| format!("; the nearest is {n}"));
                Some(format!("there are jobs from {first} to {last}{near}"))
            }
            _ => Some("there is none yet".to_owned()),
        };
        let help = match names {
            [] => numbers(),
            // Of a job without values the first part alone is the name that may have been meant.
            _ => {
                let part = |name: &'_ str| match text.contains(':') {
                    true => name.len(),
                    false => name.find(':').unwrap_or(name.len()),
                };
                let names: BTreeSet<&str> =
                    names.iter().map(|(_, name)| &name[..part(name)]).collect();
                suggest(text, names)
            }
        };
        UnknownJob { message, help }
    }
}

/// The number that is nearest to `n`, the lower of equals.
fn nearest(jobs: &BTreeSet<u64>, n: u64) -> Option<u64> {
    let (below, above) = (jobs.range(..=n).next_back(), jobs.range(n..).next());
    below.into_iter().chain(above).copied().min_by_key(|&job| (job.abs_diff(n), job))
}

/// Whether a job is meant by a text: `train` and `train:seed=2` mean `train:lr=0.1,seed=2`.
fn is_called(name: &str, text: &str) -> bool {
    if name == text {
        return true;
    }
    let (entry, values) = name.split_once(':').unwrap_or((name, ""));
    let (asked, some) = text.split_once(':').map_or((text, None), |(a, s)| (a, Some(s)));
    let values = format!(",{values},");
    let has = |pair: &str| values.contains(&format!(",{pair},"));
    entry == asked && some.is_none_or(|some| has(some) || some.split(',').all(has))
}

/// The payload of the `END ` at a place.
pub(super) fn summary(source: &Source, at: u64) -> Result<Summary, StreamError> {
    let Some(head) = source.head(at)?.filter(|h| h.tag == Tag::End) else {
        return Err(source.damaged(at, "is not what was written there"));
    };
    let mut payload = Vec::new();
    source.payload(at, &head, &mut payload)?;
    Summary::read(&payload).ok_or_else(|| source.damaged(at, "does not say what it should"))
}
