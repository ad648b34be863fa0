//! Blockwise results: one result for each block of a source, described without making any task.
//! They do not know what a block holds: partitions of a bag, chunks of an array, record batches.
//!
//! A collection describes a chain of steps (`map`, `filter`, `sum-partial`) as one [`Blockwise`]
//! and makes a node of it by [`Node::blockwise`](crate::Node::blockwise). Nothing between the
//! source and the end of the chain is ever a task: the chain is one task for each block. When the
//! graph is built, all chains over the same source that are wanted together become **one pass**:
//! each block is read once, whatever is made of it.

use std::any::Any;
use std::sync::Arc;

use tine_scheduler::{Result, TaskContext};

use crate::node::Input;

pub use crate::made::Made;

/// One result for each of some blocks of a source: the end of a chain of steps.
pub trait Blockwise: Send + Sync + 'static {
    /// What tells sources apart: chains of equal source may be run in one pass. The address of
    /// what describes the source will do, where the chain keeps it alive.
    fn source(&self) -> usize;

    /// The names of all steps, from the source on, the one that makes the result last.
    fn steps(&self) -> Vec<&'static str>;

    /// The blocks that have a result, in the order of the results.
    fn blocks(&self) -> Vec<u32>;

    /// Makes one pass of several chains over one source, all of the type of this one.
    fn pass(&self, members: &[&dyn Blockwise]) -> Arc<dyn Pass>;

    /// The chain as what it is, for [`pass`](Self::pass) to look at its members.
    fn as_any(&self) -> &dyn Any;
}

/// Some chains over one source, for one block after the other.
pub trait Pass: Send + Sync + 'static {
    /// What the task of block `block` reads, in order.
    fn inputs(&self, block: u32) -> Vec<Input>;

    /// Makes the result that each chain has for block `block`, in the order of the chains.
    ///
    /// # Errors
    /// Whatever the functions of a chain return, or an input that cannot be read.
    fn run(&self, block: u32, task: &TaskContext<'_>) -> Result<Vec<Made>>;
}
