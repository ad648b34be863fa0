//! Folded stacks: one line a stack, frames divided by semicolons, then how much.
//! It knows nothing of flame graphs, which are drawn from it.

use std::collections::BTreeMap;

use tine_scheduler::Key;

use crate::trace::Trace;

/// Above this many tasks, a frame a task could not be told from a line: workers stand there instead.
const MOST_TASKS: usize = 1_000;

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
        let mut stacks: BTreeMap<(usize, Vec<u32>), u64> = BTreeMap::new();
        let by_task = self.len() <= MOST_TASKS;
        for t in self.tasks().filter(|t| t.ran()) {
            let leaf = if by_task { t.position.to_vec() } else { vec![u32::from(t.worker)] };
            *stacks.entry((t.group, leaf)).or_default() += t.duration();
        }
        let mut lines: Vec<String> = Vec::new();
        for ((group, leaf), nanos) in stacks {
            let micros = (nanos + 500) / 1000;
            let name = frame_name(&self.groups()[group].name);
            let upper = match (by_task, &leaf[..]) {
                (false, worker) => format!(";worker {}", worker[0]),
                (true, []) => String::new(),
                (true, p) => format!(";{}", frame_name(&Key::new(name.clone(), p).to_string())),
            };
            if micros > 0 {
                lines.push(format!("{name}{upper} {micros}\n"));
            }
        }
        lines.sort();
        lines.concat()
    }
}

/// Returns a name as it stands in folded stacks: without what divides frames and lines.
///
/// ```
/// assert_eq!(tine_profiler::frame_name("a;b\n"), "a:b ");
/// ```
pub fn frame_name(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            ';' => ':',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use tine_scheduler::TaskTimes;

    use crate::trace::{Trace, TraceGroup};

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
    fn names_group_and_task() {
        assert_eq!(trace(&["b", "a;x\n"], 3).folded(), "a:x ;a:x (1) 2\nb;b(0) 1\nb;b(2) 3\n");
    }

    #[test]
    fn names_workers_where_tasks_are_many() {
        let folded = trace(&["inc"], 1500).folded();
        assert_eq!(folded.lines().count(), 3);
        assert!(folded.starts_with("inc;worker 0 "), "{folded}");
    }
}
