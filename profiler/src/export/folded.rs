//! Folded stacks: one line a stack, frames divided by semicolons, then how much.
//! It knows nothing of flame graphs, which are drawn from it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use tine_scheduler::Key;

use crate::trace::{Frame, Sample, StackId, TaskRecord, Trace};

/// Above this many tasks, a frame a task could not be told from a line: workers stand there instead.
const MOST_TASKS: usize = 1_000;
/// Where workers were between two tasks.
const NO_TASK: &str = "(between tasks)";
/// Where the functions of the engine that surround the body of a task begin.
const ENGINE: &str = "tine_scheduler::worker";

/// What a stack is weighed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// Time in the bodies of tasks, in microseconds; the group, then its tasks.
    #[default]
    Wall,
    /// CPU time where workers were looked at, in microseconds; the group, then its functions.
    Cpu,
    /// Bytes that were there when a worker held most; the group, then its functions.
    Live,
    /// Bytes that were allocated in all; the group, then its functions.
    Allocated,
}

/// Which stacks are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// What they are weighed by.
    pub measure: Measure,
    /// Those of one group alone, by its place in [`Trace::groups`].
    pub group: Option<usize>,
    /// Those of one worker alone.
    pub worker: Option<u16>,
}

/// Stacks that were folded, in the order of their names; none of them weighs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    stacks: Vec<(String, u64)>,
}

impl Folded {
    /// The stacks, the outermost frame first and divided by semicolons, with their weights.
    pub fn stacks(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.stacks.iter().map(|(stack, weight)| (stack.as_str(), *weight))
    }

    /// All weights together.
    pub fn total(&self) -> u64 {
        self.stacks.iter().fold(0, |sum, s| sum.saturating_add(s.1))
    }

    /// Whether there is no stack.
    pub fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    fn new(weights: BTreeMap<String, u64>, unit: u64) -> Folded {
        let rounded = weights.into_iter().map(|(s, w)| (s, w.saturating_add(unit / 2) / unit));
        Folded { stacks: rounded.filter(|s| s.1 > 0).collect() }
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stacks.iter().try_for_each(|(stack, weight)| writeln!(f, "{stack} {weight}"))
    }
}

impl Trace {
    /// Returns the time of all tasks in microseconds as folded stacks, sorted.
    ///
    /// The group is the root frame; above it stands the task, or in runs of more than a thousand
    /// tasks the worker. Tasks that took less than half a microsecond together leave no line.
    ///
    /// ```
    /// # use tine_profiler::Trace;
    /// assert_eq!(Trace::default().folded(), "");
    /// ```
    pub fn folded(&self) -> String {
        self.fold(&Fold::default()).to_string()
    }

    /// Returns the stacks of a run, each with what it weighs; none where that was not recorded.
    ///
    /// The group is the root frame. Functions of the engine that surround the body of a task are
    /// left out. Times are in microseconds, memory is in bytes.
    ///
    /// ```
    /// use tine_profiler::{Fold, Measure, Trace};
    /// let memory = Fold { measure: Measure::Live, ..Fold::default() };
    /// assert!(Trace::default().fold(&memory).is_empty());
    /// ```
    pub fn fold(&self, fold: &Fold) -> Folded {
        match fold.measure {
            Measure::Wall => self.fold_tasks(fold),
            Measure::Cpu => self.fold_samples(self.cpu_samples(), fold, 1000),
            Measure::Live => self.fold_samples(self.live_samples(), fold, 1),
            Measure::Allocated => self.fold_samples(self.allocation_samples(), fold, 1),
        }
    }

