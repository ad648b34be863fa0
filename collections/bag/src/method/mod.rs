//! What can be done with a bag, one subject a file.
//! They do not know how elements flow: they put steps and ends together.

mod count;
mod each;
mod fold;
mod fold_by;
mod frequencies;
mod group_by;
mod head;
mod keyed;
mod numbers;
mod select;
mod shuffle;
mod text;
mod top_k;

pub use numbers::NumberLike;
