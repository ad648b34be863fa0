//! Lesson 02, Bag: lists of anything, larger than memory.
//! Run it by `cargo run --release --example 02_bag`, and read it while it runs.
//!
//! A bag is a lazy list, cut into partitions. Its methods are those of iterators, and what you give them
//! are ordinary closures. It is made for data that are not tables yet: lines of text, JSON, whatever a
//! program wrote. The usual way is to read, filter and flatten with a bag until what is left is small, or
//! is a table.

#[macro_use]
#[path = "common/lesson.rs"]
mod lesson;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use lesson::{Lesson, data, part, timed};
use serde::{Deserialize, Serialize};
use tine::bag::{self, Bag};
use tine::prelude::*;
use tine_datasets::Dataset;

/// One line of the files `accounts.*.json.gz`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Account {
    id: u32,
    name: String,
    transactions: Vec<Transaction>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Transaction {
    #[serde(rename = "transaction-id")]
    id: u64,
    amount: i64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let lesson = Lesson::begin("02_bag", "Lesson 02: Bag")?;
    let folder = data(&[Dataset::Json])?;
    make_bags(&folder)?;
    filter_and_map(&lesson)?;
    let accounts = parse(&folder)?;
    alice(&lesson, &accounts)?;
    flatten(&accounts)?;
    group_by(&lesson)?;
    fold_by(&lesson, &accounts)?;
    towards_tables(&accounts)?;
    lesson.end();
    Ok(())
}

/// From values that are there, and from files.
fn make_bags(folder: &Path) -> Result<(), Box<dyn Error>> {
    part("Making bags");
    // Two partitions, which are two tasks. `head` looks at the first elements, now, and reads no further
    // than it must. (Its second argument is how many partitions it may look into. What Rust calls `take`
    // is lazy, so this is not called so.)
    let numbers = bag::from_sequence(1..=10).repartition(2);
    let first = numbers.head(3, 1)?;
    say!("{numbers:?} begins with {first:?}");
    assert_eq!((first, numbers.npartitions()), (vec![1, 2, 3], 2));

    // Text files: a name, a pattern, or a list of them. One file, one partition. Files that end in .gz,
    // .zst, .bz2 or .xz are unpacked. Plain files can be cut into blocks by `.blocksize("16MiB")`.
    let lines = bag::read_text(folder.join("accounts.*.json.gz"));
    say!("{} files, the first of which begins so:", lines.npartitions());
    for line in lines.head(2, 1)? {
        say!("  {:.70}…", line);
    }
    assert_eq!(lines.npartitions(), 5);

    // A name that fits nothing is an error when it is asked for, with the line that wrote it down.
    let none = bag::read_text(folder.join("acounts.*.json.gz"));
    say!("with a slip of the pen: {}", none.count().compute().err().ok_or("it should fail")?);
    Ok(())
}

/// Methods of iterators.
fn filter_and_map(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("Filter and map");
    let numbers = bag::from_sequence(1..=10u64).repartition(2);
    let squares = numbers.filter(|n| n % 2 == 0).map(|n| n * n);
    // Nothing has run yet. A chain of such steps is one task a partition, and one pass over its elements:
    // no list is made between the steps.
    squares.visualize(lesson.picture("filter_and_map.svg"))?;
    let all = squares.compute()?;
    say!("squares of the even ones: {all:?}");
    assert_eq!(all, [4, 16, 36, 64, 100]);

    // `compute` of a bag brings all elements here. If that is too much, end in something small.
    let (sum, largest) = compute((squares.sum(), squares.max()))?;
    say!("their sum is {sum}, the largest {largest}; both in one pass");
    assert_eq!((sum, largest), (220, 100));
    Ok(())
}

