//! Side paths: what became ready beside the critical path, and whether it should run at once.
//! It does not know the critical path.

use std::collections::VecDeque;

use super::paths::{Path, Paths};
use super::walk::Progress;

const NONE: u32 = u32::MAX;

/// A path that is being followed, and at how many forks it has been split.
type Branch = (u32, Path);

/// Paths that could be run up to a task of several inputs, which lacks others.
pub(super) struct Sides {
    paths: Paths,
    /// Which of `lists` holds the paths that end in this task.
    known: Vec<u32>,
    lists: Vec<Vec<Path>>,
    free_lists: Vec<u32>,
    /// Whether a task has been followed to already.
    followed: Vec<bool>,
    scratch: Vec<u32>,
}

impl Sides {
    pub(super) fn new(size: usize) -> Sides {
        Sides {
            paths: Paths::default(),
            known: vec![NONE; size],
            lists: Vec::new(),
            free_lists: Vec::new(),
            followed: vec![false; size],
            scratch: Vec::new(),
        }
    }

    /// Whether paths that end in `task` are known.
    pub(super) fn knows(&self, task: u32) -> bool {
        self.known[task as usize] != NONE
    }

    /// Forgets the paths that end in `task`, and writes them onto `stack` in the order in which
    /// they are to be taken from its end.
    pub(super) fn take(&mut self, task: u32, done: &[bool], stack: &mut Vec<u32>) {
        for path in self.remove(task) {
            self.paths.backwards(path, done, stack);
        }
    }

    fn remove(&mut self, task: u32) -> Vec<Path> {
        match std::mem::replace(&mut self.known[task as usize], NONE) {
            NONE => Vec::new(),
            list => {
                self.free_lists.push(list);
                std::mem::take(&mut self.lists[list as usize])
            }
        }
    }

    fn insert(&mut self, task: u32, paths: Vec<Path>) {
        let list = self.free_lists.pop().unwrap_or_else(|| {
            self.lists.push(Vec::new());
            u32::try_from(self.lists.len() - 1).expect("at most one list a task")
        });
        self.lists[list as usize] = paths;
        self.known[task as usize] = list;
    }

    /// Follows everything that became ready, and runs what releases something.
    ///
    /// Run too early, free tasks make the walk broad; run only when they are asked for, valuable
    /// reductions come too late. So each is followed upwards to the next task of several inputs:
    /// the path runs when it ends in a final task or completes that task, and is kept otherwise.
    pub(super) fn run(&mut self, progress: &mut Progress<'_>) {
        while !progress.runnable.is_empty() {
            let mut candidates = std::mem::take(&mut progress.runnable);
            while let Some(task) = candidates.pop() {
                if progress.done[task as usize] || self.followed[task as usize] {
                    continue;
                }
                if progress.dag.outs.len_of(task) == 0 {
                    progress.run(task);
                    continue;
                }
                let mut branches = VecDeque::from([(0, self.paths.start(task))]);
                while let Some(branch) = branches.pop_front() {
                    self.follow(progress, branch, &mut branches);
                }
            }
        }
        if self.free_lists.len() == self.lists.len() {
            self.paths.clear();
        }
    }

    /// Follows one path as far as one task leads to the next.
    fn follow(
        &mut self,
        progress: &mut Progress<'_>,
        (forks, mut path): Branch,
        branches: &mut VecDeque<Branch>,
    ) {
        let dag = progress.dag;
        loop {
            let current = self.paths.last(path);
            self.followed[current as usize] = true;
            let users = dag.outs.row(current);
            if users.is_empty() {
                if progress.needs[current as usize] <= 1 {
                    self.run_path(progress, path);
                } else {
                    self.followed[current as usize] = false;
                }
                return;
            }
            if !self.paths.is_single(path) && dag.deps.len_of(current) > 1 {
                self.reach(progress, (forks, path), branches);
                return;
            }
            if let &[user] = users {
                path = self.paths.step(path, user);
                continue;
            }
            // The heaviest users first: what they release counts most.
            let mut splits: Vec<u32> =
                users.iter().copied().filter(|&u| dag.deps.len_of(u) == 1).collect();
            progress.sort(&mut splits);
            for user in splits {
                branches.push_back((forks + 1, self.paths.step(path, user)));
            }
            return;
        }
    }

    /// Deals with a path that has come to a task of several inputs.
    fn reach(
        &mut self,
        progress: &mut Progress<'_>,
        (forks, path): Branch,
        branches: &mut VecDeque<Branch>,
    ) {
        let current = self.paths.last(path);
        let needs = progress.needs[current as usize] as usize;
        if !self.knows(current) {
            if needs <= 1 {
                self.run_path(progress, path);
            } else {
                self.insert(current, vec![path]);
                self.followed[current as usize] = false;
            }
            return;
        }
        self.followed[current as usize] = false;
        let mut paths = self.remove(current);
        paths.push(path);
        if paths.len() < needs {
            self.insert(current, paths);
            return;
        }
        paths.retain(|&p| self.paths.before_last(p).is_some_and(|t| !progress.done[t as usize]));
        if paths.len() < needs {
            self.insert(current, paths);
        } else if forks > 1 {
            branches.push_back((forks - 1, self.paths.join(paths)));
        } else {
            for path in paths {
                self.run_path(progress, path);
            }
        }
    }

    /// Runs the tasks of `path` that have all their inputs.
    fn run_path(&mut self, progress: &mut Progress<'_>, path: Path) {
        let mut tasks = std::mem::take(&mut self.scratch);
        tasks.clear();
        self.paths.backwards(path, &progress.done, &mut tasks);
        for &task in tasks.iter().rev() {
            if progress.needs[task as usize] == 0 {
                progress.run(task);
            }
        }
        self.scratch = tasks;
    }
}
