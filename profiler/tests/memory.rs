//! The memory of a run is what its process allocates, measured alone in a process of its own.
//! It knows only the observer's interface.
#![cfg(target_os = "linux")]

use std::time::SystemTime;

use tine_profiler::{Recorder, Recording};
use tine_scheduler::{Graph, Observer, Plan, RunEnd, RunView};

#[test]
fn grows_with_what_is_allocated() {
    let mut g = Graph::builder();
    let task = g.task("t", [] as [&str; 0], || 1i64);
    let graph = g.build().unwrap();
    let plan = Plan::new(&graph, &[task]).unwrap();
    let started = SystemTime::UNIX_EPOCH;
    let run = RunView { plan: &plan, scheduler: "serial", workers: 1, started };
    let end = RunEnd { times: &[], rare: &[], lost: 0, workers: &[], elapsed: 9, error: None };
    let recorder = Recorder::new();
    recorder.run_started(&run);
    let block = vec![1u8; 64 << 20];
    recorder.run_finished(&run, &end);
    assert_eq!(block[block.len() - 1], 1);
    let recording: Recording = recorder.take();
    let memory = recording.traces()[0].memory();
    let grown = memory[1].anonymous - memory[0].anonymous;
    assert!((63 << 20..70 << 20).contains(&grown), "{grown} bytes more");
    assert_eq!(recording.traces()[0].peak_memory(), Some(memory[1].total()));
}
