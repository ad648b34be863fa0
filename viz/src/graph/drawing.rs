//! What is to be seen of a graph: boxes with text, and links between them.
//! It does not know where they will stand, nor in which format.

use crate::legend::Entry;
use crate::palette;

/// What a box looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Work: a box with rounded corners, in the colour of its group.
    Task,
    /// Data: round at both ends, grey.
    Value,
    /// A number that stands in the middle of a link.
    Count,
}

/// One box.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) shape: Shape,
    pub(super) lines: Vec<String>,
    /// Shown under the pointer.
    pub(super) title: String,
    /// Which colour of the palette.
    pub(super) colour: Option<usize>,
    /// Whether it was asked for.
    pub(super) asked: bool,
    pub(super) failed: bool,
}

/// A link from one box to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether it ends in an arrow: it does not where it ends at its own number.
    pub(super) arrow: bool,
}

/// A whole picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawing {
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Link>,
    /// Name and colour of groups.
    pub(super) groups: Vec<(usize, String)>,
    /// How much there is, in words.
    pub(super) summary: String,
}

impl Drawing {
    /// The legend: colours of groups, then shapes that occur.
    pub(super) fn legend(&self) -> Vec<Entry> {
        let group = |(colour, name): &(usize, String)| Entry {
            class: format!("b {}", palette::class(*colour)),
            round: 3.0,
            name: name.clone(),
        };
        let mut entries: Vec<Entry> = self.groups.iter().map(group).collect();
        let mut shape = |seen: bool, class: &str, round: f64, name: &str| {
            if seen {
                let (class, name) = (class.to_owned(), name.to_owned());
                entries.push(Entry { class, round, name });
            }
        };
        let any = |f: fn(&Node) -> bool| self.nodes.iter().any(f);
        shape(any(|n| n.shape == Shape::Value), "b data", 6.0, "data");
        shape(any(|n| n.asked), "b asked key", 3.0, "asked for");
        shape(any(|n| n.failed), "b failed key", 3.0, "failed");
        entries
    }

    /// How many colours are used.
    pub(super) fn colours(&self) -> usize {
        self.groups.iter().map(|g| g.0 + 1).max().unwrap_or(0)
    }
}
