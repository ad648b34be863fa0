//! Parts of a graph that hang together, and how their pictures are packed into one.
//! It does not know how a part is laid out.

use super::{Input, Layout};
use crate::svg::Step;

/// Space between parts, in pixels.
const GAP: f64 = 28.0;
/// Width to height of the packed picture, as most screens have it.
pub(super) const ASPECT: f64 = 1.6;

/// Boxes that hang together, with their edges by place in `boxes`.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) boxes: Vec<usize>,
    pub(super) edges: Vec<(usize, usize)>,
    /// Which edges of the whole these are.
    numbers: Vec<usize>,
}

/// The parts in the order of their first boxes.
pub(super) fn components(n: usize, edges: &[(usize, usize)]) -> Vec<Part> {
    let mut neighbours = vec![Vec::new(); n];
    for &(a, b) in edges {
        neighbours[a].push(b);
        neighbours[b].push(a);
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut home = vec![(usize::MAX, 0); n];
    for first in 0..n {
        if home[first].0 != usize::MAX {
            continue;
        }
        let mut part = Part { boxes: vec![first], ..Part::default() };
        home[first].0 = parts.len();
        let mut done = 0;
        while let Some(&v) = part.boxes.get(done) {
            done += 1;
            for &w in &neighbours[v] {
                if home[w].0 == usize::MAX {
                    home[w].0 = parts.len();
                    part.boxes.push(w);
                }
            }
        }
        part.boxes.sort_unstable();
        part.boxes.iter().enumerate().for_each(|(i, &b)| home[b].1 = i);
        parts.push(part);
    }
    for (number, &(a, b)) in edges.iter().enumerate() {
        let part = &mut parts[home[a].0];
        part.edges.push((home[a].1, home[b].1));
        part.numbers.push(number);
    }
    parts
}

/// Packs the pictures of the parts on shelves, tall ones first; small ones stand on one another in
/// columns beside the tall one that a shelf began with.
pub(super) fn pack(input: &Input<'_>, parts: &[Part], laid: Vec<Layout>) -> Layout {
    let area: f64 = laid.iter().map(|l| (l.width + GAP) * (l.height + GAP)).sum();
    let widest = laid.iter().map(|l| l.width).fold(0.0, f64::max);
    let most = widest.max((area * ASPECT).sqrt());
    let mut order: Vec<usize> = (0..laid.len()).collect();
    order.sort_by(|&a, &b| laid[b].height.total_cmp(&laid[a].height)); // stable
    let mut whole = Layout {
        centres: vec![(0.0, 0.0); input.sizes.len()],
        curves: vec![Vec::new(); input.edges.len()],
        ..Layout::default()
    };
    let mut shelf = Shelf::default();
    for i in order {
        let (part, picture) = (&parts[i], &laid[i]);
        let (x, y) = shelf.place((picture.width, picture.height), most);
        for (&b, &(cx, cy)) in part.boxes.iter().zip(&picture.centres) {
            whole.centres[b] = (cx + x, cy + y);
        }
        for (&e, curve) in part.numbers.iter().zip(&picture.curves) {
            whole.curves[e] = curve.iter().map(|&s| moved(s, x, y)).collect();
        }
        whole.width = whole.width.max(x + picture.width);
        whole.height = whole.height.max(y + picture.height);
    }
    whole
}

/// The shelf that is being filled: what has stood on it first is its height.
#[derive(Debug, Default)]
struct Shelf {
    top: f64,
    height: f64,
    /// Where the column that is being filled begins, its width, and how far down it is full.
    column: (f64, f64),
    filled: f64,
}

impl Shelf {
    /// The corner of the next part, which is no higher than those before.
    fn place(&mut self, (width, height): (f64, f64), most: f64) -> (f64, f64) {
        let (left, column) = self.column;
        let below = self.filled + GAP;
        if self.filled > 0.0 && width <= column && below + height <= self.height {
            self.filled = below + height;
            return (left, self.top + below);
        }
        let next = if self.filled > 0.0 { left + column + GAP } else { 0.0 };
        if next > 0.0 && next + width > most {
            let top = self.top + self.height + GAP;
            *self = Shelf { top, height, column: (0.0, width), filled: height };
            return (0.0, top);
        }
        self.height = self.height.max(height);
        (self.column, self.filled) = ((next, width), height);
        (next, self.top)
    }
}

fn moved(step: Step, dx: f64, dy: f64) -> Step {
    match step {
        Step::Move(x, y) => Step::Move(x + dx, y + dy),
        Step::Line(x, y) => Step::Line(x + dx, y + dy),
        Step::Curve([a, b, c, d, e, f]) => {
            Step::Curve([a + dx, b + dy, c + dx, d + dy, e + dx, f + dy])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_stand_beside_a_tall_one_and_not_below() {
        let mut shelf = Shelf::default();
        assert_eq!(shelf.place((400.0, 600.0), 1_000.0), (0.0, 0.0));
        let small: Vec<_> = (0..12).map(|_| shelf.place((100.0, 100.0), 1_000.0)).collect();
        assert!(
            small.iter().all(|&(x, y)| x + 100.0 <= 1_000.0 && y + 100.0 <= 600.0),
            "{small:?}"
        );
        assert_eq!(small[0], (428.0, 0.0));
        assert_eq!(small[1], (428.0, 128.0));
    }
}
