//! What goes into a trace file comes out; what was damaged is told, with its place.

use proptest::collection::vec;
use proptest::prelude::*;
use tine_scheduler::{Place, RareFact, RareKind, TaskStatus, TaskTimes, WorkerFact};

use super::bytes::{Input, Output};
use super::read::take;
use super::*;
use crate::host::Host;
use crate::memory::MemorySample;
use crate::trace::{About, Frame, Notice, NoticeKind, Sample, SettingInForce, Trace, TraceGroup};

fn status(n: u8) -> TaskStatus {
    [TaskStatus::Unfinished, TaskStatus::Done, TaskStatus::Failed, TaskStatus::Skipped]
        [usize::from(n % 4)]
}

prop_compose! {
    fn any_times()(
        started: u64, ended: u64, cpu_us in proptest::option::of(0..u32::MAX), worker: u16, attempt: u8,
        state: u8, result_bytes: u64, codec: u64,
    ) -> TaskTimes {
        TaskTimes { started, ended, cpu_us, worker, attempt, status: status(state), result_bytes, codec }
    }
}

prop_compose! {
    fn any_group()(name: String, source: bool, at in proptest::option::of((any::<String>(), 0u32..9)))
        -> TraceGroup {
        let created_at = at.map(|(file, line)| Place { file, line, column: u32::MAX });
        TraceGroup { name, source, created_at }
    }
}

prop_compose! {
    fn any_about()(
        text in vec(any::<String>(), 7), n in vec(any::<u32>(), 2), wide in vec(any::<u64>(), 4),
        error in proptest::option::of(any::<String>()),
    ) -> About {
        let t = |i: usize| text[i].clone();
        let host = Host {
            name: t(0), os: t(1), kernel: t(2), cpu: t(3), cores: n[0], memory: wide[0],
        };
        About {
            scheduler: t(4), workers: n[1], started: wide[1], elapsed: wide[2], error,
            lost: wide[3], version: t(5), host, complete: true, command: vec![t(6)],
            settings: vec![SettingInForce { name: t(0), value: t(1), source: t(2) }],
            budget: wide[0],
        }
    }
}

prop_compose! {
    fn any_trace()(
        about in any_about(),
        groups in vec(any_group(), 1..5),
        tasks in vec((any_times(), any::<u32>(), vec(any::<u32>(), 0..3), vec(any::<u32>(), 0..4)), 0..40),
        titles in vec("[a:]{0,3}", 0..50),
        workers in vec((any::<u16>(), any::<u32>(), any::<u64>(), proptest::option::of(any::<String>())), 0..4),
        memory in vec((any::<u64>(), any::<u64>(), any::<u64>(), any::<u32>()), 0..6),
        rare in vec((any::<u32>(), any::<u64>()), 0..6),
        notices in vec((any::<u64>(), any::<String>(), proptest::option::of(any::<u32>())), 0..4),
        samples in vec((any::<u64>(), vec(0u8..5, 1..6), proptest::option::of(any::<u32>()), any::<u64>()), 0..9),
    ) -> Trace {
        let n = u32::try_from(tasks.len()).unwrap();
        let mut trace = Trace { about, groups, ..Trace::default() };
        for (times, group, position, inputs) in tasks {
            trace.columns.group.push(group % u32::try_from(trace.groups.len()).unwrap());
            trace.columns.positions.push(position);
            trace.columns.inputs.push(inputs.into_iter().map(|i| i % n));
            trace.columns.push_times(times);
        }
        for (rank, name) in titles.into_iter().enumerate().take(n as usize) {
            trace.names.set(rank, &name);
        }
        trace.workers = workers
            .into_iter()
            .map(|(worker, pid, at, death)| WorkerFact { worker, pid, at, death })
            .collect();
        trace.memory = memory
            .into_iter()
            .map(|(at, anonymous, files, threads)| MemorySample { at, anonymous, files, cpu: at / 2, threads })
            .collect();
        if n > 0 {
            trace.rare = rare
                .into_iter()
                .map(|(t, value)| RareFact { task: t % n, kind: RareKind::Spilled, value })
                .collect();
        }
        let task = |t: Option<u32>| t.filter(|_| n > 0).map(|t| t % n);
        trace.notices = notices
            .into_iter()
            .map(|(at, text, of)| {
                Notice { at, kind: NoticeKind::Stalled, task: task(of), value: at / 3, text }
            })
            .collect();
        for (i, (at, calls, of, weight)) in samples.into_iter().enumerate() {
            let frames: Vec<_> = calls.iter().map(|&c| trace.stacks.frame(frame(c))).collect();
            let stack = trace.stacks.stack(frames).expect("there are frames");
            let sample = Sample { at, worker: (i % 3) as u16, task: task(of), stack, weight };
            [&mut trace.cpu_samples, &mut trace.allocation_samples, &mut trace.live_samples][i % 3]
                .push(sample);
        }
        trace.sort();
        trace
    }
}

