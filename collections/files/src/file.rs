//! A file as planning found it: where it is, how long, how packed.
//! It does not know which parts of it are read by whom.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::compression::Compression;
use crate::error::{Error, ErrorKind, Result};

/// A file as planning found it.
///
/// It can be hashed and serialised: two that are equal had the same name, size and time of change,
/// so that what is computed from them may be taken for the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileInfo {
    pub(crate) location: Location,
    /// Shown in messages.
    pub(crate) name: String,
    pub(crate) len: u64,
    pub(crate) modified: Option<SystemTime>,
    pub(crate) compression: Compression,
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Location {
    /// In the file system of this machine.
    Local(PathBuf),
    /// In a store that this address names, under this path.
    #[cfg(feature = "remote")]
    Remote { store: String, key: String },
}

impl FileInfo {
    /// Returns what the file system says of a file.
    ///
    /// # Errors
    /// What is not there, or is no file.
    pub(crate) fn local(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let metadata = path.metadata().map_err(|e| Error::io("open", &name, e))?;
        refuse_others(&metadata).map_err(|e| e.of_file(&name))?;
        Ok(FileInfo {
            location: Location::Local(path.to_owned()),
            name,
            len: metadata.len(),
            modified: metadata.modified().ok(),
            compression: Compression::of(path),
        })
    }

    /// The file as it was named, to show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path, of a file of this machine.
    pub fn path(&self) -> Option<&Path> {
        match &self.location {
            Location::Local(path) => Some(path),
            #[cfg(feature = "remote")]
            Location::Remote { .. } => None,
        }
    }

    /// How many bytes the file had, as it lies there: compressed, if it is.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file had no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the file was last changed, where that is known.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// How the file is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Opens the file to read it from this byte to the end that it had.
    ///
    /// # Errors
    /// A file that is gone, has another size now, or may not be read.
    pub(crate) fn open(&self, from: u64) -> Result<Box<dyn Read + Send>> {
        match &self.location {
            Location::Local(path) => self.open_local(path, from),
            #[cfg(feature = "remote")]
            Location::Remote { store, key } => crate::remote::open(self, store, key, from),
        }
    }

    fn open_local(&self, path: &Path, from: u64) -> Result<Box<dyn Read + Send>> {
        let mut file = File::open(path).map_err(|e| Error::io("open", &self.name, e))?;
        let now = file.metadata().map_err(|e| Error::io("open", &self.name, e))?.len();
        if now != self.len {
            return Err(self.changed(now));
        }
        file.seek(SeekFrom::Start(from)).map_err(|e| Error::io("read", &self.name, e))?;
        Ok(Box::new(file.take(self.len - from)))
    }

    /// The error of a file that has another size than it had.
    pub(crate) fn changed(&self, now: u64) -> Error {
        let what = format!(
            "has {now} bytes, and had {} when the work was planned; plan again when nothing \
             writes to it",
            self.len
        );
        Error::new(ErrorKind::Changed, what).of_file(&self.name)
    }
}

impl FileInfo {
    /// The error of a file that ended before its end.
    pub(crate) fn changed_while_read(&self) -> Error {
        let what = format!(
            "became shorter than its {} bytes while it was read; something writes to it",
            self.len
        );
        Error::new(ErrorKind::Changed, what).of_file(&self.name)
    }
}

/// Refuses what is there but is no file.
fn refuse_others(metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = match metadata.is_dir() {
        true => "is a folder; name the files in it, as with FOLDER/*",
        false => "is a pipe or a device, which cannot be read twice; copy it to a file",
    };
    Err(Error::new(ErrorKind::NotAFile, what))
}
