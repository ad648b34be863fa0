//! The amount or the class of every task, as colours say it.
//! It does not know which colours those are to be, but for classes.

use tine_profiler::TaskRecord;
use tine_scheduler::TaskStatus;

use super::super::drawing::Paint;
use super::super::run::Run;
use super::super::{ColourBy, Shape};
use super::critical::Path;
use super::unit::Unit;
use crate::palette;

/// What is said of one task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::graph) enum Value {
    /// Nothing is known.
    Unknown,
    /// So much.
    Amount(f64),
    /// One of the classes.
    Class(usize),
}

/// How the tasks of a layer are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::graph) enum Fold {
    #[default]
    Sum,
    Mean,
    Most,
}

/// What is said of all tasks.
#[derive(Clone, Debug, Default)]
pub(in crate::graph) struct Measure {
    pub(in crate::graph) by: ColourBy,
    /// By task; empty where groups are coloured.
    pub(in crate::graph) values: Vec<Value>,
    pub(in crate::graph) unit: Unit,
    /// What the amounts are.
    pub(in crate::graph) what: &'static str,
    pub(in crate::graph) fold: Fold,
    /// Name and paint of each class; those that come later are the more remarkable.
    pub(in crate::graph) classes: Vec<(String, Paint)>,
    pub(in crate::graph) path: Option<Path>,
}

/// The classes of `status`, in the order of how remarkable they are.
const STATUS: [(&str, TaskStatus, Paint); 4] = [
    ("done", TaskStatus::Done, Paint::Swatch(2)),
    ("skipped", TaskStatus::Skipped, Paint::Swatch(11)),
    ("not finished", TaskStatus::Unfinished, Paint::Swatch(1)),
    ("failed", TaskStatus::Failed, Paint::Failed),
];

impl Measure {
    /// Measures all tasks of `shape`.
    pub(in crate::graph) fn of(shape: &Shape, run: Option<&Run<'_>>, by: ColourBy) -> Measure {
        let measure = match by {
            ColourBy::Group => return Measure { by, ..Measure::default() },
            ColourBy::Critical => critical(shape, run),
            ColourBy::Worker => worker(shape, run),
            ColourBy::Status => status(shape, run),
            ColourBy::Time => amounts(shape, run, "time", (Unit::Time, Fold::Sum), |_, _, r| {
                r.ran().then(|| r.duration() as f64)
            }),
            ColourBy::ResultBytes => {
                amounts(shape, run, "bytes of results", (Unit::Bytes, Fold::Sum), |_, _, r| {
                    r.ran().then_some(r.result_bytes as f64)
                })
            }
            ColourBy::Memory => {
                amounts(shape, run, "growth of memory", (Unit::Bytes, Fold::Most), |run, t, _| {
                    run.facts(t).growth().map(|g| g as f64)
                })
            }
            _ => simulated(shape, by),
        };
        Measure { by, ..measure }
    }

    /// What is said of a task.
    pub(in crate::graph) fn value(&self, task: usize) -> Value {
        self.values.get(task).copied().unwrap_or(Value::Unknown)
    }
}

fn amounts<'a>(
    shape: &Shape,
    run: Option<&Run<'a>>,
    what: &'static str,
    (unit, fold): (Unit, Fold),
    amount: impl Fn(&Run<'a>, usize, TaskRecord<'a>) -> Option<f64>,
) -> Measure {
    let value = |t: usize| {
        let found = run.and_then(|run| amount(run, t, run.record(t)?));
        found.map_or(Value::Unknown, Value::Amount)
    };
    Measure {
        values: (0..shape.len()).map(value).collect(),
        unit,
        what,
        fold,
        ..Measure::default()
    }
}

fn classes(
    shape: &Shape,
    names: impl IntoIterator<Item = (String, Paint)>,
    class: impl Fn(usize) -> Option<usize>,
) -> Measure {
    let value = |t: usize| class(t).map_or(Value::Unknown, Value::Class);
    Measure {
        values: (0..shape.len()).map(value).collect(),
        classes: names.into_iter().collect(),
        ..Measure::default()
    }
}

