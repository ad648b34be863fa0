//! Checks exported events against the rules of the trace-event format, those that viewers enforce
//! without saying so included.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tine_scheduler::{TaskStatus, TaskTimes, WorkerFact};

use crate::memory::MemorySample;
use crate::trace::{Notice, NoticeKind, Trace, TraceGroup};

fn export(trace: &Trace) -> Value {
    let mut out = Vec::new();
    trace.write_chrome(&mut out).unwrap();
    serde_json::from_slice(&out).expect("strict JSON")
}

fn events(json: &Value) -> &Vec<Value> {
    json["traceEvents"].as_array().expect("an array of events")
}

fn of_phase<'a>(json: &'a Value, phase: &str) -> Vec<&'a Value> {
    events(json).iter().filter(|e| e["ph"] == phase).collect()
}

/// Nanoseconds, which all times are whole numbers of.
fn nanos(value: &Value) -> u64 {
    let micros = value.as_f64().expect("a number");
    assert!(micros >= 0.0 && micros.is_finite(), "negative: {value}");
    (micros * 1000.0).round() as u64
}

fn place(event: &Value) -> (u64, u64) {
    let number = |name: &str| {
        let n = event[name].as_u64().unwrap_or_else(|| panic!("{name} of {event}"));
        assert!(n > 0 && n <= u64::from(u32::MAX), "viewers take 0 for idleness: {event}");
        n
    };
    (number("pid"), number("tid"))
}

/// Fails where an event breaks a rule of the format.
fn validate(json: &Value) {
    assert!(["ms", "ns"].contains(&json["displayTimeUnit"].as_str().unwrap()));
    let (mut processes, mut threads) = (BTreeSet::new(), BTreeSet::new());
    let mut last = 0;
    let mut open: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for e in events(json) {
        let at = place(e);
        assert!(e["name"].as_str().is_some_and(|n| !n.is_empty()), "no name: {e}");
        let phase = e["ph"].as_str().expect("a phase");
        if phase == "M" {
            assert!(e.get("ts").is_none(), "metadata has no time: {e}");
            match e["name"].as_str().unwrap() {
                "process_name" => assert!(processes.insert(at.0), "named twice: {e}"),
                "thread_name" => assert!(threads.insert(at), "named twice: {e}"),
                "process_sort_index" | "thread_sort_index" => {
                    assert!(e["args"]["sort_index"].is_u64(), "{e}");
                    continue;
                }
                other => panic!("unknown metadata {other}"),
            }
            assert!(e["args"]["name"].is_string(), "{e}");
            continue;
        }
        let ts = nanos(&e["ts"]);
        assert!(ts >= last, "not in the order of time: {e} after {last}");
        last = ts;
        assert!(processes.contains(&at.0) && threads.contains(&at), "without a name: {e}");
        match phase {
            "X" => {
                let end = ts + nanos(&e["dur"]);
                let before = open.insert(at, end).unwrap_or(0);
                assert!(before <= ts, "overlaps the slice before: {e}");
                assert!(e["cat"].is_string() && e["args"].is_object(), "{e}");
            }
            "C" => {
                let args = e["args"].as_object().expect("values of a counter");
                assert!(!args.is_empty() && args.values().all(Value::is_number), "{e}");
            }
            "i" => assert!(["g", "p", "t"].contains(&e["s"].as_str().unwrap()), "{e}"),
            "s" | "f" => assert!(e["id"].is_u64() && e["cat"].is_string(), "{e}"),
            other => panic!("a phase that is not written: {other}"),
        }
    }
    arrows_have_both_ends(json);
}

fn arrows_have_both_ends(json: &Value) {
    let slices = of_phase(json, "X");
    let inside = |e: &Value| {
        let ts = nanos(&e["ts"]);
        slices.iter().any(|s| {
            let from = nanos(&s["ts"]);
            place(s) == place(e) && from <= ts && ts < from + nanos(&s["dur"])
        })
    };
    let ends = |phase| -> BTreeMap<u64, u64> {
        let all = of_phase(json, phase);
        all.iter().for_each(|e| assert!(inside(e), "fastened to nothing: {e}"));
        let ids: BTreeMap<_, _> =
            all.iter().map(|e| (e["id"].as_u64().unwrap(), nanos(&e["ts"]))).collect();
        assert_eq!(ids.len(), all.len(), "a number twice");
        ids
    };
    let (starts, finishes) = (ends("s"), ends("f"));
    assert!(starts.keys().eq(finishes.keys()), "{starts:?} {finishes:?}");
    assert!(starts.iter().all(|(id, ts)| *ts <= finishes[id]));
    assert!(of_phase(json, "f").iter().all(|e| e["bp"] == "e"));
}

/// A run of tasks `(started, ended, worker, inputs)`.
fn run(tasks: &[(u64, u64, u16, &[u32])], workers: Vec<WorkerFact>) -> Trace {
    let mut trace = Trace { workers, ..Trace::default() };
    let name = "odd \"name\"\\\n\u{1}ä;,".to_owned();
    trace.groups.push(TraceGroup { name, ..TraceGroup::default() });
    trace.about.elapsed = tasks.iter().map(|t| t.1).max().unwrap_or(0);
    trace.about.command = vec!["./a \"b\"".to_owned()];
    for (i, &(started, ended, worker, inputs)) in (0..).zip(tasks) {
        trace.columns.group.push(0);
        trace.columns.positions.push([i]);
        trace.columns.inputs.push(inputs.iter().copied());
        let status = TaskStatus::Done;
        trace.columns.push_times(TaskTimes {
            started,
            ended,
            worker,
            status,
            ..TaskTimes::default()
        });
    }
    trace
}

