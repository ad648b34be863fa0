//! What can be chosen when a graph is drawn, and which formats there are.
//! It draws nothing.

use std::path::Path;
use std::time::Duration;

use tine_profiler::Trace;
use tine_viz::graph::{self, ColourBy, Direction, Level};

use super::error::VisualizeError;

/// Who lays the picture out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Tine's own layout for SVG, and Graphviz for what it alone can write: `png`, `pdf`, `jpg`.
    ///
    /// Side by side, Graphviz draws tangled graphs of 50 tasks a little narrower, and wide ones too
    /// wide to be read (254 tasks of an array's mean: 16,600 points against 930 pixels). The own
    /// layout chooses its direction by the screen, packs parts that have nothing to do with one
    /// another, has a legend that is no part of the graph, and colours for dark surroundings. So
    /// it draws SVG even where Graphviz is there.
    #[default]
    Auto,
    /// Tine's own layout: `svg` only.
    Own,
    /// Graphviz, for SVG too. Its program `dot` must be installed. Fine for a few hundred boxes.
    Dot,
}

/// How a graph is drawn.
///
/// ```
/// use tine::visualize::{ColourBy, Level, Options};
/// let options = Options::new().level(Level::Layers).colour(ColourBy::Order).title("My job");
/// assert_eq!(options.picture.title, "My job");
/// ```
#[derive(Clone, Debug)]
#[must_use = "options do nothing until they are given to `visualize_with`"]
pub struct Options<'a> {
    /// What the picture looks like.
    pub picture: graph::Options,
    /// Who lays it out.
    pub engine: Engine,
    /// Whether the graph is drawn as it is run: without what no output needs.
    pub optimized: bool,
    /// How long Graphviz may take.
    pub time_limit: Duration,
    /// A run of the graph: for colours, and for what is said under the pointer.
    pub trace: Option<&'a Trace>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options::new()
    }
}

impl<'a> Options<'a> {
    /// Every task or layers, by size; colours by group; the graph before optimisation.
    pub fn new() -> Self {
        Options {
            picture: graph::Options::default(),
            engine: Engine::Auto,
            optimized: false,
            // A graph of 300 tasks takes Graphviz a second; one that takes a minute never ends.
            time_limit: Duration::from_secs(60),
            trace: None,
        }
    }

    /// How much is drawn: tasks, or layers.
    pub fn level(mut self, level: Level) -> Self {
        self.picture.level = level;
        self
    }

    /// Which way edges run.
    pub fn direction(mut self, direction: Direction) -> Self {
        self.picture.direction = direction;
        self
    }

    /// What colours say. Some need a [`trace`](Self::trace).
    pub fn colour(mut self, colour: ColourBy) -> Self {
        self.picture.colour = colour;
        self
    }

    /// Whether a task and its result are one box, as they are by default.
    pub fn collapse_outputs(mut self, collapse: bool) -> Self {
        self.picture.collapse_outputs = collapse;
        self
    }

    /// What stands above the picture.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.picture.title = title.into();
        self
    }

    /// Who lays the picture out.
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Whether the graph is drawn as it is run: without what no output needs.
    pub fn optimized(mut self, optimized: bool) -> Self {
        self.optimized = optimized;
        self
    }

    /// How long Graphviz may take; a minute by default.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// A run of the graph: for colours, and for what is said under the pointer.
    pub fn trace(mut self, trace: &'a Trace) -> Self {
        self.trace = Some(trace);
        self
    }
}

/// A format that a graph can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Svg,
    Dot,
    Json,
    Png,
    Pdf,
    Jpeg,
}

impl Format {
    /// Endings of file names.
    pub(super) const ENDINGS: [(&'static str, Format); 8] = [
        ("svg", Format::Svg),
        ("dot", Format::Dot),
        ("gv", Format::Dot),
        ("json", Format::Json),
        ("png", Format::Png),
        ("pdf", Format::Pdf),
        ("jpg", Format::Jpeg),
        ("jpeg", Format::Jpeg),
    ];

    /// The format that the ending of a file's name says.
    pub(super) fn of(path: &Path) -> Result<Format, VisualizeError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let found = Format::ENDINGS.iter().find(|(e, _)| Some(*e) == ending.as_deref());
        found.map(|f| f.1).ok_or_else(|| VisualizeError::ending(path))
    }

    /// What Graphviz calls it.
    pub(super) fn name(self) -> &'static str {
        let own = Format::ENDINGS.iter().find(|(_, f)| *f == self);
        own.expect("all are in the table").0
    }
}
