//! Two runs side by side: what each group and each function took in both.
//! It does not know how that is shown.

use std::collections::BTreeMap;

use tine_profiler::{Fold, Measure, Trace};
use tine_scheduler::Key;

/// What something took in both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) before: u64,
    pub(super) after: u64,
}

impl Row {
    /// How much it changed, whichever way.
    pub(super) fn change(&self) -> u64 {
        self.before.abs_diff(self.after)
    }
}

/// Values of groups, one a group of the trace; groups are matched by their names without hashes,
/// which change with what they were made of.
pub(super) fn by_group(
    before: &Trace,
    after: &Trace,
    values: impl Fn(&Trace) -> Vec<u64>,
) -> Vec<Row> {
    let mut sums: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (side, trace) in [before, after].into_iter().enumerate() {
        for (group, value) in trace.groups().iter().zip(values(trace)) {
            let sum = &mut sums.entry(Key::without_hash(&group.name)).or_default()[side];
            *sum = sum.saturating_add(value);
        }
    }
    sorted(sums)
}

/// What functions took themselves, without those that they called.
pub(super) fn by_function(before: &Trace, after: &Trace, measure: Measure) -> Vec<Row> {
    let mut sums: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (side, trace) in [before, after].into_iter().enumerate() {
        let folded = trace.fold(&Fold { measure, ..Fold::default() });
        for (stack, weight) in folded.stacks() {
            let function = stack.rsplit(';').next().unwrap_or(stack);
            let sum = &mut sums.entry(function.to_owned()).or_default()[side];
            *sum = sum.saturating_add(weight);
        }
    }
    sorted(sums)
}

/// Bytes of the results of each group.
pub(super) fn result_bytes(trace: &Trace) -> Vec<u64> {
    let mut sums = vec![0u64; trace.groups().len()];
    for t in trace.tasks() {
        sums[t.group] = sums[t.group].saturating_add(t.result_bytes);
    }
    sums
}

/// The most memory that a task of each group took beyond what its worker had.
pub(super) fn growth(trace: &Trace) -> Vec<u64> {
    let mut most = vec![0u64; trace.groups().len()];
    for (rank, facts) in trace.all_facts().filter(|(rank, _)| *rank < trace.len()) {
        let own = &mut most[trace.task(rank).group];
        *own = (*own).max(facts.growth().unwrap_or(0));
    }
    most
}

/// The largest change first.
fn sorted(sums: BTreeMap<String, [u64; 2]>) -> Vec<Row> {
    let named = sums.into_iter().map(|(name, [before, after])| Row { name, before, after });
    let mut rows: Vec<Row> = named.collect();
    rows.sort_by(|a, b| b.change().cmp(&a.change()).then_with(|| a.name.cmp(&b.name)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_no_part_of_a_name() {
        let names = ["sum-9e107d9d372bb682", "read-20240131", "9e107d9d372bb682", "a-b"];
        let plain = ["sum", "read-20240131", "9e107d9d372bb682", "a-b"];
        assert_eq!(names.map(Key::without_hash), plain);
    }

    #[test]
    fn the_largest_change_comes_first() {
        let sums = [("a", [5, 5]), ("b", [9, 2]), ("c", [0, 8]), ("d", [1, 8])];
        let rows = sorted(sums.map(|(n, s)| (n.to_owned(), s)).into());
        let names: Vec<_> = rows.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, ["c", "b", "d", "a"]);
    }
}
