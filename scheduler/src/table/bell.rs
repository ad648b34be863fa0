//! What one worker sleeps on.
//! It does not know who rings, or why.

use crate::futex;
use crate::region::atoms;
use crate::sync::atomic::{AtomicU32, Ordering};

atoms! {
    /// A count of rings.
    #[derive(Debug)]
    pub(crate) struct Bell {
        rings: AtomicU32,
    }
}

impl Bell {
    /// The value to sleep on: read before looking for work a last time.
    pub(super) fn heard(&self) -> u32 {
        self.rings.load(Ordering::SeqCst)
    }

    /// Sleeps until somebody rings after `heard` was read.
    pub(super) fn sleep(&self, heard: u32) {
        futex::wait(&self.rings, heard, None);
    }

    /// Wakes the worker, or keeps it from falling asleep.
    pub(super) fn ring(&self) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        futex::wake_all(&self.rings);
    }
}
