//! A file of a store in the making: in parts while it is written, visible when it is whole.
//! It does not know what is in it.
//!
//! A small file is one request. Of a larger one each part is sent when it is full, and only the last
//! request lets the file appear; so no more than one part is ever in memory.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};

use super::driver::Driver;
use super::{advice, place};
use crate::error::{Error, Result};

/// How large a part is: stores take parts of 5 MiB and more, all but the last of one size.
const PART: usize = 8 << 20;

/// How many parts a file may have: so many S3 takes, and the others no fewer.
const MOST_PARTS: usize = 10_000;

/// How large a file may be where a store takes none in parts: it is in memory as a whole.
const WHOLE: usize = 64 << 20;

/// How long the store has to forget parts that nobody will ask for: whoever waits has failed already.
const TO_FORGET: Duration = Duration::from_secs(5);

/// Begins the file at this address. Nothing is sent yet.
///
/// # Errors
/// An address that names no file; settings that contradict each other.
pub(crate) fn create(address: &str) -> Result<Upload> {
    let (store, key) = place(address)?;
    Upload::new(store, key).map_err(|e| Error::io("create", address, e))
}

/// A file in the making. What is not [`publish`](Self::publish)ed is forgotten.
pub(crate) struct Upload {
    // In this order: the parts end before the runtime that they go by.
    parts: Option<Box<dyn MultipartUpload>>,
    driver: Driver,
    store: Arc<dyn ObjectStore>,
    key: Path,
    gathered: Vec<u8>,
    /// At which size what was gathered is sent, or refused where the store takes no parts.
    room: usize,
    sent: usize,
    bytes: u64,
    /// Something is missing in the store: it cannot become whole.
    broken: bool,
}

impl Upload {
    /// # Errors
    /// What the system refuses.
    pub(super) fn new(store: Arc<dyn ObjectStore>, key: Path) -> io::Result<Self> {
        let (driver, gathered) = (Driver::new()?, Vec::new());
        let (room, sent, bytes, broken) = (PART, 0, 0, false);
        Ok(Upload { parts: None, driver, store, key, gathered, room, sent, bytes, broken })
    }

    /// Sends what is left, and lets the file appear; returns how many bytes it has.
    ///
    /// # Errors
    /// What the store refuses.
    pub(crate) fn publish(mut self) -> io::Result<u64> {
        self.check()?;
        if self.parts.is_none() {
            let whole = std::mem::take(&mut self.gathered).into();
            self.driver.wait(self.store.put(&self.key, whole)).map_err(refused)?;
            return Ok(self.bytes);
        }
        if !self.gathered.is_empty() {
            self.send()?;
        }
        let parts = self.parts.as_mut().expect("it was looked at");
        self.driver.wait(parts.complete()).map_err(refused)?;
        self.parts = None;
        Ok(self.bytes)
    }

    /// Sends what was gathered, where it is as much as there is room for.
    fn drain(&mut self) -> io::Result<()> {
        if self.gathered.len() < self.room {
            return Ok(());
        }
        if self.parts.is_none() && self.room == PART {
            match self.driver.wait(self.store.put_multipart(&self.key)) {
                Ok(parts) => self.parts = Some(parts),
                Err(object_store::Error::NotImplemented { .. }) => {
                    self.room = WHOLE;
                    return Ok(());
                }
                Err(e) => return Err(refused(e)),
            }
        }
        if self.parts.is_none() {
            let what = format!(
                "the server takes a file in one piece only, and this one has more than {} MiB; make \
                 more partitions, or write to a store that takes parts",
                WHOLE >> 20
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
        }
        self.send()
    }

    fn send(&mut self) -> io::Result<()> {
        if self.sent == MOST_PARTS {
            let what = format!(
                "a store takes {MOST_PARTS} parts of a file, of {} MiB each, and this one has more; \
                 make more partitions",
                PART >> 20
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
        }
        let part = std::mem::take(&mut self.gathered).into();
        let parts = self.parts.as_mut().expect("parts are sent once they are begun");
        self.driver.wait(parts.put_part(part)).map_err(refused)?;
        self.sent += 1;
        Ok(())
    }

    fn check(&self) -> io::Result<()> {
        match self.broken {
            false => Ok(()),
            true => Err(io::Error::other("a part of it was refused before")),
        }
    }
}

impl Write for Upload {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.check()?;
        if let Err(e) = self.drain() {
            self.broken = true;
            return Err(e);
        }
        let n = buf.len().min(self.room - self.gathered.len());
        self.gathered.extend_from_slice(&buf[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    /// Does nothing: nobody sees the file before it is whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            // Who could not be told will be by a lifecycle rule of the store.
            let _forgotten =
                self.driver.wait(async { tokio::time::timeout(TO_FORGET, parts.abort()).await });
        }
    }
}

/// What a store refused, as what a file system would.
fn refused(error: object_store::Error) -> io::Error {
    let advice = match &error {
        object_store::Error::NotFound { .. } => "; make the bucket, or the container, before",
        _ => advice(&error),
    };
    io::Error::other(format!("{error}{advice}"))
}

#[cfg(test)]
mod tests;
