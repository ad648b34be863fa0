//! The picture of every task.
//! It knows neither layout nor format.

use std::collections::HashMap;

use tine_profiler::{TaskRecord, Trace};
use tine_scheduler::{Graph, TaskId, TaskStatus};

use super::drawing::{Drawing, Link, Node, Shape};
use super::{Input, colours};
use crate::label::{self, Labels};
use crate::text;

/// The longest name in a box, in characters; whole names stand under the pointer.
const LONGEST: usize = 28;
/// Inputs named under the pointer.
const MOST_INPUTS: usize = 8;

pub(super) fn drawing(input: &Input<'_>, wanted: &[bool], collapse: bool) -> Drawing {
    let graph = input.graph;
    let mut painter = Painter {
        input,
        colours: colours(graph, wanted),
        records: input.trace.map(records).unwrap_or_default(),
        labels: Labels::default(),
        drawing: Drawing::default(),
    };
    let mut result_of = vec![0; graph.len()];
    let mut work_of = vec![0; graph.len()];
    let shown: Vec<TaskId> = graph.tasks().filter(|t| wanted[t.index()]).collect();
    for &t in &shown {
        (work_of[t.index()], result_of[t.index()]) = painter.add(t, collapse);
    }
    let mut values = 0;
    for &t in &shown {
        values += u64::from(graph.datum(t).is_some());
        let mut from: Vec<usize> =
            graph.inputs(t).iter().map(|e| result_of[e.task().index()]).collect();
        from.sort_unstable();
        from.dedup();
        let to = work_of[t.index()];
        painter.drawing.links.extend(from.into_iter().map(|from| Link { from, to, arrow: true }));
    }
    let tasks = text::plural(shown.len() as u64 - values, "task");
    painter.drawing.summary = format!("{tasks}, {}", text::plural(values, "value"));
    for (group, colour) in painter.colours.iter().enumerate() {
        let name = painter.labels.group(graph.groups()[group].name());
        painter.drawing.groups.extend(colour.map(|c| (c, name)));
    }
    painter.drawing
}

/// The tasks of a trace by name.
fn records(trace: &Trace) -> HashMap<(&str, &[u32]), TaskRecord<'_>> {
    trace.tasks().map(|t| ((trace.groups()[t.group].name.as_str(), t.position), t)).collect()
}

struct Painter<'a> {
    input: &'a Input<'a>,
    colours: Vec<Option<usize>>,
    records: HashMap<(&'a str, &'a [u32]), TaskRecord<'a>>,
    labels: Labels,
    drawing: Drawing,
}

impl Painter<'_> {
    /// Adds the boxes of a task; returns where links to it end, and where its result leaves.
    fn add(&mut self, task: TaskId, collapse: bool) -> (usize, usize) {
        let graph = self.input.graph;
        let key = graph.key(task);
        let name = text::shorten(&self.labels.key(&key), LONGEST);
        let record = self.records.get(&(key.group(), key.position())).copied();
        let title = title(graph, task, record.as_ref());
        let is_value = graph.datum(task).is_some();
        let group = self.colours[graph.group_of(task).index()];
        let node = Node {
            shape: if is_value { Shape::Value } else { Shape::Task },
            lines: vec![name],
            title,
            colour: if is_value { None } else { group },
            asked: self.input.outputs.contains(&task),
            failed: record.is_some_and(|r| r.status == TaskStatus::Failed),
        };
        let first = self.drawing.nodes.len();
        if is_value || collapse {
            self.drawing.nodes.push(node);
            return (first, first);
        }
        let function = text::shorten(&label::function(key.group()), LONGEST);
        let work = Node { lines: vec![function], asked: false, ..node.clone() };
        let result = Node { shape: Shape::Value, colour: None, failed: false, ..node };
        self.drawing.nodes.extend([work, result]);
        self.drawing.links.push(Link { from: first, to: first + 1, arrow: true });
        (first, first + 1)
    }
}

fn title(graph: &Graph, task: TaskId, record: Option<&TaskRecord<'_>>) -> String {
    let mut lines = vec![graph.key(task).to_string()];
    let inputs = graph.inputs(task);
    if !inputs.is_empty() {
        let named = inputs.iter().take(MOST_INPUTS).map(|e| graph.key(e.task()).to_string());
        let more = inputs.len().saturating_sub(MOST_INPUTS);
        let more = (more > 0).then(|| format!("{} more", text::count(more as u64)));
        let all: Vec<String> = named.chain(more).collect();
        lines.push(format!("inputs: {}", all.join(", ")));
    }
    lines.push(format!("created at {}", graph.created_at(task)));
    for (name, value) in graph.tags(task) {
        lines.push(format!("{name}: {value}"));
    }
    lines.extend(record.map(times));
    lines.join("\n")
}

fn times(record: &TaskRecord<'_>) -> String {
    if !record.ran() {
        return match record.status {
            TaskStatus::Skipped => "skipped, because a task before it failed".to_owned(),
            _ => "did not run".to_owned(),
        };
    }
    let (took, at) = (text::duration(record.duration()), text::duration(record.started));
    let mut s = format!("took {took}, from {at}, on worker {}", record.worker);
    if let Some(us) = record.cpu_us {
        s += &format!("\nCPU time {}", text::duration(u64::from(us) * 1000));
    }
    if record.attempt > 1 {
        s += &format!("\nattempt {}", record.attempt);
    }
    if record.status == TaskStatus::Failed {
        s += "\nfailed";
    }
    s
}
