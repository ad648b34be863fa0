//! A block, read piece by piece: every piece is whole lines.
//! It does not know what is done with lines, nor whether they are UTF-8.
//!
//! A line belongs to the block that its first byte is in. So a block that does not begin the file
//! looks for the first delimiter that ends at its first byte or later, and reads on behind its own
//! last byte until the line that is there has ended. No line is read twice or never.

use std::io::{self, Read};

use crate::compression::{Compression, Decoder};
use crate::error::{Error, ErrorKind, Result};
use crate::partition::Block;

/// How much is read at a time: it stays in a core's second cache while its lines are looked at.
/// From 16 KiB to 1 MiB the CPU time of counting lines differs by a few percent; 4 MiB take a fifth
/// more. Mapping the file takes a tenth less, but a file that is cut short while it is mapped ends
/// the process by SIGBUS, where reading it is an error with its name.
const PIECE: usize = 256 << 10;

/// How much is read at a time behind the block, where only the rest of a line is wanted.
const BEHIND: usize = 4 << 10;

/// How much is looked at in one step back, for where delimiters begin to overlap.
const STEP_BACK: u64 = 64 << 10;

/// The pieces of a block.
pub(crate) struct Chunks {
    block: Block,
    /// `None` until the first piece is asked for.
    input: Option<Decoder>,
    buf: Vec<u8>,
    /// The piece is `buf[start..end]`; what was read behind it goes up to `filled`.
    start: usize,
    end: usize,
    filled: usize,
    /// How many bytes behind `start` are known to hold no delimiter.
    seen: usize,
    /// Which byte of the text is the first in `buf`.
    base: u64,
    /// The byte of the text at which the first line of the block begins.
    first: u64,
    /// The text has no more bytes.
    ended: bool,
    /// The block has no more lines.
    over: bool,
}

impl Chunks {
    pub(crate) fn new(block: &Block) -> Self {
        Chunks {
            block: block.clone(),
            input: None,
            buf: Vec::new(),
            start: 0,
            end: 0,
            filled: 0,
            seen: 0,
            base: 0,
            first: 0,
            ended: false,
            over: false,
        }
    }

    pub(crate) fn block(&self) -> &Block {
        &self.block
    }

