//! Which attempts there are, and where: what the last record says, or what a walk over all finds.
//! It reads no output.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::START;
use super::end::Extent;
use super::error::StreamError;
use super::record::{HEAD, Head, Input, Tag};
use super::source::Source;
use tine_scheduler::OutputStream;

/// Bytes of an entry in the payload of an `INDX`.
const ENTRY: usize = 20;

/// An attempt that a stream file has something of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of the job.
    pub job: u64,
    /// Which attempt of it, from 1.
    pub attempt: u32,
    pub(super) place: Place,
}

/// Where more is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In its `END `.
    Ended(u64),
    /// It has none.
    Open(Box<Found>),
}

/// What was found of an attempt without an end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: Box<[u8]>,
    pub(super) extents: Vec<Extent>,
}

/// Where a file ends, for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rest {
    /// With its last record.
    Nothing,
    /// In the middle of one.
    Cut,
    /// What follows is no record.
    Damaged,
}

/// All attempts of a file, by job and attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// Whether jobs have names that stand for them.
    pub(super) named: bool,
    /// Where the last whole record ends.
    pub(super) whole: u64,
    pub(super) rest: Rest,
}

impl Index {
    /// By the last record, or by a walk.
    pub(super) fn of(source: &Source) -> Result<Index, StreamError> {
        match Index::load(source)? {
            Some(index) => Ok(index),
            None => Index::walk(source),
        }
    }

    /// What the last record says, if it is a `FIN ` that is where it says it is.
    pub(super) fn load(source: &Source) -> Result<Option<Index>, StreamError> {
        let (mut payload, last) = (Vec::new(), HEAD as u64 + 16);
        let Some(at) = source.len.checked_sub(last) else { return Ok(None) };
        let Some(head) = source.head(at)?.filter(|h| (h.tag, h.len) == (Tag::Fin, 16)) else {
            return Ok(None);
        };
        source.payload(at, &head, &mut payload)?;
        let mut from = Input(&payload);
        let (Some(index), Some(own)) = (from.u64(), from.u64()) else { return Ok(None) };
        if own != at || index >= at {
            return Ok(None);
        }
        let Some(head) = source.head(index)?.filter(|h| h.tag == Tag::Index) else {
            return Ok(None);
        };
        source.payload(index, &head, &mut payload)?;
        let mut entries: Vec<Entry> = payload.chunks_exact(ENTRY).filter_map(entry).collect();
        if entries.iter().any(|e| matches!(e.place, Place::Ended(end) if end >= index)) {
            return Ok(None);
        }
        entries.sort_by_key(|e| (e.job, e.attempt));
        let named = match source.head(START)? {
            Some(head) if head.tag == Tag::Run => named(source, START, &head)?,
            _ => return Ok(None),
        };
        Ok(Some(Index { entries, named, whole: source.len, rest: Rest::Nothing }))
    }

    /// Looks at the heads of all records, and at all of the last one: what a power cut left of it may
    /// have its length, and not what was in it.
    pub(super) fn walk(source: &Source) -> Result<Index, StreamError> {
        let refused = |e| StreamError::io(&source.path, "read", e);
        let mut walk = Walk { named: false, open: BTreeMap::new(), entries: Vec::new() };
        let mut file = BufReader::with_capacity(1 << 16, &source.file);
        file.seek(SeekFrom::Start(START)).map_err(refused)?;
        let (mut at, mut rest, mut last) = (START, Rest::Nothing, None);
        while at < source.len {
            let mut bytes = [0; HEAD];
            let Some(left) = (source.len - at).checked_sub(HEAD as u64) else {
                rest = Rest::Cut;
                break;
            };
            file.read_exact(&mut bytes).map_err(refused)?;
            let Some(head) = Head::read(&bytes) else {
                let blank = source.is_blank(at + HEAD as u64)?;
                rest = if blank { Rest::Cut } else { Rest::Damaged };
                break;
            };
            if u64::from(head.len) > left {
                rest = Rest::Cut;
                break;
            }
            if let Some((at, head)) = last.replace((at, head)) {
                walk.record(source, at, &head)?;
            }
            file.seek_relative(i64::from(head.len)).map_err(refused)?;
            at += HEAD as u64 + u64::from(head.len);
        }
        if let Some((from, head)) = last {
            match source.payload(from, &head, &mut Vec::new()) {
                Ok(()) => walk.record(source, from, &head)?,
                Err(StreamError::Damaged { .. }) => (at, rest) = (from, rest.max(Rest::Cut)),
                Err(e) => return Err(e),
            }
        }
        let Walk { named, open, mut entries } = walk;
        for ((job, attempt), found) in open {
            entries.push(Entry { job, attempt, place: Place::Open(Box::new(found)) });
        }
        entries.sort_by_key(|e| (e.job, e.attempt));
        Ok(Index { entries, named, whole: at, rest })
    }

    /// The payload of an `INDX` of these attempts, each with the place of its end.
    pub(super) fn write(ends: &[(u64, u32, u64)]) -> Vec<u8> {
        let mut payload = Vec::with_capacity(ends.len() * ENTRY);
        for (job, attempt, at) in ends {
            payload.extend_from_slice(&job.to_le_bytes());
            payload.extend_from_slice(&attempt.to_le_bytes());
            payload.extend_from_slice(&at.to_le_bytes());
        }
        payload
    }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let mut from = Input(bytes);
    let (job, attempt) = (from.u64()?, from.u32()?);
    Some(Entry { job, attempt, place: Place::Ended(from.u64()?) })
}

/// Whether jobs have names, by the record of a run.
fn named(source: &Source, at: u64, head: &Head) -> Result<bool, StreamError> {
    let mut payload = Vec::new();
    source.payload(at, head, &mut payload)?;
    Ok(payload.first().is_some_and(|kind| *kind != 0))
}

/// What a walk has found so far.
struct Walk {
    named: bool,
    open: BTreeMap<(u64, u32), Found>,
    entries: Vec<Entry>,
}

impl Walk {
    fn record(&mut self, source: &Source, at: u64, head: &Head) -> Result<(), StreamError> {
        let of = (head.job, head.attempt);
        let mut extent = |stream| {
            let extents = &mut self.open.entry(of).or_default().extents;
            extents.push(Extent { at, len: head.len, stream });
        };
        match head.tag {
            Tag::Run => self.named = named(source, at, head)?,
            Tag::Job => {
                let mut name = Vec::new();
                source.payload(at, head, &mut name)?;
                self.open.entry(of).or_default().name = name.into();
            }
            Tag::Out => extent(OutputStream::Stdout),
            Tag::Err => extent(OutputStream::Stderr),
            Tag::End => {
                self.open.remove(&of);
                let place = Place::Ended(at);
                self.entries.push(Entry { job: head.job, attempt: head.attempt, place });
            }
            Tag::Index | Tag::Fin | Tag::Other(_) => {}
        }
        Ok(())
    }
}
