//! How files are read as lines, and how they are cut into partitions.
//! It reads no text: it asks for names and sizes alone.

use std::sync::Arc;

use tine_scheduler::config::units::parse_bytes;

use crate::compression::Compression;
use crate::delimiter::Delimiter;
use crate::error::{Error, ErrorKind, Result};
use crate::file::FileInfo;
use crate::names::Names;
use crate::partition::{Block, Format, Partition};

/// More than this in one line is nearly always a wrong delimiter, or a file that is no text.
const LONGEST: u64 = 256 << 20;

/// How files are read as lines, and cut into partitions: one a file, where nothing else is said.
///
/// Options that make no sense are an error of [`plan`](Self::plan).
///
/// ```
/// use tine_files::Text;
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("a.txt"), "1\n2\n3\n")?;
/// # std::fs::write(folder.path().join("b.txt"), "4\n")?;
/// # let pattern = folder.path().join("*.txt");
/// let partitions = Text::new().blocksize("3 B").plan(&pattern)?;
/// let counts: Vec<u64> = partitions.iter().map(|p| p.count_lines()).collect::<Result<_, _>>()?;
/// assert_eq!(counts, [2, 1, 1]); // a.txt in two blocks, and b.txt
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it says how to read, and reads nothing"]
pub struct Text {
    blocksize: Option<String>,
    files_per_partition: Option<usize>,
    compression: Option<Compression>,
    delimiter: Option<Vec<u8>>,
    lossy: bool,
    longest_line: Option<String>,
}

impl Text {
    /// One partition a file, compressed as its extension says, of lines in UTF-8.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts files into blocks of this size, on line borders: a number of bytes, or text with a
    /// unit, as `"64MiB"`. Compressed files cannot be cut.
    pub fn blocksize(self, size: impl ToString) -> Self {
        Text { blocksize: Some(size.to_string()), ..self }
    }

    /// Puts so many whole files into one partition.
    pub fn files_per_partition(self, files: usize) -> Self {
        Text { files_per_partition: Some(files), ..self }
    }

    /// How the files are compressed, whatever their extension says.
    pub fn compression(self, compression: Compression) -> Self {
        Text { compression: Some(compression), ..self }
    }

    /// What ends a line: any bytes. Without it a line ends with `\n` or `\r\n`; with it, with
    /// exactly these bytes.
    #[doc(alias = "linedelimiter")]
    pub fn delimiter(self, bytes: impl AsRef<[u8]>) -> Self {
        Text { delimiter: Some(bytes.as_ref().to_vec()), ..self }
    }

    /// Whether what is not UTF-8 becomes U+FFFD. Without it, it is an error with file, line and
    /// byte.
    #[doc(alias = "errors")]
    pub fn lossy(self, lossy: bool) -> Self {
        Text { lossy, ..self }
    }

    /// The most that a line may have: bytes, or text with a unit. Without it, 256 MiB. A longer one
    /// is an error, and not memory.
    pub fn longest_line(self, size: impl ToString) -> Self {
        Text { longest_line: Some(size.to_string()), ..self }
    }

    /// Returns the partitions of these files, in order; at least one.
    ///
    /// A file without a line is a partition without a line. The same files in the same folder give
    /// the same partitions.
    ///
    /// # Errors
    /// Options that make no sense; names of what is not there; patterns that match nothing; a block
    /// size for a compressed file.
    pub fn plan(&self, names: impl Into<Names>) -> Result<Vec<Partition>> {
        let format = Arc::new(self.format()?);
        let blocksize = self.checked_blocksize()?;
        let mut blocks = Vec::new();
        for mut file in names.into().resolve()? {
            file.compression = self.compression.unwrap_or(file.compression);
            file.compression.check().map_err(|e| e.of_file(&file.name))?;
            cut(&Arc::new(file), blocksize, &format, &mut blocks)?;
        }
        let together = self.files_per_partition.unwrap_or(1);
        Ok(blocks.chunks(together).map(|blocks| Partition { blocks: blocks.to_vec() }).collect())
    }

    fn checked_blocksize(&self) -> Result<Option<u64>> {
        let wrong = |what: &str| Err(Error::new(ErrorKind::Options, what));
        if self.files_per_partition == Some(0) {
            return wrong("files_per_partition is 0; a partition has at least one file");
        }
        if self.files_per_partition.is_some() && self.blocksize.is_some() {
            return wrong(
                "blocksize cuts files and files_per_partition puts them together; give one of them",
            );
        }
        match self.blocksize.as_deref().map(|text| size("blocksize", text)).transpose()? {
            Some(0) => wrong("blocksize is 0; a block has at least one byte"),
            size => Ok(size),
        }
    }

    fn format(&self) -> Result<Format> {
        let delimiter = match &self.delimiter {
            Some(bytes) => Delimiter::new(bytes.clone())?,
            None => Delimiter::line_feed(),
        };
        let longest = self.longest_line.as_deref().map(|text| size("longest_line", text));
        Ok(Format {
            delimiter,
            lossy: self.lossy,
            longest: longest.transpose()?.unwrap_or(LONGEST),
        })
    }
}

fn size(option: &str, text: &str) -> Result<u64> {
    parse_bytes(text).map_err(|e| Error::new(ErrorKind::Options, format!("{option}: {e}")))
}

/// Adds the blocks of a file. All have the same size but the last, which is smaller.
fn cut(
    file: &Arc<FileInfo>,
    size: Option<u64>,
    format: &Arc<Format>,
    blocks: &mut Vec<Block>,
) -> Result<()> {
    let block =
        |offset, len| Block { file: Arc::clone(file), offset, len, format: Arc::clone(format) };
    let Some(size) = size else {
        blocks.push(block(0, file.len));
        return Ok(());
    };
    if file.compression != Compression::None {
        let what = format!(
            "is compressed by {}, and can only be read from its start: blocksize does not cut it; \
             leave blocksize out, or decompress the file",
            file.compression
        );
        return Err(Error::new(ErrorKind::Options, what).of_file(&file.name));
    }
    let mut offset = 0;
    while offset == 0 || offset < file.len {
        let len = size.min(file.len - offset);
        blocks.push(block(offset, len));
        offset = offset.saturating_add(size);
    }
    Ok(())
}
