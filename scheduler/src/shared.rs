//! Words that a process shares with those that it forks later, for whoever looks into workers.
//! It does not know what they mean.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use crate::error::Result;
use crate::region::{Carver, Sharing, Slab};

/// Words of memory that this process shares with all that it forks from now on; all 0 at first.
///
/// ```no_run
/// use std::sync::atomic::Ordering;
/// let words = tine_scheduler::SharedWords::new(1000)?;
/// words[17].fetch_add(1, Ordering::Relaxed); // in any process
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SharedWords(Slab<AtomicU64>);

impl SharedWords {
    /// Returns `n` words. Memory is taken when they are first written.
    ///
    /// # Errors
    /// No memory, or a system that cannot share it.
    pub fn new(n: usize) -> Result<SharedWords> {
        Carver::carve(Sharing::Forks, |carver| carver.slab(n)).map(SharedWords)
    }
}

impl Deref for SharedWords {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        &self.0
    }
}
