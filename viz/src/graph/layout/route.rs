//! Distances between ranks, and the curves of edges.
//! It keeps what was decided about order and coordinates.

use super::layers::Layers;
use crate::svg::Step;

/// Space between two ranks where edges go straight, and the most where they go far aside.
const GAP: f64 = 36.0;
const WIDEST_GAP: f64 = 200.0;
/// How much of the distance that an edge goes aside is added to the gap.
const ASIDE: f64 = 0.09;
/// Ends of edges at one side of a box are this far apart, if the side is long enough.
const PORT: f64 = 7.0;
/// The part of a side that ends of edges may use.
const SIDE: f64 = 0.7;

/// One part of the picture, `x` across the ranks and `y` along the edges.
#[derive(Debug)]
pub(super) struct Routed {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) centres: Vec<(f64, f64)>,
    pub(super) curves: Vec<Vec<Step>>,
}

/// A rank's extent along the edges.
#[derive(Clone, Copy, Debug, Default)]
struct Band {
    top: f64,
    bottom: f64,
}

impl Band {
    fn middle(self) -> f64 {
        f64::midpoint(self.top, self.bottom)
    }
}

pub(super) fn route(layers: &Layers, across: &[f64]) -> Routed {
    let left = (0..across.len())
        .map(|v| across[v] - layers.sizes[v].0 / 2.0)
        .fold(f64::INFINITY, f64::min);
    let x: Vec<f64> = across.iter().map(|x| x - left).collect();
    let right = (0..x.len()).map(|v| x[v] + layers.sizes[v].0 / 2.0).fold(0.0, f64::max);
    let bands = bands(layers, &x);
    let leave = ports(layers, &x, &layers.downs);
    let enter = ports(layers, &x, &layers.ups);
    let curves = layers.chains.iter().map(|(chain, turned)| {
        let steps = curve(layers, &x, &bands, (&leave, &enter), chain);
        if *turned { reversed(&steps) } else { steps }
    });
    Routed {
        width: right,
        height: bands.last().map_or(0.0, |b| b.bottom),
        curves: curves.collect(),
        centres: (0..layers.boxes).map(|v| (x[v], bands[layers.rank[v]].middle())).collect(),
    }
}

fn bands(layers: &Layers, x: &[f64]) -> Vec<Band> {
    let mut top = 0.0;
    let mut bands = Vec::new();
    for row in &layers.rows {
        let size = row.iter().map(|&v| layers.sizes[v].1).fold(0.0, f64::max);
        bands.push(Band { top, bottom: top + size });
        let aside = row
            .iter()
            .flat_map(|&v| layers.downs[v].iter().map(move |&w| (x[v] - x[w]).abs()))
            .fold(0.0, f64::max);
        top += size + (GAP + ASIDE * aside).min(WIDEST_GAP);
    }
    bands
}

/// Where at the side of a box its edges end, by neighbour: spread in the order of the neighbours.
type Ports = Vec<Vec<(usize, f64)>>;

fn ports(layers: &Layers, x: &[f64], neighbours: &[Vec<usize>]) -> Ports {
    let one = |v: usize| {
        let mut ends = neighbours[v].clone();
        ends.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
        let steps = ends.len().saturating_sub(1) as f64;
        let apart = if steps > 0.0 { (SIDE * layers.sizes[v].0 / steps).min(PORT) } else { 0.0 };
        let place = |i: usize| x[v] + (i as f64 - steps / 2.0) * apart;
        ends.iter().enumerate().map(|(i, &e)| (e, place(i))).collect()
    };
    (0..layers.boxes).map(one).collect()
}

fn port(ports: &Ports, x: &[f64], of: usize, to: usize) -> f64 {
    let found = ports.get(of).and_then(|p| p.iter().find(|(e, _)| *e == to));
    found.map_or(x[of], |&(_, at)| at)
}

fn curve(
    layers: &Layers,
    x: &[f64],
    bands: &[Band],
    (leave, enter): (&Ports, &Ports),
    chain: &[usize],
) -> Vec<Step> {
    let mut steps = Vec::new();
    for pair in chain.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (from, to) = (bands[layers.rank[a]], bands[layers.rank[b]]);
        let (xa, xb) = (port(leave, x, a, b), port(enter, x, b, a));
        if steps.is_empty() {
            steps.push(Step::Move(xa, from.middle() + layers.sizes[a].1 / 2.0));
        }
        line(&mut steps, xa, from.bottom);
        let half = f64::midpoint(from.bottom, to.top);
        if (xa - xb).abs() > 0.01 {
            steps.push(Step::Curve([xa, half, xb, half, xb, to.top]));
        }
        let end = if layers.is_bend(b) { to.bottom } else { to.middle() - layers.sizes[b].1 / 2.0 };
        line(&mut steps, xb, end);
    }
    steps
}

/// Goes straight on, unless it is there already; joins two straight parts.
fn line(steps: &mut Vec<Step>, x: f64, y: f64) {
    match steps.last_mut() {
        Some(Step::Line(lx, ly)) if (*lx - x).abs() < 0.01 => *ly = y,
        Some(Step::Move(_, ly) | Step::Curve([_, _, _, _, _, ly])) if (*ly - y).abs() < 0.01 => {}
        _ => steps.push(Step::Line(x, y)),
    }
}

/// The same course from its end to its start.
fn reversed(steps: &[Step]) -> Vec<Step> {
    let end = |s: &Step| match *s {
        Step::Move(x, y) | Step::Line(x, y) | Step::Curve([_, _, _, _, x, y]) => (x, y),
    };
    let Some(last) = steps.last() else { return Vec::new() };
    let mut out = vec![Step::Move(end(last).0, end(last).1)];
    for pair in steps.windows(2).rev() {
        let (x, y) = end(&pair[0]);
        out.push(match pair[1] {
            Step::Curve([a, b, c, d, ..]) => Step::Curve([c, d, a, b, x, y]),
            Step::Move(..) | Step::Line(..) => Step::Line(x, y),
        });
    }
    out
}
