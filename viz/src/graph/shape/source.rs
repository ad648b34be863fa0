//! Shapes of graphs and of recorded runs, and their static order.
//! It knows no file format and draws nothing.

use std::collections::HashMap;
use std::sync::Arc;

use tine_profiler::Trace;
use tine_scheduler::{Dependency, Graph, Inputs, Place, Tags, TaskId};

use super::{Flags, Origin, Shape};

impl Shape {
    /// What a graph looks like, with `outputs` marked as asked for.
    ///
    /// All of it is there; [`culled`](Self::culled) is what the outputs need.
    pub fn of_graph(graph: &Graph, outputs: &[TaskId]) -> Shape {
        let mut shape = Shape {
            groups: graph.groups().iter().map(|g| g.name().to_owned()).collect(),
            ..Shape::default()
        };
        let mut origins = Origins::default();
        for t in graph.tasks() {
            let group = graph.group_of(t);
            shape.group.push(narrow(group.index()));
            shape.positions.push(graph.key(t).position().iter().copied());
            shape.inputs.push_distinct(graph.inputs(t).iter().map(|e| narrow(e.task().index())));
            let value = graph.datum(t).is_some();
            let source = graph.group(group).is_source();
            shape.flags.push(Flags { value, source, output: false });
            shape.origin.push(origins.index(&mut shape.origins, graph, t));
            if let Some(title) = graph.title(t) {
                shape.names.insert(narrow(t.index()), title);
            }
        }
        outputs.iter().for_each(|t| shape.flags[t.index()].output = true);
        shape
    }

    /// What the graph of a recorded run looked like. Values, which need no running, are not in a
    /// trace, and so not in its picture; neither is what was asked for.
    pub fn of_trace(trace: &Trace) -> Shape {
        let groups = trace.groups();
        let origin = |g: &tine_profiler::TraceGroup| Origin {
            place: g.created_at.as_ref().map(Place::to_string),
            tags: Arc::default(),
        };
        let mut shape = Shape {
            groups: groups.iter().map(|g| g.name.clone()).collect(),
            origins: groups.iter().map(origin).collect(),
            ..Shape::default()
        };
        for task in trace.tasks() {
            shape.group.push(narrow(task.group));
            shape.positions.push(task.position.iter().copied());
            shape.inputs.push_distinct(task.inputs.iter().copied());
            let source = groups[task.group].source;
            shape.flags.push(Flags { source, ..Flags::default() });
            shape.origin.push(narrow(task.group));
            shape.order.push(narrow(task.rank));
            if let Some(title) = trace.title(task.rank) {
                shape.names.insert(narrow(task.rank), title.to_owned());
            }
        }
        shape
    }

    /// The tasks in static order: as one worker would run them.
    ///
    /// A shape of a trace has the order of the run; of any other the order is found out.
    pub fn ordered(&self) -> Vec<usize> {
        if !self.order.is_empty() {
            let mut tasks: Vec<usize> = (0..self.len()).collect();
            tasks.sort_by_key(|&t| self.order[t]);
            return tasks;
        }
        let (graph, tasks) = self.hollow();
        let outputs: Vec<TaskId> = match (0..self.len()).any(|t| self.is_output(t)) {
            true => tasks
                .iter()
                .zip(graph.tasks())
                .filter(|(t, _)| self.is_output(**t))
                .map(|(_, id)| id)
                .collect(),
            false => graph.tasks().collect(),
        };
        let order = graph.order(&outputs).expect("shapes have no cycle");
        let mut order: Vec<usize> = order.iter().map(|t| tasks[t.index()]).collect();
        // What no output needs comes last.
        let mut seen = vec![false; self.len()];
        order.iter().for_each(|&t| seen[t] = true);
        order.extend(tasks.iter().copied().filter(|&t| !seen[t]));
        order
    }

    /// A graph of this shape whose tasks do nothing, and the task of this shape that each is.
    pub(in crate::graph) fn hollow(&self) -> (Graph, Vec<usize>) {
        let sorted = self.sorted();
        let mut ids = vec![None; self.len()];
        let mut graph = Graph::builder();
        for (number, &t) in (0..).zip(&sorted) {
            let key = ("t", number);
            ids[t] = Some(match self.is_value(t) && self.inputs(t).is_empty() {
                true => graph.value(key, ()),
                false => {
                    let inputs: Vec<Dependency> = self
                        .inputs(t)
                        .iter()
                        .map(|&i| Dependency::Task(ids[i as usize].expect("inputs come first")))
                        .collect();
                    graph.gather(key, inputs, |_: Inputs<'_, ()>| ())
                }
            });
        }
        (graph.build().expect("shapes have no cycle, and each number is there once"), sorted)
    }
}

/// Places and tags that were met, so that tasks of one call share theirs.
#[derive(Default)]
struct Origins {
    /// By the addresses of the place and the tags, most often the same as the task before.
    last: Option<(Option<Place>, usize, u32)>,
    known: HashMap<(Option<String>, Tags), u32>,
}

impl Origins {
    fn index(&mut self, origins: &mut Vec<Origin>, graph: &Graph, task: TaskId) -> u32 {
        let place = graph.written_at(task);
        let tags = graph.tags(task);
        let address = std::ptr::from_ref(tags).addr();
        if let Some((last, at, index)) = &self.last
            && *last == place
            && *at == address
        {
            return *index;
        }
        let key = (place.as_ref().map(Place::to_string), tags.clone());
        let index = *self.known.entry(key).or_insert_with_key(|(place, tags)| {
            origins.push(Origin { place: place.clone(), tags: Arc::new(tags.clone()) });
            narrow(origins.len() - 1)
        });
        self.last = Some((place, address, index));
        index
    }
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).expect("a graph has fewer than 2^32 tasks")
}
