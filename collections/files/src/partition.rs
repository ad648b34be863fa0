//! Partitions and their blocks: which bytes of which files are read together.
//! It does not know how they are read.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::compression::Compression;
use crate::delimiter::Delimiter;
use crate::file::FileInfo;

/// What is read by one task: one block of a file, or some files whole.
///
/// It is small, and says all that a process needs to read it. It can be serialised, also to tell it
/// from others by content: size and time of change of its files are in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Partition {
    pub(crate) blocks: Vec<Block>,
}

/// Bytes of a file: the lines that begin in them are the block's.
///
/// A block finds out for itself where its first line begins and its last one ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Block {
    #[serde(with = "shared")]
    pub(crate) file: Arc<FileInfo>,
    pub(crate) offset: u64,
    /// Bytes of the file as it lies there: a compressed file is one block.
    pub(crate) len: u64,
    #[serde(with = "shared")]
    pub(crate) format: Arc<Format>,
}

/// How text is told apart into lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) delimiter: Delimiter,
    /// What is not UTF-8 becomes U+FFFD rather than an error.
    pub(crate) lossy: bool,
    /// Most bytes that a line may have.
    pub(crate) longest: u64,
}

impl Partition {
    /// The blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// How many bytes of files are read for it: compressed ones, where files are.
    pub fn len_bytes(&self) -> u64 {
        self.blocks.iter().map(Block::len_bytes).sum()
    }
}

/// As messages name it: `a.txt`, `a.txt from byte 1000 to 2000`, `a.txt and 3 more`.
impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.blocks.as_slice() {
            [] => f.write_str("nothing"),
            [one] => one.fmt(f),
            [first, more @ ..] => write!(f, "{first} and {} more", more.len()),
        }
    }
}

impl Block {
    /// The file that it is a part of.
    pub fn file(&self) -> &FileInfo {
        &self.file
    }

    /// Its first byte in the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes of the file it is.
    pub fn len_bytes(&self) -> u64 {
        self.len
    }

    /// Whether it is all of its file.
    pub fn is_whole_file(&self) -> bool {
        self.len == self.file.len
    }

    /// The byte of the text where it ends; compressed, that is not known before.
    pub(crate) fn end(&self) -> u64 {
        match self.file.compression {
            Compression::None => self.offset + self.len,
            _ => u64::MAX,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.name())?;
        if self.is_whole_file() {
            return Ok(());
        }
        write!(f, " from byte {} to {}", self.offset, self.offset + self.len)
    }
}

/// What several blocks share is written with each of them. Serde's own feature for this would be one
/// for every crate of a program, and let `Rc` pass where it must not.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        T::serialize(value, serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}
