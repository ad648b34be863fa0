//! How much memory this process may still take: control groups, and what the machine has.
//! It does not know how much of it is wise to take.

use std::path::{Path, PathBuf};

use super::cgroup::{self, Group, Version};
use super::{Limit, smallest, text};

/// Returns how many bytes may still be taken: the least of what the machine has available and what
/// each control group around this process leaves.
///
/// A group leaves its limit (in v2 the lower of `memory.max` and `memory.high`) without what is
/// used in it; file pages that have not been used for a while do not count, since the kernel drops
/// them first. `None` where nothing tells, as off Linux.
///
/// ```
/// if let Some(memory) = tine_scheduler::limits::memory() {
///     println!("{} bytes are left, by {}", memory.value, memory.source);
/// }
/// ```
pub fn memory() -> Option<Limit> {
    available(Path::new("/"))
}

/// Returns the limit that the files below `root`, which stands for `/`, set.
pub(super) fn available(root: &Path) -> Option<Limit> {
    let groups = cgroup::chain(root, "memory");
    let left = groups.iter().filter_map(left);
    smallest(machine(root).into_iter().chain(left))
}

fn machine(root: &Path) -> Option<Limit> {
    let info = text(&root.join("proc/meminfo"))?;
    let kibibytes = cgroup::field(&info, "MemAvailable:")?;
    Some(Limit::new(kibibytes.saturating_mul(1024), "MemAvailable in /proc/meminfo"))
}

fn left(group: &Group) -> Option<Limit> {
    let (limit, file) = limit(group)?;
    let (usage, inactive) = match group.version {
        Version::V2 => ("memory.current", "inactive_file"),
        Version::V1 => ("memory.usage_in_bytes", "total_inactive_file"),
    };
    let used = group.number(usage).unwrap_or(0);
    let droppable = group.field("memory.stat", inactive).unwrap_or(0);
    let left = limit.saturating_sub(used.saturating_sub(droppable));
    Some(Limit::new(left, format!("what {} leaves of {limit} bytes", file.display())))
}

/// Returns the limit of a group, and the file that sets it.
fn limit(group: &Group) -> Option<(u64, PathBuf)> {
    let files: &[&str] = match group.version {
        Version::V2 => &["memory.max", "memory.high"],
        Version::V1 => &["memory.limit_in_bytes"],
    };
    let limits = files.iter().filter_map(|file| Some((group.number(file)?, group.path(file))));
    limits.filter(|(bytes, _)| *bytes < UNLIMITED_V1).min_by_key(|(bytes, _)| *bytes)
}

/// v1 writes "no limit" as the largest whole number of pages below 2^63; nothing has half of that.
const UNLIMITED_V1: u64 = 1 << 62;
