//! The codec scope: how a chunk type learns that it may travel beside the bytes, not in them.
//! It knows neither arena nor chunk: it keeps a list of blocks for each value being encoded.
//!
//! A chunk type asks [`refer`] while it serialises. Told `true`, it writes a reference (a magic
//! number, offset, length) and its block is recorded with the result; told `false`, it writes its
//! content as plain bytes. While it deserialises, [`is_decoding`] tells whether a reference may be
//! believed. Scopes stack: a `Serialize` that itself calls [`encode`](super::encode) gets the
//! blocks of the inner value in its closure, where the outer scope is the innermost again, and
//! refers them on if the outer value keeps the inner bytes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::BlockRef;

/// What this thread is doing, innermost last.
enum Frame {
    Encoding { blocks: Vec<BlockRef>, seen: BTreeSet<BlockRef> },
    Decoding,
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Records that the value being encoded refers to `block`, and returns whether it may: whether
/// this thread is encoding, and not decoding inside that.
///
/// A block is recorded once, however often it is referred to, in the order of first mention.
pub fn refer(block: BlockRef) -> bool {
    FRAMES.with_borrow_mut(|frames| match frames.last_mut() {
        Some(Frame::Encoding { blocks, seen }) => {
            if seen.insert(block) {
                blocks.push(block);
            }
            true
        }
        Some(Frame::Decoding) | None => false,
    })
}

/// Returns whether this thread is decoding bytes that [`encode`](super::encode) made, and not
/// encoding inside that: only then is a reference one.
pub fn is_decoding() -> bool {
    FRAMES.with_borrow(|frames| matches!(frames.last(), Some(Frame::Decoding)))
}

/// The scope of one value being encoded; ends when dropped, also by a panic.
pub(super) struct Encoding(Entered);

impl Encoding {
    pub(super) fn enter() -> Self {
        Encoding(Entered::push(Frame::Encoding { blocks: Vec::new(), seen: BTreeSet::new() }))
    }

    /// Ends the scope and returns the blocks that were referred to.
    pub(super) fn leave(self) -> Vec<BlockRef> {
        let depth = self.0.depth;
        FRAMES.with_borrow_mut(|frames| match frames.get_mut(depth) {
            Some(Frame::Encoding { blocks, .. }) => std::mem::take(blocks),
            _ => Vec::new(),
        })
    }
}

/// The scope of one value being decoded; ends when dropped, also by a panic.
pub(super) struct Decoding {
    _entered: Entered,
}

impl Decoding {
    pub(super) fn enter() -> Self {
        Decoding { _entered: Entered::push(Frame::Decoding) }
    }
}

/// Evidence that a frame was pushed; takes it away again.
struct Entered {
    depth: usize,
}

impl Entered {
    fn push(frame: Frame) -> Self {
        FRAMES.with_borrow_mut(|frames| {
            frames.push(frame);
            Entered { depth: frames.len() - 1 }
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        FRAMES.with_borrow_mut(|frames| frames.truncate(self.depth));
    }
}
