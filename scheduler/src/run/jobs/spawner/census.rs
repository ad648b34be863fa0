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

    /// Whose the living processes below `top` are: that of the nearest among itself and its parents
    /// that is one of `roots`. A child of `top` that is none belongs to whom its session or its group
    /// is `named` after.
    pub(super) fn owners(
        &self,
        top: Pid,
        roots: &BTreeMap<i32, u64>,
        named: &BTreeMap<i32, u64>,
    ) -> BTreeMap<u64, Vec<Member>> {
        let mut known = BTreeMap::new();
        let mut all: BTreeMap<u64, Vec<Member>> = BTreeMap::new();
        for (&pid, process) in self.all.iter().filter(|(_, process)| !process.dead) {
            let owner = self.owner((pid, top.as_raw()), roots, named, &mut known);
            let member = Member { pid: Pid::from_raw(pid), group: Pid::from_raw(process.group) };
            owner.into_iter().for_each(|id| all.entry(id).or_default().push(member));
        }
        all
    }

    fn owner(
        &self,
        (pid, top): (i32, i32),
        roots: &BTreeMap<i32, u64>,
        named: &BTreeMap<i32, u64>,
        known: &mut BTreeMap<i32, Option<u64>>,
    ) -> Option<u64> {
        let (mut line, mut at) = (Vec::new(), pid);
        // A process whose number was used again while we looked might make a circle of the line.
        let owner = loop {
            let process = self.all.get(&at).filter(|_| line.len() < 1000);
            let (Some(process), None) = (process, known.get(&at)) else {
                break known.get(&at).copied().flatten();
            };
            line.push(at);
            if let Some(&id) = roots.get(&at) {
                break Some(id);
            }
            if process.parent == top {
                break named.get(&process.session).or(named.get(&process.group)).copied();
            }
            at = process.parent;
        };
        known.extend(line.into_iter().map(|pid| (pid, owner)));
        owner
    }

    /// The session and the group of a process.
    pub(super) fn names(&self, pid: i32) -> [i32; 2] {
        self.all.get(&pid).map_or([0; 2], |process| [process.session, process.group])
    }

    /// The processes that there are.
    pub(super) fn pids(&self) -> impl Iterator<Item = i32> {
        self.all.keys().copied()
    }

    /// Whether there is such a process, and it lives.
    pub(super) fn lives(&self, pid: i32) -> bool {
        self.all.get(&pid).is_some_and(|process| !process.dead)
    }

    /// The children of `top` that live.
    pub(super) fn children(&self, top: Pid) -> impl Iterator<Item = i32> {
        let top = top.as_raw();
        self.all.iter().filter(move |(_, p)| p.parent == top && !p.dead).map(|(&pid, _)| pid)
    }
}

/// A process that belongs to somebody, and its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) pid: Pid,
    pub(super) group: Pid,
}

/// Whether this process has no children at all, not even dead ones.
pub(super) fn is_childless() -> bool {
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::All, look) == Err(nix::errno::Errno::ECHILD)
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
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let mut number = || fields.next()?.parse().ok();
    let (parent, group, session) = (number()?, number()?, number()?);
    // One whose first thread has ended looks dead, but lives as long as it has others.
    let threads: u32 = fields.nth(13)?.parse().ok()?;
    Some(Process { parent, group, session, dead: ended && threads <= 1 })
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
        let stat =
            |head: &str, threads: &str| format!("{head} 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0");
        let process = Process { parent: 7, group: 8, session: 9, dead: false };
        assert_eq!(parse(&stat("42 (a) S 1 2 3) b) R 7 8 9", "1")), Some(process));
        assert_eq!(parse(&stat("42 (a) Z 7 8 9", "1")), Some(Process { dead: true, ..process }));
        assert_eq!(parse(&stat("42 (a) Z 7 8 9", "2")), Some(process));
        assert_eq!(parse("42 (a) R 7 8"), None);
        assert_eq!(parse(&stat("42 a R 7 8 9", "1")), None);
        let own = std::fs::read_to_string("/proc/self/stat").expect("mounted");
        assert!(parse(&own).is_some_and(|process| !process.dead), "{own}");
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
        let roots = BTreeMap::from([(20, 1), (30, 2)]);
        let owners = all.owners(Pid::from_raw(10), &roots, &roots);
        let of = |id: u64| owners[&id].iter().map(|m| m.pid.as_raw()).collect::<Vec<_>>();
        assert_eq!(of(1), [20, 21, 22, 23]);
        assert_eq!(of(2), [30, 31]);
        assert_eq!(all.children(Pid::from_raw(10)).collect::<Vec<_>>(), [20, 23, 30]);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let all = census(&[(2, 3, 2, 2), (3, 2, 3, 3)]);
        assert!(
            all.owners(Pid::from_raw(10), &BTreeMap::from([(7, 1)]), &BTreeMap::new()).is_empty()
        );
    }

    #[test]
    fn this_process_is_there() {
        let me = std::process::id() as i32;
        assert!(Census::take().all.contains_key(&me));
        assert!(private_bytes(Pid::this()) > 100_000);
    }
}
