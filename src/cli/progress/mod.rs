//! How far a run is, for whoever waits: bars on a terminal, a line now and then elsewhere, events as
//! JSON for programs.
//! It does not know what tasks and jobs do.

mod bar;
mod eta;
mod events;
mod groups;
mod jobs;
mod lines;
mod slow;
mod terminal;
#[cfg(test)]
mod tests;

pub(crate) use bar::Bar;
pub(crate) use jobs::{Close, Jobs, Kind, Start};
pub(crate) use lines::Look;
pub(crate) use terminal::Terminal;
