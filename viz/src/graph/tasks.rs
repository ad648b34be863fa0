//! The picture of every task.
//! It knows neither layout nor format.

use super::colour::{Key, Measure};
use super::drawing::{Drawing, Form, Link, Node, Paint};
use super::run::Run;
use super::{ColourBy, Shape, colours, facts};
use crate::label::{self, Labels};
use crate::text;

/// The longest name in a box, in characters; whole names stand under the pointer.
const LONGEST: usize = 28;
/// So few boxes have room for longer ones.
const FEW: usize = 40;
const LONGEST_OF_FEW: usize = 64;

pub(super) fn drawing(
    shape: &Shape,
    run: Option<&Run<'_>>,
    measure: &Measure,
    collapse: bool,
) -> Drawing {
    let (key, paints) = painted(shape, measure);
    let mut painter = Painter {
        shape,
        run,
        paints,
        labels: Labels::default(),
        drawing: Drawing { key, ..Drawing::default() },
    };
    let ends: Vec<(usize, usize)> = (0..shape.len()).map(|t| painter.add(t, collapse)).collect();
    for t in 0..shape.len() {
        let path = measure.path.as_ref();
        let mut from: Vec<(usize, bool)> = shape
            .inputs(t)
            .iter()
            .map(|&i| i as usize)
            .map(|i| (ends[i].1, path.is_some_and(|p| p.goes(i, t))))
            .collect();
        from.sort_unstable();
        let link = |(from, strong)| Link { from, to: ends[t].0, arrow: true, strong };
        painter.drawing.links.extend(from.into_iter().map(link));
    }
    let values = (0..shape.len()).filter(|&t| shape.is_value(t)).count() as u64;
    let tasks = text::plural(shape.len() as u64 - values, "task");
    painter.drawing.summary = match values {
        0 => tasks,
        n => format!("{tasks}, {}", text::plural(n, "value")),
    };
    painter.drawing
}

/// The key, and the paint of each task.
fn painted(shape: &Shape, measure: &Measure) -> (Key, Vec<Paint>) {
    if measure.by != ColourBy::Group {
        return Key::of(measure, &measure.values, false);
    }
    let colours = colours(shape);
    let mut labels = Labels::default();
    let named = colours.iter().zip(shape.groups());
    let swatches = named.filter_map(|(c, name)| Some((Paint::Swatch((*c)?), labels.group(name))));
    let key = Key { swatches: swatches.collect(), in_boxes: true, ..Key::default() };
    let paint = |t: usize| match colours[shape.group_of(t)] {
        Some(c) if !shape.is_value(t) => Paint::Swatch(c),
        _ => Paint::Plain,
    };
    (key, (0..shape.len()).map(paint).collect())
}

struct Painter<'a> {
    shape: &'a Shape,
    run: Option<&'a Run<'a>>,
    paints: Vec<Paint>,
    labels: Labels,
    drawing: Drawing,
}

impl Painter<'_> {
    /// Adds the boxes of a task; returns where links to it end, and where its result leaves.
    fn add(&mut self, task: usize, collapse: bool) -> (usize, usize) {
        use tine_scheduler::TaskStatus;
        let shape = self.shape;
        let longest = if shape.len() <= FEW { LONGEST_OF_FEW } else { LONGEST };
        let whole = shape.name(task);
        let key = shape.key(task);
        let name = match key.to_string() == whole {
            true => self.labels.key(&key),
            false => whole.clone(),
        };
        let record = self.run.and_then(|r| r.record(task));
        let is_value = shape.is_value(task);
        let node = Node {
            form: if is_value { Form::Value } else { Form::Task },
            id: whole,
            lines: vec![text::shorten(&name, longest)],
            title: facts::title(shape, self.run, task),
            paint: self.paints[task],
            asked: shape.is_output(task),
            failed: record.is_some_and(|r| r.status == TaskStatus::Failed),
            bar: Vec::new(),
        };
        let first = self.drawing.nodes.len();
        if is_value || collapse {
            self.drawing.nodes.push(node);
            return (first, first);
        }
        let function = text::shorten(&label::function(key.group()), longest);
        let id = format!("{} ()", node.id);
        let work = Node { id, lines: vec![function], asked: false, ..node.clone() };
        let result = Node { form: Form::Value, paint: Paint::Plain, failed: false, ..node };
        self.drawing.nodes.extend([work, result]);
        self.drawing.links.push(Link { from: first, to: first + 1, arrow: true, strong: false });
        (first, first + 1)
    }
}
