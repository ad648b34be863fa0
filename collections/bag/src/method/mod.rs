//! What can be done with a bag, one subject a file.
//! They do not know how elements flow: they put steps and ends together.

mod concat;
mod count;
mod each;
mod fold;
mod fold_by;
mod frequencies;
mod group_by;
mod head;
mod join;
mod keyed;
mod numbers;
mod partitions;
mod product;
mod random;
mod repartition;
mod scan;
mod select;
mod shuffle;
mod text;
mod top_k;
mod write;
mod zip;

pub use concat::concat;
pub use numbers::NumberLike;
