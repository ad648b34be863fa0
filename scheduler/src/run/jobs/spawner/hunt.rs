//! Ends the trees of programs whose spawner was killed: by the program that had it.
//! It does not know what the programs were. Their leaders the kernel has killed; what those started is
//! found by session, by group, by parents, and by the token in its environment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::census::{Census, Member, variable};
use super::trees::TOKEN;

/// So often in a row nobody must be found: whoever forks and ends while it is looked at is missed,
/// with what it started.
const QUIET: u32 = 3;
/// How long it is tried.
const LAST: Duration = Duration::from_secs(5);
/// All of them belong to one owner here.
const THEIRS: u64 = 0;

/// Ends all processes of the trees of `leaders`, and all that carry a token with `nonce`.
pub(super) fn hunt(nonce: u64, leaders: &[u32]) {
    let named: BTreeMap<i32, u64> = leaders.iter().map(|&pid| (pid as i32, THEIRS)).collect();
    let mut immune = BTreeSet::new();
    let until = Instant::now() + LAST;
    let mut quiet = 0;
    while quiet < QUIET && Instant::now() < until {
        let mut found = members(nonce, &named);
        found.retain(|member| !immune.contains(&member.pid));
        quiet = if found.is_empty() { quiet + 1 } else { 0 };
        for member in found {
            let _ = kill(Pid::from_raw(-member.group.as_raw()), Signal::SIGKILL);
            if kill(member.pid, Signal::SIGKILL) == Err(nix::errno::Errno::EPERM) {
                immune.insert(member.pid);
            }
        }
        std::thread::yield_now();
    }
}

fn members(nonce: u64, named: &BTreeMap<i32, u64>) -> Vec<Member> {
    let census = Census::take();
    let nonce = format!("{nonce:x}");
    let is_ours = |&pid: &i32| {
        let names = census.names(pid);
        let token = || {
            variable(pid, TOKEN).is_some_and(|t| t.split_once('.').is_some_and(|(n, _)| n == nonce))
        };
        names.iter().any(|name| named.contains_key(name)) || token()
    };
    let me = std::process::id() as i32;
    let roots = census.pids().filter(|&pid| pid != me).filter(is_ours);
    let roots = roots.map(|pid| (pid, THEIRS)).collect();
    let all = census.owners(Pid::from_raw(0), &roots, &BTreeMap::new());
    all.into_values().flatten().collect()
}
