//! The control groups of this process, v1 and v2: which folders, and the numbers in their files.
//! It does not know what a limit means.

use std::path::{Path, PathBuf};

use super::{below, text};

/// Which of the two file formats a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// One hierarchy for a controller.
    V1,
    /// One hierarchy for all.
    V2,
}

/// A group that this process is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) version: Version,
    /// Its folder, as processes know it.
    pub(super) folder: PathBuf,
    root: PathBuf,
}

impl Group {
    /// Returns the path of one of its files, as processes know it, for messages.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Returns what is in one of its files.
    pub(super) fn read(&self, file: &str) -> Option<String> {
        text(&below(&self.root, &self.path(file)))
    }

    /// Returns the number in one of its files; `max` and -1 are none.
    pub(super) fn number(&self, file: &str) -> Option<u64> {
        self.read(file)?.trim().parse().ok()
    }

    /// Returns the number beside a name in one of its files.
    pub(super) fn field(&self, file: &str, name: &str) -> Option<u64> {
        field(&self.read(file)?, name)
    }
}

/// Returns the number after a name that begins a line.
pub(super) fn field(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    let mut line = lines.find(|line| line.clone().next() == Some(name))?;
    line.nth(1)?.parse().ok()
}

/// Returns the groups that may limit `controller` for this process, each chain from the process's
/// own group up to the one that is mounted; both versions, where both are mounted.
///
/// `root` stands for `/`.
pub(super) fn chain(root: &Path, controller: &str) -> Vec<Group> {
    let (Some(memberships), Some(mounts)) =
        (text(&root.join("proc/self/cgroup")), text(&root.join("proc/self/mountinfo")))
    else {
        return Vec::new();
    };
    let mounts: Vec<Mount> = mounts.lines().filter_map(mount).collect();
    let mut groups = Vec::new();
    for line in memberships.lines() {
        let Some((version, path)) = membership(line, controller) else { continue };
        let found = mounts.iter().find(|m| m.holds(version, controller));
        let Some(found) = found else { continue };
        let inside = Path::new(path).strip_prefix(&found.top).unwrap_or(Path::new(""));
        // A group seen from another namespace begins with `..`: only the mount itself is known.
        let inside = if inside.starts_with("..") { Path::new("") } else { inside };
        for part in inside.ancestors() {
            let folder = if part == Path::new("") { found.at.clone() } else { found.at.join(part) };
            groups.push(Group { version, folder, root: root.to_owned() });
        }
    }
    groups
}

/// Returns the version and path of a line of `/proc/self/cgroup`, where it is about `controller`.
fn membership<'a>(line: &'a str, controller: &str) -> Option<(Version, &'a str)> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    if number == "0" && controllers.is_empty() {
        return Some((Version::V2, path.trim_start_matches('/')));
    }
    let concerns = controllers.split(',').any(|name| name == controller);
    concerns.then_some((Version::V1, path.trim_start_matches('/')))
}

/// A mounted hierarchy.
struct Mount {
    version: Version,
    /// The group that is visible at the mount point, without the first slash.
    top: PathBuf,
    at: PathBuf,
    options: String,
}

impl Mount {
    fn holds(&self, version: Version, controller: &str) -> bool {
        self.version == version
            && (version == Version::V2 || self.options.split(',').any(|o| o == controller))
    }
}

/// Returns the hierarchy of a line of `/proc/self/mountinfo`, where it is one.
fn mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut after = after.split(' ');
    let version = match after.next()? {
        "cgroup" => Version::V1,
        "cgroup2" => Version::V2,
        _ => return None,
    };
    let options = after.nth(1).unwrap_or_default().to_owned();
    let mut before = before.split(' ').skip(3);
    let (top, at) = (unescape(before.next()?), unescape(before.next()?));
    Some(Mount { version, top: top.trim_start_matches('/').into(), at: at.into(), options })
}

/// Undoes the kernel's octal escapes of blanks, tabs, line ends and backslashes.
fn unescape(text: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
