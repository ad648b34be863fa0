//! The trees of the programs that run: who belongs to which, what they hold, and their ends.
//! It starts nothing, and reaps nobody.
//!
//! A program leads a session of its own. What it starts is found by its parents; what has lost its
//! parents becomes a child of the spawner, which is its subreaper, and is found by session, by group,
//! or by the token in the environment that it was started with. One that has got rid of all three is
//! nobody's for sure: it is ended when all the programs that ran when it was first seen have ended.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::census::{Census, own_children, private_bytes, proportional_bytes, variable};

/// Looking at all processes takes no more than one part in this many of the time.
const SHARE: u32 = 100;
/// Time between two looks at memory, or more, where looking is dear.
const MEMORY_EVERY: Duration = Duration::from_millis(25);
const MEMORY_SHARE: u32 = 20;
/// Processes may fork while they are ended: so often it is looked for more of them at once.
const ROUNDS: usize = 8;

/// The variable that says which program a process belongs to.
pub(super) const TOKEN: &str = "TINE_TOKEN";

/// To whom a process belongs that has lost its parents.
#[derive(Debug)]
enum Owner {
    Program(u64),
    /// One of these; nobody knows which.
    OneOf(BTreeSet<u64>),
}

/// One program, from its start until nothing of its tree is left.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) leader: Pid,
    pub(super) limit: Option<u64>,
    began: Instant,
    /// The most memory that the tree was seen to have.
    pub(super) peak: u64,
    /// It had more memory than its limit.
    pub(super) excess: bool,
    /// It is to be ended at once: whatever it leaves behind is asked for nothing.
    pub(super) condemned: bool,
}

/// All programs that have not ended with all their trees.
#[derive(Debug)]
pub(super) struct Trees {
    me: Pid,
    /// Tells the tokens of this spawner from those of another.
    nonce: u64,
    trees: BTreeMap<u64, Tree>,
    leaders: BTreeMap<i32, u64>,
    orphans: BTreeMap<i32, Owner>,
    /// What looking took last.
    cost: Duration,
    looked: Instant,
    memory_looked: Instant,
    /// Programs have ended since, and nobody has looked what they left.
    unseen: bool,
}

impl Trees {
    pub(super) fn new(nonce: u64) -> Trees {
        let now = Instant::now();
        Trees {
            me: Pid::this(),
            nonce,
            trees: BTreeMap::new(),
            leaders: BTreeMap::new(),
            orphans: BTreeMap::new(),
            cost: Duration::from_millis(1),
            looked: now,
            memory_looked: now,
            unseen: false,
        }
    }

    /// What a program finds in its environment, and hands down.
    pub(super) fn token(&self, id: u64) -> String {
        format!("{:x}.{id}", self.nonce)
    }

    pub(super) fn add(&mut self, id: u64, leader: Pid, limit: Option<u64>) {
        let began = Instant::now();
        let tree = Tree { leader, limit, began, peak: 0, excess: false, condemned: false };
        self.trees.insert(id, tree);
        self.leaders.insert(leader.as_raw(), id);
    }

    pub(super) fn get(&self, id: u64) -> Option<&Tree> {
        self.trees.get(&id)
    }

    /// The program whose leader this process was; no other has its number from now on.
    pub(super) fn reaped(&mut self, pid: i32) -> Option<u64> {
        self.orphans.remove(&pid);
        self.leaders.remove(&pid)
    }

    /// Nothing is left of it.
    pub(super) fn remove(&mut self, id: u64) -> Option<Tree> {
        self.trees.remove(&id)
    }

    fn look(&mut self) -> Census {
        let census = Census::take();
        (self.cost, self.looked) = (census.took, Instant::now());
        self.adopt(&census);
        census
    }

    /// Finds out whose the new orphans are.
    fn adopt(&mut self, census: &Census) {
        for pid in census.children(self.me) {
            if self.leaders.contains_key(&pid) || self.orphans.contains_key(&pid) {
                continue;
            }
            let token = variable(pid, TOKEN);
            let own = token.as_deref().and_then(|t| t.split_once('.'));
            let ours = own.filter(|(nonce, _)| *nonce == format!("{:x}", self.nonce));
            let owner = match ours.and_then(|(_, id)| id.parse().ok()) {
                Some(id) => Owner::Program(id),
                None => Owner::OneOf(self.trees.keys().copied().collect()),
            };
            self.orphans.insert(pid, owner);
        }
    }

    /// The living processes of a tree.
    fn members(&self, census: &Census, id: u64) -> Vec<Pid> {
        let Some(tree) = self.trees.get(&id) else { return Vec::new() };
        let is_root = |pid: i32| {
            pid == tree.leader.as_raw()
                || matches!(self.orphans.get(&pid), Some(Owner::Program(owner)) if *owner == id)
        };
        census.descendants(self.me, is_root)
    }

    /// Whether a program whose leader has ended may have left something behind: its group says so,
    /// or this process has got a child that it did not start, and that is nobody else's. `None` where
    /// only a look at all processes could tell.
    fn has_left(&self, id: u64, tree: &Tree) -> Option<bool> {
        // Whoever may not signal it has found it all the same.
        let there = kill(Pid::from_raw(-tree.leader.as_raw()), None) != Err(Errno::ESRCH);
        if there || tree.condemned {
            return Some(true);
        }
        let is_anothers = |pid: &i32| match self.orphans.get(pid) {
            Some(Owner::Program(owner)) => *owner != id,
            Some(Owner::OneOf(_)) => true,
            None => self.leaders.contains_key(pid),
        };
        Some(!own_children()?.iter().all(is_anothers))
    }

