//! The observer that keeps everything: each run becomes a trace, and a file of them where one is
//! wanted. It knows what a run tells; how one run is kept stands in `going`.

mod going;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tine_scheduler::{
    FailedAttempt, MemoryUse, Observer, Probe, Progress, RunEnd, RunView, Stall, Wanted,
};

use crate::file::Writer;
use crate::profile::Recording;
use crate::trace::Trace;
use going::Going;

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
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Runs that go on, in the order in which they started.
    going: Vec<Going>,
    /// Those that have ended, each with when it started.
    ended: Vec<(u64, Trace)>,
    started: u64,
    file: Option<LiveFile>,
}

/// The file that runs are written to while they go on.
#[derive(Debug)]
struct LiveFile {
    path: PathBuf,
    writer: Writer<BufWriter<File>>,
    /// Why nothing more is written.
    broken: Option<io::Error>,
}

impl LiveFile {
    fn create(path: &Path) -> io::Result<LiveFile> {
        let writer = File::create(path).and_then(|f| Writer::new(BufWriter::new(f)));
        let writer = writer.map_err(|e| named(path, &e))?;
        Ok(LiveFile { path: path.to_owned(), writer, broken: None })
    }

    /// Writes, unless that has failed before.
    fn write<T>(
        &mut self,
        what: impl FnOnce(&mut Writer<BufWriter<File>>) -> io::Result<T>,
    ) -> Option<T> {
        if self.broken.is_some() {
            return None;
        }
        match what(&mut self.writer) {
            Ok(done) => Some(done),
            Err(e) => {
                self.broken = Some(named(&self.path, &e));
                None
            }
        }
    }
}

fn named(path: &Path, e: &io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("the trace {} cannot be written: {e}", path.display()))
}

impl Recorder {
    /// Returns a recorder that has seen nothing yet.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// Returns a recorder that writes each run to the file `path` while it goes on, about once a
    /// second, and its end. What was written of a run stays readable whatever becomes of this
    /// process.
    ///
    /// # Errors
    /// The file cannot be made, as the system says, with its path.
    pub fn to_file(path: impl AsRef<Path>) -> io::Result<Recorder> {
        let file = Some(LiveFile::create(path.as_ref())?);
        Ok(Recorder { state: Mutex::new(State { file, ..State::default() }) })
    }

    /// Takes away the runs that have ended, in the order in which they started.
    pub fn take(&self) -> Recording {
        let mut ended = std::mem::take(&mut self.lock().ended);
        ended.sort_by_key(|(started, _)| *started);
        Recording::new(ended.into_iter().map(|(_, trace)| trace).collect())
    }

    /// Closes the file, where there is one; no run is written after that.
    ///
    /// # Errors
    /// What the system said when something could not be written, now or in any run before; the runs
    /// themselves are not touched by that.
    pub fn finish(&self) -> io::Result<()> {
        let Some(mut file) = self.lock().file.take() else { return Ok(()) };
        file.write(Writer::finish);
        file.broken.map_or(Ok(()), Err)
    }

    /// A panic elsewhere leaves whole entries behind, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with a run that was seen to start.
    fn with(&self, run: &RunView<'_>, what: impl FnOnce(&mut Going, Option<&mut LiveFile>)) {
        let mut state = self.lock();
        let State { going, file, .. } = &mut *state;
        if let Some(going) = going.iter_mut().find(|g| g.is(run)) {
            what(going, file.as_mut());
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Whoever wants to know whether that went well calls `finish`.
        drop(self.finish());
    }
}

impl Observer for Recorder {
    fn wanted(&self) -> Wanted {
        Wanted { lines: false, ..Wanted::ALL }
    }

    fn run_started(&self, run: &RunView<'_>) {
        let mut state = self.lock();
        let State { going, file, started, .. } = &mut *state;
        *started += 1;
        going.push(Going::begin(run, *started, file.as_mut()));
    }

    fn probes(&self, run: &RunView<'_>) -> Vec<Arc<dyn Probe>> {
        let mut probes = Vec::new();
        self.with(run, |going, _| probes = going.probes(run.workers));
        probes
    }

    fn run_grew(&self, before: &RunView<'_>, now: &RunView<'_>) {
        self.with(before, |going, _| going.grew(now));
    }

    fn tick(&self, run: &RunView<'_>, progress: &Progress<'_>) {
        self.with(run, |going, file| {
            going.sample(progress.elapsed, progress.pids);
            if let Some(file) = file {
                going.flush(run, progress, file);
            }
        });
    }

    fn memory_changed(&self, run: &RunView<'_>, memory: &MemoryUse) {
        self.with(run, |going, _| going.memory_changed(memory));
    }

    fn stalled(&self, run: &RunView<'_>, stall: &Stall) -> bool {
        self.with(run, |going, _| going.stalled(stall));
        // The user has not been told.
        false
    }

    fn attempt_failed(&self, run: &RunView<'_>, failed: &FailedAttempt<'_>) {
        self.with(run, |going, _| going.attempt_failed(failed));
    }

    fn run_finished(&self, run: &RunView<'_>, end: &RunEnd<'_>) {
        let mut going = {
            let mut state = self.lock();
            let Some(place) = state.going.iter().position(|g| g.is(run)) else { return };
            state.going.remove(place)
        };
        // Without the lock: other runs must be heard meanwhile.
        let sampled = going.look_back(run, end.elapsed);
        let started = going.started();
        let mut state = self.lock();
        let trace = going.end(run, end, sampled, state.file.as_mut());
        state.ended.push((started, trace));
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
            recorder.with(&run, |going, _| {
                going.sample(tenth * 100_000_000, &[std::process::id()]);
                going.forget_price();
            });
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
