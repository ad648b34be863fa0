//! What ends a line, and where it stands in bytes.
//! It does not know files: whoever reads them hands over what is in memory.
//!
//! Delimiters are found from the left, and never overlap. With `\n` or `ab` no two of them can:
//! every place where the bytes stand is one. With `$$` they can, and which two dollars of five
//! are a delimiter depends on what stands before: those are `overlapping` here, and looked for
//! from the start of a line.

use std::fmt;

use memchr::memmem::{Finder, FinderRev};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};

/// What ends a line.
#[derive(Clone)]
pub(crate) struct Delimiter {
    /// `None` is a line feed, and the carriage return before it where there is one.
    given: Option<Vec<u8>>,
    forward: Finder<'static>,
    backward: FinderRev<'static>,
    overlapping: bool,
}

impl Delimiter {
    /// Lines as text files have them.
    pub(crate) fn line_feed() -> Self {
        Self::of(None)
    }

    /// Lines that end with these bytes and nothing else.
    ///
    /// # Errors
    /// No bytes at all.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self> {
        if bytes.is_empty() {
            let what = "the delimiter of lines has no bytes; give at least one";
            return Err(Error::new(ErrorKind::Options, what));
        }
        Ok(Self::of(Some(bytes)))
    }

    fn of(given: Option<Vec<u8>>) -> Self {
        let bytes = given.as_deref().unwrap_or(b"\n");
        Delimiter {
            forward: Finder::new(bytes).into_owned(),
            backward: FinderRev::new(bytes).into_owned(),
            overlapping: (1..bytes.len()).any(|n| bytes.ends_with(&bytes[..n])),
            given,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.forward.needle()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether a carriage return before it is part of it.
    pub(crate) fn takes_returns(&self) -> bool {
        self.given.is_none()
    }

    /// Whether two places where it stands may overlap.
    pub(crate) fn is_overlapping(&self) -> bool {
        self.overlapping
    }

    /// Whether cutting UTF-8 at its ends gives UTF-8.
    pub(crate) fn is_text(&self) -> bool {
        std::str::from_utf8(self.bytes()).is_ok()
    }

    /// Returns the end of the first delimiter in `bytes`.
    pub(crate) fn first_end(&self, bytes: &[u8]) -> Option<usize> {
        self.first(bytes).map(|at| at + self.len())
    }

    fn first(&self, bytes: &[u8]) -> Option<usize> {
        match self.bytes() {
            [byte] => memchr::memchr(*byte, bytes),
            _ => self.forward.find(bytes),
        }
    }

    /// Returns the end of the last delimiter in `bytes`, which start where a line does, and of
    /// which nothing before `seen` needs to be looked at, where it does not depend on that.
    pub(crate) fn last_end(&self, bytes: &[u8], seen: usize) -> Option<usize> {
        if self.overlapping {
            return self.ends(bytes).last();
        }
        let from = seen.saturating_sub(self.len() - 1);
        let at = match self.bytes() {
            [byte] => memchr::memrchr(*byte, &bytes[from..]),
            _ => self.backward.rfind(&bytes[from..]),
        };
        at.map(|at| from + at + self.len())
    }

    /// Returns the end of the first delimiter that ends at `least` or later in `bytes`, which start
    /// where a line does.
    pub(crate) fn first_end_from(&self, bytes: &[u8], least: usize) -> Option<usize> {
        if self.overlapping {
            return self.ends(bytes).find(|end| *end >= least);
        }
        let from = least.saturating_sub(self.len()).min(bytes.len());
        self.first_end(&bytes[from..]).map(|end| from + end)
    }

    /// Returns the ends of all delimiters in `bytes`, which start where a line does.
    pub(crate) fn ends<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let mut from = 0;
        std::iter::from_fn(move || {
            from += self.first_end(&bytes[from..])?;
            Some(from)
        })
    }

    /// Returns how many delimiters are in `bytes`, which start where a line does.
    pub(crate) fn count(&self, bytes: &[u8]) -> usize {
        match self.bytes() {
            [byte] => memchr::memchr_iter(*byte, bytes).count(),
            _ => self.ends(bytes).count(),
        }
    }

    /// Whether the last line in `bytes`, which start where a line does, has its end.
    pub(crate) fn ends_line(&self, bytes: &[u8]) -> bool {
        match self.overlapping {
            true => self.ends(bytes).last() == Some(bytes.len()),
            false => bytes.ends_with(self.bytes()),
        }
    }

    /// Returns the line without its end, of a line that may have one.
    pub(crate) fn strip<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        let Some(line) = line.strip_suffix(self.bytes()) else { return line };
        match self.given {
            None => line.strip_suffix(b"\r").unwrap_or(line),
            Some(_) => line,
        }
    }
}

impl fmt::Debug for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

impl Serialize for Delimiter {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.given.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        Ok(Self::of(Option::<Vec<u8>>::deserialize(from)?.filter(|bytes| !bytes.is_empty())))
    }
}
