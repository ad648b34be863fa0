//! Workers that die at every step of the protocol, thousands of times: the answer stays right.
//! It does not test deaths that a task causes or a user: see `tests/processes`.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tine_scheduler::{
    Error, ErrorKind, MemoryUse, Observer, Plan, Processes, RunEnd, RunView, Scheduler,
    arm_kill_point, memory_in_use,
};

use crate::agree::any_spec;
use crate::repeat::{children, descriptors};
use crate::spec::{Node, Op, Spec, known, mix};
use crate::watchdog::Watchdog;

/// Counts the deaths of runs, and looks at their memory.
#[derive(Default)]
struct Deaths(Mutex<usize>);

impl Observer for Deaths {
    fn memory_changed(&self, _: &RunView<'_>, memory: &MemoryUse) {
        assert!(memory.results <= memory.budget, "{memory:?}");
    }

    fn run_finished(&self, _: &RunView<'_>, end: &RunEnd<'_>) {
        *self.0.lock().unwrap() += end.workers.iter().filter(|w| w.death.is_some()).count();
    }
}

/// What every task does first: in a worker that has not done so, it arms the countdown.
fn arming(reach: u64, seed: u64) -> Arc<dyn Fn(usize) + Send + Sync> {
    let parent = std::process::id();
    let armed_in = AtomicU32::new(parent);
    let armed = AtomicU64::new(0);
    Arc::new(move |_| {
        let me = std::process::id();
        if armed_in.swap(me, Ordering::Relaxed) != me && me != parent {
            let n = armed.fetch_add(1, Ordering::Relaxed);
            arm_kill_point(1 + mix(mix(seed, n), me.into()) % reach);
        }
    })
}

/// One campaign: the same graph many times, with workers that die.
pub(crate) struct Campaign {
    name: &'static str,
    dog: Watchdog,
    deaths: Arc<Deaths>,
    /// The memory budget of its runs.
    pub(crate) memory: &'static str,
    runs: usize,
    given_up: usize,
    /// Where tasks that fail at first note that they have.
    failing: Option<tempfile::TempDir>,
}

impl Campaign {
    pub(crate) fn new(name: &'static str) -> Self {
        let (dog, deaths) = (Watchdog::new(name), Arc::new(Deaths::default()));
        let memory = "1GiB";
        Campaign { name, dog, deaths, memory, runs: 0, given_up: 0, failing: None }
    }

    /// Runs a spec with workers that live for up to `reach` steps of the protocol.
    pub(crate) fn run(&mut self, spec: &Spec, workers: usize, reach: u64) {
        let scheduler = Processes::new().workers(workers).memory(self.memory);
        self.run_on(spec, &scheduler, workers, reach);
    }

    /// The same, with every third task failing at its first attempt.
    fn run_flaky(&mut self, spec: &Spec, workers: usize, reach: u64) {
        self.failing = Some(tempfile::tempdir().unwrap());
        let backoff = Duration::from_micros(300 * (self.runs as u64 % 2));
        let scheduler = Processes::new().workers(workers).retries(3).backoff(backoff);
        self.run_on(spec, &scheduler, workers, reach);
    }

    /// What every task does first.
    fn first(&self, reach: u64, seed: u64) -> Arc<dyn Fn(usize) + Send + Sync> {
        let arm = arming(reach, seed);
        let Some(folder) = &self.failing else { return arm };
        let folder = folder.path().to_owned();
        Arc::new(move |node| {
            arm(node);
            let mark = folder.join(node.to_string());
            assert!(node % 3 > 0 || std::fs::File::create_new(mark).is_err(), "the first attempt");
        })
    }

    fn run_on(&mut self, spec: &Spec, scheduler: &Processes, workers: usize, reach: u64) {
        let seed = self.runs as u64;
        self.runs += 1;
        let what =
            format!("run {seed}: {workers} workers, reach {reach}, {} deaths", self.deaths());
        self.dog.step(what.clone());
        let graph = spec.build(Some(self.first(reach, seed))).unwrap();
        let plan = Plan::new(&graph, &spec.output_ids()).unwrap();
        let observer: Arc<dyn Observer> = self.deaths.clone();
        let (memory, deaths) = (memory_in_use(), self.deaths());
        let got = scheduler.run(&plan, &[observer]).map(|out| {
            (0..out.len())
                .map(|i| out.get::<crate::spec::Val>(i).unwrap().digest())
                .collect::<Vec<_>>()
        });
        assert_eq!(memory_in_use(), memory, "{}, {what}", self.name);
        let expected = || spec.expected(&graph);
        match got {
            Err(e) if self.is_given_up(&e, self.deaths() - deaths) => {
                self.given_up += 1;
                // Only the deaths were to blame: who lives, and has room, gives the answer.
                let unharmed = spec.run(&spec.build(None).unwrap(), &Processes::new());
                assert_eq!(unharmed, expected(), "{}, {what}, after {e}", self.name);
            }
            got => {
                let got = got.map_err(|e| known(&e));
                assert_eq!(got, expected(), "{}, {what}, {spec:?}", self.name);
            }
        }
    }

