//! Paths through the graph that share their beginnings: trees of steps in one vector.
//! It does not know what paths are walked for.

/// A path, by its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path(u32);

/// The end of a path.
#[derive(Debug)]
enum End {
    /// A single task.
    Start(u32),
    /// One task further than the path before.
    Step(u32, Path),
    /// Several paths, one after the other, that end in the same task.
    Join(u32, Vec<Path>),
}

/// All paths.
#[derive(Debug, Default)]
pub(super) struct Paths {
    ends: Vec<End>,
}

impl Paths {
    fn add(&mut self, end: End) -> Path {
        self.ends.push(end);
        Path(u32::try_from(self.ends.len() - 1).expect("fewer than 2^32 steps"))
    }

    fn end(&self, path: Path) -> &End {
        &self.ends[path.0 as usize]
    }

    pub(super) fn start(&mut self, task: u32) -> Path {
        self.add(End::Start(task))
    }

    pub(super) fn step(&mut self, path: Path, task: u32) -> Path {
        self.add(End::Step(task, path))
    }

    pub(super) fn join(&mut self, paths: Vec<Path>) -> Path {
        let task = self.last(paths[0]);
        self.add(End::Join(task, paths))
    }

    /// The last task.
    pub(super) fn last(&self, path: Path) -> u32 {
        match *self.end(path) {
            End::Start(t) | End::Step(t, _) | End::Join(t, _) => t,
        }
    }

    /// The task before the last.
    pub(super) fn before_last(&self, path: Path) -> Option<u32> {
        match self.end(path) {
            End::Start(_) => None,
            End::Step(_, before) => Some(self.last(*before)),
            End::Join(_, paths) => paths.last().and_then(|&p| self.before_last(p)),
        }
    }

    pub(super) fn is_single(&self, path: Path) -> bool {
        matches!(self.end(path), End::Start(_))
    }

    /// Writes the tasks of `path` that are not `done` to `out`, the last one first.
    ///
    /// What stands before a task on a path is an input of it, so the walk back ends at the first
    /// task that is done.
    pub(super) fn backwards(&self, path: Path, done: &[bool], out: &mut Vec<u32>) {
        let mut stack = vec![path];
        while let Some(p) = stack.pop() {
            match self.end(p) {
                End::Start(t) if !done[*t as usize] => out.push(*t),
                End::Step(t, before) if !done[*t as usize] => {
                    out.push(*t);
                    stack.push(*before);
                }
                End::Join(_, paths) => stack.extend(paths),
                _ => {}
            }
        }
    }

    /// Forgets all paths.
    pub(super) fn clear(&mut self) {
        self.ends.clear();
    }
}