fn frame(n: u8) -> Frame {
    let line = (n > 2).then(|| u32::from(n) - 2);
    let file = (n > 1).then(|| format!("src/{n}.rs"));
    Frame { function: format!("f{n}"), file, line }
}

fn bytes(traces: &[Trace]) -> Vec<u8> {
    let mut out = Vec::new();
    write(traces, &mut out).unwrap();
    out
}

fn small() -> Trace {
    let mut trace = Trace::default();
    trace.about.scheduler = "processes".to_owned();
    trace.about.complete = true;
    trace.groups = vec![TraceGroup { name: "inc".into(), source: true, created_at: None }; 2];
    for i in 0..5u32 {
        trace.columns.group.push(i % 2);
        trace.columns.positions.push([i]);
        trace.columns.inputs.push(i.checked_sub(1));
        let (started, ended) = (u64::from(i) * 1000, u64::from(i) * 1000 + 900);
        trace.columns.push_times(TaskTimes { started, ended, ..TaskTimes::default() });
    }
    trace.names.set(2, "inc:by=1");
    trace.memory = vec![MemorySample { at: 1, anonymous: 2, files: 3, ..MemorySample::default() }];
    trace
}

proptest! {
    #[test]
    fn comes_out_as_it_went_in(traces in vec(any_trace(), 0..3)) {
        let whole = read(&mut &bytes(&traces)[..]).unwrap();
        prop_assert!(whole.cut.is_none());
        prop_assert_eq!(whole.traces, traces);
    }

    #[test]
    fn survives_any_change(at: prop::sample::Index, to: u8) {
        let good = bytes(&[small()]);
        let mut bad = good.clone();
        let at = at.index(bad.len());
        bad[at] = to;
        match read(&mut &bad[..]) {
            // A length that is too large looks like an end that is missing: that is said as well.
            Ok(whole) => prop_assert!(good == bad || whole.cut.is_some()),
            Err(e) => prop_assert!(e.offset() <= bad.len() as u64, "{}", e),
        }
    }

    #[test]
    fn survives_any_payload(tag in 0usize..15, noise in vec(any::<u8>(), 0..60)) {
        let mut input = Input::new(&noise, "noise", 0);
        let _ = take(TAGS[tag], &mut input, &mut read::begun(small()));
    }
}

const TAGS: [[u8; 4]; 15] = [
    *b"RUN ", *b"GRPS", *b"TASK", *b"EDGE", *b"TIME", *b"WORK", *b"MEMO", *b"RARE", *b"NOTE",
    *b"STAK", *b"CPUS", *b"ALOC", *b"LIVE", *b"DONE", *b"NAME",
];

/// A process that dies leaves a file that ends anywhere: what was whole is read, and the rest is
/// said to be missing.
#[test]
fn reads_up_to_any_cut() {
    let whole = bytes(&[small(), small()]);
    let times = whole.windows(4).position(|w| w == b"TIME").unwrap();
    let mut last = (0, 0);
    for length in 0..whole.len() {
        match read(&mut &whole[..length]) {
            Ok(found) => {
                let cut = found.cut.expect("it is cut off");
                assert_eq!(cut.kind(), TraceErrorKind::CutOff, "{cut}");
                let complete = found.traces.iter().filter(|t| t.about.complete).count();
                assert!((found.traces.len(), complete) >= last, "less of a longer file");
                last = (found.traces.len(), complete);
                for t in found.traces.iter().filter(|t| !t.about.complete) {
                    assert_eq!(t.notices.last().map(|n| n.kind), Some(NoticeKind::Incomplete));
                }
            }
            Err(e) => {
                assert_eq!(e.kind(), TraceErrorKind::CutOff, "{e}");
                assert!(e.offset() <= length as u64 && length < times, "{e} at length {length}");
            }
        }
    }
    assert_eq!(last, (2, 2));
}

