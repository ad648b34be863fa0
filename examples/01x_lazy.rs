//! Lesson 01x, lazy: what a task graph is, and what may be asked of a value that is not there yet.
//! Run it by `cargo run --release --example 01x_lazy`, and read it while it runs.
//!
//! The lesson before used graphs; this one opens them. It also shows laziness where you have it already:
//! closures and iterators of Rust delay work as well, one piece at a time and on one core.

#[macro_use]
#[path = "common/lesson.rs"]
mod lesson;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use lesson::{Lesson, data, part, timed};
use tine::prelude::*;
use tine_datasets::Dataset;

fn main() -> Result<(), Box<dyn Error>> {
    let lesson = Lesson::begin("01x_lazy", "Lesson 01x: lazy")?;
    rust_is_lazy();
    graph_as_value(&lesson)?;
    count_rows(&lesson)?;
    what_is_supported()?;
    word_count(&lesson)?;
    in_the_background()?;
    lesson.end();
    Ok(())
}

/// A closure is work for later; an iterator is work for later, piece by piece.
fn rust_is_lazy() {
    part("Closures and iterators delay work, too");
    // Nothing is added before the closure is called, and then each time anew.
    let later = || 1 + 2;
    assert_eq!(later() + later(), 6);

    // An iterator without end is fine, as long as nobody asks for its end. Here only six squares are made.
    let mut made = 0;
    let squares = (0_u64..).map(|x| {
        made += 1;
        x * x
    });
    let first: Vec<u64> = squares.take_while(|x| *x <= 16).collect();
    say!("{first:?} took {made} squares: the last showed that it was enough");
    assert_eq!((first.as_slice(), made), (&[0, 1, 4, 9, 16][..], 6));
    // What both cannot do: nobody can look into them, and see that two parts may run at once. That is
    // what a task graph is for.
}

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

/// A graph is a value: print it, ask it, and run a part of it.
fn graph_as_value(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("The graph is a value");
    let x = inc(1);
    let y = inc(2);
    let z = add(&x, &y);
    let graph = z.graph()?;
    // Printed, a line a task: its key, and the keys of its inputs.
    say!("{graph:?}");

    // A key is the name of a group, here that of a function, and a position in it.
    for task in graph.tasks() {
        let inputs = graph.inputs(task).len();
        let place = graph.created_at(task);
        say!("{} has {inputs} inputs and was written down at {place}", graph.key(task));
    }
    // Two calls of `inc` and one of `add`; numbers that are given to a call lie within its task.
    assert_eq!(graph.len(), 3);
    let names: Vec<&str> = graph.groups().iter().map(|g| g.name()).collect();
    assert_eq!(names, ["inc", "add"]);

    // A part of it can be asked for: `x` needs no `y`.
    assert_eq!((x.graph()?.len(), x.compute()?), (1, 2));
    assert_eq!(z.compute()?, 5);
    z.visualize(lesson.picture("graph.svg"))?;
    Ok(())
}

/// The lines of a file.
#[delayed]
fn read_lines(path: &PathBuf) -> io::Result<Vec<String>> {
    BufReader::new(File::open(path)?).lines().collect()
}

/// How many rows there are below the header.
#[delayed]
fn rows(lines: &[String]) -> usize {
    lines.len() - 1
}

#[delayed]
fn total(counts: &[usize]) -> usize {
    counts.iter().sum()
}

/// Exercise: how many rows have the three files together? Write it out for three files first, then as a
/// loop over any number of files.
fn count_rows(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Exercise: rows of three files");
    let folder = data(&[Dataset::Accounts])?;
    let file = |i: usize| folder.join(format!("accounts.{i}.csv"));

    // Written out: one line a task.
    let a = read_lines(file(0));
    let b = read_lines(file(1));
    let c = read_lines(file(2));
    let na = rows(&a);
    let nb = rows(&b);
    let nc = rows(&c);
    let written_out = total([&na, &nb, &nc].map(Clone::clone));

    // In a loop.
    let counts: Vec<_> = (0..3).map(|i| rows(read_lines(file(i)))).collect();
    let in_a_loop = total(&counts);

    // Both are the same graph, so the pictures are the same.
    written_out.visualize(lesson.picture("rows_written_out.svg"))?;
    in_a_loop.visualize(lesson.picture("rows_in_a_loop.svg"))?;
    assert_eq!(written_out.graph()?.len(), in_a_loop.graph()?.len());
    let (n, m) = (written_out.compute()?, in_a_loop.compute()?);
    say!("{n} rows, and {m}");
    assert_eq!((n, m), (60_000, 60_000));
    Ok(())
}

