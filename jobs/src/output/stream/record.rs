//! A record: its head, which is checked before anything in it is believed, and numbers as bytes.
//! It does not know what payloads mean.

use twox_hash::XxHash3_64;

/// Bytes of a head.
pub(super) const HEAD: usize = 32;
/// Bytes of it that its own checksum is of.
const CHECKED: usize = HEAD - 4;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Run,
    Job,
    Out,
    Err,
    End,
    Index,
    Fin,
    /// Of a later version: it is passed over.
    Other([u8; 4]),
}

impl Tag {
    const ALL: [(Tag, [u8; 4]); 7] = [
        (Tag::Run, *b"RUN "),
        (Tag::Job, *b"JOB "),
        (Tag::Out, *b"OUT "),
        (Tag::Err, *b"ERR "),
        (Tag::End, *b"END "),
        (Tag::Index, *b"INDX"),
        (Tag::Fin, *b"FIN "),
    ];

    fn of(bytes: [u8; 4]) -> Tag {
        let known = Tag::ALL.iter().find(|(_, known)| *known == bytes);
        known.map_or(Tag::Other(bytes), |(tag, _)| *tag)
    }

    fn bytes(self) -> [u8; 4] {
        let known = Tag::ALL.iter().find(|(tag, _)| *tag == self);
        match self {
            Tag::Other(bytes) => bytes,
            _ => known.expect("all others are in the table").1,
        }
    }
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) tag: Tag,
    /// Bytes of the payload.
    pub(super) len: u32,
    /// The number of the job.
    pub(super) job: u64,
    /// Which attempt of it.
    pub(super) attempt: u32,
    /// The checksum of the payload.
    pub(super) sum: u64,
}

impl Head {
    pub(super) fn new(tag: Tag, (job, attempt): (u64, u32), payload: &[u8]) -> Head {
        let len = u32::try_from(payload.len()).expect("payloads are far below 4 GiB");
        Head { tag, len, job, attempt, sum: checksum(payload) }
    }

    pub(super) fn bytes(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..4].copy_from_slice(&self.tag.bytes());
        bytes[4..8].copy_from_slice(&self.len.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.job.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.attempt.to_le_bytes());
        bytes[20..CHECKED].copy_from_slice(&self.sum.to_le_bytes());
        let own = checksum(&bytes[..CHECKED]) as u32;
        bytes[CHECKED..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// Reads a head; `None` where it is none.
    pub(super) fn read(bytes: &[u8; HEAD]) -> Option<Head> {
        let mut from = Input(bytes);
        let tag = Tag::of(from.array()?);
        let (len, job, attempt, sum) = (from.u32()?, from.u64()?, from.u32()?, from.u64()?);
        let same = checksum(&bytes[..CHECKED]) as u32 == from.u32()?;
        same.then_some(Head { tag, len, job, attempt, sum })
    }

    /// Whether this is what it says that its payload is.
    pub(super) fn fits(&self, payload: &[u8]) -> bool {
        payload.len() == self.len as usize && checksum(payload) == self.sum
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// Appends a record.
pub(super) fn append(to: &mut Vec<u8>, tag: Tag, of: (u64, u32), payload: &[u8]) {
    to.extend_from_slice(&Head::new(tag, of, payload).bytes());
    to.extend_from_slice(payload);
}

/// Writes the head into the room in front of a payload.
pub(super) fn seal(buffer: &mut [u8], tag: Tag, of: (u64, u32)) {
    let (head, payload) = buffer.split_at_mut(HEAD);
    head.copy_from_slice(&Head::new(tag, of, payload).bytes());
}

/// Takes numbers off a payload.
#[derive(Debug)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, len: u32) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(len as usize)?;
        self.0 = rest;
        Some(first)
    }
}
