//! The picture of groups: one box a group, one link a pair of groups, with counts.
//! It knows neither layout nor format.

use std::collections::{BTreeMap, HashMap};

use super::colour::{Key, Measure, Value};
use super::drawing::{Drawing, Form, Link, Node, Paint};
use super::layer::Layer;
use super::run::Run;
use super::{ColourBy, Shape, colours};
use crate::label::{self, Labels};
use crate::text;

const LONGEST: usize = 32;
/// So few boxes have room for longer names.
const FEW: usize = 20;
const LONGEST_OF_FEW: usize = 64;
/// With more groups than this, those that differ only in hash or number become one.
const MOST_GROUPS: usize = 150;
/// With more links than this, counts would hide the links.
const MOST_COUNTS: usize = 80;

pub(super) fn drawing(shape: &Shape, run: Option<&Run<'_>>, measure: &Measure) -> Drawing {
    let (layer_of, mut layers) = merge(shape);
    let mut links: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let mut strong: BTreeMap<(usize, usize), bool> = BTreeMap::new();
    for t in 0..shape.len() {
        let to = layer_of[shape.group_of(t)];
        layers[to].add(shape, t, measure);
        if let Some(record) = run.and_then(|r| r.record(t)) {
            layers[to].add_record(&record, measure.value(t));
        }
        // Inputs of one task mostly are of one layer: a look into the map is saved.
        let mut last: Option<((usize, usize), u64)> = None;
        for &i in shape.inputs(t) {
            let pair = (layer_of[shape.group_of(i as usize)], to);
            match &mut last {
                Some((p, n)) if *p == pair => *n += 1,
                _ => {
                    if let Some((p, n)) = last.replace((pair, 1)) {
                        *links.entry(p).or_default() += n;
                    }
                }
            }
            if measure.path.as_ref().is_some_and(|p| p.goes(i as usize, t)) {
                strong.insert(pair, true);
            }
        }
        if let Some((p, n)) = last {
            *links.entry(p).or_default() += n;
        }
    }
    picture(shape, measure, layers, &Links { counts: links, strong })
}

/// Which layer each group belongs to: its own, or one by the name of its function, or in the end
/// the one of all that is left.
fn merge(shape: &Shape) -> (Vec<usize>, Vec<Layer>) {
    let mut used = vec![false; shape.groups().len()];
    (0..shape.len()).for_each(|t| used[shape.group_of(t)] = true);
    let many = used.iter().filter(|u| **u).count() > MOST_GROUPS;
    let mut labels = Labels::default();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut layers: Vec<Layer> = Vec::new();
    let colours = colours(shape);
    let mut layer_of = Vec::new();
    for (group, whole) in shape.groups().iter().enumerate() {
        if !used[group] {
            layer_of.push(0); // never looked at: no task of this group is drawn
            continue;
        }
        let mut name = if many { label::function(whole) } else { labels.group(whole) };
        if many && layers.len() >= MOST_GROUPS && !by_name.contains_key(&name) {
            "other groups".clone_into(&mut name);
        }
        let id = if many { name.clone() } else { whole.clone() };
        let layer = *by_name.entry(id.clone()).or_insert_with(|| {
            layers.push(Layer::new(text::shorten(&name, text::MOST_OF_A_NAME), id));
            layers.len() - 1
        });
        layers[layer].groups += 1;
        layers[layer].colour = layers[layer].colour.or(colours[group]);
        layer_of.push(layer);
    }
    (layer_of, layers)
}

struct Links {
    /// Edges from one layer to another.
    counts: BTreeMap<(usize, usize), u64>,
    /// Whether the longest way goes there.
    strong: BTreeMap<(usize, usize), bool>,
}

fn picture(shape: &Shape, measure: &Measure, layers: Vec<Layer>, links: &Links) -> Drawing {
    let (key, paints) = painted(measure, &layers);
    let mut drawing = Drawing { key, summary: summary(&layers), ..Drawing::default() };
    let longest = layers.iter().map(|l| l.time).max().unwrap_or(0);
    if longest > 0 {
        let bars = match measure.by {
            ColourBy::Worker if !measure.classes.is_empty() => "time of a layer, by worker",
            ColourBy::Status => "time of a layer, by status",
            _ => "time of a layer",
        };
        drawing.key.bars = Some(bars.to_owned());
    }
    for (i, layer) in layers.iter().enumerate() {
        let inner = links.counts.get(&(i, i)).copied().unwrap_or(0);
        let node = Node {
            form: if layer.tasks > 0 { Form::Task } else { Form::Value },
            id: layer.id.clone(),
            lines: lines(layer, if layers.len() <= FEW { LONGEST_OF_FEW } else { LONGEST }),
            title: layer.title(shape, measure, inner),
            paint: paints[i],
            asked: layer.asked > 0,
            failed: layer.failed > 0,
            bar: layer.bar(measure, longest, paints[i]),
        };
        drawing.nodes.push(node);
    }
    add_links(&mut drawing, &layers, links);
    drawing
}

/// What a box says, with its name cut to `most` columns.
fn lines(layer: &Layer, most: usize) -> Vec<String> {
    let mut lines = vec![text::shorten(&layer.name, most), layer.size()];
    if layer.ran > 0 {
        lines.push(text::duration(layer.time));
    }
    lines
}

/// The key, and the paint of each layer.
fn painted(measure: &Measure, layers: &[Layer]) -> (Key, Vec<Paint>) {
    if measure.by == ColourBy::Group {
        let named = layers.iter().filter_map(|l| Some((Paint::Swatch(l.colour?), l.name.clone())));
        let key = Key { swatches: named.collect(), in_boxes: true, ..Key::default() };
        let paints = layers.iter().map(|l| l.colour.map_or(Paint::Plain, Paint::Swatch));
        return (key, paints.collect());
    }
    let values: Vec<Value> = layers.iter().map(|l| l.value(measure)).collect();
    Key::of(measure, &values, true)
}

fn summary(layers: &[Layer]) -> String {
    let sum = |of: fn(&Layer) -> u64| layers.iter().map(of).sum::<u64>();
    let tasks = text::plural(sum(|l| l.tasks), "task");
    let values = sum(|l| l.values);
    let values =
        if values > 0 { format!(", {}", text::plural(values, "value")) } else { String::new() };
    format!("{tasks}{values}, in {}", text::plural(sum(|l| l.groups), "group"))
}

fn add_links(drawing: &mut Drawing, layers: &[Layer], links: &Links) {
    let outer: Vec<_> = links.counts.iter().filter(|((from, to), _)| from != to).collect();
    let counted = outer.len() <= MOST_COUNTS;
    for (&(from, to), &n) in outer {
        let strong = links.strong.contains_key(&(from, to));
        if !counted || n == 1 {
            drawing.links.push(Link { from, to, arrow: true, strong });
            continue;
        }
        let middle = drawing.nodes.len();
        let title =
            format!("{} edges from {} to {}", text::count(n), layers[from].name, layers[to].name);
        drawing.nodes.push(Node {
            form: Form::Count,
            id: format!("{} -> {}", layers[from].id, layers[to].id),
            lines: vec![text::count(n)],
            title,
            paint: Paint::Plain,
            asked: false,
            failed: false,
            bar: Vec::new(),
        });
        drawing.links.push(Link { from, to: middle, arrow: false, strong });
        drawing.links.push(Link { from: middle, to, arrow: true, strong });
    }
}
