//! Where arguments come from: the command line, files, and standard input while it lasts.
//! It does not know what is done with them.

pub mod blocks;
mod columns;
mod items;
mod pack;
mod rows;
mod source;
mod split;

pub use columns::{Columns, Trim};
pub use items::Items;
pub use pack::{Packer, Packing};
pub use rows::{Count, Group, Rows};
pub use source::Source;
pub use split::Splitter;
