//! Whose fault it is that workers had nothing to do: every moment of it is put down to one cause.
//! It does not know how much is too much, or what to do about it.

use crate::stats::{GroupStats, ran};
use crate::trace::{NoticeKind, Trace};

/// A task that took so many times as long as the median of its group is long. Less is what any data
/// has; the scatter of a shared machine alone makes some tasks twice as long as others.
const LONG: f64 = 2.5;
/// What is usual cannot be said of fewer tasks.
const FEWEST_ALIKE: u64 = 4;

/// Time of workers without a task, in nanoseconds, while at least one task ran.
#[derive(Debug, Default)]
pub(super) struct Blame {
    /// While mostly tasks ran that took far longer than their like, by rank.
    pub(super) long: Vec<f64>,
    /// While a task ran alone, and those of its group never ran side by side, by group.
    pub(super) serial: Vec<f64>,
    /// How long that was.
    pub(super) serial_time: Vec<u64>,
    /// While tasks ran, but fewer than there were workers, by group of what ran.
    pub(super) narrow: Vec<f64>,
    /// While sources were held back for want of memory.
    pub(super) held: f64,
    /// How long they were held back.
    pub(super) held_time: u64,
    /// How long two tasks or more ran at once.
    pub(super) parallel_time: u64,
    /// The most tasks of each group that ran at once.
    pub(super) peak: Vec<u32>,
    /// The most tasks of all groups that ran while workers had nothing to do, none of them long.
    pub(super) narrow_peak: u32,
}

impl Blame {
    /// Goes through the run from start to end; `workers` could have run tasks, and no task has more
    /// room than `slack` says.
    pub(super) fn of(trace: &Trace, workers: u32, stats: &[GroupStats], slack: &[u64]) -> Blame {
        let groups = trace.groups().len();
        let mut sweep = Sweep {
            workers,
            long: longs(trace, stats, slack),
            group: trace.columns.group.iter().map(|&g| g as usize).collect(),
            at_start: vec![(0.0, 0.0); trace.len()],
            running: vec![0; groups],
            alone: vec![(0.0, 0); groups],
            blame: Blame {
                long: vec![0.0; trace.len()],
                serial: vec![0.0; groups],
                serial_time: vec![0; groups],
                narrow: vec![0.0; groups],
                peak: vec![0; groups],
                ..Blame::default()
            },
            ..Sweep::default()
        };
        for (at, event) in events(trace) {
            sweep.pass(at, event);
        }
        sweep.finish()
    }
}

/// Which tasks took far longer than their like, so that the run might be shorter if they were.
fn longs(trace: &Trace, stats: &[GroupStats], slack: &[u64]) -> Vec<bool> {
    let mut long = vec![false; trace.len()];
    for task in ran(trace) {
        let group = &stats[task.group];
        long[task.rank] = group.ran >= FEWEST_ALIKE
            && task.duration() as f64 >= LONG * group.median
            && slack[task.rank] <= task.duration() / 2;
    }
    long
}

/// Something that changes whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ends(usize),
    Starts(usize),
    /// A job takes a further slot, or gives it back.
    Takes(bool),
    /// Something goes on that explains idle workers, and has a rule of its own.
    Excuses(bool),
    HeldBack(bool),
}

/// What happens in a run, in the order of time; a task that ends when another begins ends first.
fn events(trace: &Trace) -> Vec<(u64, Event)> {
    let mut events = Vec::with_capacity(2 * trace.len());
    for task in ran(trace).filter(|t| t.duration() > 0) {
        events.push((task.started, Event::Starts(task.rank)));
        events.push((task.ended, Event::Ends(task.rank)));
        if trace.columns.attempt[task.rank] > 1 {
            // What its earlier attempts took is not recorded: workers only seem to have had nothing
            // to do.
            events.push((trace.task(task.rank).queued, Event::Excuses(true)));
            events.push((task.started, Event::Excuses(false)));
        }
    }
    for (rank, _) in trace.further_slots() {
        let task = trace.task(rank);
        if task.duration() > 0 {
            events.push((task.started, Event::Takes(true)));
            events.push((task.ended, Event::Takes(false)));
        }
    }
    let end = trace.about().elapsed;
    let mut held = false;
    for notice in trace.notices() {
        match (notice.kind, notice.task.map(|t| t as usize).filter(|&t| t < trace.len())) {
            (NoticeKind::MemoryShort, _) | (NoticeKind::MemoryEnough, _) => {
                let short = notice.kind == NoticeKind::MemoryShort;
                if short != held {
                    events.push((notice.at, Event::HeldBack(short)));
                }
                held = short;
            }
            (NoticeKind::Stalled, Some(rank)) if trace.task(rank).duration() > 0 => {
                let task = trace.task(rank);
                events.push((task.started, Event::Excuses(true)));
                events.push((task.ended, Event::Excuses(false)));
            }
            _ => {}
        }
    }
    if held {
        events.push((end, Event::HeldBack(false)));
    }
    events.sort_unstable();
    events
}

