//! Jobs that are ready, and whose turn it is. It does not know what they are.

use std::collections::BTreeSet;

/// How many jobs behind the first are looked at, where that does not fit beside those that run.
const LOOK_AHEAD: usize = 64;
/// How often others may go before the first: then it is waited for.
const PATIENCE: u32 = 100;

/// Ready jobs by priority, the highest first, then by rank.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: BTreeSet<(std::cmp::Reverse<i32>, u32)>,
    /// The job that has waited for room as the first, and how often others went before it.
    passed: Option<(u32, u32)>,
}

impl Queue {
    pub(super) fn push(&mut self, task: u32, priority: i32) {
        self.ready.insert((std::cmp::Reverse(priority), task));
    }

    pub(super) fn len(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Takes out all jobs of which `so` says true.
    pub(super) fn take_if(&mut self, mut so: impl FnMut(u32) -> bool) -> Vec<u32> {
        let (taken, kept) = std::mem::take(&mut self.ready).into_iter().partition(|key| so(key.1));
        self.ready = kept;
        let taken: BTreeSet<_> = taken;
        taken.into_iter().map(|key| key.1).collect()
    }

    /// Takes the first job for which `take` has room, with what it took. Smaller ones may go before
    /// one that has to wait for room, but not for ever.
    pub(super) fn pop<T>(&mut self, mut take: impl FnMut(u32) -> Option<T>) -> Option<(u32, T)> {
        let first = self.ready.first()?.1;
        let passed = self.passed.filter(|&(task, _)| task == first).map_or(0, |(_, times)| times);
        let ahead = if passed < PATIENCE { LOOK_AHEAD } else { 1 };
        let fitting = self.ready.iter().take(ahead).find_map(|&key| Some((key, take(key.1)?)));
        let (key, taken) = fitting?;
        self.ready.remove(&key);
        self.passed = (key.1 != first).then_some((first, passed + 1));
        Some((key.1, taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(queue: &mut Queue) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop(|_| Some(())).map(|(task, ())| task)).collect()
    }

    #[test]
    fn priority_comes_before_rank() {
        let mut queue = Queue::default();
        [(3, 0), (1, 0), (2, 5), (9, -1)].into_iter().for_each(|(t, p)| queue.push(t, p));
        assert_eq!(queue.len(), 4);
        assert_eq!(queue.take_if(|task| task == 1 || task == 9), [1, 9]);
        [(1, 0), (9, -1)].into_iter().for_each(|(t, p)| queue.push(t, p));
        assert_eq!(drained(&mut queue), [2, 1, 3, 9]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_large_job_is_passed_by_small_ones_but_not_for_ever() {
        let mut queue = Queue::default();
        (0..500).for_each(|t| queue.push(t, 0));
        // The first never fits.
        let small = |task: u32| (task != 0).then_some(());
        let went = std::iter::from_fn(|| queue.pop(small)).count();
        assert_eq!(went, PATIENCE as usize);
        assert_eq!(queue.pop(|_| Some(())), Some((0, ())));
        assert_eq!(queue.pop(small), Some((101, ())));
    }
}
