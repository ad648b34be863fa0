//! What is there that resembles a name which is not.
//! It does not know why the name is wanted.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// More entries of a folder than these are not compared: a hint is not worth a long wait.
const COMPARED: usize = 10_000;

/// Returns the deepest folder on the way to `folder` that is there; it may be the one itself.
pub(super) fn folder(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|f| here(f).is_dir()).map(Path::to_owned)
}

/// Returns what to say of the surroundings of `name`, which is wanted in `folder`.
pub(super) fn hint(wanted: &Path, name: &Path) -> Option<String> {
    let there = folder(wanted)?;
    let part = name.strip_prefix(&there).ok()?.components().next()?;
    let mut entries: Vec<String> = here(&there)
        .read_dir()
        .ok()?
        .take(COMPARED)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|entry| !entry.starts_with('.'))
        .collect();
    entries.sort();
    let part = part.as_os_str();
    if let Some(best) = closest(part, &entries) {
        return Some(format!("; did you mean {}?", there.join(best).display()));
    }
    let shown = if there.as_os_str().is_empty() { Path::new(".") } else { &there };
    let count = match entries.len() {
        COMPARED.. => "many entries".to_owned(),
        1 => "1 entry".to_owned(),
        n => format!("{n} entries"),
    };
    match entries.first() {
        Some(first) => Some(format!("; {} has {count}, as {first}", shown.display())),
        None => Some(format!("; {} is empty", shown.display())),
    }
}

/// The empty path is the current folder.
fn here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// Returns the entry that differs from `name` in the fewest letters, if it is a third at most.
fn closest<'a>(name: &OsStr, entries: &'a [String]) -> Option<&'a str> {
    let name = name.to_str()?;
    let allowed = name.chars().count().div_ceil(3);
    let distances = entries.iter().map(|entry| (strsim::levenshtein(name, entry), entry));
    let (distance, entry) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= allowed).then_some(entry)
}
