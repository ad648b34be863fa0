//! Tasks as the boxes of the report's timeline: each for itself where they are few, else the short
//! ones of a stretch of time together, with the longest of them. It knows no pixels.

use tine_profiler::{TaskRecord, Trace};
use tine_scheduler::TaskStatus;

use super::html::Numbers;
use super::names::Names;
use crate::text;

/// Up to this many tasks, each has a box; 20 bytes or so of the page each.
const MOST_BOXES: usize = 120_000;
/// Boxes of several tasks take no more bytes than this together, before they become base64.
const MOST_BYTES: usize = 4_000_000;
/// Groups of one box that are told apart; the rest are together.
const MOST_PARTS: usize = 6;
/// Columns of the title of a task.
const LONGEST_TITLE: usize = 128;

/// The boxes of all lanes as numbers; `view.js` says how they are read.
#[derive(Debug)]
pub(super) struct Boxes {
    pub(super) numbers: Numbers,
    /// What tasks are called whose keys do not say it; `numbers` refers to them.
    pub(super) titles: Vec<String>,
    /// Below this many nanoseconds tasks may share a box; 0 where each has its own.
    pub(super) merged_below: u64,
}

impl Boxes {
    pub(super) fn new(trace: &Trace, names: &Names, span: u64) -> Boxes {
        let lanes = lanes(trace);
        let ran: usize = lanes.iter().map(Vec::len).sum();
        let mut short = 0;
        if ran > MOST_BOXES {
            // Then half of the boxes are stretches, so that long tasks have room between them.
            short = (span / (MOST_BOXES as u64 / 2)).saturating_mul(lanes.len() as u64).max(1);
        }
        loop {
            let cut: Vec<Vec<&[u32]>> = lanes.iter().map(|l| cut(trace, l, short)).collect();
            if short == 0 || cut.iter().map(Vec::len).sum::<usize>() <= MOST_BOXES.max(cut.len()) {
                let mut titles = Titles::default();
                let numbers = write(trace, names, &cut, &mut titles);
                let bytes = numbers.len() + titles.bytes;
                if short == 0 || bytes <= MOST_BYTES.max(cut.len() * MOST_PARTS * 30) {
                    return Boxes { numbers, titles: titles.list, merged_below: short };
                }
            }
            short = short.saturating_mul(2);
        }
    }
}

/// Titles that boxes refer to, in the order in which they are met.
#[derive(Debug, Default)]
struct Titles {
    list: Vec<String>,
    bytes: usize,
}

impl Titles {
    /// The number of a task's title + 1, or 0 where its key says it.
    fn code(&mut self, trace: &Trace, rank: usize) -> u64 {
        let Some(title) = trace.title(rank) else { return 0 };
        let title = text::shorten(title, LONGEST_TITLE);
        self.bytes += title.len() + 3;
        self.list.push(title);
        self.list.len() as u64
    }
}

/// The ranks of the tasks that ran, one list a worker, in the order of time.
fn lanes(trace: &Trace) -> Vec<Vec<u32>> {
    let mut lanes: Vec<Vec<(u64, u32)>> = vec![Vec::new(); trace.busy().len()];
    for t in trace.tasks().filter(TaskRecord::ran) {
        lanes[usize::from(t.worker)].push((t.started, t.rank as u32));
    }
    for (rank, slot) in trace.further_slots().filter(|(rank, _)| *rank < trace.len()) {
        if trace.task(rank).ran() {
            lanes[usize::from(slot)].push((trace.task(rank).started, rank as u32));
        }
    }
    let sorted = lanes.into_iter().map(|mut lane| {
        lane.sort_unstable();
        lane.into_iter().map(|(_, rank)| rank).collect()
    });
    sorted.collect()
}

/// Cuts a lane into boxes: tasks of `short` nanoseconds and more alone, others with those that
/// begin in the same stretch of that length.
fn cut<'a>(trace: &Trace, lane: &'a [u32], short: u64) -> Vec<&'a [u32]> {
    if short == 0 {
        return lane.chunks(1).collect();
    }
    let stretch = |rank: u32| {
        let t = trace.task(rank as usize);
        if t.duration() < short { Some(t.started / short) } else { None }
    };
    let together = |a: &u32, b: &u32| {
        let first = stretch(*a);
        first.is_some() && first == stretch(*b)
    };
    lane.chunk_by(together).collect()
}

fn write(trace: &Trace, names: &Names, lanes: &[Vec<&[u32]>], titles: &mut Titles) -> Numbers {
    let mut out = Numbers::default();
    out.push(lanes.len() as u64);
    for lane in lanes {
        out.push(lane.len() as u64);
        let mut before = 0;
        for ranks in lane {
            let first = trace.task(ranks[0] as usize);
            out.push(first.started - before);
            before = first.started;
            out.push(ranks.len() as u64);
            match ranks.len() {
                1 => one(trace, names, &first, (titles, &mut out)),
                _ => many(trace, names, ranks, (titles, &mut out)),
            }
        }
    }
    out
}

