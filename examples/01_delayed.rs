//! Lesson 01, Delayed: your own functions and loops, in parallel.
//! Run it by `cargo run --release --example 01_delayed`, and read it while it runs.
//!
//! `#[delayed]` before a function makes its calls lazy: a call notes what is to be called with what, and
//! returns at once. `compute` then runs all that was noted, in parallel where one call does not need the
//! result of another. The exercises say what to try first; the solution follows each of them.

#[macro_use]
#[path = "common/lesson.rs"]
mod lesson;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use lesson::{Lesson, data, part, timed};
use serde::{Deserialize, Serialize};
use tine::prelude::*;
use tine_datasets::Dataset;

/// How long the functions of this lesson pretend to work. (The engine's own part is a millisecond or
/// two for a whole `compute`.)
const WORK: Duration = Duration::from_millis(20);

#[delayed]
fn inc(x: i64) -> i64 {
    sleep(WORK);
    x + 1
}

#[delayed]
fn double(x: i64) -> i64 {
    sleep(WORK);
    2 * x
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    sleep(WORK);
    x + y
}

/// A parameter may borrow: the worker lends the function what it was given. A list of lazy values is
/// given where a slice is taken, and arrives as a list of values.
#[delayed]
fn total(xs: &[i64]) -> i64 {
    xs.iter().sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let lesson = Lesson::begin("01_delayed", "Lesson 01: Delayed")?;
    first_calls(&lesson)?;
    exercise_loop(&lesson)?;
    exercise_control_flow(&lesson)?;
    exercise_group_by(&lesson)?;
    on_lazy_values()?;
    shared_results(&lesson)?;
    lesson.end();
    Ok(())
}

/// Three calls, of which two can run at once.
fn first_calls(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Three calls");
    // Plain: `inc::eager` is the function as it was written. One call after the other.
    let (z, ms) = timed(|| {
        let x = inc::eager(1);
        let y = inc::eager(2);
        add::eager(x, y)
    });
    say!("plain: {z} after {ms:.0} ms, three times 20");

    // Lazy: the same three lines, and they take no time, because nothing is called.
    let (z, ms) = timed(|| {
        let x = inc(1);
        let y = inc(2);
        add(x, y)
    });
    say!("lazy:  {z:?} after {ms:.2} ms");

    // What was noted is a graph. Read it along the arrows: two calls of `inc`, then `add`.
    z.visualize(lesson.picture("three_calls.svg"))?;

    let (value, ms) = timed(|| z.compute());
    say!("compute: {} after {ms:.0} ms", value?);
    // Why two times 20 and not one? The calls of `inc` ran at once, on two workers. `add` needs both
    // results: no number of workers makes the longest way through the graph shorter.
    assert_eq!(z.compute()?, 5);
    Ok(())
}

/// Exercise: make this loop parallel, with as few changes as you can.
///
/// ```text
/// let mut results = Vec::new();
/// for x in 1..=8 {
///     results.push(inc(x));        // takes 20 ms each
/// }
/// let sum = results.iter().sum();  // 44
/// ```
fn exercise_loop(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Exercise: a loop");
    let (plain, plain_ms) = timed(|| (1..=8).map(inc::eager).sum::<i64>());

    // Solution: `inc` is lazy, so the loop only builds a list. Then `sum` has to be lazy too.
    let results: Vec<Delayed<i64>> = (1..=8).map(inc).collect();
    let sum = total(&results);
    sum.visualize(lesson.picture("loop_lazy_sum.svg"))?;
    let (value, ms) = timed(|| sum.compute());
    let value = value?;
    say!("plain {plain} in {plain_ms:.0} ms, in parallel {value} in {ms:.0} ms");
    assert_eq!((plain, value), (44, 44));

    // What if `sum` is not delayed? Lazy values can be added: the sum is a chain of operators instead of
    // one call. The result is the same. Compare the two pictures: where one task waited for eight, there
    // are now seven that wait for each other.
    let chain = results.into_iter().reduce(|a, b| a + b).ok_or("eight are not none")?;
    chain.visualize(lesson.picture("loop_added_up.svg"))?;
    assert_eq!(chain.compute()?, 44);
    say!("one task that sums: loop_lazy_sum.svg; seven that add: loop_added_up.svg");
    Ok(())
}

