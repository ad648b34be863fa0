//! A folder with all that is below it, in an order that depends on names alone.
//! It does not know what of a file counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Entries below one folder at most: a job that reads more should name what it reads of it.
const MOST: usize = 1_000_000;

/// What is found at a path.
#[derive(Debug)]
pub(super) enum Kind {
    /// A file, or a link to one.
    File(Metadata),
    /// A folder, or a link to one; what is in it follows.
    Folder,
    /// A folder that has been found before by another path, as the one with this number: links may
    /// lead in a circle, or twice to the same place.
    Again(usize),
    /// A link that leads nowhere, to here.
    Dangling(PathBuf),
    /// A socket, a named pipe, a device: opening it could wait for ever, so that its name alone
    /// counts.
    Other,
}

/// What makes a folder the same by whatever path.
type Id = (u64, u64);

/// Calls `each` with all that is below the folder `root`, the paths counted from there; each folder
/// before what is in it, names by their bytes. What is in the folder `left_out` is not looked at.
///
/// # Errors
/// What `each` says, a folder that cannot be read, and more entries than can be looked at.
pub(super) fn walk(
    root: &Path,
    left_out: Option<&Path>,
    each: &mut dyn FnMut(&Path, &Kind) -> io::Result<()>,
) -> io::Result<()> {
    let mut seen: BTreeMap<Id, usize> = BTreeMap::new();
    let id = |meta: &Metadata| (meta.dev(), meta.ino());
    let left_out = left_out.and_then(|p| fs::metadata(p).ok());
    seen.extend(left_out.map(|meta| (id(&meta), 0)));
    seen.insert(id(&fs::metadata(root).map_err(|e| at(root, &e))?), 1);
    let mut folders = 1;
    let mut open = names(root, Path::new(""), 0)?;
    let mut found = open.len();
    // A stack of its own: folders may be deeper than calls can be.
    while let Some(path) = open.pop() {
        let whole = root.join(&path);
        let Some((kind, meta)) = kind(&whole)? else { continue };
        let kind = match (&kind, meta.as_ref().map(id)) {
            (Kind::Folder, Some(id)) => match seen.get(&id) {
                Some(&first) => Kind::Again(first),
                None => {
                    folders += 1;
                    seen.insert(id, folders);
                    kind
                }
            },
            _ => kind,
        };
        each(&path, &kind)?;
        if matches!(kind, Kind::Folder) {
            let inside = names(&whole, &path, found)?;
            found += inside.len();
            open.extend(inside);
        }
    }
    Ok(())
}

/// What is there, links followed; `None` where it has gone meanwhile.
fn kind(path: &Path) -> io::Result<Option<(Kind, Option<Metadata>)>> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => Ok(Some((Kind::File(meta), None))),
        Ok(meta) if meta.is_dir() => Ok(Some((Kind::Folder, Some(meta)))),
        Ok(_) => Ok(Some((Kind::Other, None))),
        Err(e) if leads_nowhere(&e) => match fs::read_link(path) {
            Ok(target) => Ok(Some((Kind::Dangling(target), None))),
            Err(_) => Ok(None),
        },
        Err(e) => Err(at(path, &e)),
    }
}

/// A link to what is not there, or to itself.
fn leads_nowhere(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32)
}

/// The paths of what is in a folder, the last by name first, where `found` entries are known.
fn names(folder: &Path, below: &Path, found: usize) -> io::Result<Vec<PathBuf>> {
    let mut names: Vec<OsString> = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| at(folder, &e))?,
    };
    for entry in entries {
        names.push(entry.map_err(|e| at(folder, &e))?.file_name());
        if found + names.len() > MOST {
            let text = format!("there are more than {MOST} files below it: name those that matter");
            return Err(at(folder, &io::Error::other(text)));
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names.into_iter().map(|name| below.join(name)).collect())
}

/// The error, with the path that it is about.
pub(super) fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
