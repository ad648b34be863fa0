//! The commands that run programs.
//! They know neither how programs are started nor how their output is kept apart.

pub(super) mod cat;
pub(super) mod map;
pub(super) mod run;