/// The state between two events.
///
/// What is lost to several tasks at once is added up for all of them together, and each gets the
/// difference between its end and its start: a step costs the same however many tasks run.
#[derive(Debug, Default)]
struct Sweep {
    workers: u32,
    long: Vec<bool>,
    group: Vec<usize>,
    at: u64,
    count: u32,
    /// Slots that are taken beside one for each task.
    further: u32,
    longs: u32,
    /// The sum of the ranks of what runs: the rank itself, where one task runs.
    sum: usize,
    excuses: u32,
    held: bool,
    /// Lost so far to each of the tasks that run, if they are long, and if they are few.
    lost: (f64, f64),
    /// `lost` at the start of each task.
    at_start: Vec<(f64, f64)>,
    running: Vec<u32>,
    /// Lost while one task of this group ran alone, and how long that was.
    alone: Vec<(f64, u64)>,
    blame: Blame,
}

impl Sweep {
    fn pass(&mut self, at: u64, event: Event) {
        self.lose(at.saturating_sub(self.at));
        self.at = at;
        match event {
            Event::Starts(rank) => self.start(rank),
            Event::Ends(rank) => self.end(rank),
            Event::Takes(true) => self.further += 1,
            Event::Takes(false) => self.further = self.further.saturating_sub(1),
            Event::Excuses(true) => self.excuses += 1,
            Event::Excuses(false) => self.excuses = self.excuses.saturating_sub(1),
            Event::HeldBack(held) => self.held = held,
        }
    }

    fn start(&mut self, rank: usize) {
        let group = self.group[rank];
        self.count += 1;
        self.longs += u32::from(self.long[rank]);
        self.sum += rank;
        self.at_start[rank] = self.lost;
        self.running[group] += 1;
        self.blame.peak[group] = self.blame.peak[group].max(self.running[group]);
    }

    fn end(&mut self, rank: usize) {
        let (group, start) = (self.group[rank], self.at_start[rank]);
        self.count -= 1;
        self.longs -= u32::from(self.long[rank]);
        self.sum -= rank;
        self.running[group] -= 1;
        if self.long[rank] {
            self.blame.long[rank] = self.lost.0 - start.0;
        }
        self.blame.narrow[group] += self.lost.1 - start.1;
    }

    /// Puts the time until the next event down to a cause.
    fn lose(&mut self, time: u64) {
        let blame = &mut self.blame;
        blame.held_time += if self.held { time } else { 0 };
        blame.parallel_time += if self.count > 1 { time } else { 0 };
        let taken = self.count + self.further;
        let idle = f64::from(self.workers.saturating_sub(taken)) * time as f64;
        if idle <= 0.0 || self.count == 0 {
            return;
        }
        if self.held {
            blame.held += idle;
        } else if self.excuses > 0 {
            // Retries, deaths and stalls are told of by their own rules.
        } else if 2 * self.longs >= self.count {
            self.lost.0 += idle / f64::from(self.longs);
        } else if self.count == 1 {
            let alone = &mut self.alone[self.group[self.sum]];
            (alone.0, alone.1) = (alone.0 + idle, alone.1 + time);
        } else {
            blame.narrow_peak = blame.narrow_peak.max(self.count);
            self.lost.1 += idle / f64::from(self.count);
        }
    }

    /// A task that runs alone while its like once ran beside each other is the ragged end of them;
    /// otherwise it is a step that only one can do.
    fn finish(self) -> Blame {
        let mut blame = self.blame;
        for (group, (lost, time)) in self.alone.into_iter().enumerate() {
            if blame.peak[group] > 1 {
                blame.narrow[group] += lost;
            } else {
                (blame.serial[group], blame.serial_time[group]) = (lost, time);
            }
        }
        blame
    }
}
