//! What can be chosen about a picture of a graph, and what it is called.
//! It draws nothing.

use std::str::FromStr;

use tine_scheduler::{Error, ErrorKind};

/// How much is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Every task up to [`MOST_TASKS`](super::MOST_TASKS), else groups.
    #[default]
    Auto,
    /// Every task, up to [`MOST_BOXES`](super::MOST_BOXES).
    Tasks,
    /// One box a group.
    Layers,
}

/// Which way edges run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// In which the picture fits a screen better.
    #[default]
    Auto,
    /// From top to bottom.
    Down,
    /// From left to right.
    Right,
}

/// What colours say.
///
/// [`Worker`](Self::Worker), [`Time`](Self::Time), [`ResultBytes`](Self::ResultBytes),
/// [`Memory`](Self::Memory) and [`Status`](Self::Status) are of a recorded run; without one, all
/// boxes are grey and the legend says why. The others need none. In the picture of layers a box
/// has the sum, the mean or the largest of its tasks: the legend says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColourBy {
    /// The group.
    #[default]
    Group,
    /// The place in the static order: what one worker would run first.
    Order,
    /// For how many steps of that order the result is held.
    Age,
    /// How many results are let go when the task has run.
    Freed,
    /// How many results are held when the task starts.
    MemoryPressure,
    /// How many results more are held from the task until its own is let go.
    MemoryIncreases,
    /// How many results fewer.
    MemoryDecreases,
    /// Whether it is on the longest way through the graph: by time where there is a run, else by
    /// tasks.
    Critical,
    /// The worker that ran it.
    Worker,
    /// How long it ran.
    Time,
    /// Bytes of its result in shared memory.
    ResultBytes,
    /// The most private memory that it took beyond what the worker had.
    Memory,
    /// Whether it is done, failed, skipped or not finished.
    Status,
}

impl ColourBy {
    /// All of them with their names.
    pub const NAMES: [(&'static str, ColourBy); 13] = [
        ("group", ColourBy::Group),
        ("order", ColourBy::Order),
        ("age", ColourBy::Age),
        ("freed", ColourBy::Freed),
        ("memory-pressure", ColourBy::MemoryPressure),
        ("memory-increases", ColourBy::MemoryIncreases),
        ("memory-decreases", ColourBy::MemoryDecreases),
        ("critical", ColourBy::Critical),
        ("worker", ColourBy::Worker),
        ("time", ColourBy::Time),
        ("result-bytes", ColourBy::ResultBytes),
        ("memory", ColourBy::Memory),
        ("status", ColourBy::Status),
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        let own = ColourBy::NAMES.iter().find(|(_, c)| *c == self);
        own.expect("all are in the table").0
    }

    /// Whether it says nothing without a recorded run.
    pub fn needs_trace(self) -> bool {
        use ColourBy::{Memory, ResultBytes, Status, Time, Worker};
        matches!(self, Worker | Time | ResultBytes | Memory | Status)
    }
}

impl FromStr for ColourBy {
    type Err = Error;

    fn from_str(name: &str) -> Result<ColourBy, Error> {
        // Dask writes them in one word, and calls one of them `cpath`.
        let plain = |n: &str| n.to_ascii_lowercase().replace(['-', '_'], "");
        let wanted = if plain(name) == "cpath" { "critical".to_owned() } else { plain(name) };
        let found = ColourBy::NAMES.iter().find(|(n, _)| plain(n) == wanted);
        found
            .map(|f| f.1)
            .ok_or_else(|| unknown("colour a graph by", name, ColourBy::NAMES.map(|n| n.0)))
    }
}

/// How to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much is drawn.
    pub level: Level,
    /// Which way edges run.
    pub direction: Direction,
    /// What colours say.
    pub colour: ColourBy,
    /// Whether a task and its result are one box. If not, each task is a box with the function's
    /// name, followed by a rounded one with the name of its result.
    pub collapse_outputs: bool,
    /// Stands above the picture.
    pub title: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            level: Level::Auto,
            direction: Direction::Auto,
            colour: ColourBy::Group,
            collapse_outputs: true,
            title: "Task graph".to_owned(),
        }
    }
}

/// A format that this crate writes graphs in.
///
/// ```
/// use tine_viz::graph::Format;
/// assert_eq!("svg".parse::<Format>()?, Format::Svg);
/// let e = "png".parse::<Format>().unwrap_err();
/// assert_eq!(e.to_string(), "cannot draw a graph as `png`; choose one of: svg, dot, json");
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A picture, by the layout of this crate.
    Svg,
    /// The language of Graphviz, for its programs.
    Dot,
    /// The graph itself, to be drawn another time; options do not matter to it.
    Json,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Format, Error> {
        match name.to_ascii_lowercase().as_str() {
            "svg" => Ok(Format::Svg),
            "dot" | "gv" => Ok(Format::Dot),
            "json" => Ok(Format::Json),
            _ => Err(unknown("draw a graph as", name, ["svg", "dot", "json"])),
        }
    }
}

fn unknown<const N: usize>(what: &str, name: &str, known: [&str; N]) -> Error {
    let message = format!("cannot {what} `{name}`; choose one of: {}", known.join(", "));
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_the_names_of_dask_too() {
        let read = |n: &str| n.parse::<ColourBy>().ok();
        assert_eq!(read("memorypressure"), Some(ColourBy::MemoryPressure));
        assert_eq!(read("CPath"), Some(ColourBy::Critical));
        assert_eq!(read("result_bytes"), Some(ColourBy::ResultBytes));
        let e = "rainbow".parse::<ColourBy>().unwrap_err().to_string();
        assert!(
            e.starts_with("cannot colour a graph by `rainbow`; choose one of: group, order"),
            "{e}"
        );
        for (name, colour) in ColourBy::NAMES {
            assert_eq!((read(name), colour.name()), (Some(colour), name));
        }
    }
}
