//! Which final task to work for next: the one that needs fewest new roots.
//! It does not know how a final task is reached.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::dag::Dag;
use super::measure::{Weight, rank};
use super::sketch::root_counts;

/// How many tasks a root looks at on its way to final tasks: looking at all would be quadratic.
const REACH: usize = 20;

/// A final task that can be chosen: roots it misses, whether nothing that it takes is there,
/// weight, number. The least one is the best.
type Candidate = Reverse<(u32, bool, Weight, u32)>;

/// The final tasks that are still to be made.
pub(super) struct Targets {
    /// All final tasks, the one to choose without better knowledge at the end.
    sorted: Vec<u32>,
    /// The same with what they miss; an entry that is out of date is skipped.
    heap: BinaryHeap<Candidate>,
    /// Roots that each final task still misses; 0 also for all other tasks. Where a root could not
    /// look far enough, these are upper bounds, of an estimate.
    missing: Vec<u32>,
    exact: bool,
    touched: Vec<bool>,
    forward: Forward,
    /// Whether there is a choice at all.
    many: bool,
}

impl Targets {
    pub(super) fn new(dag: &Dag, weights: &[Weight]) -> Targets {
        let mut sorted: Vec<u32> =
            dag.sorted.iter().copied().filter(|&t| dag.outs.len_of(t) == 0).collect();
        let many = sorted.len() > 1;
        let size = if many { dag.needed.len() } else { 0 };
        let mut targets = Targets {
            sorted: Vec::new(),
            heap: BinaryHeap::new(),
            missing: vec![0; size],
            exact: true,
            touched: vec![false; size],
            forward: Forward { seen_in: vec![0; size], walks: 0, queue: VecDeque::new() },
            many,
        };
        if many {
            let longest_first = targets.count_roots(dag);
            if !targets.exact {
                let counts = root_counts(dag);
                for &t in sorted.iter().filter(|&&t| dag.deps.len_of(t) > 0) {
                    targets.missing[t as usize] = counts[t as usize];
                }
            }
            if longest_first {
                sorted.sort_unstable_by_key(|&t| rank(weights, t));
            } else {
                sorted.sort_unstable_by_key(|&t| (Reverse(weights[t as usize]), Reverse(t)));
            }
            for &t in sorted.iter().filter(|&&t| targets.missing[t as usize] > 0) {
                let missing = targets.missing[t as usize];
                targets.heap.push(Reverse((missing, true, weights[t as usize], t)));
            }
        }
        targets.sorted = sorted;
        targets
    }

    /// Counts the roots of each final task. Returns whether to begin with the longest path: where
    /// roots and final tasks are similar in number but the graph is lopsided, the quickest one
    /// shows sooner what can be released.
    fn count_roots(&mut self, dag: &Dag) -> bool {
        let (mut roots, mut finals) = (0usize, 0usize);
        let (mut size, mut even) = (None, true);
        for &t in &dag.sorted {
            finals += usize::from(dag.outs.len_of(t) == 0);
            if dag.deps.len_of(t) > 0 {
                continue;
            }
            roots += 1;
            let mut reached = u32::from(dag.outs.len_of(t) == 0);
            self.exact &= self.forward.walk(dag, t, |leaf| {
                self.missing[leaf as usize] += 1;
                reached += 1;
            });
            even &= *size.get_or_insert(reached) == reached;
        }
        let similar = 10 * roots.abs_diff(finals) < 8 * roots;
        even || !similar
    }

    /// Notes that `task` has run.
    pub(super) fn ran(&mut self, dag: &Dag, weights: &[Weight], task: u32) {
        if !self.many {
            return;
        }
        let Targets { heap, missing, touched, forward, exact, .. } = self;
        for &user in dag.outs.row(task) {
            let first = !std::mem::replace(&mut touched[user as usize], true);
            if first && missing[user as usize] > 0 {
                let entry = (missing[user as usize], false, weights[user as usize], user);
                heap.push(Reverse(entry));
            }
        }
        if dag.deps.len_of(task) == 0 {
            forward.walk(dag, task, |leaf| {
                let left = &mut missing[leaf as usize];
                *left = left.saturating_sub(1).max(u32::from(!*exact));
                if *left > 0 {
                    let entry = (*left, !touched[leaf as usize], weights[leaf as usize], leaf);
                    heap.push(Reverse(entry));
                }
            });
        }
    }

    /// The next final task to work for. `open` says whether a task was left with some of its
    /// inputs made: then the nearest one is chosen, else the first in the sorted list.
    pub(super) fn next(&mut self, done: &[bool], open: bool) -> Option<u32> {
        while open && let Some(&Reverse((missing, fresh, _, t))) = self.heap.peek() {
            let current = self.missing[t as usize] == missing && self.touched[t as usize] != fresh;
            if current && !done[t as usize] {
                return Some(t);
            }
            self.heap.pop();
        }
        while let Some(t) = self.sorted.pop() {
            if !done[t as usize] {
                return Some(t);
            }
        }
        None
    }
}

/// The walk from a root to the final tasks above it.
struct Forward {
    /// The last walk that came by each task.
    seen_in: Vec<u32>,
    walks: u32,
    queue: VecDeque<u32>,
}

impl Forward {
    /// Tells `leaf` of the final tasks among the `REACH` tasks that are nearest to `root`. Returns
    /// whether these are all.
    fn walk(&mut self, dag: &Dag, root: u32, mut leaf: impl FnMut(u32)) -> bool {
        self.walks += 1;
        self.queue.clear();
        self.queue.push_back(root);
        let mut left = REACH;
        while let Some(t) = self.queue.pop_front() {
            for &user in dag.outs.row(t) {
                if std::mem::replace(&mut self.seen_in[user as usize], self.walks) == self.walks {
                    continue;
                }
                if left == 0 {
                    return false;
                }
                left -= 1;
                if dag.outs.len_of(user) == 0 {
                    leaf(user);
                } else {
                    self.queue.push_back(user);
                }
            }
        }
        true
    }
}
