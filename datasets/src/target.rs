//! What appears in the folder at once: a file, or an array that is a folder of chunks.
//! It does not know what is in it.

use std::fs;
use std::io;
use std::path::Path;

/// A file or an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Where it is in the folder of the data.
    pub(crate) path: String,
    pub(crate) form: Form,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By one task.
    File,
    /// By one task a piece, and one that describes it and gives it its name.
    Array { pieces: u32 },
}

impl Target {
    pub(crate) fn array(path: &str, pieces: u32) -> Self {
        Target { path: path.to_owned(), form: Form::Array { pieces } }
    }
}

/// The bytes of a file, or of all files in a folder; `None` where there is neither.
pub(crate) fn size(path: &Path) -> io::Result<Option<u64>> {
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    if !about.is_dir() {
        return Ok(Some(about.len()));
    }
    let mut sum = 0;
    for entry in fs::read_dir(path)? {
        sum += entry?.metadata()?.len();
    }
    Ok(Some(sum))
}
