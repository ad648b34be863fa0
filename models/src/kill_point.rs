//! Stands for `scheduler/src/kill_point.rs`: a worker ends at a step of the protocol.
//! It does not know which steps there are.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

loom::thread_local! {
    /// How many points this thread passes before it ends; 0: for ever.
    static LEFT: Cell<u32> = Cell::new(0);
}

struct Killed;

macro_rules! kill_point {
    ($point:ident) => {
        $crate::kill_point::pass();
    };
}
pub(crate) use kill_point;

pub(crate) fn pass() {
    let left = LEFT.with(|left| {
        left.set(left.get().wrapping_sub(1));
        left.get()
    });
    if left == 0 {
        resume_unwind(Box::new(Killed));
    }
}

/// Calls `f`, which ends at its `n`th step from now; `None` where it did.
pub(crate) fn mortal<R>(n: u32, f: impl FnOnce() -> R) -> Option<R> {
    LEFT.with(|left| left.set(n));
    let done = catch_unwind(AssertUnwindSafe(f));
    LEFT.with(|left| left.set(0));
    match done {
        Ok(done) => Some(done),
        Err(payload) if payload.is::<Killed>() => None,
        Err(payload) => resume_unwind(payload),
    }
}
