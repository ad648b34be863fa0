//! The buffer into which this thread encodes, used again and again.
//! It does not know what is written into it.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// A larger buffer is given back: one large result must not be held for the life of a worker.
const KEEP_BYTES: usize = 1 << 20;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An empty buffer, on loan from this thread; whoever asks while it is lent gets a fresh one.
pub(super) struct Scratch(Vec<u8>);

impl Scratch {
    pub(super) fn take() -> Self {
        // Fails only while the thread ends; a fresh buffer does as well then.
        let mut bytes = BUFFER.try_with(Cell::take).unwrap_or_default();
        bytes.clear();
        Scratch(bytes)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.0);
        if bytes.capacity() <= KEEP_BYTES {
            // Fails only while the thread ends, and the buffer with it.
            let _ended = BUFFER.try_with(|b| b.set(bytes));
        }
    }
}

impl Deref for Scratch {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}
