//! The tasks that ran, with no more than when and where: what most statistics go through.
//! It does not look at what they took, which costs a look at every input.

use crate::trace::Trace;

/// A task that ran.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub(crate) rank: usize,
    pub(crate) group: usize,
    pub(crate) worker: usize,
    pub(crate) started: u64,
    pub(crate) ended: u64,
}

impl Ran {
    pub(crate) fn duration(self) -> u64 {
        self.ended.saturating_sub(self.started)
    }
}

/// All of them, by rank.
pub(crate) fn ran(trace: &Trace) -> impl Iterator<Item = Ran> + Clone {
    let columns = &trace.columns;
    (0..columns.len()).filter(|&rank| columns.ended[rank] > 0).map(|rank| Ran {
        rank,
        group: columns.group[rank] as usize,
        worker: columns.worker[rank].into(),
        started: columns.started[rank],
        ended: columns.ended[rank],
    })
}

/// As [`ran`], and once more for each further slot of a job of several cores.
pub(crate) fn ran_in_slots(trace: &Trace) -> impl Iterator<Item = Ran> + Clone {
    let further = trace.further_slots().filter_map(|(rank, slot)| {
        let known = rank < trace.columns.len() && trace.columns.ended[rank] > 0;
        known.then(|| Ran {
            rank,
            group: trace.columns.group[rank] as usize,
            worker: slot.into(),
            started: trace.columns.started[rank],
            ended: trace.columns.ended[rank],
        })
    });
    ran(trace).chain(further)
}
