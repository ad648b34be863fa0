//! What a thread that runs a task has of the arena: its allocator, which task it is, and what keeps
//! the blocks alive that the task looks at.
//! It does not know what lies in a block.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use super::{Arena, Heap};
use crate::codec::BlockRef;
use crate::results::Moved;
use crate::store::StoredValue;

/// Evidence that a block is not freed while somebody here looks at it.
#[derive(Debug)]
pub(crate) enum Lease {
    /// An input of task `consumer`, which holds its producer's result.
    Input {
        /// The task that may refer to the block in its result.
        consumer: u32,
        /// Blocks that lie elsewhere than the encoded value says.
        moved: Moved,
    },
    /// A result that outlived its run.
    Stored(Arc<StoredValue>),
}

impl Lease {
    /// Where the block that an encoded value refers to lies now.
    pub(super) fn resolve(&self, block: BlockRef) -> BlockRef {
        let moved = match self {
            Lease::Input { moved, .. } => moved,
            Lease::Stored(stored) => stored.moved(),
        };
        BlockRef { offset: moved.get(&block.offset).copied().unwrap_or(block.offset), ..block }
    }
}

/// A block that this worker allocated; freed with the last handle, unless a result owns it by then.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) block: BlockRef,
    pub(super) task: u32,
    pub(super) published: AtomicBool,
    pub(super) maker: u32,
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // Shared memory is not copy on write: a handle inherited by a fork must not free it.
        if !self.published.load(Ordering::Relaxed)
            && self.maker == std::process::id()
            && let Ok(arena) = Arena::global()
        {
            arena.free(self.block.offset, None);
        }
    }
}

thread_local! {
    /// The allocator of this worker.
    static HEAP: RefCell<Option<Heap>> = const { RefCell::new(None) };
    /// The task that it runs, + 1.
    static TASK: Cell<u32> = const { Cell::new(0) };
    /// What keeps the blocks of the value that is being decoded.
    pub(super) static LEASE: RefCell<Option<Arc<Lease>>> = const { RefCell::new(None) };
    /// Blocks to which something that the running task encoded refers: its result, if it gets so
    /// far. They stay until it ends, even if their buffers were made only to be encoded.
    pub(super) static ENCODED: RefCell<Vec<Arc<Fresh>>> = const { RefCell::new(Vec::new()) };
}

/// Gives blocks that the running task allocated to its result, which is stored now.
pub(crate) fn publish(blocks: &[BlockRef]) {
    if blocks.is_empty() {
        return;
    }
    let offsets: BTreeSet<u64> = blocks.iter().map(|b| b.offset).collect();
    ENCODED.with_borrow(|referred| {
        for fresh in referred.iter().filter(|f| offsets.contains(&f.block.offset)) {
            fresh.published.store(true, Ordering::Relaxed);
        }
    });
}

/// Takes the blocks of the running task back from its result: it failed after it was stored.
pub(crate) fn unpublish() {
    ENCODED.with_borrow(|referred| {
        for fresh in referred {
            fresh.published.store(false, Ordering::Relaxed);
        }
    });
}

/// Ends the encoding of the running task; true where handles on blocks of its result live on.
pub(crate) fn end_publishing() -> bool {
    let mut referred = ENCODED.take();
    referred.sort_unstable_by_key(|f| f.block.offset);
    referred.dedup_by_key(|f| f.block.offset);
    let held = |f: &Arc<Fresh>| f.published.load(Ordering::Relaxed) && Arc::strong_count(f) > 1;
    let live_on = referred.iter().any(held);
    // What other threads did with handles that are gone happened before.
    fence(Ordering::Acquire);
    live_on
}

/// The task that runs on this thread.
pub(super) fn running_task() -> Option<u32> {
    TASK.get().checked_sub(1)
}

/// Calls `f` with this worker's allocator and running task; `None` elsewhere.
pub(crate) fn with_heap<R>(f: impl FnOnce(&mut Heap, u32) -> R) -> Option<R> {
    let task = running_task()?;
    HEAP.with_borrow_mut(|heap| heap.as_mut().map(|h| f(h, task)))
}

/// Calls `f` with this worker's allocator, between tasks; `None` elsewhere.
pub(crate) fn with_idle_heap<R>(f: impl FnOnce(&mut Heap) -> R) -> Option<R> {
    HEAP.with_borrow_mut(|heap| heap.as_mut().map(f))
}

impl Heap {
    /// Makes this the allocator of the calling thread.
    pub(crate) fn install(self) {
        HEAP.set(Some(self));
    }

    /// Says which task runs on the calling thread.
    pub(crate) fn run_task(task: Option<u32>) {
        TASK.set(task.map_or(0, |t| t + 1));
    }
}

/// Decodes with `lease` as what keeps the blocks that are referred to.
pub(crate) fn with_lease<R>(lease: Arc<Lease>, decode: impl FnOnce() -> R) -> R {
    struct Back(Option<Arc<Lease>>);
    impl Drop for Back {
        fn drop(&mut self) {
            set_lease(self.0.take());
        }
    }
    let _back = Back(set_lease(Some(lease)));
    decode()
}

/// Sets what keeps the blocks of the values that are decoded next; returns what did before.
pub(crate) fn set_lease(lease: Option<Arc<Lease>>) -> Option<Arc<Lease>> {
    LEASE.replace(lease)
}

/// Calls `f`, which encodes something that is not the result of the running task: its buffers are
/// copied, and no block is referred to.
pub(crate) fn copied<R>(f: impl FnOnce() -> R) -> R {
    struct Back(u32);
    impl Drop for Back {
        fn drop(&mut self) {
            TASK.set(self.0);
        }
    }
    let _back = Back(TASK.replace(0));
    f()
}