/// What may be done with a value that is not there yet, and what not. What may not is an error of the
/// compiler here, not one that waits for the program to run.
fn what_is_supported() -> Result<(), Box<dyn Error>> {
    part("What a lazy value can do");
    let x = tine::delayed(vec![3, 1, 2]);
    // Yes: methods and operators by `map`, an element by `item`, arithmetic by operators.
    let sorted = x.map(|mut v| {
        v.sort_unstable();
        v
    });
    let first = sorted.item(0);
    assert_eq!(compute((&sorted, &first + 10))?, (vec![1, 2, 3], 11));

    // No mutation: `x.push(4)` does not compile. A task gets a value and makes another, so that it can be
    // run again elsewhere when a worker dies. The `v` above is the task's own; `x` is as it was.
    assert_eq!(x.compute()?, [3, 1, 2]);

    // No iteration: `for v in x` does not compile. How many turns would it take? Where the number is
    // known, ask for the elements; where it is not, do the loop within a task.
    let elements: Vec<_> = (0..3).map(|i| x.item(i)).collect();
    assert_eq!(compute(&elements)?, [3, 1, 2]);

    // No truth: `if x.map(|v| v.is_empty())` does not compile, nor does `x == y`. Decide within a task.
    let told = x.map_ref(|v| if v.is_empty() { "nothing" } else { "something" }.to_owned());
    assert_eq!(told.compute()?, "something");
    say!("map, item, operators: yes. Mutation, iteration, truth: the compiler says no.");
    Ok(())
}

/// Words and how often they were met.
type Words = BTreeMap<String, u64>;

/// Counts the words of a file and holds one line of it at a time: how long the file is does not matter.
#[delayed]
fn count_words(path: &PathBuf) -> io::Result<Words> {
    let mut words = Words::new();
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        for word in line.split_whitespace() {
            match words.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(words.insert(word.to_owned(), 1)),
            }
        }
        line.clear();
    }
    Ok(words)
}

/// Two counts in one.
#[delayed]
fn merge(mut a: Words, b: &Words) -> Words {
    for (word, count) in b {
        *a.entry(word.clone()).or_default() += count;
    }
    a
}

/// Counting words: what is held is the words that differ, and a line, never the text.
fn word_count(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Counting words in little memory");
    let folder = data(&[Dataset::Text])?;
    let parts = (0..2).map(|i| count_words(folder.join(format!("text.{i:02}.txt"))));
    let all = parts.reduce(|a, b| merge(a, b)).ok_or("two are not none")?;
    let top = all.map(|words| {
        let mut ranked: Vec<(String, u64)> = words.into_iter().collect();
        // By count, and by word where counts are equal: one order, whoever counted what first.
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        ranked.truncate(5);
        ranked
    });
    let sum = all.map_ref(|words| words.values().sum::<u64>());
    (&top, &sum).visualize(lesson.picture("words.svg"))?;
    let (top, sum) = compute((&top, &sum))?;
    for (word, count) in &top {
        say!("{count:>7} {word}");
    }
    say!("{sum:>7} words in all");
    assert_eq!((top.len(), sum), (5, 400_000));
    Ok(())
}

/// `compute` waits for the result. What it does, it can do on another thread while this one goes on.
/// (To end such a run from here, give its scheduler a token: `Processes::new().cancel_token(&token)`.)
fn in_the_background() -> Result<(), Box<dyn Error>> {
    part("In the background");
    let slow = tine::map(0..4u64, |i| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        i * i
    });
    let (result, ms) = timed(|| {
        std::thread::scope(|threads| {
            let run = threads.spawn(|| slow.compute());
            let meanwhile: u64 = (0..1000).sum();
            say!("meanwhile, here: {meanwhile}");
            run.join()
        })
    });
    let values = result.map_err(|_| "the thread panicked")??;
    say!("{values:?} after {ms:.0} ms");
    assert_eq!(values, [0, 1, 4, 9]);
    Ok(())
}
