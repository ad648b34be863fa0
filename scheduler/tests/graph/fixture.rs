//! Graphs for tests, written down as names and inputs.
//! It does not know what is tested.

use std::collections::HashMap;

use tine_scheduler::{Graph, Inputs, Key, Result, Serial, TaskId, get, max_pressure};

/// A graph to be: tasks that mix their inputs, and values.
#[derive(Default)]
pub(crate) struct Sketch {
    tasks: Vec<(String, Vec<String>)>,
    values: Vec<String>,
}

impl Sketch {
    /// Lines of the form `name: input input`, or `name = value`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut sketch = Sketch::default();
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
            match line.split_once(':') {
                Some((name, inputs)) => sketch.task(name.trim(), inputs.split_whitespace()),
                None => sketch.values.push(line.replace("= value", "").trim().to_owned()),
            }
        }
        sketch
    }

    /// Inputs of task 0, of task 1, …, with `|` between tasks and `v` for a value.
    pub(crate) fn numbered(text: &str) -> Self {
        let mut sketch = Sketch::default();
        for (i, inputs) in text.split('|').enumerate() {
            if inputs.trim() == "v" {
                sketch.values.push(i.to_string());
            } else {
                sketch.task(i.to_string(), inputs.split_whitespace());
            }
        }
        sketch
    }

    pub(crate) fn task<S: Into<String>>(
        &mut self,
        name: impl Into<String>,
        inputs: impl IntoIterator<Item = S>,
    ) {
        self.tasks.push((name.into(), inputs.into_iter().map(Into::into).collect()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.tasks.retain(|(n, _)| n != name);
    }

    pub(crate) fn graph(&self) -> Result<Graph> {
        let mut g = Graph::builder();
        for name in &self.values {
            g.value(name.as_str(), name.len() as u64);
        }
        for (number, (name, inputs)) in (1u64..).zip(&self.tasks) {
            let inputs = inputs.iter().map(String::as_str);
            g.gather(name.as_str(), inputs, move |inputs: Inputs<'_, u64>| mix(number, inputs));
        }
        g.build()
    }

    /// The graph with its order, all tasks that nobody takes being asked for.
    pub(crate) fn ordered(&self) -> Result<Ordered> {
        let graph = self.graph()?;
        let users = graph.dependents();
        let outputs: Vec<TaskId> = graph.tasks().filter(|&t| users.of(t).is_empty()).collect();
        let order = graph.order(&outputs)?;
        assert!(graph.is_topological(&order), "{graph:?}");
        assert_eq!(order.len(), graph.len());
        assert_eq!(order, graph.order(&outputs)?);
        let rank = order.iter().zip(0..).map(|(&t, i)| (graph.key(t).to_string(), i)).collect();
        let metrics = graph.diagnostics(&order);
        Ok(Ordered { pressure: max_pressure(&metrics), rank, order, graph })
    }
}

fn mix<'a>(
    number: u64,
    inputs: impl Iterator<Item = impl std::ops::Deref<Target = u64> + 'a>,
) -> u64 {
    inputs.fold(number, |h, x| (h ^ *x).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23))
}

/// A graph in its order.
pub(crate) struct Ordered {
    pub(crate) graph: Graph,
    pub(crate) order: Vec<TaskId>,
    pub(crate) pressure: usize,
    rank: HashMap<String, i64>,
}

impl Ordered {
    /// The place of a task in the order.
    pub(crate) fn at(&self, name: &str) -> i64 {
        *self.rank.get(name).unwrap_or_else(|| panic!("no task {name}"))
    }

    pub(crate) fn all(&self, names: impl IntoIterator<Item = String>) -> Vec<i64> {
        let mut places: Vec<i64> = names.into_iter().map(|n| self.at(&n)).collect();
        places.sort_unstable();
        places
    }
}

/// The keys of a graph, sorted.
pub(crate) fn keys(graph: &Graph) -> Vec<String> {
    let mut keys: Vec<String> = graph.tasks().map(|t| graph.key(t).to_string()).collect();
    keys.sort();
    keys
}

/// The keys of the inputs of a task.
pub(crate) fn inputs(graph: &Graph, key: &str) -> Vec<String> {
    let task = graph.find(&Key::from(key)).expect("the key is there");
    graph.inputs(task).iter().map(|e| graph.key(e.task()).to_string()).collect()
}

/// The values of `keys`, run in this thread.
pub(crate) fn values(graph: &Graph, keys: &[Key]) -> Result<Vec<u64>> {
    let out = get(graph, keys, &Serial::new())?;
    (0..keys.len()).map(|i| out.get(i)).collect()
}
