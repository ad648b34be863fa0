//! Runs of made tasks with a sampler, and what was seen of them.
//! It does not know what must be seen.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tine_profiler::{Sample, Sampled, Sampler};
use tine_scheduler::{Graph, Observer, Probe, RunView, Scheduler, get, observe};

/// Aborts the tests where one of them makes no progress.
pub(crate) struct Watchdog {
    _bone: Sender<()>,
}

impl Watchdog {
    pub(crate) fn new() -> Watchdog {
        let (bone, quiet) = channel();
        std::thread::spawn(move || {
            if quiet.recv_timeout(Duration::from_secs(300)) == Err(RecvTimeoutError::Timeout) {
                std::process::abort();
            }
        });
        Watchdog { _bone: bone }
    }
}

/// Hands a sampler to the run, and remembers the names of its tasks.
pub(crate) struct Look {
    sampler: Arc<Sampler>,
    names: Mutex<Vec<String>>,
}

impl Look {
    pub(crate) fn new(sampler: Arc<Sampler>) -> Arc<Look> {
        Arc::new(Look { sampler, names: Mutex::default() })
    }
}

impl Observer for Look {
    fn probes(&self, _run: &RunView<'_>) -> Vec<Arc<dyn Probe>> {
        vec![self.sampler.clone()]
    }

    fn run_started(&self, run: &RunView<'_>) {
        let name = |rank| run.plan.graph().key(run.plan.task(rank)).to_string();
        let mut names = self.names.lock().expect("nobody panics with it");
        if names.is_empty() {
            *names = (0..run.plan.len()).map(name).collect();
        }
    }
}

/// What was seen in a run.
pub(crate) struct Seen {
    pub(crate) sampled: Sampled,
    pub(crate) names: Vec<String>,
    pub(crate) failed: bool,
}

impl Seen {
    /// The functions of a sample, the outermost first.
    pub(crate) fn functions(&self, sample: &Sample) -> Vec<&str> {
        let frames = self.sampled.stacks.frames(sample.stack);
        let mut functions: Vec<&str> = frames.map(|f| f.function.as_str()).collect();
        functions.reverse();
        functions
    }

    /// The weight of those of `samples` with a function of this name on their stack.
    pub(crate) fn weight(&self, samples: &[Sample], function: &str) -> u64 {
        let with = samples.iter().filter(|s| self.has(s, function));
        with.map(|s| s.weight).sum()
    }

    pub(crate) fn has(&self, sample: &Sample, function: &str) -> bool {
        self.functions(sample).iter().any(|f| f.ends_with(function))
    }

    /// The name of the task of a sample.
    pub(crate) fn task(&self, sample: &Sample) -> Option<&str> {
        sample.task.map(|t| self.names[t as usize].as_str())
    }

    /// The weight of those of `samples` that are of this task.
    pub(crate) fn of_task(&self, samples: &[Sample], task: &str) -> u64 {
        samples.iter().filter(|s| self.task(s) == Some(task)).map(|s| s.weight).sum()
    }
}

/// Runs the sinks of a graph under `scheduler`, sampled.
pub(crate) fn run(
    graph: &Graph,
    sinks: &[&str],
    scheduler: &impl Scheduler,
    sampler: Arc<Sampler>,
) -> Seen {
    run_losing(graph, sinks, scheduler, (sampler, 0))
}

/// The same, where one sample in so many may be lost; 0 for none at all.
pub(crate) fn run_losing(
    graph: &Graph,
    sinks: &[&str],
    scheduler: &impl Scheduler,
    (sampler, one_in): (Arc<Sampler>, u64),
) -> Seen {
    let look = Look::new(sampler.clone());
    let ran = observe(look.clone(), || get(graph, sinks.iter().copied(), scheduler));
    let mut sampled = Sampled::default();
    sampler.drain(&mut sampled);
    assert_eq!(sampler.problem(), None);
    let taken = (sampled.cpu.len() + sampled.allocations.len()) as u64;
    let may_be = taken.checked_div(one_in).map_or(0, |n| n + 1);
    assert!(sampler.lost() <= may_be, "{} lost, {taken} taken", sampler.lost());
    let names = look.names.lock().expect("nobody panics with it").clone();
    Seen { sampled, names, failed: ran.is_err() }
}
