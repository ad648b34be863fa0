//! Statistics against what one would count by hand, on random small traces.
//! It does not look at large ones: see `examples/statistics.rs`.

use proptest::prelude::*;
use tine_scheduler::{TaskStatus, TaskTimes};

use super::*;
use crate::trace::TraceGroup;

/// One task: how many earlier ones it takes and which, what it waits and runs, its group and worker.
type Made = (Vec<u8>, u64, u64, u8, u8);

fn tasks() -> impl Strategy<Value = Vec<Made>> {
    let inputs = prop::collection::vec(any::<u8>(), 0..3);
    prop::collection::vec((inputs, 0..4u64, 0..6u64, 0..3u8, 0..3u8), 1..9)
}

/// A trace in which each task starts a while after its inputs are there. Times are a few
/// nanoseconds, so that counting goes through all of them.
fn trace(tasks: &[Made]) -> Trace {
    let mut trace = Trace { groups: vec![TraceGroup::default(); 3], ..Trace::default() };
    let mut ends: Vec<u64> = Vec::new();
    for (rank, (inputs, wait, duration, group, worker)) in tasks.iter().enumerate() {
        let inputs: Vec<u32> =
            inputs.iter().filter(|_| rank > 0).map(|&i| u32::from(i) % rank as u32).collect();
        let ready = inputs.iter().map(|&i| ends[i as usize]).max().unwrap_or(0);
        // A task that takes nothing after 0 counts as one that never ran.
        let (started, ended) = (ready + wait, ready + wait + duration);
        ends.push(ended);
        trace.columns.group.push((*group).into());
        trace.columns.positions.push([rank as u32]);
        trace.columns.inputs.push(inputs);
        trace.columns.push_times(TaskTimes {
            started,
            ended,
            cpu_us: (rank % 2 == 0).then_some(3),
            worker: (*worker).into(),
            attempt: 1 + u8::from(rank == 3),
            status: if rank == 2 { TaskStatus::Failed } else { TaskStatus::Done },
            result_bytes: 10 * rank as u64,
            codec: duration / 2,
        });
    }
    trace.about.elapsed = ends.iter().max().copied().unwrap_or(0) + 3;
    trace.about.workers = 3;
    trace
}

/// The longest chain that ends with the task, by trying all.
fn longest(trace: &Trace, rank: usize, more: impl Fn(usize) -> u64 + Copy) -> u64 {
    let task = trace.task(rank);
    let before = task.inputs.iter().map(|&i| longest(trace, i as usize, more)).max();
    before.unwrap_or(0) + task.duration() + more(rank)
}

fn length(trace: &Trace, more: impl Fn(usize) -> u64 + Copy) -> u64 {
    (0..trace.len()).map(|r| longest(trace, r, more)).max().unwrap_or(0)
}

fn running(trace: &Trace, at: u64) -> u32 {
    trace.tasks().filter(|t| t.started <= at && at < t.ended).count() as u32
}

