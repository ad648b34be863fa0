//! The tasks of a trace, one vector a fact.
//! It does not know where they come from.

use tine_scheduler::{TaskStatus, TaskTimes};

use super::TaskRecord;

/// Stands for CPU time that was not measured.
pub(crate) const NO_CPU: u32 = u32::MAX;

/// The tasks of a trace, one vector a fact, all of the same length but the flattened lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) group: Vec<u32>,
    pub(crate) started: Vec<u64>,
    pub(crate) ended: Vec<u64>,
    pub(crate) cpu_us: Vec<u32>,
    pub(crate) worker: Vec<u16>,
    pub(crate) attempt: Vec<u8>,
    pub(crate) status: Vec<TaskStatus>,
    pub(crate) result_bytes: Vec<u64>,
    pub(crate) codec: Vec<u64>,
    pub(crate) positions: Lists,
    pub(crate) inputs: Lists,
}

/// Lists of numbers, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lists {
    ends: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    pub(crate) fn push(&mut self, list: impl IntoIterator<Item = u32>) {
        self.items.extend(list);
        let end = u32::try_from(self.items.len()).expect("a plan has fewer than 2^32 edges");
        self.ends.push(end);
    }

    pub(crate) fn get(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.items[start..self.ends[i] as usize]
    }

    /// How many numbers there are in all lists together.
    pub(crate) fn total(&self) -> usize {
        self.items.len()
    }
}

/// Names of tasks, one after the other; empty where the key says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    text: String,
    ends: Vec<usize>,
}

impl Names {
    /// Names a task, which comes after all that have a name.
    pub(crate) fn set(&mut self, rank: usize, name: &str) {
        if name.is_empty() {
            return;
        }
        self.ends.resize(rank.max(self.ends.len()), self.text.len());
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    /// The name of a task, where it has one.
    pub(crate) fn get(&self, rank: usize) -> Option<&str> {
        let end = *self.ends.get(rank)?;
        let start = if rank == 0 { 0 } else { self.ends[rank - 1] };
        Some(&self.text[start..end]).filter(|name| !name.is_empty())
    }

    /// How many tasks have been looked at for a name.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.group.len()
    }

    /// Whether all columns are of one length, and all groups below `groups`.
    pub(crate) fn is_whole(&self, groups: usize) -> bool {
        let n = self.len();
        let lengths = [
            self.started.len(),
            self.ended.len(),
            self.cpu_us.len(),
            self.worker.len(),
            self.attempt.len(),
            self.status.len(),
            self.result_bytes.len(),
            self.codec.len(),
            self.positions.ends.len(),
            self.inputs.ends.len(),
        ];
        lengths.iter().all(|&l| l == n) && self.group.iter().all(|&g| (g as usize) < groups)
    }

    /// Gives all tasks times, those of tasks that never ran.
    pub(crate) fn fill_times(&mut self) {
        self.fill_times_to(self.len());
    }

    fn fill_times_to(&mut self, n: usize) {
        self.started.resize(n, 0);
        self.ended.resize(n, 0);
        self.cpu_us.resize(n, NO_CPU);
        self.worker.resize(n, 0);
        self.attempt.resize(n, 0);
        self.status.resize(n, TaskStatus::Unfinished);
        self.result_bytes.resize(n, 0);
        self.codec.resize(n, 0);
    }

    pub(crate) fn times(&self, rank: usize) -> TaskTimes {
        TaskTimes {
            started: self.started[rank],
            ended: self.ended[rank],
            cpu_us: Some(self.cpu_us[rank]).filter(|&c| c != NO_CPU),
            worker: self.worker[rank],
            attempt: self.attempt[rank],
            status: self.status[rank],
            result_bytes: self.result_bytes[rank],
            codec: self.codec[rank],
        }
    }

    pub(crate) fn set_times(&mut self, rank: usize, times: TaskTimes) {
        self.started[rank] = times.started;
        self.ended[rank] = times.ended;
        self.cpu_us[rank] = times.cpu_us.unwrap_or(NO_CPU);
        self.worker[rank] = times.worker;
        self.attempt[rank] = times.attempt;
        self.status[rank] = times.status;
        self.result_bytes[rank] = times.result_bytes;
        self.codec[rank] = times.codec;
    }

    #[cfg(test)]
    pub(crate) fn push_times(&mut self, times: TaskTimes) {
        let rank = self.started.len();
        self.fill_times_to(rank + 1);
        self.set_times(rank, times);
    }

    /// When the last input was there: what came in between is waiting.
    fn queued(&self, rank: usize) -> u64 {
        let ends = self.inputs.get(rank).iter().map(|&i| self.ended[i as usize]);
        // Of a task that was run again, inputs may have been made anew after it.
        ends.max().unwrap_or(0).min(self.started[rank])
    }

    pub(crate) fn record(&self, rank: usize) -> TaskRecord<'_> {
        TaskRecord {
            rank,
            group: self.group[rank] as usize,
            position: self.positions.get(rank),
            queued: self.queued(rank),
            started: self.started[rank],
            ended: self.ended[rank],
            cpu_us: Some(self.cpu_us[rank]).filter(|&c| c != NO_CPU),
            worker: self.worker[rank],
            attempt: self.attempt[rank],
            status: self.status[rank],
            result_bytes: self.result_bytes[rank],
            codec: self.codec[rank],
            inputs: self.inputs.get(rank),
        }
    }
}
