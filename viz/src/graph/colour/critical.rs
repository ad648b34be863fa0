//! The longest way through a graph.
//! It does not know what a step's weight is.

use super::super::Shape;

/// The tasks on the longest way through a graph.
#[derive(Clone, Debug, Default)]
pub(in crate::graph) struct Path {
    /// Whether each task is on it.
    pub(in crate::graph) on: Vec<bool>,
    /// The task before each on the way.
    before: Vec<Option<u32>>,
    /// What it weighs.
    pub(in crate::graph) weight: u64,
    /// How many tasks are on it.
    pub(in crate::graph) tasks: u64,
}

impl Path {
    /// The way with the largest sum of `weights`; of several, the one with more steps.
    pub(in crate::graph) fn longest(shape: &Shape, weights: impl Fn(usize) -> u64) -> Path {
        let n = shape.len();
        let mut total = vec![(0u64, 0u64); n];
        let mut path = Path { on: vec![false; n], before: vec![None; n], ..Path::default() };
        for t in shape.sorted() {
            // Of equal ways the one through the first input.
            let best = shape.inputs(t).iter().copied().rev().max_by_key(|&i| total[i as usize]);
            let (weight, steps) = best.map_or((0, 0), |i| total[i as usize]);
            total[t] = (weight + weights(t), steps + 1);
            path.before[t] = best;
        }
        let mut at = (0..n).rev().max_by_key(|&t| total[t]);
        path.weight = at.map_or(0, |t| total[t].0);
        while let Some(t) = at {
            path.on[t] = true;
            path.tasks += u64::from(!shape.is_value(t));
            at = path.before[t].map(|t| t as usize);
        }
        path
    }

    /// Whether the way goes from one task to the other.
    pub(in crate::graph) fn goes(&self, from: usize, to: usize) -> bool {
        self.on[to] && self.before[to].is_some_and(|b| b as usize == from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavier_way_is_taken() {
        let shape =
            Shape::from_dot("digraph { a -> b -> d; a -> c -> d; d -> e; f -> e }").unwrap();
        let named = |path: &Path| -> Vec<String> {
            (0..shape.len()).filter(|&t| path.on[t]).map(|t| shape.name(t)).collect()
        };
        let by_steps = Path::longest(&shape, |_| 1);
        assert_eq!(named(&by_steps), ["a", "b", "d", "e"]);
        assert_eq!((by_steps.weight, by_steps.tasks), (4, 4));
        let c = (0..shape.len()).find(|&t| shape.name(t) == "c").unwrap();
        let by_weight = Path::longest(&shape, |t| if t == c { 5 } else { 1 });
        assert_eq!(named(&by_weight), ["a", "d", "c", "e"]);
        assert!(by_weight.goes(c, 2) && !by_weight.goes(1, 2));
    }
}