    /// What is left of a program whose leader has ended. Where only a look at all processes could
    /// tell, that is done at once if the program ran so long that it is cheap beside it, and
    /// otherwise a little later, for all that have ended by then.
    pub(super) fn left_behind(&mut self, id: u64) -> Vec<Pid> {
        let Some(tree) = self.trees.get(&id) else { return Vec::new() };
        let has_left = self.has_left(id, tree);
        if has_left.unwrap_or_else(|| tree.began.elapsed() >= self.cost * SHARE) {
            let census = self.look();
            return self.members(&census, id);
        }
        self.unseen |= has_left.is_none() || !self.orphans.is_empty();
        Vec::new()
    }

    /// Signals all processes of a tree. Whoever is to be killed is looked for again, until nobody
    /// new is found: it may have forked meanwhile.
    pub(super) fn signal(&mut self, id: u64, signal: Signal) {
        if let Some(tree) = self.trees.get_mut(&id) {
            tree.condemned |= signal == Signal::SIGKILL;
        }
        let mut known = BTreeSet::new();
        for _ in 0..ROUNDS {
            let census = self.look();
            let members = self.members(&census, id);
            let fresh = members.into_iter().filter(|&pid| known.insert(pid)).collect::<Vec<_>>();
            fresh.iter().for_each(|&pid| send(pid, signal));
            if fresh.is_empty() || signal != Signal::SIGKILL {
                return;
            }
        }
    }

    /// When it is time to look at something.
    pub(super) fn due(&self) -> Option<Instant> {
        let memory = self.is_limited().then(|| self.memory_due());
        let sweep = self.unseen.then(|| self.looked + self.cost * SHARE);
        memory.into_iter().chain(sweep).min()
    }

    fn is_limited(&self) -> bool {
        self.trees.values().any(|t| t.limit.is_some())
    }

    fn memory_due(&self) -> Instant {
        self.memory_looked + MEMORY_EVERY.max(self.cost * MEMORY_SHARE)
    }

    /// Looks at what it is time for: ends what ended programs have left behind, and trees that have
    /// more memory than they may.
    pub(super) fn look_around(&mut self) {
        let now = Instant::now();
        if self.is_limited() && self.memory_due() <= now {
            self.limit_memory();
        }
        if self.unseen && self.looked + self.cost * SHARE <= now {
            self.sweep();
        }
    }

    fn limit_memory(&mut self) {
        let census = self.look();
        let limited: Vec<(u64, u64)> =
            self.trees.iter().filter_map(|(&id, t)| Some((id, t.limit?))).collect();
        for (id, limit) in limited {
            let members = self.members(&census, id);
            let mut held: u64 = members.iter().map(|&pid| private_bytes(pid)).sum();
            if held > limit {
                // What forks have together was counted once each.
                let exact = members.iter().map(|&pid| proportional_bytes(pid)).sum::<Option<u64>>();
                held = exact.unwrap_or(held);
            }
            let Some(tree) = self.trees.get_mut(&id) else { continue };
            tree.peak = tree.peak.max(held);
            if held > limit {
                tree.excess = true;
                self.signal(id, Signal::SIGKILL);
            }
        }
        self.memory_looked = Instant::now();
    }

    /// Ends the orphans of programs that have ended.
    pub(super) fn sweep(&mut self) {
        let census = self.look();
        self.unseen = false;
        let alive: BTreeSet<u64> = self.trees.keys().copied().collect();
        let leaders: BTreeSet<i32> = self.trees.values().map(|t| t.leader.as_raw()).collect();
        let is_stray = |pid: &i32| match self.orphans.get(pid) {
            Some(Owner::Program(id)) => !alive.contains(id),
            Some(Owner::OneOf(suspects)) => alive.is_disjoint(suspects),
            None => false,
        };
        let strays: BTreeSet<i32> = census.children(self.me).filter(is_stray).collect();
        let all = census.descendants(self.me, |pid| strays.contains(&pid));
        let kept = census.descendants(self.me, |pid| leaders.contains(&pid));
        for pid in all.into_iter().filter(|pid| !kept.contains(pid)) {
            // It will not be there for long: it is looked for once more.
            self.unseen = true;
            send(pid, Signal::SIGKILL);
        }
        self.unseen |= !self.orphans.is_empty();
    }

    /// Ends everything; whether there was anything.
    pub(super) fn end_all(&mut self) -> bool {
        let census = self.look();
        let children: BTreeSet<i32> = census.children(self.me).collect();
        let all = census.descendants(self.me, |pid| children.contains(&pid));
        all.iter().for_each(|&pid| send(pid, Signal::SIGKILL));
        // Where `/proc` is not to be had.
        let leaders = self.trees.values().map(|t| Pid::from_raw(-t.leader.as_raw()));
        leaders.for_each(|group| send(group, Signal::SIGKILL));
        !all.is_empty() || !self.leaders.is_empty()
    }
}

/// Signals one that may have gone meanwhile, or may not be signalled by us.
fn send(pid: Pid, signal: Signal) {
    let _ = kill(pid, signal);
}
