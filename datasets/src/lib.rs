//! Artificial data to learn and to measure with: what `tine prep` and the lessons of the tutorial write.
//! It knows neither the command line nor what is computed from the data.
//!
//! The shapes are those of the classic Dask tutorial: names, columns, holes and distributions. The
//! same [`Recipe`] gives the same bytes, for any number of workers and on any day. Each file is made by
//! one task under another name and renamed when it is whole, so what has its name is whole.
//!
//! ```
//! use tine_datasets::{Dataset, Recipe, ensure};
//! # let temporary = tempfile::tempdir().expect("a folder for the example");
//! # let folder = temporary.path();
//! ensure(folder, Recipe::SMALL, &[Dataset::Accounts])?;
//! let text = std::fs::read_to_string(folder.join("accounts.0.csv")).expect("it was written");
//! assert_eq!(text.lines().next(), Some("id,names,amount"));
//! # Ok::<(), tine_datasets::Error>(())
//! ```

// How numbers are drawn.
mod choice;
pub mod random;

// What the data look like, one file a subject.
mod accounts;
pub mod flights;
mod json;
mod numbers;
mod tables;
mod text;
mod weather;
mod zarr;

// What there is, in which size, and how it gets to the disk.
mod dataset;
pub mod draft;
mod error;
mod job;
mod manifest;
mod recipe;
mod target;

pub use dataset::Dataset;
pub use error::Error;
pub use job::{Job, Order, Row, ensure};
pub use recipe::{Recipe, Scale};
