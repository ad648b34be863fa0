//! Where in which file a line is.
//! It does not know what is in the line.

use std::fmt;

use crate::error::Result;
use crate::partition::{Block, Partition};

/// Where a line is, as cheap as can be: its number in the file is found out when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Position<'a> {
    pub(crate) block: &'a Block,
    /// The byte of the text at which the block's first line begins.
    pub(crate) first: u64,
    /// The byte of the text at which this line begins.
    pub(crate) offset: u64,
    /// How many lines of the block are before it.
    pub(crate) index: u64,
}

/// A [`Position`] that stands for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line in the file, from 1, unless the file could not be read again to count them.
    pub line: Option<u64>,
    /// The byte of the file's text at which the line begins, from 0.
    pub offset: u64,
}

impl Position<'_> {
    /// The file, as it was named.
    pub fn file(&self) -> &str {
        self.block.file().name()
    }

    /// The block that the line belongs to.
    pub fn block(&self) -> &Block {
        self.block
    }

    /// The byte of the file's text, decompressed, at which the line begins, from 0.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many lines of the block come before this one.
    pub fn index_in_block(&self) -> u64 {
        self.index
    }

    /// Returns the number of the line in the file, from 1. For a block within a file that takes as
    /// long as counting the lines before it: ask for messages, not for every line.
    ///
    /// # Errors
    /// A file that has changed since, or cannot be read any more.
    pub fn line(&self) -> Result<u64> {
        if self.first == 0 {
            return Ok(self.index + 1);
        }
        let before = Block { offset: 0, len: self.first, ..self.block.clone() };
        Ok(Partition { blocks: vec![before] }.count_lines()? + self.index + 1)
    }

    /// Returns the place with the number of the line, which may take long: see
    /// [`line`](Self::line).
    pub fn place(&self) -> Place {
        Place { file: self.file().to_owned(), line: self.line().ok(), offset: self.offset }
    }
}

/// As [`Place`].
impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place().fmt(f)
    }
}

/// As compilers do: `accounts.json:12`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => write!(f, "{}, byte {}", self.file, self.offset),
        }
    }
}
