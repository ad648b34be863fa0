//! Reading files, against what the standard library makes of the whole of them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod blocks;
mod compressed;
mod names;
mod text;

use std::ops::ControlFlow;
use std::path::Path;

use tine_files::{Partition, Result, Text};

/// Plans for one file.
fn plan(text: &Text, path: &Path) -> Vec<Partition> {
    text.plan(path).expect("the file is there")
}

/// A line as text, the byte it begins at, and how many lines of its file are before it.
type Seen = (String, u64, u64);

/// The lines of partitions by `for_each_line`.
fn lines(partitions: &[Partition]) -> Result<Vec<Seen>> {
    let mut seen = Vec::new();
    for partition in partitions {
        let stop = partition.for_each_line(|line, at| {
            seen.push((line.to_owned(), at.offset(), at.line().expect("it can be read")));
            ControlFlow::<()>::Continue(())
        })?;
        assert!(stop.is_continue());
    }
    Ok(seen)
}
