//! What can be done with the lines of a partition: go over them, count them, take them one by one.
//! It does not know how blocks find their lines.

mod each;
mod pull;

use std::ops::ControlFlow;

use crate::chunks::Chunks;
use crate::error::Result;
use crate::partition::Partition;
use crate::position::Position;

pub use pull::{Lines, Reader};

impl Partition {
    /// Calls `f` with every line, without its end, and where it is, until `f` breaks.
    ///
    /// A line ends with `\n` or `\r\n`, as in [`str::lines`], or with the delimiter that was given.
    /// The last line of a file needs no end. This is the fastest way to read lines: text is checked
    /// to be UTF-8 piece by piece, and no line is copied.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("amounts.txt");
    /// # std::fs::write(&path, "5\r\n7\nseven\n9")?;
    /// use std::ops::ControlFlow;
    /// let partitions = tine_files::Text::new().plan(&path)?;
    /// let stopped = partitions[0].for_each_line(|line, at| match line.parse::<i32>() {
    ///     Ok(_) => ControlFlow::Continue(()),
    ///     Err(e) => ControlFlow::Break(format!("{at}: {e}")),
    /// })?;
    /// let message = stopped.break_value().expect("`seven` is no number");
    /// assert!(message.ends_with("amounts.txt:3: invalid digit found in string"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Files that have changed, are broken, or cannot be read; text that is not UTF-8.
    pub fn for_each_line<B>(
        &self,
        mut f: impl FnMut(&str, &Position<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>> {
        for block in self.blocks() {
            let mut chunks = Chunks::new(block);
            let mut index = 0;
            while chunks.advance()? {
                let stop = each::lines_of(&chunks, &mut index, &mut f)?;
                if stop.is_break() {
                    return Ok(stop);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Calls `f` with the bytes of the lines, many whole lines at a time with their ends, and where
    /// the first of them is, until `f` breaks. The bytes are decompressed, and not checked.
    ///
    /// # Errors
    /// Files that have changed, are broken, or cannot be read.
    pub fn for_each_chunk<B>(
        &self,
        mut f: impl FnMut(&[u8], &Position<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>> {
        for block in self.blocks() {
            let mut chunks = Chunks::new(block);
            let mut index = 0;
            while chunks.advance()? {
                let (first, offset) = (chunks.first(), chunks.offset());
                let stop = f(chunks.piece(), &Position { block, first, offset, index });
                if stop.is_break() {
                    return Ok(stop);
                }
                index += block.format.delimiter.count(chunks.piece()) as u64;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Returns how many lines there are, without looking into them: they need not be UTF-8.
    ///
    /// # Errors
    /// Files that have changed, are broken, or cannot be read.
    pub fn count_lines(&self) -> Result<u64> {
        let mut lines = 0;
        for block in self.blocks() {
            let delimiter = &block.format.delimiter;
            let mut chunks = Chunks::new(block);
            while chunks.advance()? {
                let piece = chunks.piece();
                let last = usize::from(!delimiter.ends_line(piece));
                lines += (delimiter.count(piece) + last) as u64;
            }
        }
        Ok(lines)
    }

    /// Returns the lines one by one. [`for_each_line`](Self::for_each_line) is faster.
    pub fn lines(&self) -> Lines {
        Lines::new(self.blocks())
    }

    /// Returns the bytes of the lines, decompressed, as a reader: for parsers that want one. Where a
    /// file ends without the end of a line and another one follows, the end is put between them.
    pub fn reader(&self) -> Reader {
        Reader::new(self.blocks())
    }
}