/// What a recorder does: the run begins, tasks end in two looks at it, one of them twice, and then
/// the process dies, or does not.
#[test]
fn a_run_is_written_piece_by_piece() {
    let mut trace = small();
    let all: Vec<_> = (0..5).map(|r| trace.columns.times(r)).collect();
    (0..5).for_each(|r| trace.columns.set_times(r, TaskTimes::default()));
    trace.about.complete = false;
    trace.memory.clear();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out).unwrap();
    let mut mark = writer.begin(&trace).unwrap();
    trace.columns.set_times(0, all[4]);
    trace.columns.set_times(1, all[1]);
    writer.add(&trace, &mut mark, &[0, 1]).unwrap();
    trace.columns.set_times(0, all[0]);
    (2..5).for_each(|r| trace.columns.set_times(r, all[r]));
    trace.memory = small().memory;
    writer.add(&trace, &mut mark, &[0, 2, 3, 4]).unwrap();
    let mut cut = writer_of(&out);
    assert_eq!(cut.about.elapsed, 4900);
    assert_eq!(cut.notices.pop().map(|n| n.kind), Some(NoticeKind::Incomplete));
    cut.about = small().about;
    assert_eq!(cut, small());
    let mut writer = Writer::resumed(&mut out, 1);
    writer.end(&small(), &mark).unwrap();
    writer.finish().unwrap();
    assert_eq!(read(&mut &out[..]).unwrap().traces, [small()]);
}

fn writer_of(file: &[u8]) -> Trace {
    read(&mut &file[..]).unwrap().traces.pop().unwrap()
}

#[test]
fn names_section_and_byte() {
    let mut bad = bytes(&[small()]);
    let at = bad.windows(4).position(|w| w == b"TASK").unwrap();
    bad[at + 20] ^= 1;
    let e = read(&mut &bad[..]).unwrap_err();
    assert_eq!(
        (e.kind(), e.section(), e.offset()),
        (TraceErrorKind::Checksum, "tasks", at as u64 + 16)
    );
    assert_eq!(
        e.to_string(),
        format!(
            "trace: damaged in section `tasks` at byte {}: the checksum does not agree",
            at + 16
        )
    );
}

#[test]
fn believes_no_length() {
    let mut bad = bytes(&[small()]);
    bad[16..24].copy_from_slice(&(u64::MAX / 2).to_le_bytes());
    assert_eq!(read(&mut &bad[..]).unwrap_err().kind(), TraceErrorKind::CutOff);
    let mut huge = Output::default();
    huge.number(u64::MAX / 2);
    let huge = huge.into_bytes();
    let of_run = [&[0], &huge[..]].concat();
    for tag in &TAGS[1..13] {
        let mut input = Input::new(&of_run, "x", 0);
        let e = take(*tag, &mut input, &mut read::begun(small())).unwrap_err();
        assert_eq!(e.kind(), TraceErrorKind::Malformed);
    }
}

#[test]
fn passes_over_what_it_does_not_know() {
    let good = bytes(&[small()]);
    let at = good.windows(4).position(|w| w == b"DONE").unwrap();
    let mut more = good[..at].to_vec();
    section::write(&mut more, *b"NEWS", Output::default()).unwrap();
    more.extend_from_slice(&good[at..]);
    assert_eq!(read(&mut &more[..]).unwrap().traces, [small()]);
}

