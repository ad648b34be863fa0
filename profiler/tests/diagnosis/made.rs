//! Runs made by hand: a graph with given durations, put on workers as a scheduler would do it.
//! No clock is read, so that they are the same on every machine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::SystemTime;

use tine_profiler::{Frame, MemorySample, Notice, NoticeKind, Sample, Sampled, Trace};
use tine_scheduler::{
    Graph, Inputs, Plan, RareFact, RareKind, RunEnd, RunView, TaskStatus, TaskTimes, WorkerFact,
};

/// Milliseconds in nanoseconds.
pub(crate) const MS: u64 = 1_000_000;
/// Microseconds in nanoseconds.
pub(crate) const US: u64 = 1_000;
/// What a worker needs from the end of a task to the start of the next.
const STEP: u64 = 300;
/// From the start of the run to the first task, and from the last to the end.
const EDGE: u64 = MS;

/// A task of a run in the making.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) group: &'static str,
    position: u32,
    inputs: Vec<usize>,
    pub(crate) time: u64,
    /// The share of its time in which it computes.
    pub(crate) cpu: f64,
    /// The share of its time that goes into turning values to bytes.
    pub(crate) codec: f64,
    pub(crate) bytes: u64,
    pub(crate) attempt: u8,
    pub(crate) facts: Vec<(RareKind, u64)>,
}

/// A run in the making. Moments are given as shares of its length.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) workers: u16,
    pub(crate) scheduler: Option<&'static str>,
    pub(crate) tasks: Vec<Task>,
    counts: BTreeMap<&'static str, u32>,
    notices: Vec<(f64, NoticeKind, Option<usize>, &'static str)>,
    pub(crate) deaths: Vec<(f64, u16, &'static str)>,
    /// CPU seconds a second of all processes, and their threads, besides the one of the caller.
    pub(crate) processes: Option<(f64, u32)>,
    /// Stacks, the outermost frame first, with how many samples each has.
    pub(crate) stacks: Vec<(&'static [&'static str], u64)>,
}

impl Made {
    pub(crate) fn new(workers: u16) -> Made {
        Made { workers, ..Made::default() }
    }

    /// One task more in `group`.
    pub(crate) fn task(&mut self, group: &'static str, inputs: &[usize], time: u64) -> usize {
        let count = self.counts.entry(group).or_default();
        let position = *count;
        *count += 1;
        let (inputs, bytes) = (inputs.to_vec(), 64);
        let (cpu, codec, attempt, facts) = (0.98, 0.0, 1, Vec::new());
        let task = Task { group, position, inputs, time, cpu, codec, bytes, attempt, facts };
        self.tasks.push(task);
        self.tasks.len() - 1
    }

    /// `n` tasks that take nothing.
    pub(crate) fn wide(
        &mut self,
        group: &'static str,
        n: u32,
        time: impl Fn(u32) -> u64,
    ) -> Vec<usize> {
        (0..n).map(|i| self.task(group, &[], time(i))).collect()
    }

    /// A task for each of `inputs`.
    pub(crate) fn map(&mut self, group: &'static str, inputs: &[usize], time: u64) -> Vec<usize> {
        inputs.iter().map(|&i| self.task(group, &[i], time)).collect()
    }

