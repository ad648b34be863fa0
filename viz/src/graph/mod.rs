//! Pictures of task graphs: every task, or in large graphs one box a group.
//! It runs nothing, and needs no program to be installed.

mod dot;
mod draw;
mod drawing;
mod layers;
mod layout;
mod shape;
mod tasks;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::str::FromStr;

use tine_profiler::Trace;
use tine_scheduler::{Edge, Error, ErrorKind, Graph, TaskId};

use drawing::Drawing;
pub use shape::{Shape, ShapeBuilder, ShapeError, ShapeErrorKind, ShapeTask};

/// Graphs with more tasks and values than this are drawn by group, unless asked otherwise.
pub const MOST_TASKS: usize = 300;
/// A picture of more boxes than this would be of use to nobody; it is drawn by group whatever was
/// asked.
pub const MOST_BOXES: usize = 3_000;

/// What to draw.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// What is asked of it: only what these need is drawn. Everything, where it is empty.
    pub outputs: &'a [TaskId],
    /// A run of it, whose times are said under the pointer.
    pub trace: Option<&'a Trace>,
}

/// How much is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Every task up to [`MOST_TASKS`], else groups.
    #[default]
    Auto,
    /// Every task, up to [`MOST_BOXES`].
    Tasks,
    /// One box a group.
    Layers,
}

/// How to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much is drawn.
    pub level: Level,
    /// Whether a task and its result are one box. If not, each task is a box with the function's
    /// name, followed by a rounded one with the name of its result.
    pub collapse_outputs: bool,
    /// Stands above the picture.
    pub title: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { level: Level::Auto, collapse_outputs: true, title: "Task graph".to_owned() }
    }
}

/// A format that graphs can be written in.
///
/// ```
/// use tine_viz::graph::Format;
/// assert_eq!("svg".parse::<Format>()?, Format::Svg);
/// let e = "png".parse::<Format>().unwrap_err();
/// assert_eq!(e.to_string(), "cannot draw a graph as `png`; choose one of: svg, dot");
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A picture, by the layout of this crate.
    Svg,
    /// The language of Graphviz, for its programs.
    Dot,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Format, Error> {
        match name.to_ascii_lowercase().as_str() {
            "svg" => Ok(Format::Svg),
            "dot" | "gv" => Ok(Format::Dot),
            _ => {
                let message = format!("cannot draw a graph as `{name}`; choose one of: svg, dot");
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }
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
    }
}

/// Draws the graph as SVG, light or dark as the viewer is.
///
/// ```
/// use tine_scheduler::Graph;
/// use tine_viz::graph;
/// let mut g = Graph::builder();
/// g.value("x", 1i64);
/// let y = g.task("y", ["x"], |x: &i64| x + 1);
/// let g = g.build()?;
/// let mut picture = Vec::new();
/// let input = graph::Input { graph: &g, outputs: &[y], trace: None };
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

fn drawing(input: &Input<'_>, options: &Options) -> Drawing {
    let wanted = wanted(input);
    let boxes = wanted.iter().filter(|w| **w).count();
    let most = match options.level {
        Level::Auto => MOST_TASKS,
        Level::Tasks => MOST_BOXES,
        Level::Layers => 0,
    };
    if boxes <= most {
        tasks::drawing(input, &wanted, options.collapse_outputs)
    } else {
        layers::drawing(input, &wanted)
    }
}

/// Whether each task is needed for the outputs.
fn wanted(input: &Input<'_>) -> Vec<bool> {
    let mut wanted = vec![input.outputs.is_empty(); input.graph.len()];
    let mut stack = input.outputs.to_vec();
    while let Some(t) = stack.pop() {
        if !std::mem::replace(&mut wanted[t.index()], true) {
            stack.extend(input.graph.inputs(t).iter().map(|e: &Edge| e.task()));
        }
    }
    wanted
}

/// The place of each group's colour: groups count in their order if any of their tasks is drawn,
/// just as in the trace of the run.
fn colours(graph: &Graph, wanted: &[bool]) -> Vec<Option<usize>> {
    let mut used = vec![false; graph.groups().len()];
    for t in graph.tasks().filter(|t| wanted[t.index()] && graph.datum(*t).is_none()) {
        used[graph.group_of(t).index()] = true;
    }
    let mut next = 0..;
    used.into_iter().map(|u| if u { next.next() } else { None }).collect()
}
