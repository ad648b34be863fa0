//! Layered layout after Sugiyama: ranks, order within ranks, coordinates, curves.
//! It knows boxes and edges by number, and nothing of what they stand for.
//!
//! - Many boxes with the same neighbours become a block of rows, which is laid out as one box.
//! - Ranks: the longest path from a source, then boxes move towards where most of their edges go.
//! - An edge over several ranks goes through a bend in each rank between.
//! - Order: barycentre sweeps and swaps of neighbours, until crossings no longer fall.
//! - Coordinates: Brandes and Köpf, which keeps long edges straight.
//! - An edge curves only between ranks, where there are no boxes; beside boxes it runs straight
//!   through its bend, for which room was kept. So no edge crosses a box.

mod align;
mod fold;
mod layers;
mod order;
mod pack;
mod rank;
mod route;
#[cfg(test)]
mod tests;

use crate::svg::Step;
use layers::Layers;

/// What is to be laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    /// Width and height of each box.
    pub(super) sizes: &'a [(f64, f64)],
    /// From which box to which; each pair at most once, none to itself.
    pub(super) edges: &'a [(usize, usize)],
}

/// Where everything is.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The centre of each box.
    pub(super) centres: Vec<(f64, f64)>,
    /// The course of each edge, from the side of one box to the side of the other.
    pub(super) curves: Vec<Vec<Step>>,
}

/// Which way edges run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Down,
    Right,
}

/// The picture that a screen shows without scrolling.
const SCREEN: (f64, f64) = (1280.0, 760.0);
/// Scrolling sideways is this much worse than scrolling down.
const SIDEWAYS: f64 = 1.5;
/// People read graphs downwards more easily: the other way must be this much smaller.
const PREFER_DOWN: f64 = 0.85;
/// With more boxes than this in one part, they stand closer together.
const DENSE: usize = 100;
/// With more boxes than this only one direction is tried: names are wide, so rightwards is smaller.
const TRY_BOTH: usize = 1_000;

/// Lays out the graph in the direction in which it fits a screen better.
pub(super) fn layout(input: &Input<'_>) -> Layout {
    let right = directed(input, Direction::Right);
    if input.sizes.len() > TRY_BOTH {
        return right;
    }
    let down = directed(input, Direction::Down);
    let cost = |l: &Layout| {
        let (wide, high) = (l.width / SCREEN.0, l.height / SCREEN.1);
        let wide = if wide > 1.0 { SIDEWAYS * wide } else { wide };
        wide.max(high).max(1.0)
    };
    if cost(&right) < PREFER_DOWN * cost(&down) { right } else { down }
}

/// Lays out the parts that hang together one by one, and packs them.
pub(super) fn directed(input: &Input<'_>, direction: Direction) -> Layout {
    let parts = pack::components(input.sizes.len(), input.edges);
    let laid = parts.iter().map(|p| part(input, p, direction)).collect();
    pack::pack(input, &parts, laid)
}

/// Lays out one part. Inside, `across` runs along a rank and `along` from rank to rank.
fn part(input: &Input<'_>, part: &pack::Part, direction: Direction) -> Layout {
    let turn = |(a, b): (f64, f64)| match direction {
        Direction::Down => (a, b),
        Direction::Right => (b, a),
    };
    let sizes: Vec<_> = part.boxes.iter().map(|&b| turn(input.sizes[b])).collect();
    // Side by side, names need more room between them than one above the other.
    // Long columns are easier to overlook when they are dense.
    let gap = match direction {
        Direction::Down => 18.0,
        Direction::Right if sizes.len() > DENSE => 5.0,
        Direction::Right => 10.0,
    };
    let aspect = match direction {
        Direction::Down => pack::ASPECT,
        Direction::Right => 1.0 / pack::ASPECT,
    };
    let folded = fold::fold(&sizes, &part.edges, gap, aspect);
    let mut layers = Layers::new(&folded.sizes, &folded.edges, gap);
    order::reduce_crossings(&mut layers);
    let across = align::coordinates(&layers);
    let routed = route::route(&layers, &across);
    let turn_step = |s: Step| match s {
        Step::Move(x, y) => turned(Step::Move, turn((x, y))),
        Step::Line(x, y) => turned(Step::Line, turn((x, y))),
        Step::Curve([a, b, c, d, e, f]) => {
            let (p, q, r) = (turn((a, b)), turn((c, d)), turn((e, f)));
            Step::Curve([p.0, p.1, q.0, q.1, r.0, r.1])
        }
    };
    let (width, height) = turn((routed.width, routed.height));
    let (centres, curves) = folded.unfold(&sizes, &part.edges, &routed.centres, &routed.curves);
    Layout {
        width,
        height,
        centres: centres.into_iter().map(turn).collect(),
        curves: curves.into_iter().map(|c| c.into_iter().map(turn_step).collect()).collect(),
    }
}

fn turned(step: fn(f64, f64) -> Step, (x, y): (f64, f64)) -> Step {
    step(x, y)
}
