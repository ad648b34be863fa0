//! Commands that run programs.
//! It knows which module does what, and leaves everything to them.

pub(super) mod run;
