//! Traces in the formats of other programs, one file a format.
//! It draws nothing.

mod folded;

pub use folded::frame_name;
