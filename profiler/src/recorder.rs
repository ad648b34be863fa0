//! The observer that keeps everything: each run becomes a trace.
//! It knows what a run tells, and asks the kernel for memory; it writes no file.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tine_scheduler::{Observer, Progress, RunEnd, RunView, Wanted};

use crate::memory::{self, MemorySample};
use crate::profile::Recording;
use crate::trace::Trace;

/// Asking for the memory of a process makes the kernel walk its page tables, which takes about a
/// millisecond a gigabyte: twice a second keeps that far below one per cent.
const SAMPLE_EVERY: u64 = 500_000_000;

/// Records every run that it is told of.
///
/// ```
/// use std::sync::Arc;
/// use tine_profiler::Recorder;
/// use tine_scheduler::{Graph, Serial, get, observe};
/// let mut g = Graph::builder();
/// g.value("x", 1i64);
/// g.task("y", ["x"], |x: &i64| x + 1);
/// let graph = g.build()?;
/// let recorder = Arc::new(Recorder::new());
/// let out = observe(recorder.clone(), || get(&graph, ["y"], &Serial::new()))?;
/// assert_eq!(out.get::<i64>(0)?, 2);
/// let recording = recorder.take();
/// # let _ = recording;
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Recorder {
    runs: Mutex<Vec<Entry>>,
}

/// One run, in the order in which they started.
#[derive(Debug)]
struct Entry {
    /// Where the plan of a run that goes on lies in memory: no two such runs have the same.
    plan: usize,
    pids: Vec<u32>,
    memory: Vec<MemorySample>,
    /// `None` while the run goes on.
    trace: Option<Trace>,
}

impl Recorder {
    /// Returns a recorder that has seen nothing yet.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// Takes away the runs that have ended, in the order in which they started.
    pub fn take(&self) -> Recording {
        let mut runs = self.lock();
        let (ended, going): (Vec<_>, Vec<_>) = runs.drain(..).partition(|e| e.trace.is_some());
        *runs = going;
        Recording::new(ended.into_iter().filter_map(|e| e.trace).collect())
    }

    /// A panic elsewhere leaves whole entries behind, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, run: &RunView<'_>) {
        let pids = vec![std::process::id()];
        let memory = memory::sample(0, &pids).into_iter().collect();
        self.lock().push(Entry { plan: id(run), pids, memory, trace: None });
    }

    fn sample(&self, run: &RunView<'_>, at: u64, pids: &[u32]) {
        let mut runs = self.lock();
        let Some(entry) = going(&mut runs, run) else { return };
        entry.pids.clear();
        entry.pids.extend_from_slice(pids);
        // The sample at the start stands alone: the first tick sees the workers, however soon.
        let due = match entry.memory.len() {
            0 | 1 => true,
            _ => entry.memory.last().is_some_and(|m| at >= m.at + SAMPLE_EVERY),
        };
        if due {
            entry.memory.extend(memory::sample(at, pids));
        }
    }
}

fn id(run: &RunView<'_>) -> usize {
    std::ptr::from_ref(run.plan).addr()
}

fn going<'a>(runs: &'a mut [Entry], run: &RunView<'_>) -> Option<&'a mut Entry> {
    runs.iter_mut().find(|e| e.plan == id(run) && e.trace.is_none())
}

impl Observer for Recorder {
    fn wanted(&self) -> Wanted {
        Wanted { lines: false, ..Wanted::ALL }
    }

    fn run_started(&self, run: &RunView<'_>) {
        self.begin(run);
    }

    fn tick(&self, run: &RunView<'_>, progress: &Progress<'_>) {
        self.sample(run, progress.elapsed, progress.pids);
    }

    fn run_finished(&self, run: &RunView<'_>, end: &RunEnd<'_>) {
        let mut runs = self.lock();
        let Some(entry) = going(&mut runs, run) else { return };
        entry.memory.extend(memory::sample(end.elapsed, &entry.pids));
        let memory = std::mem::take(&mut entry.memory);
        entry.trace = Some(Trace::of_run(run, end, memory));
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tine_scheduler::{Graph, Plan};

    use super::*;

    const END: RunEnd<'_> =
        RunEnd { times: &[], rare: &[], lost: 0, workers: &[], elapsed: 9, error: None };

    fn view<'a>(plan: &'a Plan<'a>) -> RunView<'a> {
        RunView { plan, scheduler: "serial", workers: 1, started: SystemTime::UNIX_EPOCH }
    }

    fn graph(name: &str) -> Graph {
        let mut g = Graph::builder();
        g.task(name, [] as [&str; 0], || 1i64);
        g.build().unwrap()
    }

    #[test]
    fn keeps_runs_in_the_order_of_their_start() {
        let (a, b) = (graph("a"), graph("b"));
        let plan_a = Plan::new(&a, &a.find_all(["a"]).unwrap()).unwrap();
        let plan_b = Plan::new(&b, &b.find_all(["b"]).unwrap()).unwrap();
        let recorder = Recorder::new();
        recorder.run_started(&view(&plan_a));
        recorder.run_started(&view(&plan_b));
        recorder.run_finished(&view(&plan_b), &END);
        assert_eq!(names(&recorder.take()), ["b"]);
        recorder.run_started(&view(&plan_b));
        recorder.run_finished(&view(&plan_b), &END);
        recorder.run_finished(&view(&plan_a), &END);
        assert_eq!(names(&recorder.take()), ["a", "b"]);
        assert!(recorder.take().traces().is_empty());
    }

    fn names(recording: &Recording) -> Vec<&str> {
        recording.traces().iter().map(|t| t.groups()[0].name.as_str()).collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn samples_memory_twice_a_second_and_at_both_ends() {
        let a = graph("a");
        let plan = Plan::new(&a, &a.find_all(["a"]).unwrap()).unwrap();
        let recorder = Recorder::new();
        let run = view(&plan);
        recorder.run_started(&run);
        for tenth in 1..=10 {
            recorder.sample(&run, tenth * 100_000_000, &[std::process::id()]);
        }
        recorder.run_finished(&run, &RunEnd { elapsed: 1_050_000_000, ..END });
        let recording = recorder.take();
        let at: Vec<u64> = recording.traces()[0].memory().iter().map(|m| m.at).collect();
        assert_eq!(at, [0, 100_000_000, 600_000_000, 1_050_000_000]);
        assert!(recording.traces()[0].peak_memory().unwrap() > 100_000);
    }

    #[test]
    fn knows_nothing_of_a_run_that_it_did_not_see_start() {
        let a = graph("a");
        let plan = Plan::new(&a, &a.find_all(["a"]).unwrap()).unwrap();
        let recorder = Recorder::new();
        recorder.run_finished(&view(&plan), &END);
        assert!(recorder.take().traces().is_empty());
    }
}