/// Exercise: make this loop parallel. Which of its lines may be lazy, and which may not?
///
/// ```text
/// for x in 1..=10 {
///     let y = if x % 2 == 0 { double(x) } else { inc(x) };
///     results.push(y);
/// }
/// let sum = results.iter().sum();  // 90
/// ```
fn exercise_control_flow(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Exercise: control flow");
    // Solution: the test runs now, the work later. `x` is a plain number, so that asking whether it is
    // even is possible, and cheap. A lazy `is_even(x)` would be no condition for an `if`: its value is not
    // known before the graph is built. (The compiler says so: try it.)
    let work = |x: i64| if x % 2 == 0 { double(x) } else { inc(x) };
    let results: Vec<_> = (1..=10).map(work).collect();
    let sum = total(&results);
    sum.visualize(lesson.picture("control_flow.svg"))?;
    let (value, ms) = timed(|| sum.compute());
    let value = value?;
    say!("{value} in {ms:.0} ms; the picture has five boxes of each function");
    assert_eq!(value, 90);
    Ok(())
}

/// What this lesson needs of a flight.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Flight {
    origin: String,
    /// Minutes; cancelled flights have none.
    delay: Option<f64>,
}

/// By airport.
type ByOrigin<T> = BTreeMap<String, T>;

/// Reads a file of one year. A `Result` among delayed functions is not passed on as one: an error ends
/// the run, and names the task and the line that called it.
#[delayed]
fn read_flights(path: &PathBuf) -> Result<Vec<Flight>, String> {
    let failed = |why: String| format!("{}: {why}", path.display());
    let text = fs::read_to_string(path).map_err(|e| failed(e.to_string()))?;
    let (header, lines) = text.split_once('\n').ok_or_else(|| failed("it is empty".into()))?;
    let column = |name: &str| {
        let at = header.split(',').position(|c| c == name);
        at.ok_or_else(|| failed(format!("there is no column {name}")))
    };
    let (origin, delay) = (column("Origin")?, column("DepDelay")?);
    let flight = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        Some(Flight {
            origin: (*fields.get(origin)?).to_owned(),
            delay: fields.get(delay)?.parse().ok(),
        })
    };
    let all: Option<Vec<Flight>> = lines.lines().map(flight).collect();
    all.ok_or_else(|| failed("a line is too short".into()))
}

/// The known delays by airport.
#[delayed]
fn group(flights: &[Flight]) -> ByOrigin<Vec<f64>> {
    let mut groups = ByOrigin::<Vec<f64>>::new();
    for flight in flights {
        if let Some(delay) = flight.delay {
            groups.entry(flight.origin.clone()).or_default().push(delay);
        }
    }
    groups
}

#[delayed]
fn sums(groups: &ByOrigin<Vec<f64>>) -> ByOrigin<f64> {
    groups.iter().map(|(origin, delays)| (origin.clone(), delays.iter().sum())).collect()
}

#[delayed]
fn counts(groups: &ByOrigin<Vec<f64>>) -> ByOrigin<u64> {
    groups.iter().map(|(origin, delays)| (origin.clone(), delays.len() as u64)).collect()
}

/// Means of all files. The mean of means would be wrong: years do not have the same numbers of flights.
#[delayed]
fn means(sums: &[ByOrigin<f64>], counts: &[ByOrigin<u64>]) -> ByOrigin<f64> {
    let mut all = ByOrigin::<(f64, u64)>::new();
    for (origin, sum) in sums.iter().flatten() {
        all.entry(origin.clone()).or_default().0 += sum;
    }
    for (origin, count) in counts.iter().flatten() {
        all.entry(origin.clone()).or_default().1 += count;
    }
    all.into_iter().map(|(origin, (sum, n))| (origin, sum / n as f64)).collect()
}

/// All that is needed of one file, in one task.
#[delayed]
fn sums_and_counts(path: &PathBuf) -> Result<(ByOrigin<f64>, ByOrigin<u64>), String> {
    let groups = group::eager(&read_flights::eager(path)?);
    Ok((sums::eager(&groups), counts::eager(&groups)))
}

