//! How long jobs take, and how much longer a run of them will, as far as that can be told.
//! It does not know which jobs these are.

use std::collections::VecDeque;
use std::time::Duration;

use crate::cli::words::count;

/// Times that are remembered. What a run does changes while it goes on, so the latest count.
const REMEMBERED: usize = 101;

/// The times of the latest jobs of a kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    latest: VecDeque<Duration>,
    sorted: Vec<Duration>,
}

impl Times {
    pub(super) fn add(&mut self, took: Duration) {
        if self.latest.len() == REMEMBERED
            && let Some(oldest) = self.latest.pop_front()
            && let Ok(at) = self.sorted.binary_search(&oldest)
        {
            self.sorted.remove(at);
        }
        self.latest.push_back(took);
        let at = self.sorted.partition_point(|time| *time < took);
        self.sorted.insert(at, took);
    }

    /// The time that half of them stayed below; unlike the mean, one that hung does not change it.
    pub(super) fn median(&self) -> Option<Duration> {
        self.sorted.get(self.sorted.len() / 2).copied()
    }
}

/// A duration that is not better known than in one or two digits.
pub(super) fn about(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let whole = |n: f64| (n.round() as u64).max(1);
    match seconds {
        0.0..5.0 => "a few seconds".to_owned(),
        5.0..90.0 => format!("about {} s", 5 * whole(seconds / 5.0)),
        90.0..5_400.0 => format!("about {} min", whole(seconds / 60.0)),
        5_400.0..129_600.0 => format!("about {} h", whole(seconds / 3_600.0)),
        _ => format!("about {} days", count(whole(seconds / 86_400.0))),
    }
}

/// A duration as a clock shows it: `12 s`, `3:05 min`, `2:03:05 h`.
pub(super) fn clock(time: Duration) -> String {
    let all = time.as_secs();
    let (h, m, s) = (all / 3_600, all / 60 % 60, all % 60);
    match (h, m) {
        (0, 0) => format!("{s} s"),
        (0, _) => format!("{m}:{s:02} min"),
        _ => format!("{h}:{m:02}:{s:02} h"),
    }
}
