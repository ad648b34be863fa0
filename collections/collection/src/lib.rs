//! What all collections share: nodes of lazy expressions, the graph that is built from them, and
//! `compute`.
//! It does not know any collection: bag, array, dataframe and delayed are built on it.
//!
//! A lazy value is a handle on one or more [`Node`]s. `compute` asks every value for the nodes
//! that it wants ([`Compute::ask`]), builds **one** graph from all of them, in which a node that
//! several values share is there once, runs it, and lets every value take its results
//! ([`Compute::answer`]). Nothing in here is recursive: a chain of a million nodes is built, run
//! and dropped on any stack.
//!
//! # A new collection
//!
//! A collection of partitions or chunks describes the steps that go block by block as one
//! [`Blockwise`] chain, and makes a node of it only where results are wanted
//! ([`Node::blockwise`]); nothing between the source and there is ever a task. Chains over the
//! same source that are wanted together become one pass over it. What does not go block by block
//! is a [`Layer`], which says in one place what all its tasks are: [`Tree`] reduces many parts to
//! one, and [`Parcels`] are the results of the tasks that split in a shuffle. Parts of all of
//! them are [`Input::part`]s. The collection implements [`Compute`] (what to ask for, and how to
//! put the parts together) and [`Collection`], which brings `compute`, `persist`, `graph` and
//! `check`.

mod answer;
mod assemble;
mod collection;
mod compute;
mod fuse;
mod given;
mod made;
mod node;
mod parcels;
mod token;
mod tree;

pub use answer::{Answer, Request};
pub use assemble::{Assembled, assemble};
pub use collection::Collection;
pub use compute::{Compute, compute, compute_with};
pub use made::Made;
pub use node::{Blockwise, Input, Layer, Node, Pass};
pub use parcels::{Packer, Parcels, Unpacked};
pub use token::{Token, TokenBuilder};
pub use tree::{Levels, SPLIT_EVERY, Tree, width};
