//! Boxes and bends in ranks, each edge a chain from rank to rank.
//! It decides neither order nor coordinates.

use super::rank;

/// Room beside a bend, in pixels.
const BEND_ROOM: f64 = 4.0;

/// A graph in which every edge goes from one rank to the next. Vertices are the boxes first, then
/// the bends.
#[derive(Debug)]
pub(super) struct Layers {
    /// How many vertices are boxes.
    pub(super) boxes: usize,
    /// Space between boxes of one rank, in pixels.
    pub(super) gap: f64,
    /// Size across the rank and along the edges.
    pub(super) sizes: Vec<(f64, f64)>,
    /// The rank of each vertex.
    pub(super) rank: Vec<usize>,
    /// The vertices of each rank, in order.
    pub(super) rows: Vec<Vec<usize>>,
    /// The place of each vertex in its row.
    pub(super) place: Vec<usize>,
    /// Neighbours in the rank before and after.
    pub(super) ups: Vec<Vec<usize>>,
    pub(super) downs: Vec<Vec<usize>>,
    /// The vertices along each edge, and whether it was turned round.
    pub(super) chains: Vec<(Vec<usize>, bool)>,
}

impl Layers {
    pub(super) fn new(sizes: &[(f64, f64)], edges: &[(usize, usize)], gap: f64) -> Layers {
        let turned = rank::turned_edges(sizes.len(), edges);
        let forward: Vec<_> = edges
            .iter()
            .zip(&turned)
            .map(|(&(from, to), &t)| if t { (to, from) } else { (from, to) })
            .collect();
        let rank = rank::ranks(sizes.len(), &forward);
        let mut layers = Layers {
            boxes: sizes.len(),
            gap,
            sizes: sizes.to_vec(),
            rows: vec![Vec::new(); rank.iter().max().map_or(0, |r| r + 1)],
            place: vec![0; sizes.len()],
            ups: vec![Vec::new(); sizes.len()],
            downs: vec![Vec::new(); sizes.len()],
            rank,
            chains: Vec::new(),
        };
        for (&(from, to), &t) in forward.iter().zip(&turned) {
            layers.add_chain(from, to, t);
        }
        layers.fill_rows();
        layers
    }

    fn add_chain(&mut self, from: usize, to: usize, turned: bool) {
        let mut chain = vec![from];
        for rank in self.rank[from] + 1..self.rank[to] {
            chain.push(self.sizes.len());
            self.sizes.push((BEND_ROOM, 0.0));
            self.rank.push(rank);
            self.place.push(0);
            self.ups.push(Vec::new());
            self.downs.push(Vec::new());
        }
        chain.push(to);
        for pair in chain.windows(2) {
            self.downs[pair[0]].push(pair[1]);
            self.ups[pair[1]].push(pair[0]);
        }
        self.chains.push((chain, turned));
    }

    /// The first order: by a walk from the last rank backwards, which draws trees without crossings.
    fn fill_rows(&mut self) {
        let mut seen = vec![false; self.sizes.len()];
        let mut roots: Vec<usize> =
            (0..self.sizes.len()).filter(|&v| self.downs[v].is_empty()).collect();
        roots.sort_by_key(|&v| std::cmp::Reverse(self.rank[v]));
        for root in roots {
            let mut stack = vec![root];
            while let Some(v) = stack.pop() {
                if std::mem::replace(&mut seen[v], true) {
                    continue;
                }
                self.rows[self.rank[v]].push(v);
                stack.extend(self.ups[v].iter().rev());
            }
        }
        self.number();
    }

    /// Notes the place of each vertex, after rows have changed.
    pub(super) fn number(&mut self) {
        for row in &self.rows {
            for (i, &v) in row.iter().enumerate() {
                self.place[v] = i;
            }
        }
    }

    pub(super) fn is_bend(&self, v: usize) -> bool {
        v >= self.boxes
    }
}
