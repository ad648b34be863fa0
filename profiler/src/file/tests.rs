//! What goes into a trace file comes out; what was damaged is told, with its place.

use proptest::collection::vec;
use proptest::prelude::*;
use tine_scheduler::{Place, RareFact, RareKind, TaskStatus, TaskTimes, WorkerFact};

use super::*;
use crate::host::Host;
use crate::memory::MemorySample;
use crate::trace::{About, TraceGroup};

fn status(n: u8) -> TaskStatus {
    [TaskStatus::Unfinished, TaskStatus::Done, TaskStatus::Failed, TaskStatus::Skipped]
        [usize::from(n % 4)]
}

prop_compose! {
    fn any_times()(
        started: u64, ended: u64, cpu_us in proptest::option::of(0..u32::MAX), worker: u16, attempt: u8,
        state: u8,
    ) -> TaskTimes {
        TaskTimes { started, ended, cpu_us, worker, attempt, status: status(state), ..TaskTimes::default() }
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
            lost: wide[3], version: t(5), host, ..About::default()
        }
    }
}

prop_compose! {
    fn any_trace()(
        about in any_about(),
        groups in vec(any_group(), 1..5),
        tasks in vec((any_times(), any::<u32>(), vec(any::<u32>(), 0..3), vec(any::<u32>(), 0..4)), 0..40),
        workers in vec((any::<u16>(), any::<u32>(), any::<u64>(), proptest::option::of(any::<String>())), 0..4),
        memory in vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..6),
        rare in vec((any::<u32>(), any::<u64>()), 0..6),
    ) -> Trace {
        let n = u32::try_from(tasks.len()).unwrap();
        let mut trace = Trace { about, groups, ..Trace::default() };
        for (times, group, position, inputs) in tasks {
            trace.columns.group.push(group % u32::try_from(trace.groups.len()).unwrap());
            trace.columns.positions.push(position);
            trace.columns.inputs.push(inputs.into_iter().map(|i| i % n));
            trace.columns.push_times(times);
        }
        trace.workers = workers
            .into_iter()
            .map(|(worker, pid, at, death)| WorkerFact { worker, pid, at, death })
            .collect();
        trace.memory = memory
            .into_iter()
            .map(|(at, anonymous, files)| MemorySample { at, anonymous, files, ..MemorySample::default() })
            .collect();
        if n > 0 {
            trace.rare = rare
                .into_iter()
                .map(|(t, value)| RareFact { task: t % n, kind: RareKind::Spilled, value })
                .collect();
        }
        trace
    }
}

fn bytes(traces: &[Trace]) -> Vec<u8> {
    let mut out = Vec::new();
    write(traces, &mut out).unwrap();
    out
}

fn small() -> Trace {
    let mut trace = Trace::default();
    trace.about.scheduler = "processes".to_owned();
    trace.groups = vec![TraceGroup { name: "inc".into(), source: true, created_at: None }; 2];
    for i in 0..5u32 {
        trace.columns.group.push(i % 2);
        trace.columns.positions.push([i]);
        trace.columns.inputs.push(i.checked_sub(1));
        let (started, ended) = (u64::from(i) * 1000, u64::from(i) * 1000 + 900);
        trace.columns.push_times(TaskTimes { started, ended, ..TaskTimes::default() });
    }
    trace.memory = vec![MemorySample { at: 1, anonymous: 2, files: 3, ..MemorySample::default() }];
    trace
}

proptest! {
    #[test]
    fn comes_out_as_it_went_in(traces in vec(any_trace(), 0..3)) {
        prop_assert_eq!(read(&mut &bytes(&traces)[..]).unwrap(), traces);
    }

    #[test]
    fn survives_any_change(at: prop::sample::Index, to: u8) {
        let good = bytes(&[small()]);
        let mut bad = good.clone();
        let at = at.index(bad.len());
        bad[at] = to;
        match read(&mut &bad[..]) {
            Ok(_) => prop_assert_eq!(good, bad),
            Err(e) => prop_assert!(e.offset() <= bad.len() as u64, "{}", e),
        }
    }

    #[test]
    fn survives_any_payload(tag in 0usize..7, noise in vec(any::<u8>(), 0..60)) {
        let tag = [*b"RUN ", *b"GRPS", *b"TASK", *b"EDGE", *b"WORK", *b"MEMO", *b"RARE"][tag];
        let mut input = Input::new(&noise, "noise", 0);
        let mut trace = small();
        let _ = match &tag {
            b"RUN " => decode::about(&mut input).map(|_| ()),
            _ => part(tag, &mut input, &mut trace),
        };
    }
}

#[test]
fn tells_every_cut() {
    let whole = bytes(&[small(), small()]);
    for length in 0..whole.len() {
        let e = read(&mut &whole[..length]).expect_err("cut off");
        assert_eq!(e.kind(), TraceErrorKind::CutOff, "{e}");
        assert!(e.offset() <= length as u64, "{e} at length {length}");
    }
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
    for tag in [*b"GRPS", *b"TASK", *b"EDGE", *b"WORK", *b"MEMO", *b"RARE"] {
        let e = part(tag, &mut Input::new(&huge, "x", 0), &mut small()).unwrap_err();
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
    assert_eq!(read(&mut &more[..]).unwrap(), [small()]);
}

#[test]
fn refuses_sections_that_do_not_fit_together() {
    let good = bytes(&[small()]);
    let at = |tag: &[u8; 4]| good.windows(4).position(|w| w == tag).unwrap();
    let mut without_edges = good[..at(b"EDGE")].to_vec();
    without_edges.extend_from_slice(&good[at(b"WORK")..]);
    let e = read(&mut &without_edges[..]).unwrap_err();
    assert_eq!(e.kind(), TraceErrorKind::Malformed);
}

#[test]
fn tells_what_is_no_trace_and_what_is_too_new() {
    let e = read(&mut &b"<html></html>"[..]).unwrap_err();
    assert_eq!((e.kind(), e.offset()), (TraceErrorKind::NotATrace, 0));
    let mut newer = bytes(&[small()]);
    newer[8] = 2;
    let e = read(&mut &newer[..]).unwrap_err();
    assert_eq!(e.kind(), TraceErrorKind::Version);
    assert!(e.to_string().contains("format 2"), "{e}");
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
