//! A result that outlives its run, in the arena, owned by the process that started the run.
//! It does not know what it is a result of.

use std::fmt;
use std::sync::Arc;

use crate::arena::{Arena, Lease, set_lease, with_lease};
use crate::codec::{self, BlockRef};
use crate::context::Fetched;
use crate::error::Result;
use crate::results::Stream;
use crate::value::Value;

/// A block of the arena that this process keeps.
#[derive(Debug)]
pub(crate) struct KeptBlock {
    offset: u64,
    /// Shared memory is not copy on write: only the process that kept the block frees it.
    maker: u32,
}

impl KeptBlock {
    pub(crate) fn new(offset: u64) -> Self {
        KeptBlock { offset, maker: std::process::id() }
    }
}

impl Drop for KeptBlock {
    fn drop(&mut self) {
        if self.maker == std::process::id()
            && let Ok(arena) = Arena::global()
        {
            arena.free_kept(self.offset);
        }
    }
}

/// A persisted result: it stays where it is, and every later fork sees it.
pub struct StoredValue {
    arena: &'static Arena,
    stream: BlockRef,
    kept: Vec<Arc<KeptBlock>>,
}

impl StoredValue {
    pub(crate) fn new(
        arena: &'static Arena,
        stream: BlockRef,
        kept: Vec<Arc<KeptBlock>>,
    ) -> Arc<Self> {
        Arc::new(StoredValue { arena, stream, kept })
    }

    pub(crate) fn kept_offsets(&self) -> impl Iterator<Item = u64> {
        self.kept.iter().map(|k| k.offset)
    }

    /// The encoded value.
    fn payload(&self) -> Result<&[u8]> {
        Ok(Stream::read(self.arena, self.stream)?.payload)
    }

    /// The encoded value, about to be decoded: its buffers keep it alive.
    pub(crate) fn fetch(self: &Arc<Self>) -> Result<Fetched<'_>> {
        drop(set_lease(Some(Arc::new(Lease::Stored(self.clone())))));
        self.payload().map(Fetched::Encoded)
    }

    /// The value; buffers in it share the memory of this one.
    ///
    /// # Errors
    /// A value of another type.
    pub fn get<T: Value>(self: &Arc<Self>) -> Result<T> {
        let payload = self.payload()?;
        with_lease(Arc::new(Lease::Stored(self.clone())), || codec::decode(payload))
    }
}

impl fmt::Debug for StoredValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredValue({} bytes)", self.stream.len)
    }
}