fn fact(worker: u16, pid: u32, at: u64, death: Option<&str>) -> WorkerFact {
    WorkerFact { worker, pid, at, death: death.map(ToOwned::to_owned) }
}

fn processes() -> Vec<WorkerFact> {
    vec![
        fact(0, 4_000, 0, None),
        fact(1, 4_001, 0, None),
        fact(1, 4_001, 2_500, Some("killed by \"SIGKILL\"")),
        fact(1, 4_050, 2_600, None),
    ]
}

#[test]
fn every_kind_of_event_is_valid() {
    let tasks: [(u64, u64, u16, &[u32]); 5] = [
        (1, 1_001, 0, &[]),
        (0, 2_000, 1, &[]),
        (2_000, 3_001, 0, &[0, 1]),
        (2_700, 2_700, 1, &[1]),
        (3_001, 4_000, 1, &[2, 0, 3]),
    ];
    let mut trace = run(&tasks, processes());
    for (at, cpu) in [(0, 0), (2_000, 3_000), (4_000, 2_000)] {
        trace.memory.push(MemorySample { at, anonymous: 7, files: 8, cpu, threads: 2 });
    }
    let notice = |at, task| Notice {
        at,
        kind: NoticeKind::MemoryShort,
        task,
        value: 0,
        text: "held \"back\"\n".to_owned(),
    };
    let json = export(&trace.with_notices([notice(900, Some(1)), notice(900, Some(99))]));
    validate(&json);
    let count = |phase| of_phase(&json, phase).len();
    assert_eq!(["X", "C", "i", "s", "f"].map(count), [6, 4, 3, 4, 4]);
    let pids: Vec<_> = of_phase(&json, "X").iter().map(|e| e["pid"].as_u64().unwrap()).collect();
    assert_eq!(pids, [1, 4_001, 4_000, 4_000, 4_050, 4_050], "the run, then the tasks by time");
    let death = of_phase(&json, "i").into_iter().find(|e| e["name"] == "worker died").unwrap();
    assert_eq!(
        (&death["pid"], &death["args"]["how"]),
        (&4_001.into(), &"killed by \"SIGKILL\"".into())
    );
    let task = of_phase(&json, "X")[1];
    assert_eq!(task["args"]["key"], "odd \"name\"\\\n\u{1}ä;,(1)");
    assert_eq!(nanos(&of_phase(&json, "C")[1]["args"]["private"]), 7_000);
}

#[test]
fn nothing_is_a_trace_too() {
    let json = export(&Trace::default());
    validate(&json);
    assert_eq!(of_phase(&json, "X").len(), 1);
}

#[test]
fn threads_share_their_process() {
    let workers = (0..3).map(|w| fact(w, 77, 0, None)).collect();
    let json = export(&run(&[(1, 5, 0, &[]), (1, 6, 1, &[]), (1, 7, 2, &[])], workers));
    validate(&json);
    let places: BTreeSet<_> = of_phase(&json, "X")[1..].iter().map(|e| place(e)).collect();
    assert_eq!(places, BTreeSet::from([(77, 78), (77, 79), (77, 80)]));
}

#[test]
fn workers_without_a_process_and_numbers_given_twice_are_told_apart() {
    let twice =
        vec![fact(0, 1, 0, None), fact(1, 1, 0, None), fact(1, 9, 5, None), fact(2, 0, 0, None)];
    let json =
        export(&run(&[(1, 5, 0, &[]), (1, 9, 1, &[]), (1, 7, 2, &[]), (1, 2, 5, &[])], twice));
    validate(&json);
    let places: BTreeSet<_> = of_phase(&json, "X").iter().map(|e| place(e)).collect();
    assert_eq!(places.len(), 5);
}

#[test]
fn slices_that_overlap_are_cut() {
    let json = export(&run(&[(1, 100, 0, &[]), (50, 80, 0, &[]), (90, 200, 0, &[])], Vec::new()));
    validate(&json);
    let times: Vec<_> =
        of_phase(&json, "X")[1..].iter().map(|e| (nanos(&e["ts"]), nanos(&e["dur"]))).collect();
    assert_eq!(times, [(1, 99), (100, 0), (100, 100)]);
}

#[test]
fn too_many_arrows_are_left_out() {
    let all: Vec<u32> = (0..500).collect();
    let mut tasks: Vec<(u64, u64, u16, &[u32])> =
        (0..500).map(|i| (1 + i, 2 + i, 0, &[][..])).collect();
    tasks.extend((500..600).map(|i| (1 + i, 2 + i, 0, &all[..])));
    let json = export(&run(&tasks, Vec::new()));
    validate(&json);
    assert!(of_phase(&json, "s").is_empty());
}

#[test]
#[should_panic(expected = "overlaps")]
fn the_validator_sees_what_is_wrong() {
    let mut json = export(&run(&[(1, 100, 0, &[]), (100, 180, 0, &[])], Vec::new()));
    let events = json["traceEvents"].as_array_mut().unwrap();
    let first = events.iter_mut().find(|e| e["cat"] == "done").unwrap();
    first["dur"] = 0.5.into();
    validate(&json);
}
