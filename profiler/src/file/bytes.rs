//! Numbers and strings as bytes: LEB128, zigzag differences, and a reader that checks everything.
//! It does not know what they stand for.

use super::error::{TraceError, TraceErrorKind};

/// A payload in the making.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
}

impl Output {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn option(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        if let Some(t) = text {
            self.text(t);
        }
    }

    /// Each number as its difference to the one before: small where they grow slowly.
    pub(super) fn differences(&mut self, numbers: impl IntoIterator<Item = u64>) {
        let mut last = 0u64;
        for n in numbers {
            self.difference(n, last);
            last = n;
        }
    }

    /// `n` as its difference to `base`, of either sign.
    pub(super) fn difference(&mut self, n: u64, base: u64) {
        let d = n.wrapping_sub(base) as i64;
        self.number(((d << 1) ^ (d >> 63)) as u64);
    }
}

/// A payload being read.
#[derive(Debug)]
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    section: &'static str,
    offset: u64,
}

type Result<T> = std::result::Result<T, TraceError>;

impl<'a> Input<'a> {
    /// A payload of `section` that begins at byte `offset` of the file.
    pub(super) fn new(bytes: &'a [u8], section: &'static str, offset: u64) -> Self {
        Input { bytes, at: 0, section, offset }
    }

    /// An error at the place that was reached.
    pub(super) fn malformed(&self, why: &str) -> TraceError {
        let at = self.offset + self.at as u64;
        TraceError::new(TraceErrorKind::Malformed, self.section, at, why)
    }

    fn byte(&mut self) -> Result<u8> {
        let b =
            self.bytes.get(self.at).ok_or_else(|| self.malformed("the section is too short"))?;
        self.at += 1;
        Ok(*b)
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            let low = u64::from(b & 0x7f);
            if shift == 63 && low > 1 {
                return Err(self.malformed("a number of more than 64 bits"));
            }
            n |= low << shift;
            if b < 0x80 {
                return Ok(n);
            }
        }
        Err(self.malformed("a number of more than 64 bits"))
    }

    /// A number that must fit a narrower type.
    pub(super) fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T> {
        let n = self.number()?;
        T::try_from(n).map_err(|_| self.malformed("a number is too large"))
    }

    /// How many entries follow: each takes a byte at least, so no more than there are bytes.
    pub(super) fn count(&mut self) -> Result<usize> {
        let n: usize = self.narrow()?;
        if n > self.bytes.len() - self.at {
            return Err(self.malformed("more entries than the section has bytes"));
        }
        Ok(n)
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let n = self.count()?;
        let bytes = &self.bytes[self.at..self.at + n];
        let text = std::str::from_utf8(bytes).map_err(|_| self.malformed("a text is not UTF-8"))?;
        self.at += n;
        Ok(text.to_owned())
    }

    pub(super) fn flag(&mut self) -> Result<bool> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.malformed("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn option(&mut self) -> Result<Option<String>> {
        Ok(if self.flag()? { Some(self.text()?) } else { None })
    }

    pub(super) fn difference(&mut self, base: u64) -> Result<u64> {
        let z = self.number()?;
        Ok(base.wrapping_add((z >> 1) ^ (z & 1).wrapping_neg()))
    }

    /// `n` numbers that were written as differences.
    pub(super) fn differences(&mut self, n: usize) -> Result<Vec<u64>> {
        let mut last = 0;
        (0..n)
            .map(|_| {
                last = self.difference(last)?;
                Ok(last)
            })
            .collect()
    }

    /// Checks that all was read.
    pub(super) fn end(&self) -> Result<()> {
        if self.at == self.bytes.len() {
            return Ok(());
        }
        Err(self.malformed("the section is longer than its content"))
    }
}