proptest! {
    #[test]
    fn the_critical_path_is_the_longest_chain(made in tasks()) {
        let trace = trace(&made);
        let critical = CriticalPath::of(&trace);
        prop_assert_eq!(critical.length, length(&trace, |_| 0));
        prop_assert_eq!(critical.links.iter().map(|l| l.duration).sum::<u64>(), critical.length);
        for pair in critical.links.windows(2) {
            prop_assert!(trace.task(pair[1].task).inputs.contains(&(pair[0].task as u32)));
        }
        if let Some(last) = critical.links.last() {
            prop_assert_eq!(critical.length + critical.waits, trace.task(last.task).ended);
        }
    }

    #[test]
    fn slack_is_what_a_task_may_take_longer(made in tasks()) {
        let trace = trace(&made);
        let critical = CriticalPath::of(&trace);
        for (rank, &slack) in critical.slack.iter().enumerate() {
            let with = |more: u64| length(&trace, move |r| if r == rank { more } else { 0 });
            prop_assert_eq!(with(slack), critical.length);
            prop_assert!(with(slack + 1) > critical.length);
        }
        for (group, least) in critical.group_slack.iter().enumerate() {
            let own = trace.tasks().filter(|t| t.ran() && t.group == group);
            prop_assert_eq!(*least, own.map(|t| critical.slack[t.rank]).min());
        }
    }

    #[test]
    fn parallelism_is_what_counting_gives(made in tasks(), most in 0..12usize) {
        let trace = trace(&made);
        let steps = Parallelism::of(&trace, most);
        prop_assert!(steps.steps.len() <= most.max(1));
        prop_assert_eq!(steps.end, trace.about().elapsed);
        let (mut at, mut sum) = (0, 0.0);
        for (step, length) in steps.spans() {
            prop_assert_eq!(step.at, at);
            prop_assert!(length > 0);
            let counts: Vec<u32> = (at..at + length).map(|t| running(&trace, t)).collect();
            prop_assert_eq!(counts.iter().min(), Some(&step.least));
            prop_assert_eq!(counts.iter().max(), Some(&step.most));
            at += length;
            sum += step.mean * length as f64;
        }
        prop_assert_eq!(at, steps.end);
        let time: u64 = trace.tasks().map(|t| t.duration()).sum();
        prop_assert!((sum - time as f64).abs() < 1e-6);
    }

    #[test]
    fn groups_are_what_counting_gives(made in tasks()) {
        let trace = trace(&made);
        for (i, group) in GroupStats::all(&trace).iter().enumerate() {
            let own: Vec<_> = trace.tasks().filter(|t| t.group == i).collect();
            let ran: Vec<_> = own.iter().filter(|t| t.ran()).collect();
            let sum = |f: fn(&&crate::TaskRecord<'_>) -> u64| ran.iter().map(|&t| f(&t)).sum::<u64>();
            prop_assert_eq!((group.tasks, group.ran), (own.len() as u64, ran.len() as u64));
            prop_assert_eq!(group.failed, own.iter().filter(|t| t.rank == 2).count() as u64);
            prop_assert_eq!(group.retried, own.iter().filter(|t| t.rank == 3).count() as u64);
            prop_assert_eq!(group.time, sum(|t| t.duration()));
            prop_assert_eq!(group.codec, sum(|t| t.codec));
            prop_assert_eq!(group.bytes_out, sum(|t| t.result_bytes));
            prop_assert_eq!(group.queue_wait, sum(|t| t.started - t.queued));
            prop_assert_eq!(group.cpu_us, sum(|t| t.cpu_us.unwrap_or(0).into()));
            prop_assert_eq!(group.bytes_in, sum(|t| t.inputs.iter().map(|i| u64::from(*i) * 10).sum()));
            prop_assert_eq!(group.first_start, ran.iter().map(|t| t.started).min());
            prop_assert_eq!(group.last_end, ran.iter().map(|t| t.ended).max());
            let below = ran.iter().filter(|t| (t.duration() as f64) < group.median).count();
            prop_assert!(2 * below <= ran.len());
            prop_assert!(group.median <= group.p95 && group.p95 <= group.longest as f64);
        }
    }

    #[test]
    fn workers_and_shares_add_up(made in tasks()) {
        let trace = trace(&made);
        let (workers, shares) = (WorkerStats::all(&trace), Shares::of(&trace));
        let time: u64 = trace.tasks().map(|t| t.duration()).sum();
        prop_assert_eq!(workers.iter().map(|w| w.busy).sum::<u64>(), time);
        let ran = trace.tasks().filter(|t| t.ran()).count() as u64;
        prop_assert_eq!(workers.iter().map(|w| w.tasks).sum::<u64>(), ran);
        if ran > 0 && shares.idle > 0.0 {
            prop_assert!((shares.busy + shares.idle + shares.outside - 1.0).abs() < 1e-9);
            prop_assert!((shares.speed_up - shares.busy * 3.0).abs() < 1e-9);
        }
    }
}

#[test]
fn waits_on_the_path_are_told_apart() {
    // b takes a and c; c ends later than a, though the chain through a is longer.
    let made = [(vec![], 0, 5, 0, 0), (vec![], 6, 2, 0, 1), (vec![0, 1], 3, 4, 1, 0)];
    let critical = CriticalPath::of(&trace(&made));
    let last = Link { task: 2, duration: 4, input_wait: 3, worker_wait: 3 };
    assert_eq!(critical.links, [Link { task: 0, duration: 5, ..Link::default() }, last]);
    assert_eq!((critical.length, critical.waits), (9, 6));
    assert_eq!(critical.slack, [0, 3, 0]);
}

#[test]
fn a_long_chain_needs_no_stack() {
    let made: Vec<Made> = (0..100_000u32).map(|_| (vec![], 0, 1, 0, 0)).collect();
    let mut trace = trace(&made);
    let mut inputs = crate::trace::Lists::default();
    (0..100_000u32).for_each(|i| inputs.push(i.checked_sub(1)));
    trace.columns.inputs = inputs;
    assert_eq!(CriticalPath::of(&trace).links.len(), 100_000);
}

#[test]
fn a_damaged_trace_is_survived() {
    let mut trace = trace(&[(vec![], 1, 2, 0, 0), (vec![], 1, 2, 0, 1)]);
    let mut inputs = crate::trace::Lists::default();
    inputs.push([1, 0]);
    inputs.push([1, 0]);
    trace.columns.inputs = inputs;
    trace.columns.ended[0] = 0;
    trace.columns.started[0] = 9;
    let stats = Statistics::of(&trace);
    assert_eq!(stats.critical.links.iter().map(|l| l.task).collect::<Vec<_>>(), [1]);
}
