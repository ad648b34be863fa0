//! Files of this machine: names as they are, and patterns.
//! It does not know what is in the files.

use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::nearest;
use crate::error::{Error, ErrorKind, Result};
use crate::file::FileInfo;

/// As shells match: no wildcard goes over a `/` or matches the dot of a hidden file.
pub(crate) const RULES: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Adds the files that `name` stands for, sorted.
///
/// # Errors
/// Nothing of that name or pattern; something that is no file; a folder that may not be listed.
pub(super) fn expand(name: &Path, files: &mut Vec<FileInfo>) -> Result<()> {
    let pattern = name.to_str().filter(|text| text.contains(['*', '?', '[']));
    match pattern {
        Some(pattern) if name.symlink_metadata().is_err() => matches(pattern, files),
        _ => {
            files.push(FileInfo::local(name).map_err(|e| missing(name, e))?);
            Ok(())
        }
    }
}

fn matches(pattern: &str, files: &mut Vec<FileInfo>) -> Result<()> {
    let found = glob::glob_with(pattern, RULES).map_err(|e| {
        let what = format!("is no pattern, at character {}: {}", e.pos + 1, e.msg);
        Error::new(ErrorKind::Name, what).of_file(pattern)
    })?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.map_err(|e| {
            let folder = e.path().display().to_string();
            Error::io("list", folder, e.into())
        })?;
        if !path.is_dir() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(nothing(pattern));
    }
    paths.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    for path in paths {
        files.push(FileInfo::local(&path)?);
    }
    Ok(())
}

/// The error of a pattern that matches nothing, with what there is in its place.
fn nothing(pattern: &str) -> Error {
    let fixed: PathBuf =
        Path::new(pattern).components().take_while(|c| is_fixed(c.as_os_str())).collect();
    let there = nearest::folder(&fixed);
    let mut what = String::from("matches no file");
    if there.as_deref() != Some(fixed.as_path()) {
        what += &format!("; there is no folder {}", fixed.display());
    }
    if let Some(hint) = nearest::hint(&fixed, Path::new(pattern)) {
        what += &hint;
    }
    Error::new(ErrorKind::NothingMatched, what).of_file(pattern)
}

fn is_fixed(part: &std::ffi::OsStr) -> bool {
    part.to_str().is_none_or(|text| Pattern::escape(text) == text)
}

/// Adds to the error of a file that is not there what is nearest to it.
fn missing(name: &Path, error: Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let mut what = String::from("no such file");
    let folder = name.parent().unwrap_or(Path::new(""));
    if nearest::folder(folder).as_deref() != Some(folder) {
        what += &format!("; there is no folder {}", folder.display());
    }
    if let Some(hint) = nearest::hint(folder, name) {
        what += &hint;
    }
    Error::new(ErrorKind::NotFound, what).of_file(name.display())
}
