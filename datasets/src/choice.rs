//! Draws one of many with unequal weights.
//! It does not know what the weights are of.

use crate::random::Random;

/// Items 0..n, each drawn as often as its weight says.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// `below[i]`: the probability of an item up to `i`; the last is 1.
    below: Vec<f64>,
    /// `first[j]`: where the search for a number from `j / n` on may begin, so that it takes a step
    /// or two for any n.
    first: Vec<u32>,
}

impl Choice {
    /// Weights are at least zero, and one of them is more.
    pub(crate) fn new(weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let mut below: Vec<f64> = weights
            .iter()
            .map(|w| {
                sum += w;
                sum / total
            })
            .collect();
        if let Some(last) = below.last_mut() {
            *last = 1.0;
        }
        let n = below.len();
        let first =
            (0..n).map(|j| below.partition_point(|&b| b <= j as f64 / n as f64) as u32).collect();
        Choice { below, first }
    }

    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let u = random.unit();
        let mut i = self.first[(u * self.first.len() as f64) as usize] as usize;
        while self.below[i] <= u {
            i += 1;
        }
        i
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_as_often_as_their_weights_say() {
        let weights = [3.0, 0.0, 1.0, 6.0];
        let choice = Choice::new(&weights);
        let mut random = Random::new(1, 1);
        let mut counts = [0u32; 4];
        for _ in 0..100_000 {
            counts[choice.draw(&mut random)] += 1;
        }
        for (count, weight) in counts.iter().zip(weights) {
            assert!((f64::from(*count) / 10_000.0 - weight).abs() < 0.1, "{counts:?}");
        }
        assert_eq!(counts[1], 0);
    }

    #[test]
    fn the_guide_finds_what_a_search_of_all_finds() {
        let mut random = Random::new(2, 2);
        let weights: Vec<f64> = (0..1000).map(|_| random.exponential(1.0)).collect();
        let choice = Choice::new(&weights);
        for _ in 0..10_000 {
            let u = random.clone().unit();
            let plain = choice.below.iter().position(|&b| b > u);
            assert_eq!(Some(choice.draw(&mut random)), plain);
        }
    }
}