fn status(shape: &Shape, run: Option<&Run<'_>>) -> Measure {
    let names = STATUS.map(|(name, _, paint)| (name.to_owned(), paint));
    classes(shape, names, |t| {
        let record = run?.record(t)?;
        STATUS.iter().position(|(_, status, _)| *status == record.status)
    })
}

/// Each worker is a class, while there are colours for them; then its number is an amount.
fn worker(shape: &Shape, run: Option<&Run<'_>>) -> Measure {
    let of = |t: usize| run?.record(t).filter(TaskRecord::ran).map(|r| usize::from(r.worker));
    let workers = (0..shape.len()).filter_map(of).max().map_or(0, |w| w + 1);
    if workers > palette::len() {
        return amounts(
            shape,
            run,
            "number of the worker",
            (Unit::Count, Fold::Mean),
            |_, _, r| r.ran().then(|| f64::from(r.worker)),
        );
    }
    classes(shape, (0..workers).map(|w| (format!("worker {w}"), Paint::Swatch(w))), of)
}

fn critical(shape: &Shape, run: Option<&Run<'_>>) -> Measure {
    let path = match run {
        Some(run) => Path::longest(shape, |t| run.record(t).map_or(0, |r| r.duration())),
        None => Path::longest(shape, |t| u64::from(!shape.is_value(t))),
    };
    let unit = if run.is_some() { Unit::Time } else { Unit::Count };
    let tasks = crate::text::plural(path.tasks, "task");
    let name = match run {
        Some(_) => format!("critical path: {tasks}, {}", unit.show(path.weight as f64)),
        None => format!("longest path: {tasks}"),
    };
    let names = [("other".to_owned(), Paint::Plain), (name, Paint::Swatch(3))];
    let measure = classes(shape, names, |t| Some(usize::from(path.on[t])));
    Measure { unit, path: Some(path), ..measure }
}

/// What one worker that runs the tasks in static order would see.
fn simulated(shape: &Shape, by: ColourBy) -> Measure {
    let order = shape.ordered();
    let mut values = vec![Value::Unknown; shape.len()];
    let tasks = order.iter().filter(|&&t| !shape.is_value(t));
    if by == ColourBy::Order {
        tasks.enumerate().for_each(|(i, &t)| values[t] = Value::Amount(i as f64));
        let (what, fold) = ("place in the static order", Fold::Mean);
        return Measure { values, what, fold, ..Measure::default() };
    }
    let (graph, of) = shape.hollow();
    let mut hollow = vec![None; shape.len()];
    of.iter().zip(graph.tasks()).for_each(|(&t, id)| hollow[t] = Some(id));
    let order: Vec<_> = order.iter().filter_map(|&t| hollow[t]).collect();
    for m in graph.diagnostics(&order) {
        let (run, released) = (m.num_data_when_run, m.num_data_when_released);
        let amount = match by {
            ColourBy::Age => m.age,
            ColourBy::Freed => m.num_dependencies_freed,
            ColourBy::MemoryPressure => run,
            ColourBy::MemoryIncreases => released.saturating_sub(run),
            _ => run.saturating_sub(released),
        };
        let task = of[m.task.index()];
        if !shape.is_value(task) {
            values[task] = Value::Amount(amount as f64);
        }
    }
    let (what, fold) = match by {
        ColourBy::Age => ("steps that the result is held", Fold::Mean),
        ColourBy::Freed => ("results let go", Fold::Sum),
        ColourBy::MemoryPressure => ("results held at the start", Fold::Most),
        ColourBy::MemoryIncreases => ("results more until it is let go", Fold::Most),
        _ => ("results fewer until it is let go", Fold::Most),
    };
    Measure { values, what, fold, ..Measure::default() }
}
