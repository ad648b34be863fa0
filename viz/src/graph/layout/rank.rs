//! Which rank each box stands in, and which edges must be turned round for that.
//! It knows nothing of sizes.

/// Whether each edge has to be turned round so that there are no cycles, by depth-first search.
pub(super) fn turned_edges(n: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut outs: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (i, &(from, _)) in edges.iter().enumerate() {
        outs[from].push(i);
    }
    let mut turned = vec![false; edges.len()];
    let mut marks = vec![Mark::New; n];
    for root in 0..n {
        let mut stack = vec![(root, 0)];
        while let Some((v, next)) = stack.pop() {
            if next == 0 {
                if marks[v] != Mark::New {
                    continue;
                }
                marks[v] = Mark::Open;
            }
            let Some(&edge) = outs[v].get(next) else {
                marks[v] = Mark::Done;
                continue;
            };
            stack.push((v, next + 1));
            let to = edges[edge].1;
            match marks[to] {
                Mark::New => stack.push((to, 0)),
                Mark::Open => turned[edge] = true,
                Mark::Done => {}
            }
        }
    }
    turned
}

/// The rank of each box of a graph without cycles: 0 for the first.
pub(super) fn ranks(n: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let (mut ins, mut outs) = (vec![Vec::new(); n], vec![Vec::new(); n]);
    for &(from, to) in edges {
        outs[from].push(to);
        ins[to].push(from);
    }
    let order = topological(&ins, &outs);
    let mut rank = vec![0; n];
    for &v in &order {
        rank[v] = ins[v].iter().map(|&u: &usize| rank[u] + 1).max().unwrap_or(0);
    }
    // What is used late stands near its use: that shortens more edges than it lengthens.
    for &v in order.iter().rev() {
        if outs[v].len() > ins[v].len() {
            rank[v] = outs[v].iter().map(|&w: &usize| rank[w] - 1).min().unwrap_or(rank[v]);
        }
    }
    rank
}

fn topological(ins: &[Vec<usize>], outs: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = ins.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..ins.len()).filter(|&v| missing[v] == 0).collect();
    let mut done = 0;
    while let Some(&v) = order.get(done) {
        done += 1;
        for &w in &outs[v] {
            missing[w] -= 1;
            if missing[w] == 0 {
                order.push(w);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_opened() {
        let edges = [(0, 1), (1, 2), (2, 0), (2, 3)];
        assert_eq!(turned_edges(4, &edges), [false, false, true, false]);
    }

    #[test]
    fn sources_stand_near_their_use() {
        // 0 -> 1 -> 2 -> 3, and 4 -> 3.
        assert_eq!(ranks(5, &[(0, 1), (1, 2), (2, 3), (4, 3)]), [0, 1, 2, 3, 2]);
    }
}
