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
//! A collection of partitions or chunks keeps an `Arc<Node>` made by [`Node::layer`], whose
//! [`Layer`] says in one place what all its tasks are; its parts are [`Input::part`]s of that
//! node. Rewriting (fusion, culling, pushing projections down) is done on layers, before `ask`
//! hands the last of them over. The collection implements [`Compute`] (what to ask for, and how
//! to put the parts together) and [`Collection`], which brings `compute`, `persist`, `graph` and
//! `check`.

mod answer;
mod assemble;
mod blockwise;
mod collection;
mod compute;
mod fuse;
mod made;
mod node;
mod parcels;
mod token;
mod tree;

pub use answer::{Answer, Request};
pub use assemble::{Assembled, assemble};
pub use blockwise::{Blockwise, Made, Pass};
pub use collection::Collection;
pub use compute::{Compute, compute, compute_with};
pub use node::{Input, Layer, Node};
pub use parcels::{Packer, Parcels, Unpacked};
pub use token::{Token, TokenBuilder};
pub use tree::{Levels, SPLIT_EVERY, Tree, width};
