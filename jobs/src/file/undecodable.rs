//! A file that a pattern means, but whose name is not UTF-8: patterns are compared with texts, and
//! pass it over without a word.
//! It does not know what the pattern is for.

use std::fs;
use std::path::{Path, PathBuf};

use glob::Pattern;

/// One part of a pattern, between slashes.
enum Part {
    /// `**`: folders, however deep.
    Folders,
    /// A name.
    Name(Pattern),
}

/// The first such file by its bytes, for a pattern that begins with `/`.
pub(super) fn first(pattern: &str) -> Option<PathBuf> {
    let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".");
    let parts: Vec<Part> = parts
        .map(|part| match part {
            "**" => Some(Part::Folders),
            part => Pattern::new(part).ok().map(Part::Name),
        })
        .collect::<Option<_>>()?;
    let mut first = None;
    look(&At { folder: Path::new("/"), passed: false }, &parts, &mut first);
    first
}

/// A folder on the way.
struct At<'a> {
    folder: &'a Path,
    /// Whether a name above is not UTF-8.
    passed: bool,
}

fn look(at: &At<'_>, parts: &[Part], first: &mut Option<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else { return };
    if let Part::Name(pattern) = part
        && let Some(name) = plain(pattern)
    {
        // No folder is read for a name that is known.
        let path = at.folder.join(name);
        return match rest.is_empty() {
            true if at.passed && path.symlink_metadata().is_ok() => keep(path, first),
            true => {}
            false => look(&At { folder: &path, passed: at.passed }, rest, first),
        };
    }
    if matches!(part, Part::Folders) {
        look(at, rest, first);
    }
    // What cannot be read is told of by who looks for the files.
    for entry in fs::read_dir(at.folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let passed = at.passed || name.to_str().is_none();
        let path = entry.path();
        let inside = At { folder: &path, passed };
        match part {
            Part::Folders if entry.file_type().is_ok_and(|t| t.is_dir()) => {
                look(&inside, parts, first);
            }
            Part::Folders => {}
            Part::Name(_) if rest.is_empty() && !passed => {}
            Part::Name(pattern) if !pattern.matches(&name.to_string_lossy()) => {}
            Part::Name(_) if rest.is_empty() => keep(path, first),
            Part::Name(_) => look(&inside, rest, first),
        }
    }
}

/// The name that is the only one like the pattern.
fn plain(pattern: &Pattern) -> Option<&str> {
    Some(pattern.as_str()).filter(|text| !text.contains(['*', '?', '[']))
}

fn keep(path: PathBuf, first: &mut Option<PathBuf>) {
    if first.as_ref().is_none_or(|first| path < *first) {
        *first = Some(path);
    }
}