    /// Writes the stacks of a run for flame graphs of other programs: one line a stack.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_folded(&self, fold: &Fold, out: &mut impl Write) -> io::Result<()> {
        let folded = self.fold(fold);
        folded.stacks().try_for_each(|(stack, weight)| writeln!(out, "{stack} {weight}"))
    }

    fn fold_tasks(&self, fold: &Fold) -> Folded {
        let is_wanted = |t: &TaskRecord<'_>| {
            t.ran()
                && fold.group.is_none_or(|g| g == t.group)
                && fold.worker.is_none_or(|w| w == t.worker)
        };
        let by_task = self.tasks().filter(is_wanted).nth(MOST_TASKS).is_none();
        // Tasks, or workers: a number for each, so that no name is made for one of a million tasks.
        let mut weights: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for t in self.tasks().filter(is_wanted) {
            let leaf = if by_task { t.rank } else { usize::from(t.worker) };
            *weights.entry((t.group, leaf)).or_default() += t.duration();
        }
        let mut stacks: BTreeMap<String, u64> = BTreeMap::new();
        for ((group, leaf), time) in weights {
            let name = frame_name(&self.groups()[group].name);
            let stack = if !by_task {
                format!("{name};(worker {leaf})")
            } else if self.task(leaf).position.is_empty() {
                name
            } else if let Some(title) = self.title(leaf) {
                format!("{name};{}", frame_name(title))
            } else {
                let key = Key::new(name.clone(), self.task(leaf).position);
                format!("{name};{}", frame_name(&key.to_string()))
            };
            *stacks.entry(stack).or_default() += time;
        }
        Folded::new(stacks, 1000)
    }

    fn fold_samples(&self, samples: &[Sample], fold: &Fold, unit: u64) -> Folded {
        let mut weights: BTreeMap<(Option<usize>, StackId), u64> = BTreeMap::new();
        for s in samples {
            let group = s.task.map(|t| self.task(t as usize).group);
            let is_wanted = fold.group.is_none_or(|g| Some(g) == group)
                && fold.worker.is_none_or(|w| w == s.worker);
            if is_wanted {
                let weight = weights.entry((group, s.stack)).or_default();
                *weight = weight.saturating_add(s.weight);
            }
        }
        let mut stacks: BTreeMap<String, u64> = BTreeMap::new();
        for ((group, stack), weight) in weights {
            let root = group.map_or(NO_TASK.to_owned(), |g| frame_name(&self.groups()[g].name));
            let name = self.folded_stack(root, stack, group.is_some());
            let sum = stacks.entry(name).or_default();
            *sum = sum.saturating_add(weight);
        }
        Folded::new(stacks, unit)
    }

    /// Frames on top of `root`, the outermost first; inside of a task without the engine's own.
    fn folded_stack(&self, root: String, stack: StackId, in_task: bool) -> String {
        let mut frames: Vec<&Frame> = self.stacks().frames(stack).collect();
        frames.reverse();
        let engine = frames.iter().position(|f| f.function.contains(ENGINE)).unwrap_or(0);
        let own = &frames[engine..];
        let below =
            if in_task { own.iter().take_while(|f| surrounds(&f.function)).count() } else { 0 };
        // A stack of nothing but surroundings is better than none: the engine took its time.
        let shown = if below < own.len() { &own[below..] } else { own };
        shown.iter().fold(root, |line, f| line + ";" + &frame_name(&f.function))
    }
}

/// Whether a function stands between the loop of a worker and the code of a task.
fn surrounds(function: &str) -> bool {
    let plain = function.trim_start_matches(['<', '&']);
    let is_call = function.contains(" as core::ops::function::Fn");
    is_call
        || ["tine_", "std::panic", "core::ops::function", "__rust_try"]
            .iter()
            .any(|p| plain.starts_with(p))
}

