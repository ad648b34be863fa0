//! Boxes that have the same neighbours, many of them, as one block of rows: a rank of hundreds of boxes
//! is a line that no screen shows. It knows neither ranks nor curves, only what stands in a block.
//!
//! A block is laid out as one box. Inside, each edge leaves its box into the gap behind its row, runs
//! along that to the side of the block, and along the side to where the edge of the block begins.

use std::collections::BTreeMap;

use crate::svg::Step;

/// Fewer boxes of one kind stand in one rank.
const FEWEST: usize = 48;
/// Room between rows, and where in it edges run: those that leave, and those that arrive, which need
/// more for their arrows.
const ROOM: f64 = 30.0;
const LEAVE: f64 = 8.0;
const ARRIVE: f64 = 14.0;
/// Room at the sides, for the edges there.
const SIDE: f64 = 8.0;

/// Where a box stands: as itself, or in a block.
#[derive(Clone, Copy, Debug)]
enum Home {
    Own(usize),
    /// The number of the block's box, and the centre in it, counted from its corner.
    Block(usize, (f64, f64)),
}

/// A graph in which blocks are boxes. Sizes are across a rank and along from rank to rank.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) sizes: Vec<(f64, f64)>,
    pub(super) edges: Vec<(usize, usize)>,
    homes: Vec<Home>,
    /// By edge of the whole graph: which of `edges` it is a part of.
    parts: Vec<usize>,
}

/// Puts boxes with equal neighbours into blocks; `gap` is the room between boxes of a row, `aspect`
/// what a block is across for each pixel along.
pub(super) fn fold(
    sizes: &[(f64, f64)],
    edges: &[(usize, usize)],
    gap: f64,
    aspect: f64,
) -> Folded {
    let blocks = blocks(sizes.len(), edges);
    let mut homes = vec![Home::Own(usize::MAX); sizes.len()];
    let mut folded = Vec::new();
    let mut in_block = vec![false; sizes.len()];
    blocks.iter().flatten().for_each(|&b| in_block[b] = true);
    for (b, &size) in sizes.iter().enumerate().filter(|(b, _)| !in_block[*b]) {
        homes[b] = Home::Own(folded.len());
        folded.push(size);
    }
    for block in &blocks {
        let (size, centres) = grid(block, sizes, gap, aspect);
        for (&b, centre) in block.iter().zip(centres) {
            homes[b] = Home::Block(folded.len(), centre);
        }
        folded.push(size);
    }
    let home = |b: usize| match homes[b] {
        Home::Own(n) | Home::Block(n, _) => n,
    };
    let mut known: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut folded_edges = Vec::new();
    let mut part = |&(a, b): &(usize, usize)| {
        *known.entry((home(a), home(b))).or_insert_with_key(|&edge| {
            folded_edges.push(edge);
            folded_edges.len() - 1
        })
    };
    let parts = edges.iter().map(&mut part).collect();
    Folded { sizes: folded, edges: folded_edges, homes, parts }
}

/// Boxes with equal neighbours, where they are many.
fn blocks(n: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    if n < FEWEST {
        return Vec::new();
    }
    let mut neighbours = vec![(Vec::new(), Vec::new()); n];
    for &(a, b) in edges {
        neighbours[a].1.push(b);
        neighbours[b].0.push(a);
    }
    let mut alike: BTreeMap<(Vec<usize>, Vec<usize>), Vec<usize>> = BTreeMap::new();
    for (b, (mut ins, mut outs)) in neighbours.into_iter().enumerate() {
        ins.sort_unstable();
        outs.sort_unstable();
        alike.entry((ins, outs)).or_default().push(b);
    }
    let mut blocks: Vec<Vec<usize>> = alike.into_values().filter(|b| b.len() >= FEWEST).collect();
    blocks.sort_unstable();
    blocks
}

/// The size of a block, and the centres of its boxes, in rows across.
fn grid(
    block: &[usize],
    sizes: &[(f64, f64)],
    gap: f64,
    aspect: f64,
) -> ((f64, f64), Vec<(f64, f64)>) {
    let most =
        |of: fn(&(f64, f64)) -> f64| block.iter().map(|&b| of(&sizes[b])).fold(0.0, f64::max);
    let (across, along) = (most(|s| s.0) + gap, most(|s| s.1) + ROOM);
    let row = (aspect * block.len() as f64 * along / across).sqrt().ceil().max(1.0) as usize;
    let rows = block.len().div_ceil(row);
    let centre = |i: usize| {
        let (r, c) = ((i / row) as f64, (i % row) as f64);
        (SIDE + (c + 0.5) * across, ROOM + (r + 0.5) * along - ROOM / 2.0)
    };
    let size = (row.min(block.len()) as f64 * across + 2.0 * SIDE, rows as f64 * along + ROOM);
    (size, (0..block.len()).map(centre).collect())
}

impl Folded {
    /// The centres of all boxes, and the courses of all edges, of those of the folded graph.
    pub(super) fn unfold(
        &self,
        sizes: &[(f64, f64)],
        edges: &[(usize, usize)],
        centres: &[(f64, f64)],
        curves: &[Vec<Step>],
    ) -> (Vec<(f64, f64)>, Vec<Vec<Step>>) {
        let corner =
            |n: usize| (centres[n].0 - self.sizes[n].0 / 2.0, centres[n].1 - self.sizes[n].1 / 2.0);
        let centre = |home: &Home| match *home {
            Home::Own(n) => centres[n],
            Home::Block(n, (x, y)) => (corner(n).0 + x, corner(n).1 + y),
        };
        let all: Vec<(f64, f64)> = self.homes.iter().map(centre).collect();
        let course = |(&(a, b), &part): (&(usize, usize), &usize)| {
            let mut steps = curves[part].clone();
            if let (Home::Block(n, _), Some(&begin)) = (self.homes[a], steps.first()) {
                let ((x, y), at) = (all[a], end_of(begin));
                let (side, foot) = (corner(n).0 + self.sizes[n].0, y + sizes[a].1 / 2.0);
                let turns = [(x, foot), (x, foot + LEAVE), (side, foot + LEAVE), (side, at.1), at];
                steps.splice(0..1, course_of(&turns));
            }
            if let (Home::Block(n, _), Some(&last)) = (self.homes[b], steps.last()) {
                let ((x, y), at) = (all[b], end_of(last));
                let (side, head) = (corner(n).0, y - sizes[b].1 / 2.0);
                let turns = [(side, at.1), (side, head - ARRIVE), (x, head - ARRIVE), (x, head)];
                steps.extend(turns.map(|(x, y)| Step::Line(x, y)));
            }
            steps
        };
        let courses = edges.iter().zip(&self.parts).map(course).collect();
        (all, courses)
    }
}

fn course_of(points: &[(f64, f64)]) -> Vec<Step> {
    let step = |(i, &(x, y)): (usize, &(f64, f64))| match i {
        0 => Step::Move(x, y),
        _ => Step::Line(x, y),
    };
    points.iter().enumerate().map(step).collect()
}

fn end_of(step: Step) -> (f64, f64) {
    match step {
        Step::Move(x, y) | Step::Line(x, y) | Step::Curve([_, _, _, _, x, y]) => (x, y),
    }
}
