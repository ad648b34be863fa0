//! How much memory jobs of a kind have taken, as a guess of what the next will take.
//! It does not know what makes them of a kind.

use std::collections::VecDeque;

/// Peaks that are remembered; older ones give way.
const REMEMBERED: usize = 64;

/// The memory that jobs of one kind have had.
///
/// The guess is the largest of the last 64, with an eighth on top: what jobs of one template take
/// differs by their arguments, and setting too little aside costs more than too much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peaks {
    last: VecDeque<u64>,
    /// The largest of them.
    most: u64,
}

impl Peaks {
    /// A job has ended that had at most so many bytes.
    pub(crate) fn learn(&mut self, peak: u64) {
        let old = if self.last.len() == REMEMBERED { self.last.pop_front() } else { None };
        self.last.push_back(peak);
        self.most = match old == Some(self.most) {
            true => self.last.iter().copied().max().unwrap_or(0),
            false => self.most.max(peak),
        };
    }

    /// How many bytes the next one will take, where one has ended.
    pub(crate) fn guess(&self) -> Option<u64> {
        (!self.last.is_empty()).then(|| self.most.saturating_add(self.most / 8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guess_is_the_largest_of_the_last() {
        let mut peaks = Peaks::default();
        assert_eq!(peaks.guess(), None);
        let mut all = vec![];
        let mut random: u64 = 3;
        for _ in 0..1_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            all.push((random >> 33) % 800);
            peaks.learn(*all.last().unwrap());
            let most = all.iter().rev().take(64).max().unwrap();
            assert_eq!(peaks.guess(), Some(most + most / 8));
        }
    }
}
