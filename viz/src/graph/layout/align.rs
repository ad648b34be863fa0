//! Coordinates within ranks after Brandes and Köpf ("Fast and Simple Horizontal Coordinate
//! Assignment"): four extreme alignments, and the median of them.
//! It keeps the order of each row, and knows nothing of the distance between rows.

use std::collections::HashSet;

use super::layers::Layers;

/// Space between a box and a bend, and between two bends.
const BEND_GAP: f64 = 9.0;

/// The layers as one of the four variants sees them: upside down, mirrored, both or neither.
struct View<'a> {
    layers: &'a Layers,
    rows: Vec<Vec<usize>>,
    place: Vec<usize>,
    upside_down: bool,
}

impl<'a> View<'a> {
    fn new(layers: &'a Layers, upside_down: bool, mirrored: bool) -> View<'a> {
        let mut rows = layers.rows.clone();
        if upside_down {
            rows.reverse();
        }
        if mirrored {
            rows.iter_mut().for_each(|r| r.reverse());
        }
        let mut place = vec![0; layers.sizes.len()];
        for row in &rows {
            for (i, &v) in row.iter().enumerate() {
                place[v] = i;
            }
        }
        View { layers, rows, place, upside_down }
    }

    /// Neighbours in the row that this variant sees first, in its order.
    fn earlier(&self, v: usize) -> Vec<usize> {
        let l = self.layers;
        let mut n = if self.upside_down { l.downs[v].clone() } else { l.ups[v].clone() };
        n.sort_by_key(|&u| self.place[u]);
        n
    }
}

/// The coordinate across the ranks of each vertex's centre.
pub(super) fn coordinates(layers: &Layers) -> Vec<f64> {
    let conflicts = conflicts(layers);
    let mut variants: Vec<(Vec<f64>, bool)> = Vec::new();
    for upside_down in [false, true] {
        for mirrored in [false, true] {
            let view = View::new(layers, upside_down, mirrored);
            let (root, align) = blocks(&view, &conflicts);
            let mut xs = compact(&view, &root, &align);
            if mirrored {
                xs.iter_mut().for_each(|x| *x = -*x);
            }
            variants.push((xs, mirrored));
        }
    }
    median(layers, &mut variants)
}

/// Edges that cross the inner part of a long edge, and so must give way to it.
fn conflicts(layers: &Layers) -> HashSet<(usize, usize)> {
    let mut found = HashSet::new();
    for row in layers.rows.iter().skip(1) {
        let inner = |v: usize| {
            let up = *layers.ups[v].first()?;
            (layers.is_bend(v) && layers.is_bend(up)).then_some(up)
        };
        let (mut from, mut low) = (0, 0);
        for (i, &v) in row.iter().enumerate() {
            let bound = inner(v);
            if bound.is_none() && i + 1 < row.len() {
                continue;
            }
            let high = bound.map_or(usize::MAX, |u| layers.place[u]);
            for &w in &row[from..=i] {
                for &u in &layers.ups[w] {
                    let outside = layers.place[u] < low || layers.place[u] > high;
                    if outside && inner(w).is_none() {
                        found.insert((u, w));
                    }
                }
            }
            (from, low) = (i + 1, high);
        }
    }
    found
}

/// Vertices that are to stand in one line: the first of each line, and the next in a ring.
fn blocks(view: &View<'_>, conflicts: &HashSet<(usize, usize)>) -> (Vec<usize>, Vec<usize>) {
    let n = view.layers.sizes.len();
    let (mut root, mut align): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (0..n).collect());
    for row in view.rows.iter().skip(1) {
        let mut taken = None;
        for &v in row {
            let neighbours = view.earlier(v);
            let Some(last) = neighbours.len().checked_sub(1) else { continue };
            for m in [last / 2, last.div_ceil(2)] {
                let u = neighbours[m];
                let pair = if view.upside_down { (v, u) } else { (u, v) };
                let free = taken.is_none_or(|t| t < view.place[u]);
                if align[v] == v && free && !conflicts.contains(&pair) {
                    align[u] = v;
                    root[v] = root[u];
                    align[v] = root[u];
                    taken = Some(view.place[u]);
                }
            }
        }
    }
    (root, align)
}

/// Places blocks as far left as their neighbours allow, then back to the right where there is room.
fn compact(view: &View<'_>, root: &[usize], align: &[usize]) -> Vec<f64> {
    let n = root.len();
    let mut before: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n];
    let mut after: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n];
    for row in &view.rows {
        for pair in row.windows(2) {
            let apart = separation(view.layers, pair[0], pair[1]);
            before[root[pair[1]]].push((root[pair[0]], apart));
            after[root[pair[0]]].push((root[pair[1]], apart));
        }
    }
    let order = left_to_right(root, &before, &after);
    let mut x = vec![0.0f64; n];
    for &b in &order {
        x[b] = before[b].iter().map(|&(a, d)| x[a] + d).fold(0.0, f64::max);
    }
    for &b in order.iter().rev() {
        let room = after[b].iter().map(|&(c, d)| x[c] - d).fold(f64::INFINITY, f64::min);
        // Only a block with edges gains by standing nearer to what is on its right.
        if room.is_finite() && align[b] != b {
            x[b] = x[b].max(room);
        }
    }
    (0..n).map(|v| x[root[v]]).collect()
}

fn separation(layers: &Layers, left: usize, right: usize) -> f64 {
    let bend = layers.is_bend(left) || layers.is_bend(right);
    let gap = if bend { BEND_GAP } else { layers.gap };
    f64::midpoint(layers.sizes[left].0, layers.sizes[right].0) + gap
}

/// Blocks so that each comes after all that stand left of it.
fn left_to_right(
    root: &[usize],
    before: &[Vec<(usize, f64)>],
    after: &[Vec<(usize, f64)>],
) -> Vec<usize> {
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut order: Vec<usize> =
        (0..root.len()).filter(|&v| root[v] == v && missing[v] == 0).collect();
    let mut done = 0;
    while let Some(&b) = order.get(done) {
        done += 1;
        for &(c, _) in &after[b] {
            missing[c] -= 1;
            if missing[c] == 0 {
                order.push(c);
            }
        }
    }
    order
}

/// Shifts the variants to the narrowest of them, and takes the mean of the two in the middle.
fn median(layers: &Layers, variants: &mut [(Vec<f64>, bool)]) -> Vec<f64> {
    let extent = |xs: &[f64]| {
        let side = |sign: f64| xs.iter().zip(&layers.sizes).map(move |(x, s)| x + sign * s.0 / 2.0);
        let low = side(-1.0).fold(f64::INFINITY, f64::min);
        (low, side(1.0).fold(f64::NEG_INFINITY, f64::max))
    };
    let extents: Vec<(f64, f64)> = variants.iter().map(|v| extent(&v.0)).collect();
    let narrowest = extents.iter().min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    let Some(&(low, high)) = narrowest else { return Vec::new() };
    for ((xs, mirrored), own) in variants.iter_mut().zip(&extents) {
        let shift = if *mirrored { high - own.1 } else { low - own.0 };
        xs.iter_mut().for_each(|x| *x += shift);
    }
    (0..layers.sizes.len())
        .map(|v| {
            let mut xs: Vec<f64> = variants.iter().map(|(xs, _)| xs[v]).collect();
            xs.sort_by(f64::total_cmp);
            f64::midpoint(xs[1], xs[2])
        })
        .collect()
}
