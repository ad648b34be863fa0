//! The bytes of a file in a store, as they come.
//! It does not know what is in them.

use std::io::{self, Read};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};

use super::driver::Driver;
use super::{failed, store};
use crate::error::{Error, Result};
use crate::file::FileInfo;

type Pieces = BoxStream<'static, object_store::Result<Vec<u8>>>;

/// Opens a file of a store to read it from this byte to the end that it had.
///
/// # Errors
/// A file that is gone, has another size now, or may not be read.
pub(crate) fn open(
    file: &FileInfo,
    base: &str,
    key: &str,
    from: u64,
) -> Result<Box<dyn Read + Send>> {
    let (store, _) = store(base)?;
    let key = Path::parse(key).map_err(|e| failed("open", &file.name, e.into()))?;
    Ok(Box::new(Reader::new(file, store, &key, from)?))
}

/// Reads a file piece by piece.
pub(super) struct Reader {
    // In this order: the pieces end before the runtime that they come by.
    pieces: Pieces,
    driver: Driver,
    piece: io::Cursor<Vec<u8>>,
}

impl Reader {
    /// # Errors
    /// As [`open`].
    pub(super) fn new(
        file: &FileInfo,
        store: Arc<dyn ObjectStore>,
        key: &Path,
        from: u64,
    ) -> Result<Self> {
        let driver = Driver::new().map_err(|e| Error::io("open", &file.name, e))?;
        let range = (from > 0).then_some(GetRange::Bounded(from..file.len));
        // A store refuses to give no bytes, and not every one can start anywhere but at the start.
        let head = from >= file.len;
        let options = GetOptions { range: range.filter(|_| !head), head, ..GetOptions::default() };
        let answer = driver.wait(store.get_opts(key, options));
        let answer = answer.map_err(|e| failed("open", &file.name, e))?;
        if answer.meta.size != file.len {
            return Err(file.changed(answer.meta.size));
        }
        let pieces: Pieces = match head {
            true => futures_util::stream::empty().boxed(),
            false => answer.into_stream().map(|piece| piece.map(Vec::from)).boxed(),
        };
        Ok(Reader { pieces, driver, piece: io::Cursor::default() })
    }
}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.piece.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            match self.driver.wait(self.pieces.next()) {
                Some(piece) => self.piece = io::Cursor::new(piece?),
                None => return Ok(0),
            }
        }
    }
}
