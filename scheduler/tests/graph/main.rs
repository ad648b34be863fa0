//! Behaviour of graphs: dependencies, passes, order. The cases `g…` and `o…` are those of
//! CONFORMANCE.md.
//! Nothing here knows processes: what has to run runs in this thread.
//!
//! Left out of that list, with the reason in a word: of O1 a key that is no string (Python), of L2
//! last-in-first-out among equals (ours go in the order in which they were named), of G2 exceptions
//! (error kinds).

mod annotate;
mod edges;
mod fixture;
mod fuse;
mod golden;
mod inline;
mod manipulate;
mod order;
mod pressure;
mod properties;
mod token;
