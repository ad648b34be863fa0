//! How elements flow through the task of one partition: sources push, steps pass on, ends keep.
//! It does not know which steps there are.
//!
//! # Approach
//! - Elements are *pushed*: a source calls the sink of the first step, which calls the next one,
//!   down to the end. A chain of steps is one loop, with one indirect call a step and element, and
//!   no vector between them.
//! - A step that only looks at elements is lent them ([`Sink::look`]), so that a line of text that
//!   is filtered out, or a word that is counted, is never a string of its own.
//! - Where several chains share their first steps, the last shared step has several sinks: the
//!   elements are made once, and lent to all but the last.
//! - A sink that wants no more says so, and the source stops reading.

mod accumulate;
mod link;
mod nested;
mod opening;
mod program;
mod sink;
mod step;

pub(crate) use accumulate::{CountEnd, LookEnd, TakeEnd};
pub(crate) use link::{Link, Source, Sourced, Stage, Staged};
pub(crate) use nested::{gather, pour};
pub(crate) use opening::{Opening, Reading};
pub(crate) use program::{AnyEnd, Chain, End, Opened, inputs};
pub(crate) use sink::{Counts, Flow, GO_ON, STOP, Sink};
pub(crate) use step::{Look, Sift, Sifted, Take};
