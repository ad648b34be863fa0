//! Stacks of calls, as a tree in columns, and the samples that point into it.
//! It does not know how stacks are taken, or how frames get their names.

use std::collections::HashMap;

/// A place in the code that calls went through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The function, demangled; its address in hexadecimal where it has no name.
    pub function: String,
    /// The file, where it is known.
    pub file: Option<String>,
    /// The line in it, where it is known.
    pub line: Option<u32>,
}

/// A stack in [`Stacks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StackId(pub(crate) u32);

/// Stacks, each as its innermost frame on top of another stack: what they share is there once.
#[derive(Clone, Debug, Default)]
pub struct Stacks {
    frames: Vec<Frame>,
    /// The stack below, + 1, and the frame on it.
    nodes: Vec<(u32, u32)>,
    known_frames: HashMap<Frame, u32>,
    known_nodes: HashMap<(u32, u32), u32>,
}

impl PartialEq for Stacks {
    fn eq(&self, other: &Stacks) -> bool {
        self.frames == other.frames && self.nodes == other.nodes
    }
}

impl Stacks {
    /// The number of `frame`, which is added where it is new.
    pub fn frame(&mut self, frame: Frame) -> u32 {
        let next = self.frames.len() as u32;
        *self.known_frames.entry(frame).or_insert_with_key(|frame| {
            self.frames.push(frame.clone());
            next
        })
    }

    /// The stack of these frames, the outermost first, which is added where it is new; `None` for
    /// no frames.
    pub fn stack(&mut self, frames: impl IntoIterator<Item = u32>) -> Option<StackId> {
        let mut stack = None;
        for frame in frames {
            stack = Some(self.push(stack, frame));
        }
        stack
    }

    /// The stack with `frame` on top of `below`.
    pub fn push(&mut self, below: Option<StackId>, frame: u32) -> StackId {
        let node = (below.map_or(0, |b| b.0 + 1), frame);
        let next = self.nodes.len() as u32;
        StackId(*self.known_nodes.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            next
        }))
    }

    /// The frames of a stack, the innermost first.
    pub fn frames(&self, stack: StackId) -> impl Iterator<Item = &Frame> {
        let mut next = Some(stack.0);
        std::iter::from_fn(move || {
            let (below, frame) = self.nodes[next? as usize];
            next = below.checked_sub(1);
            Some(&self.frames[frame as usize])
        })
    }

    /// All frames, by number.
    pub fn all_frames(&self) -> &[Frame] {
        &self.frames
    }

    /// All stacks, by number: the one below + 1, and the frame on it.
    pub(crate) fn nodes(&self) -> &[(u32, u32)] {
        &self.nodes
    }

    /// Adds a frame that a file holds; whether it was not there yet.
    pub(crate) fn add_frame(&mut self, frame: Frame) -> bool {
        let before = self.frames.len();
        self.frame(frame);
        self.frames.len() > before
    }

    /// Adds a stack that a file holds; whether what it stands on was there, and it was not.
    pub(crate) fn add_node(&mut self, below: u32, frame: u32) -> bool {
        let before = self.nodes.len();
        if below as usize > before || frame as usize >= self.frames.len() {
            return false;
        }
        self.push(below.checked_sub(1).map(StackId), frame);
        self.nodes.len() > before
    }

    /// How many stacks there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// A look at a worker, or at something that it allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, in nanoseconds from the start of the run.
    pub at: u64,
    /// The worker.
    pub worker: u16,
    /// The task that it ran, as its rank; `None` between tasks.
    pub task: Option<u32>,
    /// What it was doing.
    pub stack: StackId,
    /// What the sample stands for: nanoseconds of CPU time, or bytes.
    pub weight: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(name: &str) -> Frame {
        Frame { function: name.to_owned(), ..Frame::default() }
    }

    #[test]
    fn stacks_share_what_is_below() {
        let mut stacks = Stacks::default();
        let [main, work, sort] = ["main", "work", "sort"].map(|n| stacks.frame(frame(n)));
        let deep = stacks.stack([main, work, sort]).unwrap();
        let flat = stacks.stack([main, work]).unwrap();
        assert_eq!(stacks.len(), 3);
        assert_eq!(stacks.stack([main, work, sort]), Some(deep));
        assert_eq!(stacks.frame(frame("work")), work);
        let names = |s| stacks.frames(s).map(|f| f.function.clone()).collect::<Vec<_>>();
        assert_eq!(names(deep), ["sort", "work", "main"]);
        assert_eq!(names(flat), ["work", "main"]);
        assert_eq!(stacks.clone().stack([]), None);
    }
}
