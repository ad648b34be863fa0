//! Lesson 00, overview: lazy collections above, a scheduler of task graphs below.
//! Run it by `cargo run --release --example 00_overview`, and read it while it runs.
//!
//! tine has two levels. The upper one is *collections*: values that mimic what you know, a function call,
//! a list, and that work on data larger than memory. They compute nothing when you write them down: they
//! build a *task graph*. The lower one is *schedulers*, which run such graphs on all cores: with little
//! delay, and in little memory. Most programs use the upper level only. The lower one is there for
//! workloads that fit no collection.

#[macro_use]
#[path = "common/lesson.rs"]
mod lesson;

use std::error::Error;

use lesson::{Lesson, data, part, timed};
use tine::Graph;
use tine::prelude::*;
use tine::scheduler::{Inputs, get};
use tine_datasets::Dataset;

fn main() -> Result<(), Box<dyn Error>> {
    let lesson = Lesson::begin("00_overview", "Lesson 00: overview")?;
    upper_level(&lesson)?;
    lower_level(&lesson)?;
    overhead()?;
    lesson.end();
    Ok(())
}

/// A collection: you write a computation down as if it ran, and it runs when you ask for the result.
fn upper_level(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("The upper level: collections");
    // Ten tasks, one a number, and one that adds their results up. Nothing has run yet.
    let squares = tine::map(1..=10u64, |x| x * x);
    let sum = squares.map(|all| all.iter().sum::<u64>());
    say!("`sum` is not a number yet, but a recipe for one: {sum:?}");

    // The graph can be looked at before anything is computed.
    sum.visualize(lesson.picture("squares.svg"))?;

    // `compute` forks worker processes, lets them run the tasks, and returns the value.
    let value = sum.compute()?;
    say!("computed: {value}");
    assert_eq!(value, 385);

    // The same on files: a bag is a lazy list of lines, say, which may be larger than memory. Three files
    // of 20,000 rows and a header here; `tine prep` makes larger ones.
    let folder = data(&[Dataset::Accounts])?;
    let lines = bag::read_text(folder.join("accounts.[0-9].csv"));
    let rows = lines.filter(|line| !line.starts_with("id,")).count();
    rows.visualize(lesson.picture("rows.svg"))?;
    let rows = rows.compute()?;
    say!("rows of the files in {}: {rows}", folder.display());
    assert_eq!(rows, 60_000);
    Ok(())
}

/// A graph of one's own: names, functions, and the names of their inputs. This is what collections
/// build, too.
///
/// ```text
///   load(0)   load(1)   load(2)
///      |         |         |
///   clean(0)  clean(1)  clean(2)
///        \       |       /
///             analyse
///                |
///              store
/// ```
fn lower_level(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("The lower level: task graphs");
    let mut g = Graph::builder();
    let cleaned: Vec<_> = (0..3u32)
        .map(|i| {
            // A task is a key, its inputs, and a function that borrows their values.
            let loaded = g.task(("load", i), [] as [&str; 0], move || {
                vec![i64::from(i), -1, i64::from(i) + 10]
            });
            g.task(("clean", i), [loaded], |numbers: &Vec<i64>| -> Vec<i64> {
                numbers.iter().copied().filter(|n| *n >= 0).collect()
            })
        })
        .collect();
    g.gather("analyse", cleaned, |parts: Inputs<'_, Vec<i64>>| {
        parts.map(|numbers| numbers.iter().sum::<i64>()).sum::<i64>()
    });
    g.task("store", ["analyse"], |sum: &i64| format!("the sum is {sum}"));
    let graph = g.build()?;

    say!("The graph, printed: each line is a key, and what its value is made of.\n{graph:?}");
    graph.visualize(lesson.picture("pipeline.svg"))?;

    // Ask for any keys you like: what they do not need is not run.
    let out = get(&graph, ["store"], &*tine::scheduler::current()?)?;
    let stored: String = out.get(0)?;
    say!("computed: {stored}");
    assert_eq!(stored, "the sum is 36");
    Ok(())
}

/// What a task costs. Python's process pools take some hundred microseconds a task, so that work has to
/// be cut into large pieces. Here it may be cut where it is natural.
fn overhead() -> Result<(), Box<dyn Error>> {
    part("Low latency, small footprint");
    const TASKS: u64 = 100_000;
    let tiny: Vec<_> = (0..TASKS).map(|i| tine::call(|x: u64| x + 1, (i,))).collect();
    let (values, ms) = timed(|| compute(&tiny));
    assert_eq!(values?.iter().sum::<u64>(), TASKS * (TASKS + 1) / 2);
    say!("{TASKS} tasks that do next to nothing took {ms:.0} ms: {:.2} us each.", {
        ms * 1e3 / TASKS as f64
    });
    say!("The next lesson, 01_delayed, makes lazy calls of your own functions.");
    Ok(())
}
