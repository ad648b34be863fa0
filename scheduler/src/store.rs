//! A result that outlives its run, in the arena, owned by the process that started the run.
//! It does not know what it is a result of.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::arena::{Arena, Lease, set_lease, with_lease};
use crate::codec::{self, BlockRef};
use crate::context::Fetched;
use crate::error::Result;
use crate::results::{Moved, Stream};
use crate::value::Value;

/// A block of the arena that this process keeps.
#[derive(Debug)]
pub(crate) struct KeptBlock {
    offset: u64,
    /// Shared memory is not copy on write: only the process that kept the block frees it.
    maker: u32,
    /// Whether the run that made it has left it behind; until then it is the run's to free.
    owned: AtomicBool,
}

impl KeptBlock {
    pub(crate) fn new(offset: u64) -> Self {
        KeptBlock { offset, maker: std::process::id(), owned: AtomicBool::new(false) }
    }

    /// Where the block begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The run has ended and left the block to this handle.
    pub(crate) fn own(&self) {
        self.owned.store(true, Ordering::Relaxed);
    }
}

impl Drop for KeptBlock {
    fn drop(&mut self) {
        if *self.owned.get_mut() && self.maker == std::process::id() {
            free_when_unseen(self.offset);
        }
    }
}

/// Blocks that this process let go of, at which workers may still look: memory is copied at a fork,
/// handles in it too, but the blocks are shared.
#[derive(Debug)]
struct Forks {
    /// How many runs have forked workers so far.
    begun: u64,
    /// Those of them that go on, by number.
    running: Vec<u64>,
    /// Blocks, with the number of the last run whose workers may know them.
    unseen_after: Vec<(u64, u64)>,
}

static FORKS: Mutex<Forks> =
    Mutex::new(Forks { begun: 0, running: Vec::new(), unseen_after: Vec::new() });

fn forks() -> MutexGuard<'static, Forks> {
    FORKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees a kept block, when the last run that was forked while there were handles on it has ended.
fn free_when_unseen(offset: u64) {
    let mut forks = forks();
    let last = forks.begun;
    forks.unseen_after.push((last, offset));
    forks.free_unseen();
}

impl Forks {
    fn free_unseen(&mut self) {
        let Ok(arena) = Arena::global() else { return };
        let oldest = self.running.iter().copied().min().unwrap_or(u64::MAX);
        self.unseen_after.retain(|&(last, offset)| {
            let unseen = last < oldest;
            if unseen {
                arena.free_kept(offset);
            }
            !unseen
        });
    }
}

/// A run with forked workers, from before the first fork until after the last worker's end.
#[derive(Debug)]
pub(crate) struct ForkedRun(u64);

impl ForkedRun {
    pub(crate) fn begin() -> Self {
        let mut forks = forks();
        forks.begun += 1;
        let run = forks.begun;
        forks.running.push(run);
        ForkedRun(run)
    }
}

impl Drop for ForkedRun {
    fn drop(&mut self) {
        let mut forks = forks();
        forks.running.retain(|&run| run != self.0);
        forks.free_unseen();
    }
}

/// A persisted result: it stays where it is, and every later fork sees it.
pub struct StoredValue {
    arena: &'static Arena,
    stream: BlockRef,
    kept: Vec<Arc<KeptBlock>>,
    moved: Moved,
}

impl StoredValue {
    pub(crate) fn new(
        arena: &'static Arena,
        stream: BlockRef,
        kept: Vec<Arc<KeptBlock>>,
        moved: Moved,
    ) -> Arc<Self> {
        Arc::new(StoredValue { arena, stream, kept, moved })
    }

    /// Blocks that lie elsewhere than the encoded value says.
    pub(crate) fn moved(&self) -> &Moved {
        &self.moved
    }

    /// One that another process keeps, for as long as this one is a worker of its run.
    pub(crate) fn seen(stream: BlockRef, moved: Moved) -> Result<Arc<Self>> {
        Ok(Self::new(Arena::global()?, stream, Vec::new(), moved))
    }

    /// Where it lies.
    pub(crate) fn block(&self) -> BlockRef {
        self.stream
    }

    pub(crate) fn kept(&self) -> &[Arc<KeptBlock>] {
        &self.kept
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
