//! How far a run is, for whoever waits: bars on a terminal, a line now and then elsewhere, events as
//! JSON for programs.
//! It does not know what tasks and jobs do.

mod bar;
mod eta;
mod events;
mod groups;
mod jobs;
mod lines;
mod terminal;
#[cfg(test)]
mod tests;

pub(crate) use bar::Bar;
#[expect(unused_imports, reason = "what runs jobs is not wired up yet")]
pub(crate) use jobs::{Close, Jobs, Kind, Start};
#[expect(unused_imports, reason = "likewise")]
pub(crate) use lines::Look;
#[expect(unused_imports, reason = "likewise")]
pub(crate) use terminal::Terminal;
