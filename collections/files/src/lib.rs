//! Files as partitions: names with patterns, blocks on line borders, compression.
//! It does not know what lines mean, nor which tasks read and write them: bags and data frames do.
//!
//! [`Text`] says how files are read. It is given names and answers with [`Partition`]s, each of
//! which is read on its own, in whatever process:
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("names.txt");
//! # std::fs::write(&path, "Alice\nBob\nEdith\n")?;
//! use std::ops::ControlFlow;
//! use tine_files::Text;
//!
//! let mut names = Vec::new();
//! for partition in Text::new().blocksize("8B").plan(&path)? {
//!     let _ = partition.for_each_line(|line, _at| {
//!         names.push(line.to_owned());
//!         ControlFlow::<()>::Continue(())
//!     })?;
//! }
//! assert_eq!(names, ["Alice", "Bob", "Edith"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Target`] says where partitions are written, one file each, and answers with [`Sink`]s.

mod chunks;
mod compression;
mod delimiter;
mod error;
mod file;
mod lines;
mod names;
mod partition;
mod position;
#[cfg(feature = "remote")]
mod remote;
mod text;
mod write;

pub use compression::Compression;
pub use error::{Error, ErrorKind, Result};
pub use file::FileInfo;
pub use lines::{Lines, Reader};
pub use names::Names;
pub use partition::{Block, Partition};
pub use position::{Place, Position};
pub use text::Text;
pub use write::{Sink, SinkWriter, Target, Written};
