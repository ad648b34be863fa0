//! The memory of a set of processes that share pages: private memory as the kernel divides it, plus
//! the memory files that they hold. It knows nothing of tasks; where there is no `/proc` it says
//! nothing.

use std::collections::BTreeSet;
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
    /// CPU time that these processes have used so far, in nanoseconds, with that of children which
    /// have ended and were waited for; less than before where one has ended that nobody waited for.
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

/// Measures the processes `pids`, of which the first is the calling one, everything that the others
/// have started, and the memory files that the calling process holds.
///
/// What the calling process has started beside `pids` is none of the run. Returns `None` where the system does not tell. A process that is gone counts nothing.
pub(crate) fn sample(at: u64, pids: &[u32]) -> Option<MemorySample> {
    sample_in(Path::new("/proc"), at, pids)
}

fn sample_in(proc: &Path, at: u64, pids: &[u32]) -> Option<MemorySample> {
    let known = with_descendants(proc, pids);
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

/// The processes, each once, with all that the second and later ones have started.
fn with_descendants(proc: &Path, pids: &[u32]) -> Vec<u32> {
    let mut known: BTreeSet<u32> = pids.iter().copied().collect();
    let mut open: Vec<u32> = pids.iter().skip(1).copied().collect();
    while let Some(pid) = open.pop() {
        for child in children(proc, pid) {
            if known.insert(child) {
                open.push(child);
            }
        }
    }
    known.into_iter().collect()
}

/// What the threads of a process have started, and what was left to it; nothing where the kernel
/// keeps no such list.
fn children(proc: &Path, pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(proc.join(pid.to_string()).join("task")) else {
        return Vec::new();
    };
    let lists =
        threads.filter_map(|t| std::fs::read_to_string(t.ok()?.path().join("children")).ok());
    lists
        .flat_map(|l| l.split_whitespace().filter_map(|p| p.parse().ok()).collect::<Vec<_>>())
        .collect()
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
    // Its own time in the program and in the kernel, and likewise that of children that it waited for.
    let ticks: u64 = fields.by_ref().skip(11).take(4).sum();
    let threads = fields.nth(2)?;
    Some((ticks * TICK, u32::try_from(threads).unwrap_or(u32::MAX)))
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
    fn counts_what_processes_have_started_but_not_what_the_caller_has() {
        // 1 is the caller and has started 2, 3 and 9; 2 has threads 2 and 20, which started 4 and 5;
        // 5 started 6.
        let folder = tempfile::tempdir().unwrap();
        let write = |pid: u32, thread: u32, children: &str| {
            let own = folder.path().join(pid.to_string());
            let task = own.join("task").join(thread.to_string());
            std::fs::create_dir_all(&task).unwrap();
            std::fs::write(task.join("children"), children).unwrap();
            let rollup = "5-6 ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss_Anon: 1 kB\n";
            std::fs::write(own.join("smaps_rollup"), rollup).unwrap();
            let stat = format!("{pid} (a) b) S 0 0 0 0 0 0 0 0 0 0 1 2 3 4 20 0 7 0 99");
            std::fs::write(own.join("stat"), stat).unwrap();
        };
        let all = [(1, 1, "2 3 9"), (2, 2, "4"), (2, 20, "5 "), (3, 3, ""), (4, 4, "")];
        let rest = [(5, 5, "6"), (6, 6, ""), (9, 9, "")];
        all.into_iter()
            .chain(rest)
            .for_each(|(pid, thread, children)| write(pid, thread, children));
        assert_eq!(with_descendants(folder.path(), &[1, 2, 3]), [1, 2, 3, 4, 5, 6]);
        let sample = sample_in(folder.path(), 7, &[1, 2, 3]).unwrap();
        assert_eq!((sample.anonymous, sample.threads), (6 * 1024, 6 * 7));
        // Ten hundredths of a second each: two of its own, eight of children.
        assert_eq!(sample.cpu, 6 * 100_000_000);
    }

    #[test]
    fn ignores_processes_that_are_gone() {
        assert_eq!(sample(0, &[u32::MAX]), None);
    }
}
