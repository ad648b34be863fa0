//! What groups and tasks are called in the report, and which groups are shown.
//! It does not know where the names stand.

use std::cmp::Reverse;

use tine_profiler::{GroupTotal, TaskRecord, Trace};

use crate::label::Labels;
use crate::text;

/// Groups with a name, colour and row of their own; the rest are "other groups".
const MOST_GROUPS: usize = 2_000;
/// The longest name that is shown, in columns.
const LONGEST: usize = 96;
/// The longest name that is said under the pointer.
const LONGEST_TITLE: usize = 400;

/// A group as it is shown.
#[derive(Debug)]
pub(super) struct Shown {
    /// Its place in [`Trace::groups`].
    pub(super) group: usize,
    /// Its name, without hashes, and not too long.
    pub(super) name: String,
    /// Its name as the program gave it, if that is not `name`.
    pub(super) full: Option<String>,
    /// The place of its colour in the palette.
    pub(super) colour: usize,
}

/// The groups with tasks, in the order of the trace.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) shown: Vec<Shown>,
    /// By place in the trace: the place in `shown`.
    place: Vec<Option<usize>>,
}

impl Names {
    pub(super) fn new(trace: &Trace, totals: &[GroupTotal]) -> Names {
        let mut heaviest: Vec<usize> = (0..totals.len()).filter(|&g| totals[g].tasks > 0).collect();
        heaviest.sort_by_key(|&g| (Reverse(totals[g].time), g));
        let mut kept = vec![false; totals.len()];
        heaviest.iter().take(MOST_GROUPS).for_each(|&g| kept[g] = true);
        let (mut labels, mut colours) = (Labels::default(), 0..);
        let (mut shown, mut place) = (Vec::new(), vec![None; totals.len()]);
        for (group, g) in trace.groups().iter().enumerate() {
            if totals[group].tasks == 0 {
                continue;
            }
            let (label, colour) = (labels.group(&g.name), colours.next().unwrap_or(0));
            if !kept[group] {
                continue;
            }
            let name = text::shorten(&label, LONGEST);
            let full = (name != g.name).then(|| text::shorten(&g.name, LONGEST_TITLE));
            place[group] = Some(shown.len());
            shown.push(Shown { group, name, full, colour });
        }
        Names { shown, place }
    }

    /// The place in `shown` of a group of the trace.
    pub(super) fn place(&self, group: usize) -> Option<usize> {
        self.place.get(group).copied().flatten()
    }

    /// A group of the trace as it is shown.
    pub(super) fn group(&self, group: usize) -> Option<&Shown> {
        self.place(group).map(|p| &self.shown[p])
    }

    /// The name of a task.
    pub(super) fn task(&self, trace: &Trace, task: &TaskRecord<'_>) -> String {
        if let Some(title) = trace.title(task.rank) {
            return text::shorten(title, LONGEST + 32);
        }
        let group = self.group(task.group).map_or("other groups", |g| g.name.as_str());
        match task.position {
            [] => group.to_owned(),
            p => {
                let numbers: Vec<String> = p.iter().map(u32::to_string).collect();
                text::shorten(&format!("{group}({})", numbers.join(", ")), LONGEST + 32)
            }
        }
    }
}