    /// Whether a run was rightly given up after so many deaths: a death while the body of a task
    /// allocates, or makes room for what it allocates, is the body's, and so many of them end the
    /// task. How often that is depends on where the countdown ends, and so on what other workers do
    /// meanwhile: there is no number to expect.
    fn is_given_up(&self, error: &Error, deaths: usize) -> bool {
        let named = error.task().is_some_and(|task| task.starts_with("n("));
        match error.kind() {
            ErrorKind::MemoryBudget | ErrorKind::MemoryLimit => {
                assert!(named && self.memory != "1GiB", "{error}");
                true
            }
            ErrorKind::Died => {
                // A failure that was retried counts as an attempt too.
                let attempt = error.attempt().map(|a| (a.number, a.of));
                assert!(matches!(attempt, Some((4..=7, 4..=7))), "{error}");
                assert!(named && error.signal() == Some(9) && deaths >= 4, "{deaths}: {error}");
                true
            }
            _ => false,
        }
    }

    /// Deaths, runs, and runs that ended because a task's body had died too often.
    pub(crate) fn figures(&self) -> (usize, usize, usize) {
        (self.deaths(), self.runs, self.given_up)
    }

    pub(crate) fn deaths(&self) -> usize {
        *self.deaths.0.lock().unwrap()
    }

    pub(crate) fn end(self, at_least: usize, before: usize) {
        assert!(self.deaths() >= at_least, "{}: only {} deaths", self.name, self.deaths());
        assert!(self.given_up < self.runs, "{}: no run has got an answer", self.name);
        assert_eq!(children(), [] as [String; 0], "{}", self.name);
        assert_eq!(descriptors(), before, "{}", self.name);
    }
}

/// Descriptors that stay open once there has been a run, and those of the campaign's watchdog.
pub(crate) fn settled() -> usize {
    let spec = Spec { nodes: vec![node(Op::Num, &[])], outputs: vec![0] };
    let graph = spec.build(None).unwrap();
    assert!(spec.run(&graph, &Processes::new().workers(1)).is_ok());
    descriptors()
}

pub(crate) fn node(op: Op, inputs: &[usize]) -> Node {
    Node { op, inputs: inputs.iter().map(|&i| (i, false)).collect() }
}

/// A tree over `n` leaves.
pub(crate) fn tree(n: usize, fan_in: usize, leaf: Op, inner: Op) -> Spec {
    let mut nodes: Vec<_> = (0..n).map(|_| node(leaf, &[])).collect();
    let mut layer: Vec<usize> = (0..n).collect();
    while layer.len() > 1 {
        let next = layer.chunks(fan_in).map(|part| {
            nodes.push(node(inner, part));
            nodes.len() - 1
        });
        layer = next.collect();
    }
    Spec { outputs: vec![nodes.len() - 1], nodes }
}

pub(crate) const WORKERS: [usize; 4] = [1, 2, 4, 8];

#[test]
fn trees() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("trees");
    for round in 0..16 {
        for workers in WORKERS {
            let fan_in = [2, 4, 16, 200][round % 4];
            campaign.run(&tree(200, fan_in, Op::Num, Op::Num), workers, [10, 40, 160][round % 3]);
        }
    }
    campaign.end(1000, before);
}

#[test]
fn chains() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("chains");
    for round in 0..10 {
        for workers in WORKERS {
            let op = [Op::Num, Op::Bytes(100), Op::Pass, Op::Change][round % 4];
            let mut nodes = vec![node(Op::Fresh(600), &[])];
            nodes.extend((1..150).map(|i| node(op, &[i - 1])));
            let spec = Spec { outputs: vec![149, 75], nodes };
            campaign.run(&spec, workers, [40, 100][round % 2]);
        }
    }
    campaign.end(300, before);
}

#[test]
fn big_results() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("big_results");
    for round in 0..6 {
        for workers in WORKERS {
            let leaf = [Op::Bytes(1 << 20), Op::Fresh(200_000), Op::Fresh(600)][round % 3];
            let inner = [Op::Slice, Op::Pair, Op::Gather][round / 2];
            campaign.run(&tree(24, 3, leaf, inner), workers, [80, 200][round % 2]);
        }
    }
    campaign.end(100, before);
}

/// A thousand readers of one task: their cursor, and its long lists of edges.
#[test]
fn gated_sources() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("gated_sources");
    for round in 0..3 {
        for workers in WORKERS {
            let mut nodes = vec![node(Op::Fresh(600), &[])];
            nodes.extend((0..1000).map(|_| node(Op::Slice, &[0])));
            nodes.push(node(Op::Num, &(1..=1000).collect::<Vec<_>>()));
            let spec = Spec { outputs: vec![1001], nodes };
            campaign.run(&spec, workers, [30, 100, 400][round % 3]);
        }
    }
    campaign.end(300, before);
}

/// Failures that are tried again, at once and after a while, while workers die.
#[test]
fn flaky_tasks() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("flaky_tasks");
    for round in 0..6 {
        for workers in WORKERS {
            let leaf = [Op::Num, Op::Fresh(600), Op::Bytes(1 << 20)][round % 3];
            campaign.run_flaky(&tree(60, 4, leaf, Op::Gather), workers, [20, 60, 150][round % 3]);
        }
    }
    campaign.end(50, before);
}

#[test]
fn random_graphs() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("random_graphs");
    let mut runner = TestRunner::deterministic();
    for round in 0..90 {
        let spec = any_spec(80, round % 2 == 1).new_tree(&mut runner).unwrap().current();
        campaign.run(&spec, WORKERS[round % 4], [25, 60, 150][round % 3]);
    }
    campaign.end(300, before);
}