/// Lines to records. `try_map` takes a closure that may fail; its error names file and line.
fn parse(folder: &Path) -> Result<Bag<Account>, Box<dyn Error>> {
    part("Parsing JSON");
    let lines = bag::read_text(folder.join("accounts.*.json.gz"));
    let accounts = lines.try_map_ref(|line| serde_json::from_str::<Account>(line));
    let first = accounts.head(1, 1)?.pop().ok_or("there is an account")?;
    let (id, name, n) = (first.id, &first.name, first.transactions.len());
    say!("the first account has number {id}, belongs to {name}, and has {n} transactions");

    // What is no JSON, or another JSON, is an error that says where it stands.
    let wrong = lines.try_map_ref(|line| serde_json::from_str::<Vec<u8>>(line));
    let error = wrong.count().compute().err().ok_or("it should fail")?;
    say!("with a wrong type: {}", error.message());
    Ok(accounts)
}

/// The same by a loop on this core, to compare with. Do not do this with large data.
fn plain(accounts: &Bag<Account>) -> Result<Vec<Account>, Box<dyn Error>> {
    Ok(accounts.compute()?)
}

/// Exercise: how many transactions does each of Alice's accounts have, and what is their mean? (There are
/// several people of that name, and each has a line in each file.)
fn alice(lesson: &Lesson, accounts: &Bag<Account>) -> Result<(), Box<dyn Error>> {
    part("Exercise: Alice");
    let alice = accounts.filter(|a| a.name == "Alice");
    // What Dask calls `pluck` is a `map` to a field here.
    let numbers = alice.map(|a| (a.id, a.transactions.len()));
    say!("some of (account, transactions): {:?}", numbers.head(4, 1)?);
    let mean = numbers.map(|(_, n)| n as f64).mean();
    mean.visualize(lesson.picture("alice.svg"))?;
    let mean = mean.compute()?;
    say!("a line of hers has {mean:.2} transactions in the mean");

    let hers: Vec<Account> = plain(accounts)?.into_iter().filter(|a| a.name == "Alice").collect();
    let sum: usize = hers.iter().map(|a| a.transactions.len()).sum();
    assert!(!hers.is_empty());
    assert_eq!(mean, sum as f64 / hers.len() as f64);
    Ok(())
}

/// Exercise: what is the mean amount of all of Alice's transactions?
fn flatten(accounts: &Bag<Account>) -> Result<(), Box<dyn Error>> {
    part("Exercise: nested data");
    let alice = accounts.filter(|a| a.name == "Alice");
    // Lists within elements: `flatten` makes their elements those of the bag.
    let amounts = alice.map(|a| a.transactions).flatten().map(|t| t.amount);
    // Both are computed in one pass: the files are read once.
    let (result, ms) = timed(|| compute((amounts.mean(), amounts.count())));
    let (mean, n) = result?;
    say!("{n} transactions, {mean:.2} in the mean, after {ms:.0} ms");

    let hers = plain(accounts)?.into_iter().filter(|a| a.name == "Alice");
    let amounts: Vec<i64> = hers.flat_map(|a| a.transactions).map(|t| t.amount).collect();
    assert_eq!(n, amounts.len() as u64);
    // Amounts are whole numbers: their sum is exact, in whatever order they are added.
    assert_eq!(mean, amounts.iter().sum::<i64>() as f64 / amounts.len() as f64);
    Ok(())
}

/// All elements of a key together: a full shuffle.
fn group_by(lesson: &Lesson) -> Result<(), Box<dyn Error>> {
    part("group_by");
    let names = ["Alice", "Bob", "Charlie", "Dan", "Edith", "Frank"].map(str::to_owned);
    let by_length = bag::from_sequence(names).group_by(String::len);
    let mut groups = by_length.compute()?;
    groups.sort();
    say!("by length: {groups:?}");
    assert_eq!(groups.len(), 3);
    assert_eq!(groups[0], (3, vec!["Bob".to_owned(), "Dan".to_owned()]));

    // Even and odd, and the largest of each. Every element is moved, to where its group is put together.
    let parity = bag::from_sequence(0..10).repartition(2).group_by(|n| n % 2);
    let largest = parity.map(|(key, group)| (key, group.into_iter().max()));
    largest.visualize(lesson.picture("group_by.svg"))?;
    let mut largest = largest.compute()?;
    largest.sort();
    say!("the largest by parity: {largest:?}");
    assert_eq!(largest, [(0, Some(8)), (1, Some(9))]);
    Ok(())
}

