//! The order of vertices within ranks, so that few edges cross.
//! It knows nothing of sizes.

use super::layers::Layers;

/// Sweeps without a better picture before it is left at that.
const PATIENCE: usize = 4;
/// More sweeps change nothing that can be seen.
const SWEEPS: usize = 24;
/// Neighbours are swapped only in pictures with fewer edges: it looks at all pairs of them.
const SWAP_EDGES: usize = 3_000;

/// Reorders rows so that fewer edges cross; the best order that was seen stays.
pub(super) fn reduce_crossings(layers: &mut Layers) {
    let mut best = layers.rows.clone();
    let mut fewest = crossings(layers);
    let mut waited = 0;
    for sweep in 0..SWEEPS {
        if fewest == 0 || waited == PATIENCE {
            break;
        }
        if sweep % 2 == 0 {
            (1..layers.rows.len()).for_each(|r| sort_row(layers, r, true));
        } else {
            (0..layers.rows.len().saturating_sub(1)).rev().for_each(|r| sort_row(layers, r, false));
        }
        swap_neighbours(layers);
        let now = crossings(layers);
        waited += 1;
        if now < fewest {
            (fewest, waited) = (now, 0);
            best.clone_from(&layers.rows);
        }
    }
    layers.rows = best;
    layers.number();
}

/// Orders a row by the mean place of neighbours in the row before, or after.
fn sort_row(layers: &mut Layers, row: usize, by_ups: bool) {
    let mut keyed: Vec<(f64, usize)> = layers.rows[row]
        .iter()
        .map(|&v| {
            let neighbours = if by_ups { &layers.ups[v] } else { &layers.downs[v] };
            let sum: usize = neighbours.iter().map(|&u| layers.place[u]).sum();
            let own = layers.place[v] as f64;
            let mean = sum as f64 / neighbours.len() as f64;
            (if neighbours.is_empty() { own } else { mean }, v)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0)); // stable: equals keep their order
    layers.rows[row] = keyed.into_iter().map(|k| k.1).collect();
    for (i, &v) in layers.rows[row].iter().enumerate() {
        layers.place[v] = i;
    }
}

/// Swaps neighbours where that saves crossings, as long as it does.
fn swap_neighbours(layers: &mut Layers) {
    if layers.chains.len() > SWAP_EDGES {
        return;
    }
    for _ in 0..PATIENCE {
        let mut saved = false;
        for r in 0..layers.rows.len() {
            for i in 1..layers.rows[r].len() {
                let (a, b) = (layers.rows[r][i - 1], layers.rows[r][i]);
                if cost(layers, b, a) < cost(layers, a, b) {
                    layers.rows[r].swap(i - 1, i);
                    layers.place.swap(a, b);
                    saved = true;
                }
            }
        }
        if !saved {
            return;
        }
    }
}

/// How many edges of `left` cross edges of `right` when they stand in this order.
fn cost(layers: &Layers, left: usize, right: usize) -> usize {
    let side = |neighbours: &[Vec<usize>]| {
        let places = |v: usize| {
            let mut p: Vec<usize> = neighbours[v].iter().map(|&u| layers.place[u]).collect();
            p.sort_unstable();
            p
        };
        let (l, r) = (places(left), places(right));
        let mut below = 0;
        l.iter()
            .map(|&p| {
                below += r[below..].iter().take_while(|&&q| q < p).count();
                below
            })
            .sum::<usize>()
    };
    side(&layers.ups) + side(&layers.downs)
}

/// How many pairs of edges cross, by a tree of sums over the places of the lower row.
pub(super) fn crossings(layers: &Layers) -> usize {
    let mut total = 0;
    for (upper, lower) in layers.rows.iter().zip(layers.rows.iter().skip(1)) {
        let mut sums = vec![0usize; lower.len() + 1];
        let mut seen = 0;
        for &u in upper {
            let mut places: Vec<usize> = layers.downs[u].iter().map(|&v| layers.place[v]).collect();
            places.sort_unstable();
            for &p in &places {
                let mut not_right = 0;
                let mut i = p + 1;
                while i > 0 {
                    not_right += sums[i];
                    i &= i - 1;
                }
                total += seen - not_right;
            }
            for &p in &places {
                let mut i = p + 1;
                while i < sums.len() {
                    sums[i] += 1;
                    i += i & i.wrapping_neg();
                }
                seen += 1;
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untangles_what_can_be_untangled() {
        // Three chains whose ends are named in turn, and a ladder between them.
        let edges = [(0, 5), (1, 4), (2, 3), (3, 8), (4, 7), (5, 6)];
        let mut layers = Layers::new(&[(10.0, 10.0); 9], &edges, 1.0);
        layers.rows = vec![vec![0, 1, 2], vec![3, 4, 5], vec![6, 7, 8]];
        layers.number();
        assert_eq!(crossings(&layers), 6);
        reduce_crossings(&mut layers);
        assert_eq!(crossings(&layers), 0);
    }

    #[test]
    fn counts_what_must_cross() {
        // Two sources, two sinks, all four edges: one crossing whatever the order.
        let mut layers = Layers::new(&[(1.0, 1.0); 4], &[(0, 2), (0, 3), (1, 2), (1, 3)], 1.0);
        reduce_crossings(&mut layers);
        assert_eq!(crossings(&layers), 1);
    }
}