    /// The byte of the text at which the block's first line begins, once there was a piece.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The lines of this piece, with their ends; the last one of a file may have none.
    pub(crate) fn piece(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// The byte of the text at which this piece begins.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Goes on to the next piece, of at least one byte; returns whether there is one.
    ///
    /// # Errors
    /// A file that has changed, is broken, or cannot be read; a line that is too long.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        if self.over {
            return Ok(false);
        }
        if self.input.is_none() && !self.begin()? {
            self.over = true;
            return Ok(false);
        }
        (self.start, self.seen) = (self.end, 0);
        loop {
            if let Some(len) = self.whole_lines() {
                self.end = self.start + len;
                self.over = self.base + self.end as u64 >= self.block.end();
                return Ok(true);
            }
            if self.ended {
                self.end = self.filled;
                self.over = true;
                return Ok(self.start < self.end);
            }
            self.seen = self.filled - self.start;
            self.refuse_endless()?;
            self.read_more()?;
        }
    }

    /// Returns how many bytes behind `start` are whole lines of the block, if any is there whole.
    fn whole_lines(&self) -> Option<usize> {
        let delimiter = &self.block.format.delimiter;
        let bytes = &self.buf[self.start..self.filled];
        let own = self.block.end() - self.offset();
        if bytes.len() as u64 >= own
            && let Some(len) = delimiter.first_end_from(bytes, as_index(own))
        {
            return Some(len);
        }
        delimiter.last_end(bytes, self.seen)
    }

    /// Opens the file and finds the first line; returns whether there is one.
    fn begin(&mut self) -> Result<bool> {
        let from = self.block.offset.saturating_sub(self.block.format.delimiter.len() as u64);
        let from = self.sync(from)?;
        let file = &self.block.file;
        self.input = Some(decoder(&self.block, from)?);
        let size = match file.compression {
            Compression::None => (file.len - from).min(PIECE as u64),
            _ => PIECE as u64,
        };
        self.buf = vec![0; as_index(size)];
        (self.base, self.first) = (from, from);
        let found = self.block.offset == 0 || self.skip_line()?;
        self.end = self.start;
        self.first = self.offset();
        Ok(found)
    }

    /// Moves `start` behind the first delimiter that ends in the block; returns whether one does.
    fn skip_line(&mut self) -> Result<bool> {
        loop {
            let delimiter = &self.block.format.delimiter;
            let bytes = &self.buf[self.start..self.filled];
            let least = as_index(self.block.offset.saturating_sub(self.offset()));
            if let Some(end) = delimiter.first_end_from(bytes, least) {
                self.start += end;
                return Ok(self.offset() < self.block.end());
            }
            if self.ended || self.base + self.filled as u64 >= self.block.end() {
                return Ok(false);
            }
            // Whatever delimiter comes next begins behind the last one, and is not whole yet.
            let last = delimiter.last_end(bytes, 0).unwrap_or(0);
            self.start += last.max(bytes.len().saturating_sub(delimiter.len() - 1));
            self.end = self.start;
            self.read_more()?;
        }
    }

    /// Returns the last place, at `at` or before, that no delimiter can reach over: from there on
    /// delimiters are found as from the start of the file.
    fn sync(&self, mut at: u64) -> Result<u64> {
        let delimiter = &self.block.format.delimiter;
        if !delimiter.is_overlapping() {
            return Ok(at);
        }
        let reach = delimiter.len() as u64 - 1;
        let (mut base, mut bytes) = (u64::MAX, Vec::new());
        while at > 0 {
            let from = at.saturating_sub(reach);
            let to = (at + reach).min(self.block.file.len);
            if from < base {
                base = at.saturating_sub(STEP_BACK.max(reach));
                bytes = self.read_range(base, to)?;
            }
            match delimiter.first_end(&bytes[as_index(from - base)..as_index(to - base)]) {
                Some(end) => at = from + (end - delimiter.len()) as u64,
                None => break,
            }
        }
        Ok(at)
    }

    fn read_range(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        let file = &self.block.file;
        let mut bytes = vec![0; as_index(to - from)];
        let mut input = decoder(&self.block, from)?;
        input.read_exact(&mut bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => file.changed_while_read(),
            _ => input.explain(&file.name, e),
        })?;
        Ok(bytes)
    }

    /// Moves what is unread to the front of the buffer, and reads more behind it.
    fn read_more(&mut self) -> Result<()> {
        self.buf.copy_within(self.start..self.filled, 0);
        self.base += self.start as u64;
        self.filled -= self.start;
        (self.start, self.end) = (0, 0);
        if self.filled == self.buf.len() {
            self.buf.resize((2 * self.filled).max(BEHIND), 0);
        }
        let at = self.base + self.filled as u64;
        let wanted = match self.block.end() {
            end if at < end => as_index(end - at),
            _ => self.filled.max(BEHIND),
        };
        let to = self.buf.len().min(self.filled.saturating_add(wanted));
        let n = self.fill(to)?;
        self.filled += n;
        if n == 0 {
            self.ended = true;
            let file = &self.block.file;
            if file.compression == Compression::None && at < file.len {
                return Err(file.changed_while_read());
            }
        }
        Ok(())
    }

    fn fill(&mut self, to: usize) -> Result<usize> {
        let input = self.input.as_mut().expect("it was opened by `begin`");
        loop {
            match input.read(&mut self.buf[self.filled..to]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(input.explain(&self.block.file.name, e)),
                Ok(n) => return Ok(n),
            }
        }
    }

    /// Refuses to hold more of one line than it may have.
    fn refuse_endless(&self) -> Result<()> {
        match self.filled - self.start {
            held if held as u64 > self.block.format.longest => Err(self.too_long(self.offset())),
            _ => Ok(()),
        }
    }

    /// The error of the line that begins at this byte of the text.
    pub(crate) fn too_long(&self, offset: u64) -> Error {
        let format = &self.block.format;
        let what = format!(
            "a line is longer than {} bytes, and is there an end to it? Lines end with {:?} here; \
             set delimiter or longest_line if that is wrong",
            format.longest, format.delimiter
        );
        Error::new(ErrorKind::TooLong, what).of_file(&self.block.file.name).at_offset(offset)
    }
}

fn decoder(block: &Block, from: u64) -> Result<Decoder> {
    let file = &block.file;
    Decoder::new(file.compression, file.open(from)?).map_err(|e| e.of_file(&file.name))
}

/// A number of bytes that are, or would be, in memory.
fn as_index(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
