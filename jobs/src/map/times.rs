//! How long jobs take, and how long the others may take therefore.
//! It does not watch the clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Jobs that have ended well before a share of their median says anything.
const ENOUGH: usize = 3;

/// The median of durations that come one by one.
#[derive(Clone, Debug, Default)]
struct Median {
    /// The smaller half, and the middle one.
    low: BinaryHeap<Duration>,
    high: BinaryHeap<Reverse<Duration>>,
}

impl Median {
    fn push(&mut self, time: Duration) {
        self.low.push(time);
        self.high.extend(self.low.pop().map(Reverse));
        if self.high.len() > self.low.len() {
            self.low.extend(self.high.pop().map(|Reverse(time)| time));
        }
    }

    fn len(&self) -> usize {
        self.low.len() + self.high.len()
    }

    fn get(&self) -> Option<Duration> {
        self.low.peek().copied()
    }
}

/// A limit to the time of a job: so many times the median of those that have ended well.
#[derive(Clone, Debug)]
pub struct TimeShare {
    share: f64,
    median: Median,
}

impl TimeShare {
    /// `2.0` for twice the median.
    pub fn new(share: f64) -> Self {
        TimeShare { share, median: Median::default() }
    }

    /// A job has ended well after this time.
    pub fn learn(&mut self, time: Duration) {
        self.median.push(time);
    }

    /// How long others may take; nothing as long as too few have ended.
    pub fn limit(&self) -> Option<Duration> {
        let median = self.median.get().filter(|_| self.median.len() >= ENOUGH)?;
        Some(median.mul_f64(self.share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_the_median() {
        let mut share = TimeShare::new(2.0);
        let mut limits = vec![];
        for seconds in [9, 1, 5, 7, 8] {
            share.learn(Duration::from_secs(seconds));
            limits.push(share.limit().map(|l| l.as_secs()));
        }
        // Of an even number of times the lower of the middle ones counts.
        assert_eq!(limits, [None, None, Some(10), Some(10), Some(14)]);
    }
}
