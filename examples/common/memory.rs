//! How much memory a tree of processes takes, seen from outside.
//! It does not know what they do.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;

/// A process and all that come from it.
pub(crate) fn tree(pid: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let text = text.unwrap_or_default();
    let below = text.split_whitespace().filter_map(|p| p.parse().ok()).flat_map(tree);
    [pid].into_iter().chain(below).collect()
}

/// Private memory with shared pages counted once, and each memfd once.
#[derive(Default)]
pub(crate) struct Memory {
    /// In all.
    pub(crate) bytes: u64,
    seen: HashSet<u64>,
}

impl FromIterator<u32> for Memory {
    fn from_iter<I: IntoIterator<Item = u32>>(pids: I) -> Self {
        let mut memory = Memory::default();
        for pid in pids {
            memory.add(pid);
        }
        memory
    }
}

impl Memory {
    fn add(&mut self, pid: u32) {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
        let rollup = rollup.unwrap_or_default();
        let anon = rollup.lines().find_map(|l| l.strip_prefix("Pss_Anon:"));
        let kb: Option<u64> = anon.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
        self.bytes += kb.unwrap_or(0) << 10;
        let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return };
        for path in open.flatten().map(|e| e.path()) {
            let target = std::fs::read_link(&path).unwrap_or_default();
            if !target.to_string_lossy().starts_with("/memfd:") {
                continue;
            }
            if let Ok(file) = std::fs::metadata(&path)
                && self.seen.insert(file.ino())
            {
                self.bytes += file.blocks() * 512;
            }
        }
    }
}
