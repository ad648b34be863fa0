//! What one stream of a job has printed and is not to be seen yet: in memory, and beyond some bounds
//! in the spool.
//! It does not know whose turn it is.

use std::collections::VecDeque;
use std::io;

use super::spool::{Extent, Spool};

/// Bounds of the memory that waiting output takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For one stream of one job.
    pub job: usize,
    /// For all of them together.
    pub all: usize,
}

impl Default for Bounds {
    /// A quarter of a MiB for each stream, which makes large pieces on disk, and 32 MiB in all.
    fn default() -> Self {
        Bounds { job: 256 << 10, all: 32 << 20 }
    }
}

/// Where the held bytes of all jobs are.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) spool: Spool,
    /// Bytes of memory that buffers take.
    pub(super) memory: usize,
    pub(super) bounds: Bounds,
}

impl Store {
    pub(super) fn new(bounds: Bounds) -> Store {
        let bounds = Bounds { job: bounds.job.max(1), ..bounds };
        Store { spool: Spool::new(bounds.job as u64), memory: 0, bounds }
    }
}

/// The held bytes of one stream: those on disk are older than those in memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    extents: VecDeque<Extent>,
    buffer: Vec<u8>,
    on_disk: u64,
    /// How many of the bytes are of lines that are complete.
    complete: u64,
}

impl Held {
    /// Keeps `bytes` behind those that there are.
    pub(super) fn append(&mut self, store: &mut Store, bytes: &[u8]) -> io::Result<()> {
        if let Some(end) = memchr::memrchr(b'\n', bytes) {
            self.complete = self.len() + end as u64 + 1;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = store.bounds.job - self.buffer.len();
            let (now, later) = rest.split_at(rest.len().min(room));
            let before = self.buffer.capacity();
            self.buffer.extend_from_slice(now);
            store.memory += self.buffer.capacity() - before;
            rest = later;
            if self.buffer.len() == store.bounds.job {
                self.spill(store)?;
            }
        }
        Ok(())
    }

    /// Moves what is in memory to the disk.
    pub(super) fn spill(&mut self, store: &mut Store) -> io::Result<()> {
        let mut done = 0;
        let mut refused = Ok(());
        while done < self.buffer.len() && refused.is_ok() {
            refused = store.spool.store(&self.buffer[done..]).map(|extent| {
                done += extent.len as usize;
                self.on_disk += extent.len;
                match self.extents.back_mut() {
                    Some(last) if self::adjacent(*last, extent, store.bounds.job as u64) => {
                        last.len += extent.len;
                    }
                    _ => self.extents.push_back(extent),
                }
            });
        }
        if done == self.buffer.len() {
            store.memory -= self.buffer.capacity();
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..done);
        }
        refused
    }

    /// Takes no more memory than it needs, because nothing will be added.
    pub(super) fn close(&mut self, store: &mut Store) {
        let before = self.buffer.capacity();
        self.buffer.shrink_to_fit();
        self.extents.shrink_to_fit();
        store.memory -= before - self.buffer.capacity();
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.on_disk + self.buffer.len() as u64
    }

    /// How many of them are of lines that are complete.
    pub(super) fn complete(&self) -> u64 {
        self.complete
    }

    /// Takes up to `most` of the oldest bytes, as many as are at hand: there may be more. Returns
    /// none where there are none left. `scratch` is what they are read into from the disk.
    pub(super) fn take<'a>(
        &mut self,
        store: &mut Store,
        most: u64,
        scratch: &'a mut Vec<u8>,
    ) -> io::Result<&'a [u8]> {
        scratch.clear();
        let Some(first) = self.extents.front_mut() else {
            let len = self.buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
            scratch.extend(self.buffer.drain(..len));
            self.complete -= self.complete.min(len as u64);
            if self.buffer.is_empty() {
                store.memory -= self.buffer.capacity();
                self.buffer = Vec::new();
            }
            return Ok(scratch);
        };
        let len = most.min(first.len).min(store.bounds.job as u64);
        scratch.resize(len as usize, 0);
        store.spool.read(*first, scratch)?;
        store.spool.give(Extent { at: first.at, len });
        (first.at, first.len) = (first.at + len, first.len - len);
        if first.len == 0 {
            self.extents.pop_front();
        }
        self.on_disk -= len;
        self.complete -= self.complete.min(len);
        Ok(scratch)
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self, store: &mut Store) {
        self.extents.drain(..).for_each(|extent| store.spool.give(extent));
        store.memory -= self.buffer.capacity();
        *self = Held::default();
    }
}

/// Whether `next` goes on where `last` ends, in the same segment.
fn adjacent(last: Extent, next: Extent, segment: u64) -> bool {
    last.at + last.len == next.at && last.at / segment == next.at / segment
}
