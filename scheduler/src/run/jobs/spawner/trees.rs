//! The trees of the programs that run: who belongs to which, what they hold, and their ends.
//! It starts nothing, and reaps nobody.
//!
//! A program leads a session of its own. What it starts is found by its parents; what has lost its
//! parents becomes a child of the spawner, which is its subreaper, and is found by session, by group,
//! or by the token in the environment that it was started with. One that has got rid of all three may
//! be of any program that ran when it was first seen: it is ended with the last of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::census::{
    Census, Member, is_childless, own_children, private_bytes, proportional_bytes, variable,
};

/// Looking at all processes takes no more than one part in this many of the time.
const SHARE: u32 = 100;
/// Time between two looks at memory, or more, where looking is dear.
const MEMORY_EVERY: Duration = Duration::from_millis(25);
const MEMORY_SHARE: u32 = 20;
/// Processes may fork while they are ended: so often it is looked for more of them at once.
const ROUNDS: usize = 8;
/// Whose the orphans of programs are of which nothing else is left.
const STRAY: u64 = u64::MAX;

/// The variable that says which program a process belongs to.
pub(super) const TOKEN: &str = "TINE_TOKEN";

/// To whom a process belongs that has lost its parents.
#[derive(Debug)]
enum Owner {
    Program(u64),
    /// One of these, as far as they have not ended; nobody knows which.
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
    /// It has been asked to end: whoever did that says when it is killed.
    pub(super) asked: bool,
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
    /// Programs of which nobody has asked yet how they ended, by process.
    leaders: BTreeMap<i32, u64>,
    orphans: BTreeMap<i32, Owner>,
    /// Those that this process may not signal.
    immune: BTreeSet<Pid>,
    /// Whose every process was at the last look, as long as that is good enough.
    seen: Option<BTreeMap<u64, Vec<Member>>>,
    /// What looking took last.
    cost: Duration,
    looked: Instant,
    memory_cost: Duration,
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
            immune: BTreeSet::new(),
            seen: None,
            cost: Duration::from_millis(1),
            looked: now,
            memory_cost: Duration::ZERO,
            memory_looked: now,
            unseen: false,
        }
    }

    /// What a program finds in its environment, and hands down.
    pub(super) fn token(&self, id: u64) -> String {
        token(self.nonce, id)
    }

    pub(super) fn add(&mut self, id: u64, leader: Pid, limit: Option<u64>) {
        let began = Instant::now();
        let (excess, asked, condemned) = (false, false, false);
        let tree = Tree { leader, limit, began, peak: 0, excess, asked, condemned };
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

    /// Nothing is left of it. What may have been of it or of others is of the others.
    pub(super) fn remove(&mut self, id: u64) -> Option<Tree> {
        for owner in self.orphans.values_mut() {
            if let Owner::OneOf(suspects) = owner
                && suspects.remove(&id)
            {
                self.seen = None;
            }
        }
        self.trees.remove(&id)
    }

    /// What was seen is not good enough any more.
    pub(super) fn forget(&mut self) {
        self.seen = None;
    }

    fn look(&mut self) -> &BTreeMap<u64, Vec<Member>> {
        if self.seen.is_none() {
            let census = Census::take();
            (self.cost, self.looked) = (census.took, Instant::now());
            self.immune.retain(|pid| census.lives(pid.as_raw()));
            self.adopt(&census);
            let roots = self.roots();
            let named = self.trees.iter().map(|(&id, tree)| (tree.leader.as_raw(), id)).collect();
            self.seen = Some(census.owners(self.me, &roots, &named));
        }
        self.seen.get_or_insert_default()
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
            let by_token = ours.and_then(|(_, id)| id.parse().ok());
            let by_name = || {
                let mut trees = self.trees.iter();
                let names = census.names(pid);
                trees.find(|(_, t)| names.contains(&t.leader.as_raw())).map(|(&id, _)| id)
            };
            let owner = match by_token.or_else(by_name) {
                Some(id) => Owner::Program(id),
                None => Owner::OneOf(self.trees.keys().copied().collect()),
            };
            self.orphans.insert(pid, owner);
        }
    }

    /// To whom an orphan belongs, where that is known: [`STRAY`] where that one has ended.
    fn owner(&self, orphan: &Owner) -> Option<u64> {
        match orphan {
            Owner::Program(id) if self.trees.contains_key(id) => Some(*id),
            Owner::OneOf(suspects) if suspects.len() > 1 => None,
            Owner::OneOf(suspects) => suspects.first().copied().or(Some(STRAY)),
            Owner::Program(_) => Some(STRAY),
        }
    }

    /// Children of this process, by whose they are.
    fn roots(&self) -> BTreeMap<i32, u64> {
        let orphans = self.orphans.iter();
        let owned = orphans.filter_map(|(&pid, orphan)| Some((pid, self.owner(orphan)?)));
        owned.chain(self.leaders.iter().map(|(&pid, &id)| (pid, id))).collect()
    }

    /// The living processes of a tree. The last one has the strays too: where no program is left,
    /// nothing is.
    fn members(&mut self, id: u64) -> Vec<Member> {
        let is_last = self.trees.len() == 1 && self.trees.contains_key(&id);
        let all = self.look();
        let strays = all.get(&STRAY).filter(|_| is_last);
        all.get(&id).into_iter().chain(strays).flatten().copied().collect()
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
        if self.leaders.is_empty() {
            return Some(!is_childless());
        }
        let is_anothers = |pid: &i32| match self.orphans.get(pid) {
            Some(orphan) => self.owner(orphan) != Some(id),
            None => self.leaders.contains_key(pid),
        };
        Some(!own_children()?.iter().all(is_anothers))
    }

    /// How much is left of a program whose leader has ended. Where only a look at all processes could
    /// tell, that is done at once if the program ran so long that it is cheap beside it, and
    /// otherwise a little later, for all that have ended by then.
    pub(super) fn left_behind(&mut self, id: u64) -> usize {
        let Some(tree) = self.trees.get(&id) else { return 0 };
        let has_left = self.has_left(id, tree);
        if has_left.unwrap_or_else(|| tree.began.elapsed() >= self.cost * SHARE) {
            let members = self.members(id);
            // For those whom nobody here may end it would be waited in vain.
            return members.iter().filter(|m| !self.immune.contains(&m.pid)).count();
        }
        self.unseen |= has_left.is_none() || !self.orphans.is_empty();
        0
    }

    /// Signals all processes of some trees. Whoever is to be killed or stopped is looked for again,
    /// until nobody new is found: it may have forked meanwhile.
    pub(super) fn signal(&mut self, ids: &[u64], signal: Signal) {
        for id in ids {
            if let Some(tree) = self.trees.get_mut(id) {
                tree.asked |= signal == Signal::SIGTERM;
                tree.condemned |= signal == Signal::SIGKILL;
            }
        }
        let ids: Vec<u64> = ids.iter().copied().filter(|id| self.trees.contains_key(id)).collect();
        let lasting = matches!(signal, Signal::SIGKILL | Signal::SIGSTOP);
        let mut known = BTreeSet::new();
        for _ in 0..if lasting { ROUNDS } else { 1 } {
            let members: Vec<Member> = ids.iter().flat_map(|&id| self.members(id)).collect();
            let fresh: Vec<Member> = members.into_iter().filter(|m| known.insert(m.pid)).collect();
            self.seen = None;
            if fresh.is_empty() {
                return;
            }
            fresh.into_iter().for_each(|member| self.send(member, signal));
        }
    }

    /// Signals one process, which may have gone meanwhile. A group is signalled as a whole, at one
    /// moment, so that nobody in it can fork away: whoever is in the group of one that belongs to a
    /// tree is of the same tree, because its session began there.
    fn send(&mut self, member: Member, signal: Signal) {
        if signal == Signal::SIGKILL && member.group.as_raw() > 1 {
            let _ = kill(Pid::from_raw(-member.group.as_raw()), signal);
        }
        let sent = kill(member.pid, signal);
        if signal == Signal::SIGKILL && sent == Err(Errno::EPERM) {
            self.immune.insert(member.pid);
        }
        if signal == Signal::SIGTERM {
            // One that stands still does not hear it.
            let _ = kill(member.pid, Signal::SIGCONT);
        }
    }

    /// What one look took.
    pub(super) fn cost(&self) -> Duration {
        self.cost
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
        self.memory_looked + MEMORY_EVERY.max(self.memory_cost * MEMORY_SHARE)
    }

    /// Looks at what it is time for: ends what ended programs have left behind, and trees that have
    /// more memory than they may.
    pub(super) fn look_around(&mut self) {
        let now = Instant::now();
        if self.is_limited() && self.memory_due() <= now {
            self.limit_memory();
            self.memory_looked = Instant::now();
            self.memory_cost = self.memory_looked - now;
        }
        if self.unseen && self.looked + self.cost * SHARE <= now {
            self.sweep();
        }
    }

    fn limit_memory(&mut self) {
        self.seen = None;
        let limited: Vec<(u64, u64)> =
            self.trees.iter().filter_map(|(&id, t)| Some((id, t.limit?))).collect();
        let mut excessive = Vec::new();
        for (id, limit) in limited {
            let members = self.members(id);
            let mut held: u64 = members.iter().map(|m| private_bytes(m.pid)).sum();
            if held > limit {
                // What forks have together was counted once each.
                let exact = members.iter().map(|m| proportional_bytes(m.pid)).sum::<Option<u64>>();
                held = exact.unwrap_or(held);
            }
            let Some(tree) = self.trees.get_mut(&id) else { continue };
            tree.peak = tree.peak.max(held);
            if held > limit {
                tree.excess = true;
                excessive.push(id);
            }
        }
        self.signal(&excessive, Signal::SIGKILL);
    }

    /// Ends the orphans of programs that have ended.
    fn sweep(&mut self) {
        self.seen = None;
        let strays = self.look().get(&STRAY).cloned().unwrap_or_default();
        strays.into_iter().for_each(|member| self.send(member, Signal::SIGKILL));
        // They will not be there for long: they are looked for once more.
        self.unseen = !self.orphans.is_empty();
    }

    /// Ends everything; whether there was anything.
    pub(super) fn end_all(&mut self) -> bool {
        let census = Census::take();
        let children = census.children(self.me).map(|pid| (pid, STRAY)).collect();
        let all = census.owners(self.me, &children, &BTreeMap::new());
        all.into_values().flatten().for_each(|member| self.send(member, Signal::SIGKILL));
        // Where `/proc` is not to be had.
        for tree in self.trees.values() {
            let _ = kill(Pid::from_raw(-tree.leader.as_raw()), Signal::SIGKILL);
        }
        !is_childless()
    }
}

/// What the processes of a program find in their environment.
fn token(nonce: u64, id: u64) -> String {
    format!("{nonce:x}.{id}")
}
