//! What is to be seen of a graph: boxes with text, and links between them.
//! It does not know where they will stand, nor in which format.

use super::Direction;
use super::colour::Key;

/// What a box looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Work: a box with rounded corners.
    Task,
    /// Data: round at both ends.
    Value,
    /// A number that stands in the middle of a link.
    Count,
}

/// How a box is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Paint {
    /// Grey: nothing is known, or it is data.
    #[default]
    Plain,
    /// Lightly, with an outline, in a colour of the palette.
    Swatch(usize),
    /// Fully, in a shade of the scale from 0.
    Shade(usize),
    /// As what went wrong.
    Failed,
}

/// One box.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) form: Form,
    /// A name that no other box has, for files that name their boxes.
    pub(super) id: String,
    pub(super) lines: Vec<String>,
    /// Shown under the pointer.
    pub(super) title: String,
    pub(super) paint: Paint,
    /// Whether it was asked for.
    pub(super) asked: bool,
    pub(super) failed: bool,
    /// A bar at the foot of the box: parts of its length, which together are at most 1.
    pub(super) bar: Vec<(f64, Paint)>,
}

/// A link from one box to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether it ends in an arrow: it does not where it ends at its own number.
    pub(super) arrow: bool,
    /// Whether it is drawn heavier than others.
    pub(super) strong: bool,
}

/// A whole picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawing {
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Link>,
    /// What the colours mean.
    pub(super) key: Key,
    /// How much there is, in words.
    pub(super) summary: String,
    pub(super) direction: Direction,
}
