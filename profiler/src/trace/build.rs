//! Makes a trace of what a scheduler tells at the end of a run.
//! It measures nothing itself.

use std::time::UNIX_EPOCH;

use tine_scheduler::{Plan, RunEnd, RunView};

use super::{About, Columns, Notice, NoticeKind, Sample, Stacks, Trace, TraceGroup};
use crate::host::Host;
use crate::memory::MemorySample;

impl Trace {
    /// Returns the trace of a run that is over, with the memory samples taken meanwhile.
    ///
    /// Tasks for which `end` has no times count as never run.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use tine_profiler::Trace;
    /// use tine_scheduler::{Graph, Plan, RunEnd, RunView};
    /// let mut g = Graph::builder();
    /// g.value("x", 1i64);
    /// let z = g.task("z", ["x"], |x: &i64| x + 1);
    /// let graph = g.build()?;
    /// let plan = Plan::new(&graph, &[z])?;
    /// let run = RunView { plan: &plan, scheduler: "serial", workers: 1, started: SystemTime::now() };
    /// let end = RunEnd { times: &[], rare: &[], lost: 0, workers: &[], elapsed: 1, error: None };
    /// let trace = Trace::of_run(&run, &end, Vec::new());
    /// assert_eq!(trace.key(&trace.task(0)).to_string(), "z");
    /// # Ok::<(), tine_scheduler::Error>(())
    /// ```
    pub fn of_run(run: &RunView<'_>, end: &RunEnd<'_>, memory: Vec<MemorySample>) -> Trace {
        let mut trace = Trace { memory, ..Trace::begun(run) };
        trace.end(end);
        trace.sort();
        trace
    }

    /// The trace of a run that has just begun: no task has times.
    pub(crate) fn begun(run: &RunView<'_>) -> Trace {
        let groups = groups(run.plan);
        let mut trace = Trace { about: about(run), groups, ..Trace::default() };
        trace.learn(run.plan);
        trace
    }

    /// Adds the tasks that have become known since; none of them has times.
    pub(crate) fn learn(&mut self, plan: &Plan<'_>) {
        for rank in self.columns.len()..plan.len() {
            self.columns.push_task(plan, rank);
            if let Some(title) = plan.graph().title(plan.task(rank)) {
                self.names.set(rank, &title);
            }
        }
        self.columns.fill_times();
    }

    /// Adds what is told at the end of a run; facts stay in the order in which they came.
    pub(crate) fn end(&mut self, end: &RunEnd<'_>) {
        let about = &mut self.about;
        (about.elapsed, about.lost, about.complete) = (end.elapsed, end.lost, true);
        about.error = end.error.map(ToString::to_string);
        for (rank, &times) in end.times.iter().enumerate().take(self.columns.len()) {
            self.columns.set_times(rank, times);
        }
        self.workers = end.workers.to_vec();
        self.rare = end.rare.to_vec();
    }

    /// Puts facts and notices in their order.
    pub(crate) fn sort(&mut self) {
        self.rare.sort_by_key(|f| f.task);
        self.notices.sort_by_key(|n| n.at);
        self.merge_spilling();
    }

    /// Each notice of moved results says how much it was so far: one stays, of when it began and how
    /// much it was in the end.
    fn merge_spilling(&mut self) {
        let is_spilling = |n: &&mut Notice| n.kind == NoticeKind::Spilling;
        let mut all = self.notices.iter_mut().filter(is_spilling);
        let Some(first) = all.next() else { return };
        if let Some(last) = all.last() {
            (first.value, first.text) = (last.value, last.text.clone());
        }
        let mut seen = false;
        self.notices
            .retain(|n| n.kind != NoticeKind::Spilling || !std::mem::replace(&mut seen, true));
    }
}

/// What was seen of the code that ran, for [`Trace::with_samples`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// The stacks that the samples point to.
    pub stacks: Stacks,
    /// Looks at what workers did; weights are nanoseconds of CPU time.
    pub cpu: Vec<Sample>,
    /// A sample of what they allocated; weights are bytes.
    pub allocations: Vec<Sample>,
    /// What of it was there when a worker held most; weights are bytes.
    pub live: Vec<Sample>,
}

impl Trace {
    /// Adds what was seen of the code that ran. Samples of tasks that are not there, or with stacks
    /// that are not, are left out.
    #[must_use]
    pub fn with_samples(self, sampled: Sampled) -> Trace {
        let (tasks, stacks) = (self.len(), sampled.stacks.len());
        let known = |samples: Vec<Sample>| {
            let is_known = |s: &Sample| {
                s.task.is_none_or(|t| (t as usize) < tasks) && (s.stack.0 as usize) < stacks
            };
            samples.into_iter().filter(is_known).collect()
        };
        Trace {
            cpu_samples: known(sampled.cpu),
            allocation_samples: known(sampled.allocations),
            live_samples: known(sampled.live),
            stacks: sampled.stacks,
            ..self
        }
    }

    /// Replaces what is known of the run as a whole.
    #[must_use]
    pub fn with_about(self, about: About) -> Trace {
        Trace { about, ..self }
    }

    /// Adds notices, and puts all of them in the order of time.
    #[must_use]
    pub fn with_notices(mut self, notices: impl IntoIterator<Item = Notice>) -> Trace {
        self.notices.extend(notices);
        self.sort();
        self
    }
}

fn about(run: &RunView<'_>) -> About {
    let since = run.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    About {
        scheduler: run.scheduler.to_owned(),
        workers: u32::try_from(run.workers).unwrap_or(u32::MAX),
        started: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: Host::current(),
        ..About::default()
    }
}

fn groups(plan: &Plan<'_>) -> Vec<TraceGroup> {
    let graph = plan.graph();
    let all = graph.groups().iter();
    let mut groups: Vec<_> = all
        .map(|g| TraceGroup { name: g.name().to_owned(), source: g.is_source(), created_at: None })
        .collect();
    for rank in 0..plan.len() {
        let task = plan.task(rank);
        let group = &mut groups[graph.group_of(task).index()];
        if group.created_at.is_none() {
            group.created_at = graph.written_at(task);
        }
    }
    groups
}

impl Columns {
    /// Adds the task of this rank, which is the next; but not its times.
    fn push_task(&mut self, plan: &Plan<'_>, rank: usize) {
        let (graph, task) = (plan.graph(), plan.task(rank));
        let narrow = |n: usize| u32::try_from(n).expect("a plan has fewer than 2^32 tasks");
        self.group.push(narrow(graph.group_of(task).index()));
        self.positions.push(graph.key(task).position().iter().copied());
        let inputs = graph.inputs(task).iter().filter_map(|e| plan.rank(e.task()));
        self.inputs.push(inputs.map(narrow));
    }
}
