//! Pictures of task graphs: every task, or in large graphs one box a group.
//! It runs nothing, and needs no program to be installed.
//!
//! What is drawn is a [`Shape`]: of a graph, of a recorded run, or read from a file. Edges run from
//! a task to those that take its result.

mod colour;
mod dot;
mod draw;
mod drawing;
mod facts;
mod head;
mod layer;
mod layers;
mod layout;
mod options;
mod run;
mod shape;
mod tasks;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use tine_profiler::Trace;

use colour::Measure;
use drawing::Drawing;
pub use options::{ColourBy, Direction, Format, Level, Options};
use run::Run;
pub use shape::{Shape, ShapeBuilder, ShapeError, ShapeErrorKind, ShapeTask};

/// Graphs with more tasks and values than this are drawn by group, unless asked otherwise.
pub const MOST_TASKS: usize = 300;
/// A picture of more boxes than this would be of use to nobody; it is drawn by group whatever was
/// asked.
pub const MOST_BOXES: usize = 3_000;

/// What to draw.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The graph; all of it is drawn.
    pub shape: &'a Shape,
    /// A run of it, whose times are said under the pointer. Tasks are found in it by their names.
    pub trace: Option<&'a Trace>,
}

/// Writes the graph in `format`.
///
/// # Errors
/// Those of `out`.
pub fn write(
    input: &Input<'_>,
    options: &Options,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Svg => svg(input, options, out),
        Format::Dot => dot(input, options, out),
        Format::Json => json(input.shape, out),
    }
}

/// Draws the graph as SVG, light or dark as the viewer is.
///
/// ```
/// use tine_scheduler::Graph;
/// use tine_viz::graph::{self, Shape};
/// let mut g = Graph::builder();
/// g.value("x", 1i64);
/// let y = g.task("y", ["x"], |x: &i64| x + 1);
/// let shape = Shape::of_graph(&g.build()?, &[y]);
/// let mut picture = Vec::new();
/// let input = graph::Input { shape: &shape, trace: None };
/// graph::svg(&input, &graph::Options::default(), &mut picture).expect("a vector takes all");
/// assert!(picture.starts_with(b"<svg "));
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn svg(input: &Input<'_>, options: &Options, out: &mut impl Write) -> io::Result<()> {
    draw::draw(&drawing(input, options), &options.title, out)
}

/// Writes the graph in the language of Graphviz.
///
/// # Errors
/// Those of `out`.
pub fn dot(input: &Input<'_>, options: &Options, out: &mut impl Write) -> io::Result<()> {
    dot::write(&drawing(input, options), &options.title, out)
}

/// Writes the graph as JSON, to be drawn another time: see [`Shape::write_json`].
///
/// # Errors
/// Those of `out`.
pub fn json(shape: &Shape, out: &mut impl Write) -> io::Result<()> {
    shape.write_json(out)
}

/// How many boxes the picture has: tasks and values, or groups.
pub fn boxes(input: &Input<'_>, options: &Options) -> usize {
    drawing(input, options).nodes.iter().filter(|n| n.form != drawing::Form::Count).count()
}

fn drawing(input: &Input<'_>, options: &Options) -> Drawing {
    let shape = input.shape;
    let most = match options.level {
        Level::Auto => MOST_TASKS,
        Level::Tasks => MOST_BOXES,
        Level::Layers => 0,
    };
    let run = input.trace.map(|trace| Run::new(shape, trace));
    let measure = Measure::of(shape, run.as_ref(), options.colour);
    let drawing = if shape.len() <= most {
        tasks::drawing(shape, run.as_ref(), &measure, options.collapse_outputs)
    } else {
        layers::drawing(shape, run.as_ref(), &measure)
    };
    Drawing { direction: options.direction, ..drawing }
}

/// The place of each group's colour: groups count in their order if any of their tasks is drawn,
/// just as in the trace of the run.
fn colours(shape: &Shape) -> Vec<Option<usize>> {
    let mut used = vec![false; shape.groups().len()];
    for t in (0..shape.len()).filter(|&t| !shape.is_value(t)) {
        used[shape.group_of(t)] = true;
    }
    let mut next = 0..;
    used.into_iter().map(|u| if u { next.next() } else { None }).collect()
}
