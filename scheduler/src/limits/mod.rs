//! What this process may use of the machine, and what says so.
//! It does not know what is done with it: workers and budgets are counted elsewhere.

mod cgroup;
mod cpus;
mod memory;
#[cfg(all(target_os = "linux", not(tine_portable)))]
mod oom;

use std::fmt;
use std::path::Path;

pub use cpus::cpus;
pub use memory::memory;
#[cfg(all(target_os = "linux", not(tine_portable)))]
pub(crate) use oom::OomKills;

/// A limit, and where it comes from.
///
/// ```
/// let cpus = tine_scheduler::limits::cpus();
/// assert!(cpus.value >= 1);
/// println!("{} workers, because of {}", cpus.value, cpus.source);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// CPUs, or bytes.
    pub value: u64,
    /// What sets it: a file, or a fact about this process.
    pub source: String,
}

impl Limit {
    fn new(value: u64, source: impl Into<String>) -> Self {
        Limit { value, source: source.into() }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.value, self.source)
    }
}

/// Returns the smallest, and the first of equals.
fn smallest(limits: impl IntoIterator<Item = Limit>) -> Option<Limit> {
    limits.into_iter().min_by_key(|limit| limit.value)
}

/// Returns the text of a file of `/proc` or `/sys`; one that is not there or not readable sets no
/// limit, as the kernel is configured in many ways.
fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// Returns the path below `root` at which the file lies that processes know as `path`.
fn below(root: &Path, path: &Path) -> std::path::PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

#[cfg(test)]
mod tests;
