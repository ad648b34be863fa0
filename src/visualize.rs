//! Pictures of lazy values and graphs: `visualize`, for whatever can be computed or was recorded.
//! It runs no task, and does not know how a picture is laid out.

mod dot;
mod error;
mod options;

use std::fs;
use std::path::Path;

use tine_collection::{Compute, Request};
use tine_profiler::Trace;
use tine_scheduler::{Error, Graph, Plan};
use tine_viz::graph::{self, Input};
pub use tine_viz::graph::{ColourBy, Direction, Level, Shape};

pub use error::{VisualizeError, VisualizeErrorKind};
use options::Format;
pub use options::{Engine, Options};

/// Marks of the ways in which something becomes a picture. Nobody has to name them: the compiler
/// finds the only one that fits.
pub mod ways {
    /// Lazy values: collections, and tuples, vectors and maps of them.
    #[derive(Debug)]
    pub enum Lazy {}
    /// Graphs, plans, shapes and traces.
    #[derive(Debug)]
    pub enum Known {}
}

/// What is drawn: the shape of a graph, and where it has been run, what was recorded.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// The graph.
    pub shape: Shape,
    /// The run.
    pub trace: Option<&'a Trace>,
}

/// Draws task graphs: of lazy values, of vectors and tuples of them, of a [`Graph`], a [`Plan`], a
/// [`Trace`] or a [`Shape`].
///
/// Nothing is computed. Up to [`MOST_TASKS`](tine_viz::graph::MOST_TASKS) tasks are drawn one by
/// one; of larger graphs the layers are. Every box says under the pointer what it is, where the
/// user created it, and, where a trace is given, what it cost.
///
/// ```
/// use tine::prelude::*;
/// use tine::visualize::{ColourBy, Options};
/// # let temporary = tempfile::tempdir().expect("a folder for the example");
/// # let folder = temporary.path();
/// let squares: Vec<_> = (0..4).map(|x: i64| tine::call(|x| x * x, (x,))).collect();
/// let largest = tine::call(|xs: Vec<i64>| xs.into_iter().max(), (&squares,));
/// largest.visualize(folder.join("graph.svg"))?;
/// let by_order = Options::new().colour(ColourBy::Order);
/// (&largest, &squares).visualize_with(folder.join("order.svg"), &by_order)?;
///
/// let recorded = tine::profile(|| largest.compute());
/// if let Some(trace) = recorded.run.longest() {
///     let by_time = Options::new().colour(ColourBy::Time).trace(trace);
///     largest.visualize_with(folder.join("time.svg"), &by_time)?;
/// }
/// # Ok::<(), tine::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no task graph that could be drawn",
    label = "neither a lazy value, nor a tuple or vector of them, nor a graph",
    note = "what can be drawn: `Delayed<T>` and the collections, `(&a, &b)`, `vec![a, b]`, \
            `Graph`, `Plan`, `Trace`, `Shape`"
)]
pub trait Visualize<Way> {
    /// What is to be drawn: before optimisation, or `optimized`, as it is run.
    ///
    /// # Errors
    /// The error that a lazy value carries.
    fn drawn(&self, optimized: bool) -> Result<Drawn<'_>, Error>;

    /// Draws the graph into a file, in the format that its ending says: `svg`, `dot` or `gv`,
    /// `json`, and with Graphviz installed `png`, `pdf`, `jpg`.
    ///
    /// # Errors
    /// [`VisualizeError`]: an ending that is not known, a file that cannot be written, a lazy value
    /// that was built wrongly; for `png`, `pdf` and `jpg` that Graphviz is missing or has failed.
    fn visualize(&self, path: impl AsRef<Path>) -> Result<(), VisualizeError> {
        self.visualize_with(path, &Options::new())
    }

    /// As [`visualize`](Self::visualize), with options.
    ///
    /// # Errors
    /// Those of [`visualize`](Self::visualize), and colours that need a trace where there is none.
    fn visualize_with(
        &self,
        path: impl AsRef<Path>,
        options: &Options<'_>,
    ) -> Result<(), VisualizeError> {
        let path = path.as_ref();
        let format = Format::of(path)?;
        let bytes = render(&self.drawn(options.optimized)?, options, format)?;
        fs::write(path, bytes).map_err(|e| VisualizeError::write(path, &e))
    }

    /// The picture as SVG, without a file: for a page of one's own, or a test.
    ///
    /// # Errors
    /// Those of [`visualize_with`](Self::visualize_with) that have nothing to do with files.
    fn picture(&self, options: &Options<'_>) -> Result<String, VisualizeError> {
        let bytes = render(&self.drawn(options.optimized)?, options, Format::Svg)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl<C: Compute + ?Sized> Visualize<ways::Lazy> for C {
    fn drawn(&self, optimized: bool) -> Result<Drawn<'_>, Error> {
        let mut request = Request::default();
        self.ask(&mut request);
        let assembled = request.assemble()?;
        let shape = Shape::of_graph(&assembled.graph, &assembled.outputs);
        Ok(Drawn::new(shape, None, optimized))
    }
}

impl Visualize<ways::Known> for Graph {
    fn drawn(&self, optimized: bool) -> Result<Drawn<'_>, Error> {
        Ok(Drawn::new(Shape::of_graph(self, &[]), None, optimized))
    }
}

impl Visualize<ways::Known> for Plan<'_> {
    fn drawn(&self, optimized: bool) -> Result<Drawn<'_>, Error> {
        Ok(Drawn::new(Shape::of_graph(self.graph(), self.outputs()), None, optimized))
    }
}

impl Visualize<ways::Known> for Trace {
    fn drawn(&self, optimized: bool) -> Result<Drawn<'_>, Error> {
        Ok(Drawn::new(Shape::of_trace(self), Some(self), optimized))
    }
}

impl Visualize<ways::Known> for Shape {
    fn drawn(&self, optimized: bool) -> Result<Drawn<'_>, Error> {
        Ok(Drawn::new(self.clone(), None, optimized))
    }
}

impl<'a> Drawn<'a> {
    fn new(shape: Shape, trace: Option<&'a Trace>, optimized: bool) -> Self {
        Drawn { shape: if optimized { shape.culled() } else { shape }, trace }
    }
}

fn render(
    drawn: &Drawn<'_>,
    options: &Options<'_>,
    format: Format,
) -> Result<Vec<u8>, VisualizeError> {
    let trace = options.trace.or(drawn.trace);
    if options.picture.colour.needs_trace() && trace.is_none() && format != Format::Json {
        return Err(VisualizeError::no_trace(options.picture.colour));
    }
    let input = Input { shape: &drawn.shape, trace };
    let own = match format {
        Format::Svg if options.engine != Engine::Dot => Some(graph::Format::Svg),
        Format::Dot => Some(graph::Format::Dot),
        Format::Json => Some(graph::Format::Json),
        _ => None,
    };
    if own.is_none() && options.engine == Engine::Own {
        return Err(VisualizeError::not_own(format.name()));
    }
    let mut out = Vec::new();
    let written = own.unwrap_or(graph::Format::Dot);
    graph::write(&input, &options.picture, written, &mut out).expect("a vector takes all");
    if own.is_some() {
        return Ok(out);
    }
    dot::run(&out, format.name(), options.time_limit)
}
