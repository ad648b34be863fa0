//! Passes from graph to graph: leave out, put together, fill in.
//! They know the shape of a graph and its names, nothing of how it is run.
//!
//! Every pass numbers the tasks afresh: find them by [`Graph::find`](super::Graph::find) afterwards.
//! Keys that a pass is told to keep stay; so do all keys of tasks that it does not put together.

mod assemble;
mod compound;
mod cull;
mod fuse;
mod inline;
mod supply;
mod width;

pub use fuse::Fusion;
pub use supply::Supply;