    /// A tree over `inputs`, `fan` at a time.
    pub(crate) fn tree(
        &mut self,
        levels: &[&'static str],
        inputs: &[usize],
        fan: usize,
        time: u64,
    ) -> usize {
        let mut below = inputs.to_vec();
        for level in levels.iter().cycle() {
            if below.len() == 1 {
                break;
            }
            below = below.chunks(fan).map(|part| self.task(level, part, time)).collect();
        }
        below[0]
    }

    /// `n` tasks, each of which takes the result of the one before; the first takes `first`.
    pub(crate) fn chain(
        &mut self,
        group: &'static str,
        first: &[usize],
        n: u32,
        time: u64,
    ) -> usize {
        let mut last = self.task(group, first, time);
        for _ in 1..n {
            last = self.task(group, &[last], time);
        }
        last
    }

    /// Changes all tasks of `group`.
    pub(crate) fn each(&mut self, group: &str, mut change: impl FnMut(&mut Task)) {
        self.tasks.iter_mut().filter(|t| t.group == group).for_each(&mut change);
    }

    pub(crate) fn notice(
        &mut self,
        at: f64,
        kind: NoticeKind,
        task: Option<usize>,
        text: &'static str,
    ) {
        self.notices.push((at, kind, task, text));
    }

    fn graph(&self) -> Graph {
        let mut g = Graph::builder();
        for task in &self.tasks {
            let named = |&i: &usize| (self.tasks[i].group, self.tasks[i].position);
            let sum = |xs: Inputs<'_, i64>| xs.map(|x| *x).sum::<i64>();
            g.gather((task.group, task.position), task.inputs.iter().map(named), sum);
        }
        g.build().expect("every input is an earlier task")
    }

    /// The run: each free worker takes the first task in static order that can run.
    pub(crate) fn trace(&self) -> Trace {
        let graph = self.graph();
        let mut needed = vec![false; graph.len()];
        for t in graph.tasks() {
            graph.inputs(t).iter().for_each(|e| needed[e.task().index()] = true);
        }
        let outputs: Vec<_> = graph.tasks().filter(|t| !needed[t.index()]).collect();
        let plan = Plan::new(&graph, &outputs).expect("there is no cycle");
        let own: BTreeMap<_, _> =
            self.tasks.iter().enumerate().map(|(i, t)| ((t.group, t.position), i)).collect();
        let of_rank: Vec<usize> = (0..plan.len())
            .map(|rank| {
                let key = graph.key(plan.task(rank));
                own[&(key.group(), key.position()[0])]
            })
            .collect();
        let times = self.times(&of_rank);
        let elapsed = times.iter().map(|t| t.ended).max().unwrap_or(0) + EDGE;
        let (rare, facts) = (self.rare(&of_rank), self.facts(elapsed));
        let scheduler = self.scheduler.unwrap_or("processes");
        let (workers, started) = (self.workers.into(), SystemTime::UNIX_EPOCH);
        let run = RunView { plan: &plan, scheduler, workers, started };
        let (times, rare, workers) = (&times[..], &rare[..], &facts[..]);
        let end = RunEnd { times, rare, lost: 0, workers, elapsed, error: None };
        Trace::of_run(&run, &end, self.memory(elapsed))
            .with_notices(self.told(elapsed, &of_rank))
            .with_samples(self.sampled(elapsed))
    }

    /// List scheduling: workers in the order in which they are free.
    fn times(&self, of_rank: &[usize]) -> Vec<TaskTimes> {
        let mut rank_of = vec![0; of_rank.len()];
        of_rank.iter().enumerate().for_each(|(rank, &task)| rank_of[task] = rank);
        let mut users = vec![Vec::new(); of_rank.len()];
        let mut missing: Vec<usize> = self.tasks.iter().map(|t| t.inputs.len()).collect();
        for (task, made) in self.tasks.iter().enumerate() {
            made.inputs.iter().for_each(|&i| users[i].push(task));
        }
        let mut ready_at = vec![EDGE; of_rank.len()];
        let none_missing = (0..missing.len()).filter(|&t| missing[t] == 0);
        let mut future: BinaryHeap<_> = none_missing.map(|t| Reverse((EDGE, rank_of[t]))).collect();
        let mut can_run: BinaryHeap<Reverse<usize>> = BinaryHeap::new();
        let mut free: BinaryHeap<_> = (0..self.workers).map(|w| Reverse((EDGE, w))).collect();
        let mut times = vec![TaskTimes::default(); of_rank.len()];
        while let Some(Reverse((now, worker))) = free.pop() {
            while let Some(Reverse((at, rank))) = future.peek().copied().filter(|f| f.0.0 <= now) {
                future.pop();
                debug_assert!(at <= now);
                can_run.push(Reverse(rank));
            }
            let Some(Reverse(rank)) = can_run.pop() else {
                // Nothing can run yet: this worker looks again when something can.
                match future.peek() {
                    Some(Reverse((at, _))) => free.push(Reverse((*at, worker))),
                    None => continue,
                }
                continue;
            };
            let task = of_rank[rank];
            times[rank] = self.tasks[task].times(now + STEP, worker);
            let ended = times[rank].ended;
            free.push(Reverse((ended, worker)));
            for &user in &users[task] {
                missing[user] -= 1;
                ready_at[user] = ready_at[user].max(ended);
                if missing[user] == 0 {
                    future.push(Reverse((ready_at[user], rank_of[user])));
                }
            }
        }
        times
    }

    fn rare(&self, of_rank: &[usize]) -> Vec<RareFact> {
        let all = of_rank.iter().enumerate();
        all.flat_map(|(rank, &task)| {
            let facts = self.tasks[task].facts.iter();
            facts.map(move |&(kind, value)| RareFact { task: rank as u32, kind, value })
        })
        .collect()
    }

    fn facts(&self, elapsed: u64) -> Vec<WorkerFact> {
        let pid = |w: u16| 4_000 + u32::from(w);
        let mut facts: Vec<_> = (0..self.workers)
            .map(|worker| WorkerFact { worker, pid: pid(worker), at: 0, death: None })
            .collect();
        for &(at, worker, how) in &self.deaths {
            let at = (at * elapsed as f64) as u64;
            let death = Some(how.to_owned());
            facts.push(WorkerFact { worker, pid: pid(worker), at, death });
            facts.push(WorkerFact { worker, pid: pid(worker) + 100, at: at + MS, death: None });
        }
        facts
    }

    fn told(&self, elapsed: u64, of_rank: &[usize]) -> Vec<Notice> {
        let rank = |task: usize| of_rank.iter().position(|&t| t == task).map(|r| r as u32);
        let one = |&(at, kind, task, text): &(f64, NoticeKind, Option<usize>, &str)| Notice {
            at: (at * elapsed as f64) as u64,
            kind,
            task: task.and_then(rank),
            value: 0,
            text: text.to_owned(),
        };
        self.notices.iter().map(one).collect()
    }

    fn memory(&self, elapsed: u64) -> Vec<MemorySample> {
        let Some((rate, threads)) = self.processes else { return Vec::new() };
        let sample = |i: u64| {
            let at = elapsed * i / 10;
            let threads = if i == 0 { 1 } else { 1 + threads };
            let cpu = 5 * MS + (at as f64 * rate) as u64;
            MemorySample { at, anonymous: 50 << 20, files: 8 << 20, cpu, threads }
        };
        (0..=10).map(sample).collect()
    }

    fn sampled(&self, elapsed: u64) -> Sampled {
        let mut sampled = Sampled::default();
        for (names, count) in &self.stacks {
            let frame = |name: &&str| Frame { function: (*name).to_owned(), ..Frame::default() };
            let frames: Vec<u32> = names.iter().map(|n| sampled.stacks.frame(frame(n))).collect();
            let stack = sampled.stacks.stack(frames).expect("a stack has a frame");
            let one = Sample { at: elapsed / 2, worker: 0, task: Some(0), stack, weight: 10 * MS };
            sampled.cpu.extend((0..*count).map(|_| one));
        }
        sampled
    }
}

impl Task {
    fn times(&self, started: u64, worker: u16) -> TaskTimes {
        let cpu = self.time as f64 * self.cpu / 1e3;
        TaskTimes {
            started,
            ended: started + self.time,
            // As the scheduler does: it does not ask after short tasks.
            cpu_us: (self.time >= 100 * US).then_some(cpu as u32),
            worker,
            attempt: self.attempt,
            status: TaskStatus::Done,
            result_bytes: self.bytes,
            codec: (self.time as f64 * self.codec) as u64,
        }
    }
}
