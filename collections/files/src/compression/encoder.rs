//! Encodes a stream of bytes into any format.
//! It does not know where the bytes go.

use std::io::{self, Write};

use super::Compression;
use crate::error::{Error, ErrorKind, Result};

/// A writer that compresses into another.
pub(crate) enum Encoder<W: Write> {
    Plain(W),
    Gzip(flate2::write::GzEncoder<W>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, W>),
    #[cfg(feature = "bzip2")]
    Bzip2(bzip2::write::BzEncoder<W>),
    #[cfg(feature = "xz")]
    Xz(liblzma::write::XzEncoder<W>),
}

/// Levels of a format: the lowest, the one that is taken, the highest.
const fn levels(format: Compression) -> (i32, i32, i32) {
    match format {
        Compression::None => (0, 0, 0),
        Compression::Gzip => (0, 6, 9),
        Compression::Zstd => (1, 3, 22),
        Compression::Bzip2 => (1, 9, 9),
        Compression::Xz => (0, 6, 9),
    }
}

/// Returns the level to take.
///
/// # Errors
/// A level that the format does not have.
pub(crate) fn checked_level(format: Compression, level: Option<i32>) -> Result<i32> {
    let (lowest, usual, highest) = levels(format);
    match level {
        None => Ok(usual),
        Some(level) if (lowest..=highest).contains(&level) => Ok(level),
        Some(level) => {
            let what = format!("{format} has levels {lowest} to {highest}, not {level}");
            Err(Error::new(ErrorKind::Options, what))
        }
    }
}

impl<W: Write> Encoder<W> {
    /// Starts to compress into `to`, at a level that [`checked_level`] returned.
    ///
    /// # Errors
    /// A format that is not compiled in; memory that the format's library does not get.
    pub(crate) fn new(format: Compression, level: i32, to: W) -> io::Result<Self> {
        let level_bits = level.unsigned_abs();
        Ok(match format {
            Compression::None => Encoder::Plain(to),
            Compression::Gzip => {
                let level = flate2::Compression::new(level_bits);
                Encoder::Gzip(flate2::write::GzEncoder::new(to, level))
            }
            #[cfg(feature = "zstd")]
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(to, level)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
            #[cfg(feature = "bzip2")]
            Compression::Bzip2 => {
                let level = bzip2::Compression::new(level_bits);
                Encoder::Bzip2(bzip2::write::BzEncoder::new(to, level))
            }
            #[cfg(feature = "xz")]
            Compression::Xz => Encoder::Xz(liblzma::write::XzEncoder::new(to, level_bits)),
            #[cfg(not(all(feature = "zstd", feature = "bzip2", feature = "xz")))]
            _ => return Err(io::ErrorKind::Unsupported.into()),
        })
    }

    /// Writes what is still held back, and returns where it was written to.
    ///
    /// # Errors
    /// What is refused there.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Encoder::Plain(to) => Ok(to),
            Encoder::Gzip(encoder) => encoder.finish(),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(encoder) => encoder.finish(),
            #[cfg(feature = "bzip2")]
            Encoder::Bzip2(encoder) => encoder.finish(),
            #[cfg(feature = "xz")]
            Encoder::Xz(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Encoder::Plain(to) => to.write(buf),
            Encoder::Gzip(encoder) => encoder.write(buf),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(encoder) => encoder.write(buf),
            #[cfg(feature = "bzip2")]
            Encoder::Bzip2(encoder) => encoder.write(buf),
            #[cfg(feature = "xz")]
            Encoder::Xz(encoder) => encoder.write(buf),
        }
    }

    /// Does nothing: what is flushed early is packed worse, and nobody reads the file before its
    /// end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
