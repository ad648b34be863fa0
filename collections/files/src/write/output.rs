//! Where the bytes of a file go until it is whole: to the disk, or to a store.
//! It does not know what is in the file.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::staged::Staged;
use crate::error::{Error, Result};
use crate::names::{self, Address};

/// A file in the making. What is not [`publish`](Self::publish)ed was never there.
pub(super) enum Output {
    /// On this machine.
    Local(Staged, File),
    /// In a store.
    #[cfg(feature = "remote")]
    Remote(Box<crate::remote::Upload>),
}

impl Output {
    /// Begins the file of this path or address.
    ///
    /// # Errors
    /// What the file system refuses; an address that names no file of a store.
    pub(super) fn create(path: &Path) -> Result<Self> {
        match names::one(path)? {
            Address::Path(path) => {
                let created = Staged::create(&path);
                let (staged, file) = created.map_err(|e| Error::io("create", path.display(), e))?;
                Ok(Output::Local(staged, file))
            }
            #[cfg(feature = "remote")]
            Address::Remote(name) => Ok(Output::Remote(Box::new(crate::remote::create(&name)?))),
        }
    }

    /// Lets the file appear; returns how many bytes it has.
    ///
    /// # Errors
    /// What is refused, also of what was written before and is only refused now.
    pub(super) fn publish(self, path: &Path) -> io::Result<u64> {
        match self {
            Output::Local(staged, file) => staged.publish(file, path),
            #[cfg(feature = "remote")]
            Output::Remote(upload) => upload.publish(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Output::Local(_, file) => file.write(buf),
            #[cfg(feature = "remote")]
            Output::Remote(upload) => upload.write(buf),
        }
    }

    /// Does nothing: nobody sees the file before it is whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
