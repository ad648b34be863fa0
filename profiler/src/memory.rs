//! The memory of a set of processes that share pages: private memory as the kernel divides it, plus
//! the memory files that they hold. It knows nothing of tasks; where there is no `/proc` it says
//! nothing.

use std::path::Path;

/// The memory of a run's processes at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemorySample {
    /// When, in nanoseconds from the start of the run.
    pub at: u64,
    /// Anonymous memory in bytes: the sum of `Pss_Anon`, in which a page that several processes
    /// share is counted once.
    pub anonymous: u64,
    /// Bytes allocated in memory files (the arena), each file counted once.
    pub files: u64,
    /// CPU time that these processes have used so far, in nanoseconds; less than before where one
    /// has ended.
    pub cpu: u64,
    /// Threads that they have, all together.
    pub threads: u32,
}

impl MemorySample {
    /// Both kinds together, in bytes.
    pub fn total(&self) -> u64 {
        self.anonymous + self.files
    }
}

/// Measures the processes `pids`, and the memory files that the calling process holds.
///
/// Returns `None` where the system does not tell. A process that is gone counts nothing.
pub(crate) fn sample(at: u64, pids: &[u32]) -> Option<MemorySample> {
    sample_in(Path::new("/proc"), at, pids)
}

fn sample_in(proc: &Path, at: u64, pids: &[u32]) -> Option<MemorySample> {
    let mut known: Vec<u32> = pids.to_vec();
    known.sort_unstable();
    known.dedup();
    let parts: Vec<u64> = known.iter().filter_map(|&pid| pss_anon(proc, pid)).collect();
    if parts.is_empty() {
        return None;
    }
    let stats: Vec<_> = known.iter().filter_map(|&pid| cpu_and_threads(proc, pid)).collect();
    Some(MemorySample {
        at,
        anonymous: parts.iter().sum(),
        files: memory_files(proc),
        cpu: stats.iter().map(|s| s.0).sum(),
        threads: stats.iter().map(|s| s.1).sum(),
    })
}

/// `Pss_Anon` of one process, in bytes.
fn pss_anon(proc: &Path, pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(proc.join(pid.to_string()).join("smaps_rollup")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("Pss_Anon:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// CPU nanoseconds of a process so far, and how many threads it has.
fn cpu_and_threads(proc: &Path, pid: u32) -> Option<(u64, u32)> {
    /// The kernel counts in hundredths of a second here, whatever its own ticks are.
    const TICK: u64 = 10_000_000;
    let text = std::fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    // The name stands in parentheses, and may hold spaces and parentheses itself.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().map(|f| f.parse::<u64>().unwrap_or(0));
    let (user, system) = (fields.nth(11)?, fields.next()?);
    let threads = fields.nth(4)?;
    Some(((user + system) * TICK, u32::try_from(threads).unwrap_or(u32::MAX)))
}

/// Allocated bytes of the distinct memory files among the descriptors of this process.
#[cfg(unix)]
fn memory_files(proc: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    // st_blocks counts units of 512 bytes, whatever the block size of the file system is.
    const BLOCK: u64 = 512;
    let Ok(entries) = std::fs::read_dir(proc.join("self/fd")) else { return 0 };
    let mut files: Vec<(u64, u64, u64)> = entries
        .filter_map(|e| {
            let path = e.ok()?.path();
            let target = std::fs::read_link(&path).ok()?;
            target.to_str()?.starts_with("/memfd:").then_some(())?;
            let facts = std::fs::metadata(&path).ok()?;
            Some((facts.dev(), facts.ino(), facts.blocks() * BLOCK))
        })
        .collect();
    files.sort_unstable();
    files.dedup_by_key(|f| (f.0, f.1));
    files.iter().map(|f| f.2).sum()
}

#[cfg(not(unix))]
fn memory_files(_proc: &Path) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_nothing_without_proc() {
        assert_eq!(sample_in(Path::new("/nowhere"), 0, &[1]), None);
    }

    #[test]
    fn knows_cpu_time_and_threads() {
        let (_, threads) = cpu_and_threads(Path::new("/proc"), std::process::id()).unwrap();
        let others = std::thread::scope(|s| {
            s.spawn(|| cpu_and_threads(Path::new("/proc"), std::process::id())).join()
        });
        assert!(threads >= 1 && others.unwrap().unwrap().1 >= 2);
    }

    #[test]
    fn ignores_processes_that_are_gone() {
        assert_eq!(sample(0, &[u32::MAX]), None);
    }
}
