//! Lines and bytes of a partition for those who ask for the next.
//! It does not know how blocks find their lines.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};
use std::vec;

use super::each::text_of;
use crate::chunks::Chunks;
use crate::error::Result;
use crate::partition::Block;
use crate::position::Position;

/// The pieces of some blocks, and how far into the piece the next line is.
struct Cursor {
    blocks: vec::IntoIter<Block>,
    chunks: Option<Chunks>,
    at: usize,
}

impl Cursor {
    fn new(blocks: &[Block]) -> Self {
        Cursor { blocks: Vec::from(blocks).into_iter(), chunks: None, at: 0 }
    }

    /// Goes on to a piece with something left in it; returns whether there is one, and whether it
    /// is of another block than before.
    fn advance(&mut self) -> Result<Option<bool>> {
        let mut new = false;
        loop {
            if let Some(chunks) = &mut self.chunks {
                if self.at < chunks.piece().len() {
                    return Ok(Some(new));
                }
                self.at = 0;
                if chunks.advance()? {
                    return Ok(Some(new));
                }
            }
            match self.blocks.next() {
                Some(block) => self.chunks = Some(Chunks::new(&block)),
                None => {
                    self.chunks = None;
                    return Ok(None);
                }
            }
            new = true;
        }
    }

    /// Gives up: there is nothing to be had behind an error.
    fn close(&mut self) {
        (self.blocks, self.chunks) = (Vec::new().into_iter(), None);
    }
}

/// The lines of a partition, one by one, without their ends.
///
/// As an iterator it gives each a `String` of its own; [`next_line`](Self::next_line) lends them.
/// Behind an error there are no more lines.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("a.txt");
/// # std::fs::write(&path, "one\ntwo\n")?;
/// let partitions = tine_files::Text::new().plan(&path)?;
/// let lines: Vec<String> = partitions[0].lines().collect::<Result<_, _>>()?;
/// assert_eq!(lines, ["one", "two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Lines {
    cursor: Cursor,
    /// Of the next line, in its block.
    index: u64,
    /// How many bytes the last line had, with its end.
    last: usize,
}

impl Lines {
    pub(super) fn new(blocks: &[Block]) -> Self {
        Lines { cursor: Cursor::new(blocks), index: 0, last: 0 }
    }

    /// Returns the next line.
    ///
    /// # Errors
    /// As [`for_each_line`](crate::Partition::for_each_line).
    pub fn next_line(&mut self) -> Result<Option<Cow<'_, str>>> {
        match self.step() {
            Ok(false) => Ok(None),
            Ok(true) => {
                let (line, at) = self.current().expect("a step was made to it");
                if line.len() as u64 > at.block.format.longest {
                    let e = self.cursor.chunks.as_ref().map(|c| c.too_long(at.offset));
                    return Err(e.expect("it has a line"));
                }
                text_of(line, &at).map(Some)
            }
            Err(e) => {
                self.cursor.close();
                Err(e)
            }
        }
    }

    /// Where the line is that was returned last.
    pub fn position(&self) -> Option<Position<'_>> {
        self.current().map(|(_, at)| at)
    }

    /// Goes over the next line; returns whether there is one.
    fn step(&mut self) -> Result<bool> {
        self.last = 0;
        let Some(new) = self.cursor.advance()? else { return Ok(false) };
        if new {
            self.index = 0;
        }
        let chunks = self.cursor.chunks.as_ref().expect("there is a piece");
        let rest = &chunks.piece()[self.cursor.at..];
        self.last = chunks.block().format.delimiter.first_end(rest).unwrap_or(rest.len());
        self.cursor.at += self.last;
        self.index += 1;
        Ok(true)
    }

    /// The line that was gone over last, without its end.
    fn current(&self) -> Option<(&[u8], Position<'_>)> {
        let chunks = self.cursor.chunks.as_ref().filter(|_| self.last > 0)?;
        let (block, to) = (chunks.block(), self.cursor.at);
        let from = to - self.last;
        let offset = chunks.offset() + from as u64;
        let at = Position { block, first: chunks.first(), offset, index: self.index - 1 };
        Some((block.format.delimiter.strip(&chunks.piece()[from..to]), at))
    }
}

impl Iterator for Lines {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.next_line().map(|line| line.map(Cow::into_owned));
        if line.is_err() {
            self.cursor.close();
        }
        line.transpose()
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("position", &self.position()).finish_non_exhaustive()
    }
}

/// The bytes of a partition's lines, decompressed. Errors of reading are [`crate::Error`]s inside
/// of [`io::Error`]s.
pub struct Reader {
    cursor: Cursor,
    /// What the last line of the file before lacks, so that the next does not become a part of it.
    owed: Vec<u8>,
    /// Whether the last line that was read has no end.
    open: bool,
}

impl Reader {
    pub(super) fn new(blocks: &[Block]) -> Self {
        Reader { cursor: Cursor::new(blocks), owed: Vec::new(), open: false }
    }

    fn give(&mut self, buf: &mut [u8]) -> Result<usize> {
        if self.owed.is_empty() {
            let Some(new) = self.cursor.advance()? else { return Ok(0) };
            let chunks = self.cursor.chunks.as_ref().expect("there is a piece");
            let (piece, delimiter) = (chunks.piece(), &chunks.block().format.delimiter);
            if !(new && self.open) {
                let rest = &piece[self.cursor.at..];
                let n = rest.len().min(buf.len());
                buf[..n].copy_from_slice(&rest[..n]);
                self.cursor.at += n;
                self.open = n == rest.len() && !delimiter.ends_line(piece);
                return Ok(n);
            }
            self.owed = delimiter.bytes().to_vec();
            self.open = false;
        }
        let n = self.owed.len().min(buf.len());
        buf[..n].copy_from_slice(&self.owed[..n]);
        self.owed.drain(..n);
        Ok(n)
    }
}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.give(buf).map_err(|e| {
            self.cursor.close();
            io::Error::other(e)
        })
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