/// Exercise: the mean departure delay per airport over ten files, first one file after the other, then in
/// parallel. The files do not fit into memory together (imagine it), so that all that may be kept of a
/// file is a sum and a count per airport.
fn exercise_group_by(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Exercise: a mean per airport over ten files");
    let folder = data(&[Dataset::Flights])?.join("nycflights");
    let files: Vec<PathBuf> = (1990..2000).map(|year| folder.join(format!("{year}.csv"))).collect();

    // One after the other, by the plain functions.
    let (plain, plain_ms) = timed(|| sequential(&files));
    let plain = plain?;

    // Solution: the same calls, lazy. A loop over the files makes three tasks of each and keeps two of
    // their results; the last call combines them.
    let (mut all_sums, mut all_counts) = (Vec::new(), Vec::new());
    for file in &files {
        let groups = group(read_flights(file.clone()));
        all_sums.push(sums(&groups));
        all_counts.push(counts(&groups));
    }
    let job = means(&all_sums, &all_counts);
    job.visualize(lesson.picture("mean_per_airport.svg"))?;
    let (delays, ms) = timed(|| job.compute());
    let delays = delays?;
    for (origin, mean) in &delays {
        say!("{origin}: {mean:.2} minutes");
    }
    say!("one after the other {plain_ms:.0} ms, in parallel {ms:.0} ms");

    // Is it faster? Not by much, if at all: `read_flights` hands every flight over to `group`, and what is
    // handed over has to be written and read. Tasks should be large, and what they hand over small. So
    // let one task do all that concerns one file; a plain function calls the plain functions.
    let per_file: Vec<_> = files.iter().map(|file| sums_and_counts(file.clone())).collect();
    let all_sums: Vec<_> = per_file.iter().map(|both| both.map(|(sums, _)| sums)).collect();
    let all_counts: Vec<_> = per_file.iter().map(|both| both.map(|(_, counts)| counts)).collect();
    let job = means(&all_sums, &all_counts);
    job.visualize(lesson.picture("mean_per_airport_in_larger_tasks.svg"))?;
    let (same, ms) = timed(|| job.compute());
    assert_eq!(same?, delays);
    say!("in parallel, one task a file: {ms:.0} ms");

    // Every number is the same to the last bit: the files are combined in the order of the list, not in
    // the order in which workers end.
    assert_eq!(delays, plain);
    assert_eq!(delays.keys().collect::<Vec<_>>(), ["EWR", "JFK", "LGA"]);
    Ok(())
}

fn sequential(files: &[PathBuf]) -> Result<ByOrigin<f64>, String> {
    let (mut all_sums, mut all_counts) = (Vec::new(), Vec::new());
    for file in files {
        let groups = group::eager(&read_flights::eager(file)?);
        all_sums.push(sums::eager(&groups));
        all_counts.push(counts::eager(&groups));
    }
    Ok(means::eager(&all_sums, &all_counts))
}

/// What else can be done with a lazy value, besides giving it to a delayed function.
fn on_lazy_values() -> Result<(), Box<dyn Error>> {
    part("Methods, fields, elements, operators");
    let x = tine::delayed(20);
    // Operators make lazy values of lazy ones, constants included.
    assert_eq!(((&x + 1) * 2).compute()?, 42);

    // A method, a field, a slice: whatever a closure can do with the value.
    let text = tine::delayed("to be or not to be".to_owned());
    let words = text.map_ref(|t| t.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let (first, some) = (words.item(0), words.map_ref(|w| w[2..4].join(" ")));
    let upper = text.map_ref(|t| t.to_uppercase());
    assert_eq!(
        compute((&first, &some, &upper))?,
        ("to".to_owned(), "or not".to_owned(), "TO BE OR NOT TO BE".to_owned())
    );
    say!("a method, an element and a slice of a lazy text, computed together");

    // Any function, without the macro: a path of the standard library, a closure.
    let name = tine::call(|p: PathBuf| p.extension().is_some(), (Path::new("a.csv").to_owned(),));
    assert!(name.compute()?);
    Ok(())
}

#[delayed]
fn square(x: i64) -> i64 {
    x * x
}

/// `compute` of several values at once shares what they have in common.
fn shared_results(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Shared results");
    let squares: Vec<_> = (0..10).map(square).collect();
    let lowest = tine::call(|xs: Vec<i64>| xs.into_iter().min().unwrap_or(0), (&squares,));
    let highest = tine::call(|xs: Vec<i64>| xs.into_iter().max().unwrap_or(0), (&squares,));

    // One after the other, each `compute` makes the squares anew. Together they are made once. The
    // record of the run proves it.
    (&lowest, &highest).visualize(lesson.picture("shared.svg"))?;
    let recorded = tine::profile(|| compute((&lowest, &highest)));
    let both = recorded.output?;
    let trace = recorded.run.longest().ok_or("the run was recorded")?;
    say!("{both:?} by {} tasks: ten squares, a minimum, a maximum", trace.len());
    assert_eq!((both, trace.len()), ((0, 81), 12));
    Ok(())
}
