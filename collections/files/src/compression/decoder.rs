//! Decodes a stream of any format, and knows how far into the compressed bytes it is.
//! It does not know where the bytes come from.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Compression;
use super::gzip::Members;
use crate::error::{Error, ErrorKind, Result};

/// How much of a compressed file is read at a time: large enough that the calls do not count, and
/// small enough to stay in the cache beside what it becomes.
const INPUT_BYTES: usize = 64 << 10;

/// A reader of the decoded bytes.
pub(crate) struct Decoder {
    inner: Box<dyn Read + Send>,
    progress: Arc<Progress>,
    format: Compression,
}

/// What happened to the compressed bytes, seen from outside of the format's own reader.
#[derive(Default)]
struct Progress {
    consumed: AtomicU64,
    /// The input failed, not what is in it.
    refused: AtomicBool,
}

impl Decoder {
    /// Returns the decoder of what `input` yields, from its first byte.
    ///
    /// # Errors
    /// A format that is not compiled in; memory that the format's library does not get.
    pub(crate) fn new(format: Compression, input: Box<dyn Read + Send>) -> Result<Self> {
        format.check()?;
        let progress = Arc::new(Progress::default());
        let inner = if format == Compression::None {
            input
        } else {
            let input = BufReader::with_capacity(INPUT_BYTES, input);
            let input = Counted { input, progress: Arc::clone(&progress) };
            start(format, input).map_err(|e| {
                Error::new(ErrorKind::Io, format!("cannot start to decode {format}: {e}"))
            })?
        };
        Ok(Decoder { inner, progress, format })
    }

    /// Returns the error of a read that failed, told apart by whose fault it is: data that is
    /// broken has the place in the compressed bytes.
    pub(crate) fn explain(&self, file: &str, error: io::Error) -> Error {
        if self.format == Compression::None || self.progress.refused.load(Ordering::Relaxed) {
            return Error::io("read", file, error);
        }
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("the {} data is cut off", self.format),
            _ => format!("broken {} data: {error}", self.format),
        };
        let at = self.progress.consumed.load(Ordering::Relaxed);
        Error::new(ErrorKind::Corrupt, what).of_file(file).at_offset(at)
    }
}

impl Read for Decoder {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

/// Starts the reader of a format.
fn start(format: Compression, input: Counted) -> io::Result<Box<dyn Read + Send>> {
    Ok(match format {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(Members::new(input)),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(input)?),
        #[cfg(feature = "bzip2")]
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
        #[cfg(feature = "xz")]
        Compression::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(input)),
        #[cfg(not(all(feature = "zstd", feature = "bzip2", feature = "xz")))]
        _ => return Err(io::ErrorKind::Unsupported.into()),
    })
}

/// The compressed bytes, counted as the format's reader takes them.
struct Counted {
    input: BufReader<Box<dyn Read + Send>>,
    progress: Arc<Progress>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let progress = &self.progress;
        self.input.fill_buf().inspect_err(|e| {
            let again = e.kind() == io::ErrorKind::Interrupted;
            progress.refused.fetch_or(!again, Ordering::Relaxed);
        })
    }

    fn consume(&mut self, n: usize) {
        self.progress.consumed.fetch_add(n as u64, Ordering::Relaxed);
        self.input.consume(n);
    }
}
