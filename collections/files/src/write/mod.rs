//! Writing partitions, one file each: named, compressed, there as a whole or not at all.
//! It does not know what is written.

mod output;
mod sink;
mod staged;
mod target;

pub use sink::{Sink, SinkWriter, Written};
pub use target::Target;
