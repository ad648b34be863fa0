//! Parallel computing with lazy collections on forked worker processes.
//! This crate only puts the parts together: it does nothing itself.
//!
//! ```
//! use tine::prelude::*;
//!
//! #[delayed]
//! fn inc(x: i64) -> i64 {
//!     x + 1
//! }
//!
//! #[delayed]
//! fn double(x: i64) -> i64 {
//!     2 * x
//! }
//!
//! #[delayed]
//! fn total(xs: &[i64]) -> i64 {
//!     xs.iter().sum()
//! }
//!
//! fn main() -> tine::Result<()> {
//!     let ys: Vec<_> = (1..=10).map(|i| if i % 2 == 0 { double(i) } else { inc(i) }).collect();
//!     let t = (total(&ys) + 1) * 2;
//!     let m = tine::call(i64::max, (&t, inc(3)));
//!     let squares = tine::map(0..4, |x| x * x);
//!     assert_eq!(compute((&m, &squares))?, (182, vec![0, 1, 4, 9]));
//!     assert_eq!(inc::eager(3), 4);
//!     Ok(())
//! }
//! ```

// The engine: graphs, errors, what a value is.
/// Why there is no value: what [`Delayed::catch`] hands over.
pub use tine_scheduler::Error as TaskError;
pub use tine_scheduler::{
    Attempt, CancelToken, Error, ErrorKind, Graph, Key, Place, Result, TaskResult, Value, annotate,
    should_stop, with,
};

// The ways to run.
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub use tine_scheduler::Processes;
pub use tine_scheduler::{Scheduler, Serial, Threads, init};

// Looking at runs: a trace of what happened, and pictures of it.
pub use tine_profiler::{
    Finding, Recorded, Recorder, Recording, Trace, alloc, diagnose, profile, profile_to,
};
pub use tine_viz as viz;
mod pictures;
pub use pictures::Pictures;
pub mod visualize;
pub use visualize::{Visualize, VisualizeError};

// What all collections share.
pub use tine_collection::{Collection, Compute, compute, compute_with};

// Lazy function calls.
pub use tine_delayed::{
    Arg, Args, Call, CallWith, Delayed, IntoArg, Purity, Reader, TryCallWith, call, delayed, map,
    try_call, try_map, with_pure,
};
pub use tine_macros::delayed;

pub mod bag {
    //! Bags: any values, in partitions, larger than memory.
    //! What can be done with one is in [`Bag`]; here are the ways to make one.

    pub use tine_bag::*;
}

/// The whole of each part, for what the facade leaves out.
pub use {tine_collection as collection, tine_scheduler as scheduler};

#[doc(hidden)]
pub mod __private {
    //! What `#[delayed]` writes calls of.
    pub use tine_delayed::support::{ResultLike, finish, lend, take};
}

pub mod prelude {
    //! What most programs need: `use tine::prelude::*;`.
    //!
    //! It has no type called `Array`, `Error`, `Result` or `Sync`, so that it can stand beside the
    //! preludes of std, ndarray, rayon and anyhow.

    pub use crate::{Collection, Delayed, Pictures, Visualize, bag, compute, delayed};
}

/// The README's examples are compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