/// Counts by name.
type Counts = Vec<(String, u64)>;

/// The value, and how many bytes tasks handed to each other for it, as the record of the run has it.
fn handed_over(counts: &Bag<(String, u64)>) -> Result<(Counts, u64), Box<dyn Error>> {
    let recorded = tine::profile(|| counts.compute());
    let trace = recorded.run.longest().ok_or("the run was recorded")?;
    let bytes = trace.tasks().map(|task| task.result_bytes).sum();
    Ok((recorded.output?, bytes))
}

/// A fold for every key: what moves is results, not elements.
fn fold_by(lesson: &Lesson, accounts: &Bag<Account>) -> Result<(), Box<dyn Error>> {
    part("fold_by");
    // The count of accounts per name, by group_by and by fold_by. Compare the pictures: every task of the
    // first step hands something to every task of the second, or all of them to one.
    let groups = accounts.group_by(|a| a.name.clone());
    let slow = groups.map(|(name, group)| (name, group.len() as u64));
    slow.visualize(lesson.picture("count_by_group.svg"))?;
    let (by_groups, slow_bytes) = handed_over(&slow)?;

    // key, start, step with one element, and how two results of one key become one.
    let fast = accounts.fold_by(|a| a.name.clone(), 0u64, |n, _| n + 1, |a, b| a + b);
    fast.visualize(lesson.picture("count_by_fold.svg"))?;
    let (by_folds, fast_bytes) = handed_over(&fast)?;
    // Times say little of five small files, bytes do: of gigabytes it is these that take the time.
    say!("tasks handed over {slow_bytes} bytes for group_by, and {fast_bytes} for fold_by");
    assert!(slow_bytes > 20 * fast_bytes);

    // Keys come in no order that matters: sort, where one is wanted.
    let counts: BTreeMap<String, u64> = by_folds.into_iter().collect();
    assert_eq!(counts, by_groups.into_iter().collect());
    let mut expected = BTreeMap::new();
    for account in plain(accounts)? {
        *expected.entry(account.name).or_insert(0) += 1;
    }
    assert_eq!(counts, expected);

    // Exercise: the total amount per name. Solution: another step, the same way to merge.
    let spent = |sum: i64, a: &Account| sum + a.transactions.iter().map(|t| t.amount).sum::<i64>();
    let totals = accounts.fold_by(|a| a.name.clone(), 0, spent, |a, b| a + b);
    let richest = totals.top_k_by(3, |(_, total)| *total).compute()?;
    say!("the largest totals: {richest:?}");

    let mut expected = BTreeMap::<String, i64>::new();
    for account in plain(accounts)? {
        *expected.entry(account.name.clone()).or_default() += spent(0, &account);
    }
    assert_eq!(totals.compute()?.into_iter().collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(richest.first().map(|r| r.1), expected.values().max().copied());
    Ok(())
}

/// One row a transaction: a table has no lists in its cells.
fn towards_tables(accounts: &Bag<Account>) -> Result<(), Box<dyn Error>> {
    part("Towards tables");
    let rows = accounts.flat_map(|a| {
        let (id, name) = (a.id, a.name);
        a.transactions.into_iter().map(move |t| (id, name.clone(), t.id, t.amount))
    });
    for (id, name, transaction, amount) in rows.head(3, 1)? {
        say!("  {id:>3}  {name:<10}{transaction:>6}{amount:>8}");
    }
    // Now a group is a matter of one column.
    let counts = rows.fold_by(|row| row.1.clone(), 0u64, |n, _| n + 1, |a, b| a + b);
    let sum: u64 = counts.compute()?.into_iter().map(|(_, n)| n).sum();
    say!("{sum} transactions in all");
    assert_eq!(sum, 25_000);
    Ok(())
}