#[test]
fn refuses_sections_that_do_not_fit_together() {
    let good = bytes(&[small()]);
    let at = |tag: &[u8; 4]| good.windows(4).position(|w| w == tag).unwrap();
    let mut without_edges = good[..at(b"EDGE")].to_vec();
    without_edges.extend_from_slice(&good[at(b"TIME")..]);
    let e = read(&mut &without_edges[..]).unwrap_err();
    assert_eq!(e.kind(), TraceErrorKind::Malformed);
}

#[test]
fn tells_what_is_no_trace_and_what_is_too_new() {
    let e = read(&mut &b"<html></html>"[..]).unwrap_err();
    assert_eq!((e.kind(), e.offset()), (TraceErrorKind::NotATrace, 0));
    let mut newer = bytes(&[small()]);
    newer[8] = 4;
    let e = read(&mut &newer[..]).unwrap_err();
    assert_eq!(e.kind(), TraceErrorKind::Version);
    assert!(e.to_string().contains("format 4"), "{e}");
    let mut longer = bytes(&[small()]);
    longer.push(0);
    assert_eq!(read(&mut &longer[..]).unwrap_err().kind(), TraceErrorKind::Malformed);
}

#[test]
fn a_million_tasks_take_less_than_30_megabytes() {
    let mut trace = Trace { groups: small().groups, ..Trace::default() };
    for i in 0..1_000_000u32 {
        trace.columns.group.push(i % 2);
        trace.columns.positions.push([i / 2]);
        trace.columns.inputs.push(i.checked_sub(1).into_iter().chain(i.checked_sub(1000)));
        // Two workers with tasks of about 20 us, the worst that a regular run does to differences.
        let started = u64::from(i / 2) * 20_000 + u64::from(i % 7) * 1_000;
        let ended = started + 19_000 + u64::from(i % 11) * 100;
        let (worker, cpu_us) = ((i % 2) as u16, Some(19));
        let status = TaskStatus::Done;
        trace.columns.push_times(TaskTimes {
            started,
            ended,
            cpu_us,
            worker,
            attempt: 1,
            status,
            ..TaskTimes::default()
        });
    }
    let size = bytes(&[trace]).len();
    assert!(size < 30_000_000, "{size} bytes");
}

/// Jobs that come in while a run goes on.
#[test]
fn tasks_may_become_known_later() {
    use std::time::SystemTime;
    use tine_scheduler::{Graph, Plan, RunView, jobs};
    let graph = |n: u32| {
        let mut g = Graph::builder();
        let group = g.group("sort");
        for _ in 0..n {
            g.push(group, [], jobs::body());
        }
        g.build().unwrap()
    };
    let (few, many) = (graph(3), graph(8));
    let all = |g: &Graph| g.tasks().collect::<Vec<_>>();
    let (few_planned, many_planned) =
        (Plan::new(&few, &all(&few)).unwrap(), Plan::new(&many, &all(&many)).unwrap());
    let started = SystemTime::UNIX_EPOCH;
    let view = RunView { plan: &few_planned, scheduler: "jobs", workers: 2, started };
    let mut trace = Trace::begun(&view);
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out).unwrap();
    let mut mark = writer.begin(&trace).unwrap();
    let times = |rank: usize| TaskTimes { started: rank as u64, ended: 9, ..TaskTimes::default() };
    trace.columns.set_times(2, times(2));
    writer.add(&trace, &mut mark, &[2]).unwrap();
    trace.learn(&many_planned);
    trace.columns.set_times(7, times(7));
    writer.add(&trace, &mut mark, &[7]).unwrap();
    writer.add(&trace, &mut mark, &[]).unwrap();
    writer.end(&trace, &mark).unwrap();
    writer.finish().unwrap();
    trace.about.complete = true;
    assert_eq!(read(&mut &out[..]).unwrap().traces, [trace.clone()]);
    assert_eq!((trace.len(), trace.key(&trace.task(7)).to_string()), (8, "sort(7)".to_owned()));
    // They cannot come before there is a run for them.
    let at = |tag: &[u8; 4]| out.windows(4).position(|w| w == tag).unwrap();
    let early = [&out[..at(b"TASK")], &out[at(b"MORE")..]].concat();
    assert_eq!(read(&mut &early[..]).unwrap_err().kind(), TraceErrorKind::Malformed);
}
