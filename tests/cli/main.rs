//! The `tine` command, run as a user runs it.
//! It does not know the command's modules: those have tests of their own.

// A folder for each test, and the command in it.
mod support;

// What `tine demo` computes, prints and writes.
mod demo;

// What `tine prep` writes and keeps.
mod prep;

// What it says when the data are not as they should be.
mod errors;

// Ctrl-C, kills and closed pipes.
mod ends;

// The jobs of a file: the examples, what is up to date, what fails.
#[cfg(target_os = "linux")]
mod run;

// What is left of recorded jobs: names, failures, tables.
#[cfg(target_os = "linux")]
mod jobs_recorded;

// What is said of jobs.
#[cfg(target_os = "linux")]
mod told;

// Runs of jobs that are ended from outside, and resumed.
#[cfg(target_os = "linux")]
mod resume;

// Jobs that wait for memory.
#[cfg(target_os = "linux")]
mod memory;

// The output of many jobs in one file.
#[cfg(target_os = "linux")]
mod stream;

// Cores that are shared with make.
#[cfg(target_os = "linux")]
mod jobserver;

// What looks at recorded runs: pictures, exports, differences, and what it says where that fails.
mod look;

// Completions and manual pages.
mod pages;

// Runs that were made by hand, shared with the tests of the pictures.
#[path = "../../viz/tests/recorded/mod.rs"]
mod recorded;

// One command for many arguments, beside GNU parallel.
#[cfg(target_os = "linux")]
mod map;
