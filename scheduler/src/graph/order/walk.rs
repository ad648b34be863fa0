//! The walk that gives the order: down to the roots of a final task, and up again.
//! It does not know where final tasks, weights and side paths come from.

use super::dag::Dag;
use super::measure::{Weight, rank, weights};
use super::sides::Sides;
use super::targets::Targets;

/// What has run so far.
pub(super) struct Progress<'d> {
    pub(super) dag: &'d Dag,
    pub(super) weights: &'d [Weight],
    pub(super) order: Vec<u32>,
    pub(super) done: Vec<bool>,
    /// Inputs that are not there yet.
    pub(super) needs: Vec<u32>,
    /// Tasks that could run, and are not the only user of the task that made them ready.
    pub(super) runnable: Vec<u32>,
    targets: Targets,
    /// How many tasks have some of their inputs but have not run.
    open: usize,
    next: Vec<u32>,
}

impl Progress<'_> {
    /// Runs `task`, and behind it what it is the last input of, as long as that is its only user.
    pub(super) fn run(&mut self, task: u32) {
        let dag = self.dag;
        self.next.push(task);
        while let Some(t) = self.next.pop() {
            if std::mem::replace(&mut self.done[t as usize], true) {
                continue;
            }
            self.order.push(t);
            self.open -= usize::from(dag.deps.len_of(t) > 0);
            self.targets.ran(dag, self.weights, t);
            let users = dag.outs.row(t);
            for &user in users {
                let needs = &mut self.needs[user as usize];
                self.open += usize::from(*needs == dag.deps.len_of(user));
                *needs -= 1;
                if *needs == 0 {
                    if users.len() == 1 {
                        self.next.push(user);
                    } else {
                        self.runnable.push(user);
                    }
                }
            }
        }
    }

    /// Sorts `tasks`, the heaviest last.
    pub(super) fn sort(&self, tasks: &mut [u32]) {
        if tasks.len() > 1 {
            tasks.sort_unstable_by_key(|&t| rank(self.weights, t));
        }
    }

    fn missing(&self, task: u32) -> impl Iterator<Item = u32> {
        self.dag.deps.row(task).iter().copied().filter(|&d| !self.done[d as usize])
    }
}

/// The order of the tasks of `dag`.
///
/// Approach, after Dask's `order`:
/// - Choose a final task that needs few roots that have not run, near to what has run.
/// - Go down from it along the heaviest inputs to a root: the critical path.
/// - Come up again. Where a task on the path lacks inputs, they go onto the path before it, the
///   heaviest on top.
/// - What becomes ready beside the path runs early only where it ends in a final task, or completes
///   a task of several inputs: otherwise it would be held, not released.
pub(super) fn walk(dag: &Dag) -> Vec<u32> {
    let weights = weights(dag);
    let size = dag.needed.len();
    let mut needs = vec![0; size];
    for &t in &dag.sorted {
        needs[t as usize] = dag.deps.len_of(t);
    }
    let mut progress = Progress {
        dag,
        weights: &weights,
        order: Vec::with_capacity(dag.sorted.len()),
        done: vec![false; size],
        needs,
        runnable: Vec::new(),
        targets: Targets::new(dag, &weights),
        open: 0,
        next: Vec::new(),
    };
    let mut sides = Sides::new(size);
    let mut path = Vec::new();
    while progress.order.len() < dag.sorted.len() {
        let open = progress.open > 0;
        let Some(target) = progress.targets.next(&progress.done, open) else { break };
        critical_path(&progress, target, &mut path);
        come_up(&mut progress, &mut sides, &mut path);
        sides.run(&mut progress);
    }
    progress.order
}

/// Writes the way from `target` down to a root onto `path`, with all that lies beside it.
fn critical_path(progress: &Progress<'_>, target: u32, path: &mut Vec<u32>) {
    path.push(target);
    let heaviest = |tasks: &[u32]| tasks.iter().copied().max_by_key(|&t| rank(progress.weights, t));
    let mut below = heaviest(progress.dag.deps.row(target));
    while let Some(t) = below {
        path.push(t);
        let from = path.len();
        path.extend(progress.missing(t));
        // The heaviest on top, and of equals the first: files are read in the order of their names.
        progress.sort(&mut path[from..]);
        below = path[from..].last().copied();
    }
}

/// Runs what stands on `path`, from its end, and what that lacks.
fn come_up(progress: &mut Progress<'_>, sides: &mut Sides, path: &mut Vec<u32>) {
    let mut walked_back = false;
    let mut lacks = Vec::new();
    while let Some(t) = path.pop() {
        if progress.done[t as usize] {
            continue;
        }
        if progress.needs[t as usize] == 0 {
            if walked_back && progress.runnable.len() < path.len() {
                sides.run(progress);
            }
            progress.run(t);
            continue;
        }
        path.push(t);
        lacks.clear();
        lacks.extend(progress.missing(t));
        progress.sort(&mut lacks);
        let from = path.len();
        path.extend(lacks.iter().copied().filter(|&d| !sides.knows(d)));
        walked_back |= path.len() - from > 1;
        for &d in &lacks {
            sides.take(d, &progress.done, path);
        }
    }
}