/// Returns a name as it stands in folded stacks: without what divides frames and lines, and without
/// a number of its own at the end, which readers would take for the weight before a change.
///
/// ```
/// assert_eq!(tine_profiler::frame_name("a;b\n"), "a:b ");
/// assert_eq!(tine_profiler::frame_name("part 7"), "part_7");
/// ```
pub fn frame_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            ';' => ':',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    let is_number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match plain.rsplit_once(' ') {
        Some((before, last)) if is_number(last) => format!("{before}_{last}"),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use tine_scheduler::TaskTimes;

    use super::*;
    use crate::trace::{Sampled, Stacks, TraceGroup};

    fn trace(names: &[&str], tasks: u32) -> Trace {
        let mut trace = Trace::default();
        for n in names {
            let group = TraceGroup { name: (*n).to_owned(), source: false, created_at: None };
            trace.groups.push(group);
        }
        for i in 0..tasks {
            let n = u32::try_from(names.len()).unwrap();
            trace.columns.group.push(i % n);
            trace.columns.positions.push([i]);
            trace.columns.inputs.push([]);
            let (started, ended) = (1, u64::from(i + 1) * 1000);
            let worker = (i % 3) as u16;
            trace.columns.push_times(TaskTimes { started, ended, worker, ..TaskTimes::default() });
        }
        trace
    }

    #[test]
    fn jobs_are_called_by_their_names() {
        let mut trace = trace(&["sim"], 3);
        trace.names.set(1, "sim:lr=0.1,by=a;b");
        let mut out = Vec::new();
        trace.write_folded(&Fold::default(), &mut out).unwrap();
        let lines = "sim;sim(0) 1\nsim;sim(2) 3\nsim;sim:lr=0.1,by=a:b 2\n";
        assert_eq!(String::from_utf8(out).unwrap(), lines);
    }

    /// Tasks 0 and 1 of groups `a` and `b`, seen in `work`, and once between tasks.
    fn sampled() -> Trace {
        let mut stacks = Stacks::default();
        let names = [
            "main",
            "tine_scheduler::worker::attempt::run",
            "<F as core::ops::function::FnOnce>::call_once",
            "std::panicking::try",
            "app::work",
            "tine_delayed::helper",
        ];
        let frames =
            names.map(|n| stacks.frame(Frame { function: n.to_owned(), ..Frame::default() }));
        let stack = stacks.stack(frames).unwrap();
        let idle = stacks.stack([frames[0], frames[1]]).unwrap();
        let sample = |task, worker, stack, weight| Sample { at: 0, worker, task, stack, weight };
        let cpu = vec![
            sample(Some(0), 0, stack, 2_000),
            sample(Some(1), 1, stack, 3_000),
            sample(Some(1), 1, stack, 400),
            sample(None, 0, idle, 1_000),
        ];
        let live = vec![sample(Some(0), 0, stack, 77)];
        trace(&["a", "b"], 2).with_samples(Sampled { stacks, cpu, live, ..Sampled::default() })
    }

    fn fold(trace: &Trace, measure: Measure, group: Option<usize>, worker: Option<u16>) -> String {
        trace.fold(&Fold { measure, group, worker }).to_string()
    }

    #[test]
    fn names_group_and_task() {
        assert_eq!(trace(&["b", "a;x\n"], 3).folded(), "a:x ;a:x (1) 2\nb;b(0) 1\nb;b(2) 3\n");
    }

    #[test]
    fn names_workers_where_tasks_are_many() {
        let folded = trace(&["inc"], 1500).folded();
        assert_eq!(folded.lines().count(), 3);
        assert!(folded.starts_with("inc;(worker 0) "), "{folded}");
    }

    #[test]
    fn picks_a_group_and_a_worker() {
        let many = trace(&["inc", "sum"], 3_000);
        let one = fold(&many, Measure::Wall, Some(1), Some(2));
        assert_eq!(one.lines().count(), 500, "tasks again, where few are left: {one}");
        assert!(one.lines().all(|l| l.starts_with("sum;sum(")));
    }

    #[test]
    fn samples_stand_on_their_group_without_the_engine() {
        let t = sampled();

        assert_eq!(
            fold(&t, Measure::Cpu, None, None),
            "(between tasks);tine_scheduler::worker::attempt::run 1\n\
             a;app::work;tine_delayed::helper 2\nb;app::work;tine_delayed::helper 3\n"
        );
        assert_eq!(fold(&t, Measure::Cpu, Some(1), None), "b;app::work;tine_delayed::helper 3\n");
        assert_eq!(fold(&t, Measure::Cpu, Some(1), Some(0)), "");
        assert_eq!(fold(&t, Measure::Live, None, None), "a;app::work;tine_delayed::helper 77\n");
        assert_eq!(fold(&t, Measure::Allocated, None, None), "");
        assert_eq!(t.fold(&Fold { measure: Measure::Cpu, ..Fold::default() }).total(), 6);
    }
}
