//! `Bag<T>`: a lazy collection of any values, in partitions, in the order of its source or none.
//! It does not know how a graph is run, nor how files are read.
//!
//! ```
//! use tine::prelude::*;
//! let even = bag::range(100, 4).filter(|n| n % 2 == 0);
//! let squares = even.map(|n| n * n);
//! let (sum, n) = compute((squares.sum(), squares.count()))?; // in one pass
//! assert_eq!((sum, n), (161_700, 50));
//! assert_eq!(squares.head(3, 1)?, [0, 4, 16]);
//! # Ok::<(), tine::Error>(())
//! ```
//!
//! A chain of `map`, `filter` and the like is one loop for each partition, in one task: what flows
//! in it is never written down, and need not be something that serde knows. Only what crosses
//! from task to task is: the result of [`compute`](tine_collection::Collection::compute), and what a shuffle moves.
//! Bags that are computed together read their common source once.
//!
//! A value may be used by several chains, so that elements are `Clone`. A closure that only looks
//! at them does without copies: `filter`, `fold` and the methods ending in `_ref`.

mod bag;
mod flow;
mod hash;
mod method;
mod source;

pub use bag::Bag;
pub use method::{NumberLike, concat};
pub use source::{ReadText, from_delayed, from_sequence, range, read_text};
pub use tine_files::{Compression, Names, Target, Written};
