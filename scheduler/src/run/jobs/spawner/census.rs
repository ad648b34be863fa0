//! Which processes there are, and which of them belong together.
//! It signals nobody.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::procfs::private_in;

/// A process, as `/proc` tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    parent: i32,
    group: i32,
    session: i32,
    /// It has ended, and nobody has asked how.
    dead: bool,
}

/// All processes of a moment.
#[derive(Debug, Default)]
pub(super) struct Census {
    all: BTreeMap<i32, Process>,
    /// How long it took.
    pub(super) took: Duration,
}

impl Census {
    /// Looks at every process there is. Those that come and go meanwhile may be missing.
    pub(super) fn take() -> Census {
        let began = Instant::now();
        let mut all = BTreeMap::new();
        let mut text = String::new();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
                continue;
            };
            if read_into(&entry.path().join("stat"), &mut text)
                && let Some(process) = parse(&text)
            {
                all.insert(pid, process);
            }
        }
        Census { all, took: began.elapsed() }
    }

    /// The processes below `top` for which `root` is said of one that they descend from, of
    /// themselves, or of their group or session, which are named after a process.
    pub(super) fn descendants(&self, top: Pid, root: impl Fn(i32) -> bool) -> Vec<Pid> {
        let belongs = |(&pid, process): (&i32, &Process)| {
            let line = self.line(pid, top).filter(|_| !process.dead)?;
            let named = root(process.group) || root(process.session);
            (named || line.into_iter().any(&root)).then(|| Pid::from_raw(pid))
        };
        self.all.iter().filter_map(belongs).collect()
    }

    /// The children of `top` that live.
    pub(super) fn children(&self, top: Pid) -> impl Iterator<Item = i32> {
        let top = top.as_raw();
        self.all.iter().filter(move |(_, p)| p.parent == top && !p.dead).map(|(&pid, _)| pid)
    }

    /// `pid`, its parent, and so on, below `top`; `None` where that is not among them.
    fn line(&self, pid: i32, top: Pid) -> Option<Vec<i32>> {
        let mut line = vec![pid];
        // A process whose number was used again while we looked might make a circle of it.
        while line.len() < 1000 {
            let parent = self.all.get(line.last()?)?.parent;
            if parent == top.as_raw() {
                return Some(line);
            }
            line.push(parent);
        }
        None
    }
}

/// The children of this process, which has one thread; `None` where the kernel does not tell.
pub(super) fn own_children() -> Option<Vec<i32>> {
    let text = std::fs::read_to_string("/proc/thread-self/children").ok()?;
    Some(text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect())
}

fn read_into(path: &std::path::Path, text: &mut String) -> bool {
    use std::io::Read;
    text.clear();
    std::fs::File::open(path).and_then(|mut f| f.read_to_string(text)).is_ok()
}

/// Reads `/proc/PID/stat`. The second field is a name in parentheses, in which anything may stand.
fn parse(stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let dead = matches!(fields.next()?, "Z" | "X" | "x");
    let mut number = || fields.next()?.parse().ok();
    Some(Process { parent: number()?, group: number()?, session: number()?, dead })
}

/// Bytes of memory that a process shares with no file: resident minus shared pages.
pub(super) fn private_bytes(pid: Pid) -> u64 {
    private_in(&std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default())
}

/// As [`private_bytes`], but with what several processes have together counted once: exact, and some
/// hundred times as dear. `None` where the kernel does not tell.
pub(super) fn proportional_bytes(pid: Pid) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("Pss_Anon:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The value of a variable in the environment that a process was started with.
pub(super) fn variable(pid: i32, name: &str) -> Option<String> {
    let all = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut lines = all.split(|&b| b == 0);
    let value = lines.find_map(|l| l.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    String::from_utf8(value.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "42 (a) S 1 2 3) b) R 7 8 9 0 -1 4194304";
        let process = Process { parent: 7, group: 8, session: 9, dead: false };
        assert_eq!(parse(stat), Some(process));
        assert_eq!(parse("42 (a) Z 7 8 9"), Some(Process { dead: true, ..process }));
        assert_eq!(parse("42 (a) R 7 8"), None);
        assert_eq!(parse("42 a R 7 8 9"), None);
    }

    fn census(of: &[(i32, i32, i32, i32)]) -> Census {
        let process = |&(pid, parent, group, session)| {
            (pid, Process { parent, group, session, dead: pid == 99 })
        };
        Census { all: of.iter().map(process).collect(), took: Duration::ZERO }
    }

    #[test]
    fn descent_is_by_parents_groups_and_sessions() {
        // 10 is the top; 20 a job with a child 21 and a grandchild 22 in a session of its own;
        // 30 another job; 23 has lost its parent, but is in the session of 20; 99 is dead.
        let all = census(&[
            (10, 1, 1, 1),
            (20, 10, 20, 20),
            (21, 20, 21, 20),
            (22, 21, 22, 22),
            (23, 10, 23, 20),
            (30, 10, 30, 30),
            (31, 30, 31, 31),
            (99, 20, 20, 20),
        ]);
        let of = |root| {
            let found = all.descendants(Pid::from_raw(10), |pid| pid == root);
            found.into_iter().map(Pid::as_raw).collect::<Vec<_>>()
        };
        assert_eq!(of(20), [20, 21, 22, 23]);
        assert_eq!(of(30), [30, 31]);
        assert_eq!(all.children(Pid::from_raw(10)).collect::<Vec<_>>(), [20, 23, 30]);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let all = census(&[(2, 3, 2, 2), (3, 2, 3, 3)]);
        assert!(all.descendants(Pid::from_raw(10), |pid| pid == 7).is_empty());
    }

    #[test]
    fn this_process_is_there() {
        let me = std::process::id() as i32;
        assert!(Census::take().all.contains_key(&me));
        assert!(private_bytes(Pid::this()) > 100_000);
    }
}
