//! Sections of a file: tag, length, checksum, payload.
//! It does not know what the payloads mean, and never believes a length before the bytes are there.

use std::io::{self, Read, Write};
use std::ops::RangeInclusive;

use super::bytes::Output;
use super::error::{TraceError, TraceErrorKind};

const HEAD: usize = 16;

/// What a section is called in messages.
pub(super) fn name(tag: [u8; 4]) -> &'static str {
    match &tag {
        b"RUN " => "run",
        b"GRPS" => "groups",
        b"TASK" | b"MORE" => "tasks",
        b"EDGE" => "edges",
        b"NAME" => "names",
        b"WORK" => "workers",
        b"MEMO" => "memory",
        b"RARE" => "facts",
        b"TIME" => "times",
        b"NOTE" => "notices",
        b"STAK" => "stacks",
        b"CPUS" | b"ALOC" | b"LIVE" => "samples",
        b"DONE" | b"FIN " => "end",
        _ => "unknown",
    }
}

/// Whether this version knows what a section means.
pub(super) fn is_known(tag: [u8; 4]) -> bool {
    name(tag) != "unknown"
}

/// Writes one section.
pub(super) fn write(out: &mut impl Write, tag: [u8; 4], payload: Output) -> io::Result<()> {
    let payload = payload.into_bytes();
    out.write_all(&tag)?;
    out.write_all(&(payload.len() as u64).to_le_bytes())?;
    out.write_all(&checksum(tag, &payload).to_le_bytes())?;
    out.write_all(&payload)
}

/// Reads sections, counting bytes.
#[derive(Debug)]
pub(super) struct Reader<'a, R> {
    input: &'a mut R,
    offset: u64,
    payload_at: u64,
}

impl<'a, R: Read> Reader<'a, R> {
    /// Reads signature and version.
    pub(super) fn open(
        input: &'a mut R,
        signature: [u8; 8],
        versions: RangeInclusive<u32>,
    ) -> Result<Self, TraceError> {
        let mut reader = Reader { input, offset: 0, payload_at: 0 };
        let head = reader.bytes("header", 12)?;
        let same = signature.iter().zip(&head).take_while(|(a, b)| a == b).count();
        let fail = |kind, at, why: String| Err(TraceError::new(kind, "header", at, why));
        if same < signature.len() && same < head.len() {
            let why = "the signature is missing".to_owned();
            return fail(TraceErrorKind::NotATrace, same as u64, why);
        }
        let Some(found) = head.get(8..12).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes)
        else {
            let why = "the file ends in its header".to_owned();
            return fail(TraceErrorKind::CutOff, head.len() as u64, why);
        };
        if !versions.contains(&found) {
            let why = format!(
                "written in format {found}, but this version of tine reads the formats {} to {}; \
                 read it with the version of tine that wrote it",
                versions.start(),
                versions.end()
            );
            return fail(TraceErrorKind::Version, 8, why);
        }
        Ok(reader)
    }

    /// Reads the next section.
    pub(super) fn next(&mut self) -> Result<([u8; 4], Vec<u8>), TraceError> {
        let head = self.bytes("end", HEAD as u64)?;
        if head.len() < HEAD {
            let why = if head.is_empty() { "the end mark is missing" } else { "a section begins" };
            return Err(TraceError::new(TraceErrorKind::CutOff, "end", self.offset, why));
        }
        let tag = [head[0], head[1], head[2], head[3]];
        let length = u64::from_le_bytes(std::array::from_fn(|i| head[4 + i]));
        let expected = u32::from_le_bytes(std::array::from_fn(|i| head[12 + i]));
        self.payload_at = self.offset;
        let payload = self.bytes(name(tag), length)?;
        if (payload.len() as u64) < length {
            let why = format!("{} of {length} bytes are there", payload.len());
            return Err(TraceError::new(TraceErrorKind::CutOff, name(tag), self.offset, why));
        }
        if checksum(tag, &payload) != expected {
            let why = "the checksum does not agree";
            let at = self.payload_at;
            return Err(TraceError::new(TraceErrorKind::Checksum, name(tag), at, why));
        }
        Ok((tag, payload))
    }

    /// Where the payload of the last section began.
    pub(super) fn payload_at(&self) -> u64 {
        self.payload_at
    }

    /// An error at the place that was reached.
    pub(super) fn malformed(&self, why: &str) -> TraceError {
        TraceError::new(TraceErrorKind::Malformed, "end", self.offset, why)
    }

    /// Checks that nothing follows.
    pub(super) fn finish(&mut self) -> Result<(), TraceError> {
        let at = self.offset;
        if self.bytes("end", 1)?.is_empty() {
            return Ok(());
        }
        let why = "bytes follow the end mark";
        Err(TraceError::new(TraceErrorKind::Malformed, "end", at, why))
    }

    /// Up to `length` bytes, fewer where the input ends. Memory grows with what is really there.
    fn bytes(&mut self, section: &'static str, length: u64) -> Result<Vec<u8>, TraceError> {
        let mut bytes = Vec::new();
        let result = self.input.by_ref().take(length).read_to_end(&mut bytes);
        self.offset += bytes.len() as u64;
        result.map_err(|e| TraceError::io(section, self.offset, e))?;
        Ok(bytes)
    }
}

/// CRC-32 (IEEE 802.3) of tag and payload, by a table of 256 entries.
fn checksum(tag: [u8; 4], payload: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |crc: u32, &b: &u8| TABLE[usize::from(crc.to_le_bytes()[0] ^ b)] ^ (crc >> 8);
    !payload.iter().fold(tag.iter().fold(u32::MAX, step), step)
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn agrees_with_the_published_check_value() {
        assert_eq!(checksum(*b"1234", b"56789"), 0xCBF4_3926);
    }
}
