//! Traces in the formats of other programs, one file a format.
//! It draws nothing.

mod chrome;
mod folded;
mod json;
mod tasks;

pub use folded::{Fold, Folded, Measure, frame_name};
