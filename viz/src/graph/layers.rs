//! The picture of groups: one box a group, one link a pair of groups, with counts.
//! It knows neither layout nor format.

use std::collections::{BTreeMap, HashMap};

use tine_profiler::{GroupTotal, Trace};
use tine_scheduler::Graph;

use super::drawing::{Drawing, Link, Node, Shape};
use super::{Input, colours};
use crate::label::{self, Labels};
use crate::text;

const LONGEST: usize = 32;
/// With more groups than this, those that differ only in hash or number become one.
const MOST_GROUPS: usize = 150;
/// With more links than this, counts would hide the links.
const MOST_COUNTS: usize = 80;

/// One box: groups of the graph that are drawn together.
#[derive(Debug, Default)]
struct Layer {
    name: String,
    groups: u64,
    tasks: u64,
    values: u64,
    inner: u64,
    asked: u64,
    colour: Option<usize>,
    place: String,
    total: GroupTotal,
}

pub(super) fn drawing(input: &Input<'_>, wanted: &[bool]) -> Drawing {
    let graph = input.graph;
    let used = used_groups(graph, wanted);
    let (layer_of, mut layers) = merge(graph, &used);
    let colours = colours(graph, wanted);
    for (group, &layer) in layer_of.iter().enumerate() {
        let layer: &mut Layer = &mut layers[layer];
        layer.groups += u64::from(used[group]);
        layer.colour = layer.colour.or(colours[group]);
    }
    let mut links: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for t in graph.tasks().filter(|t| wanted[t.index()]) {
        let to = layer_of[graph.group_of(t).index()];
        let layer = &mut layers[to];
        match graph.datum(t) {
            Some(_) => layer.values += 1,
            None => layer.tasks += 1,
        }
        if layer.place.is_empty() {
            layer.place = graph.created_at(t).to_string();
        }
        for edge in graph.inputs(t) {
            *links.entry((layer_of[graph.group_of(edge.task()).index()], to)).or_default() += 1;
        }
    }
    for t in input.outputs {
        layers[layer_of[graph.group_of(*t).index()]].asked += 1;
    }
    if let Some(trace) = input.trace {
        add_totals(graph, trace, &layer_of, &mut layers);
    }
    picture(layers, links)
}

fn used_groups(graph: &Graph, wanted: &[bool]) -> Vec<bool> {
    let mut used = vec![false; graph.groups().len()];
    for t in graph.tasks().filter(|t| wanted[t.index()]) {
        used[graph.group_of(t).index()] = true;
    }
    used
}

/// Which layer each group belongs to: its own, or one by the name of its function, or in the end
/// the one of all that is left.
fn merge(graph: &Graph, used: &[bool]) -> (Vec<usize>, Vec<Layer>) {
    let many = used.iter().filter(|u| **u).count() > MOST_GROUPS;
    let mut labels = Labels::default();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut layers: Vec<Layer> = Vec::new();
    let layer_of = graph.groups().iter().zip(used).map(|(group, &used)| {
        let mut name = match many {
            true => label::function(group.name()),
            false => labels.group(group.name()),
        };
        if many && layers.len() >= MOST_GROUPS && !by_name.contains_key(&name) {
            name = "other groups".to_owned();
        }
        if !used {
            return 0; // never looked at: no task of this group is drawn
        }
        *by_name.entry(if many { name.clone() } else { group.name().to_owned() }).or_insert_with(
            || {
                layers.push(Layer { name, ..Layer::default() });
                layers.len() - 1
            },
        )
    });
    let layer_of = layer_of.collect();
    (layer_of, layers)
}

fn add_totals(graph: &Graph, trace: &Trace, layer_of: &[usize], layers: &mut [Layer]) {
    let totals = trace.group_totals();
    let by_name: HashMap<&str, &GroupTotal> =
        trace.groups().iter().map(|g| g.name.as_str()).zip(&totals).collect();
    for (group, &layer) in graph.groups().iter().zip(layer_of) {
        let Some(t) = by_name.get(group.name()) else { continue };
        let sum = &mut layers[layer].total;
        sum.ran += t.ran;
        sum.failed += t.failed;
        sum.time += t.time;
        sum.longest = sum.longest.max(t.longest);
    }
}

fn picture(layers: Vec<Layer>, links: BTreeMap<(usize, usize), u64>) -> Drawing {
    let mut drawing = Drawing::default();
    let tasks: u64 = layers.iter().map(|l| l.tasks).sum();
    let values: u64 = layers.iter().map(|l| l.values).sum();
    let groups: u64 = layers.iter().map(|l| l.groups).sum();
    drawing.summary = format!(
        "{}, {}, in {}",
        text::plural(tasks, "task"),
        text::plural(values, "value"),
        text::plural(groups, "group")
    );
    let mut layers = layers;
    for (&(from, to), &n) in &links {
        if from == to {
            layers[from].inner = n;
        }
    }
    for layer in &layers {
        drawing.groups.extend(layer.colour.map(|c| (c, layer.name.clone())));
        drawing.nodes.push(node(layer));
    }
    let outer: Vec<_> = links.into_iter().filter(|((from, to), _)| from != to).collect();
    let counted = outer.len() <= MOST_COUNTS;
    for ((from, to), n) in outer {
        if !counted || n == 1 {
            drawing.links.push(Link { from, to, arrow: true });
            continue;
        }
        let middle = drawing.nodes.len();
        let title =
            format!("{} edges from {} to {}", text::count(n), layers[from].name, layers[to].name);
        drawing.nodes.push(Node {
            shape: Shape::Count,
            lines: vec![text::count(n)],
            title,
            colour: None,
            asked: false,
            failed: false,
        });
        drawing.links.push(Link { from, to: middle, arrow: false });
        drawing.links.push(Link { from: middle, to, arrow: true });
    }
    drawing
}

fn node(layer: &Layer) -> Node {
    let size = match (layer.tasks, layer.values) {
        (0, n) => text::plural(n, "value"),
        (n, 0) => text::plural(n, "task"),
        (n, m) => format!("{}, {}", text::plural(n, "task"), text::plural(m, "value")),
    };
    let mut title = vec![layer.name.clone(), size.clone()];
    if layer.groups > 1 {
        title.push(text::plural(layer.groups, "group"));
    }
    if layer.inner > 0 {
        title.push(format!("{} among its own tasks", text::plural(layer.inner, "edge")));
    }
    if layer.asked > 0 {
        title.push(format!("{} asked for", text::count(layer.asked)));
    }
    title.push(format!("first created at {}", layer.place));
    let mut lines = vec![text::shorten(&layer.name, LONGEST), size];
    if layer.total.ran > 0 {
        let t = &layer.total;
        lines.push(text::duration(t.time));
        title.push(format!("took {} in all", text::duration(t.time)));
        title.push(format!("the longest {}", text::duration(t.longest)));
    }
    if layer.total.failed > 0 {
        title.push(format!("{} failed", text::count(layer.total.failed)));
    }
    Node {
        shape: if layer.tasks > 0 { Shape::Task } else { Shape::Value },
        lines,
        title: title.join("\n"),
        colour: layer.colour,
        asked: layer.asked > 0,
        failed: layer.total.failed > 0,
    }
}
