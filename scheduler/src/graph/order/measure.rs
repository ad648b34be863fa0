//! What each task weighs: how much work and how many roots stand behind it.
//! It does not know how weights decide the order.

use std::cmp::Reverse;

use super::dag::Dag;

/// What a task weighs, compared field by field: work behind it, own inputs, roots behind it, and
/// last the largest number of users that one of these roots has, more being less.
pub(super) type Weight = (Count, u64);

/// A count that may grow past any integer, exact up to 2^32: 32 bits of exponent over 32 bits of
/// mantissa, so that the order of counts is the order of the bits.
///
/// Work behind a task is summed over paths, as Dask does, and the number of paths grows
/// exponentially with the depth of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Count(u64);

impl Count {
    pub(super) const ONE: Count = Count(1);

    fn plus(self, other: Count) -> Count {
        let (large, small) = (self.max(other).0, self.min(other).0);
        let exponent = large >> 32;
        let shift = exponent - (small >> 32);
        let aligned = if shift < 32 { (small & 0xffff_ffff) >> shift } else { 0 };
        let sum = (large & 0xffff_ffff) + aligned;
        if sum >> 32 == 0 {
            Count(exponent << 32 | sum)
        } else {
            Count((exponent + 1) << 32 | sum >> 1)
        }
    }
}

/// Cuts `n` to so many bits.
fn clamp(n: u32, bits: u32) -> u64 {
    u64::from(n).min((1 << bits) - 1)
}

/// The weights of all tasks of `dag`, by task number.
pub(super) fn weights(dag: &Dag) -> Vec<Weight> {
    let mut weights: Vec<Weight> = vec![(Count::ONE, 0); dag.needed.len()];
    for &t in &dag.sorted {
        let deps = dag.deps.row(t);
        if deps.is_empty() {
            weights[t as usize] = (Count::ONE, pack(0, 1, dag.outs.len_of(t)));
            continue;
        }
        let (mut work, mut roots, mut users) = (Count::ONE, 0u32, 0);
        for &d in deps {
            let (w, rest) = weights[d as usize];
            let (r, u) = unpack(rest);
            work = work.plus(w);
            roots = roots.saturating_add(r);
            users = users.max(u);
        }
        weights[t as usize] = (work, pack(dag.deps.len_of(t), roots, users));
    }
    weights
}

const ROOT_BITS: u32 = 24;
const USER_BITS: u32 = 24;
const DEP_BITS: u32 = 16;

fn pack(deps: u32, roots: u32, users: u32) -> u64 {
    let most = (1 << USER_BITS) - 1;
    (clamp(deps, DEP_BITS) << ROOT_BITS | clamp(roots, ROOT_BITS)) << USER_BITS
        | (most - clamp(users, USER_BITS))
}

fn unpack(rest: u64) -> (u32, u32) {
    let most = (1u64 << USER_BITS) - 1;
    let field = |n: u64| u32::try_from(n & most).expect("24 bits");
    (field(rest >> USER_BITS), field(most - (rest & most)))
}

/// Where a task comes among others: by weight, and of equals the one that was named first counts
/// as the heavier, so that heavy ones first also means first ones first.
pub(super) fn rank(weights: &[Weight], t: u32) -> (Weight, Reverse<u32>) {
    (weights[t as usize], Reverse(t))
}