/// The number of a group: its place + 1, or 0 for those that are not shown.
fn code(names: &Names, group: usize) -> u64 {
    names.place(group).map_or(0, |p| p as u64 + 1)
}

fn one(
    trace: &Trace,
    names: &Names,
    t: &TaskRecord<'_>,
    (titles, out): (&mut Titles, &mut Numbers),
) {
    out.push(t.duration());
    out.push(code(names, t.group));
    let failed = u64::from(t.status == TaskStatus::Failed);
    out.push(u64::from(t.attempt) * 2 + failed);
    out.push(t.cpu_us.map_or(0, |c| u64::from(c) + 1));
    out.push(t.started - t.queued.min(t.started));
    out.push(t.result_bytes);
    out.push(trace.input_bytes(t));
    out.list(t.position);
    out.push(titles.code(trace, t.rank));
}

fn many(trace: &Trace, names: &Names, ranks: &[u32], (titles, out): (&mut Titles, &mut Numbers)) {
    let tasks = || ranks.iter().map(|&r| trace.task(r as usize));
    let first = trace.task(ranks[0] as usize).started;
    let (mut end, mut failed, mut longest) = (first, 0, trace.task(ranks[0] as usize));
    let mut parts: Vec<(u64, u64, u64)> = Vec::new();
    for t in tasks() {
        end = end.max(t.ended);
        failed += u64::from(t.status == TaskStatus::Failed);
        if t.duration() > longest.duration() {
            longest = t;
        }
        let group = code(names, t.group);
        match parts.iter_mut().find(|p| p.0 == group) {
            Some(p) => (p.1, p.2) = (p.1 + 1, p.2 + t.duration()),
            None => parts.push((group, 1, t.duration())),
        }
    }
    parts.sort_by_key(|p| (std::cmp::Reverse(p.2), p.0));
    if parts.len() > MOST_PARTS {
        let rest = parts.split_off(MOST_PARTS - 1);
        parts.push((0, rest.iter().map(|p| p.1).sum(), rest.iter().map(|p| p.2).sum()));
    }
    out.push(end - first);
    out.push(failed);
    out.push(code(names, longest.group));
    out.push(longest.started - first);
    out.push(longest.duration());
    out.list(longest.position);
    out.push(titles.code(trace, longest.rank));
    out.push(parts.len() as u64);
    for (group, count, busy) in parts {
        out.push(group);
        out.push(count);
        out.push(busy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made;

    /// Boxes of one lane as the script reads them: start, span, tasks, time in tasks.
    fn read(bytes: &[u8]) -> Vec<[u64; 4]> {
        let mut rest = bytes.iter();
        let mut next = || {
            let mut n = 0;
            for shift in (0..).step_by(7) {
                let byte = u64::from(*rest.next().unwrap());
                n |= (byte & 127) << shift;
                if byte < 128 {
                    break;
                }
            }
            n
        };
        assert_eq!(next(), 1);
        let mut at = 0;
        let boxes = (0..next()).map(|_| {
            at += next();
            let (tasks, span) = (next(), next());
            let numbers = if tasks == 1 { 6 } else { 4 };
            (0..numbers).for_each(|_| _ = next());
            (0..next()).for_each(|_| _ = next());
            assert_eq!(next(), 0, "keys say it all");
            let busy = match tasks {
                1 => span,
                _ => (0..next()).map(|_| (next(), next(), next()).2).sum(),
            };
            [at, span, tasks, busy]
        });
        boxes.collect()
    }

    #[test]
    fn few_tasks_have_a_box_each() {
        let trace = made::line(&[5, 300, 7]);
        let names = Names::new(&trace, &trace.group_totals());
        let boxes = Boxes::new(&trace, &names, trace.about().elapsed);
        assert_eq!(boxes.merged_below, 0);
        assert_eq!(read(boxes.numbers.bytes()), [[1, 5, 1, 5], [7, 300, 1, 300], [308, 7, 1, 7]]);
    }

    #[test]
    fn of_many_tasks_the_long_ones_stay_alone() {
        let mut times = vec![10; MOST_BOXES * 3];
        times[77] = 400_000;
        let trace = made::line(&times);
        let names = Names::new(&trace, &trace.group_totals());
        let boxes = Boxes::new(&trace, &names, trace.about().elapsed);
        assert!(boxes.merged_below > 0 && boxes.merged_below < 400_000);
        let read = read(boxes.numbers.bytes());
        assert!(read.len() <= MOST_BOXES, "{}", read.len());
        assert!(read.iter().any(|b| b[1..] == [400_000, 1, 400_000]));
        // Nothing is lost: neither tasks nor time.
        assert_eq!(read.iter().map(|b| b[2]).sum::<u64>(), times.len() as u64);
        assert_eq!(read.iter().map(|b| b[3]).sum::<u64>(), times.iter().sum::<u64>());
    }
}
