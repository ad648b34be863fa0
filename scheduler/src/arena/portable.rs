//! The arena where there are no forked workers: there is none, and no value of its types.
//! It does not know what stands in for it: results stay in memory, and buffers are vectors.

#[path = "buffer.rs"]
mod buffer;
#[path = "running.rs"]
mod running;

use std::ptr::NonNull;
use std::rc::Rc;

pub use buffer::{Buffer, Element};
pub(crate) use running::{
    Lease, copied, end_publishing, publish, set_lease, unpublish, with_heap, with_idle_heap,
    with_lease,
};

use crate::codec::BlockRef;
use crate::error::{Error, ErrorKind, Result};

/// As in the arena of other systems.
pub(crate) const ALIGN: usize = 64;

/// As there.
pub(crate) const CHUNK: usize = 2 << 20;

/// Who sees to it that results stay within the memory that the run may take.
pub(crate) trait Relief: std::fmt::Debug {
    fn limit(&self) -> usize;

    fn make_room(&self, heap: &mut Heap, chunks: usize) -> Result<()>;

    fn took(&self, heap: &mut Heap);
}

/// Memory that processes share.
#[derive(Debug)]
pub(crate) enum Arena {}

/// A worker's way to blocks of it.
#[derive(Debug)]
pub(crate) enum Heap {}

/// What a block was allocated for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    pub(crate) epoch: u32,
    pub(crate) task: u32,
}

impl Arena {
    pub(crate) fn global() -> Result<&'static Arena> {
        Err(Error::new(ErrorKind::Unsupported, "shared memory needs Linux"))
    }

    pub(crate) fn bytes(&self, _block: BlockRef) -> Result<&[u8]> {
        match *self {}
    }

    pub(crate) fn writable(&self, _block: BlockRef) -> Result<NonNull<u8>> {
        match *self {}
    }

    pub(crate) fn write(&self, _block: BlockRef, _parts: &[&[u8]]) -> Result<()> {
        match *self {}
    }

    pub(crate) fn offset_in(&self, _block: BlockRef, _start: usize) -> Option<u64> {
        match *self {}
    }

    pub(crate) fn has_tag(&self, _offset: u64, _tag: Tag) -> bool {
        match *self {}
    }

    pub(crate) fn free(&self, _offset: u64, _only: Option<Tag>) {
        match *self {}
    }

    pub(crate) fn free_kept(&self, _offset: u64) {
        match *self {}
    }

    pub(crate) fn sweep(&self, _epoch: u32, _keep: &[u64]) {
        match *self {}
    }

    pub(crate) fn next_epoch(&self) -> u32 {
        match *self {}
    }

    pub(crate) fn chunks_of(&self, _epoch: u32) -> usize {
        match *self {}
    }

    pub(crate) fn blocks_of(&self, _epoch: u32, _least: u64, _found: impl FnMut(u32, u64)) {
        match *self {}
    }

    pub(crate) fn is_in_file(&self, _offset: u64) -> bool {
        match *self {}
    }

    pub(crate) fn write_file(&self, _block: BlockRef, _parts: &[&[u8]]) -> Result<()> {
        match *self {}
    }

    pub(crate) fn reclaim_file(&self, _epoch: u32, _worker: u16, _task: u32) {
        match *self {}
    }

    pub(crate) fn ring(&self) {
        match *self {}
    }

    pub(crate) fn listen(&self) -> u32 {
        match *self {}
    }

    pub(crate) fn wait(&self, _heard: u32) {
        match *self {}
    }
}

impl Heap {
    pub(crate) fn arena(&self) -> &'static Arena {
        match *self {}
    }

    pub(crate) fn worker(&self) -> u16 {
        match *self {}
    }

    pub(crate) fn new(arena: &'static Arena, _epoch: u32, _worker: u16) -> Self {
        match *arena {}
    }

    pub(crate) fn within(self, _relief: Rc<dyn Relief>) -> Self {
        match self {}
    }

    pub(crate) fn set_relief(&mut self, _relief: Option<Rc<dyn Relief>>) -> Option<Rc<dyn Relief>> {
        match *self {}
    }

    pub(crate) fn allocate(&mut self, _len: usize, _task: u32) -> Result<BlockRef> {
        match *self {}
    }

    pub(crate) fn allocate_in_file(&mut self, _len: usize, _task: u32) -> Result<BlockRef> {
        match *self {}
    }

    pub(crate) fn free_in_file(&mut self, _task: u32) {
        match *self {}
    }

    pub(crate) fn chunks(&self) -> usize {
        match *self {}
    }

    pub(crate) fn give_up_empty(&mut self) -> usize {
        match *self {}
    }
}

/// How many bytes of shared memory this process and its runs hold: none, where there is none.
pub fn memory_in_use() -> usize {
    0
}
