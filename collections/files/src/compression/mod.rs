//! Which formats of compression there are, and how a file's name tells.
//! It knows no file: what is decoded comes from any reader.

mod decoder;
mod encoder;
mod gzip;

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

pub(crate) use decoder::Decoder;
pub(crate) use encoder::{Encoder, checked_level};

/// A format of compression.
///
/// ```
/// use tine_files::Compression;
/// assert_eq!(Compression::of("accounts.0.json.gz"), Compression::Gzip);
/// assert_eq!("zst".parse::<Compression>()?, Compression::Zstd);
/// # Ok::<(), tine_files::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Compression {
    /// Plain bytes.
    #[default]
    None,
    /// gzip, also of several members: `.gz`, `.gzip`.
    Gzip,
    /// Zstandard, also of several frames: `.zst`, `.zstd`.
    Zstd,
    /// bzip2, also of several streams: `.bz2`.
    Bzip2,
    /// xz, also of several streams: `.xz`.
    Xz,
}

impl Compression {
    /// Returns the format that the extension of this name stands for, in upper or lower case.
    pub fn of(name: impl AsRef<OsStr>) -> Self {
        let extension = Path::new(name.as_ref()).extension().and_then(OsStr::to_str);
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("gz" | "gzip") => Compression::Gzip,
            Some("zst" | "zstd") => Compression::Zstd,
            Some("bz2") => Compression::Bzip2,
            Some("xz") => Compression::Xz,
            _ => Compression::None,
        }
    }

    /// Returns the most usual extension, without a dot; `None` has none.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gzip => Some("gz"),
            Compression::Zstd => Some("zst"),
            Compression::Bzip2 => Some("bz2"),
            Compression::Xz => Some("xz"),
        }
    }

    /// Refuses a format that this build has no code for.
    pub(crate) fn check(self) -> Result<()> {
        let missing = match self {
            Compression::Zstd if !cfg!(feature = "zstd") => "zstd",
            Compression::Bzip2 if !cfg!(feature = "bzip2") => "bzip2",
            Compression::Xz if !cfg!(feature = "xz") => "xz",
            _ => return Ok(()),
        };
        let what = format!("{self} is not compiled in; build with the feature `{missing}`");
        Err(Error::new(ErrorKind::Unsupported, what))
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
        })
    }
}

impl FromStr for Compression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Ok(Compression::None),
            "gzip" | "gz" => Ok(Compression::Gzip),
            "zstd" | "zst" => Ok(Compression::Zstd),
            "bzip2" | "bz2" => Ok(Compression::Bzip2),
            "xz" => Ok(Compression::Xz),
            _ => {
                let what = format!(
                    "no compression is called {text:?}; write none, gzip, zstd, bzip2 or xz"
                );
                Err(Error::new(ErrorKind::Unsupported, what))
            }
        }
    }
}
