//! Cases that Dask's own tests have for bags, under the names of the list of behaviours to keep.
//! Left out: B11, a missing field of a record, as `map(|r| r.name)` is checked by the compiler, and
//! `map(|s| s.chars().next())` says itself what stands for nothing; B9's call without a bag, which
//! cannot be written; B4's key as a field index, which is a closure.

use std::cmp::Reverse;
use std::io::Write;

use tine::prelude::*;
use tine::{ErrorKind, Processes, Result, Serial, Threads};

use tine::bag::Bag;

/// The numbers 0 to 4, three times, in three partitions.
fn numbers() -> Bag<i64> {
    let fives: Vec<i64> = (0..5).collect();
    let parts = (0..3).map(|_| tine::delayed(fives.clone()));
    bag::from_delayed(parts)
}

/// A bag of these partitions.
fn parts<T: tine::Value + Clone>(parts: Vec<Vec<T>>) -> Bag<T> {
    bag::from_delayed(parts.into_iter().map(tine::delayed))
}

#[test]
fn b1_reductions() -> Result<()> {
    let b = numbers();
    let all = (b.sum(), b.count(), b.max(), b.any(|n| *n > 0), b.all(|n| *n > 0));
    assert_eq!(compute(all)?, (30, 15, 4, true, false));
    let (var, std) = compute((b.var(0), b.std(0)))?;
    assert!((var - 2.0).abs() < 1e-12 && (std - 2f64.sqrt()).abs() < 1e-12, "{var} {std}");
    Ok(())
}

#[test]
fn b3_frequencies() -> Result<()> {
    let mut counts = numbers().frequencies().compute()?;
    counts.sort_unstable();
    assert_eq!(counts, [(0, 3), (1, 3), (2, 3), (3, 3), (4, 3)]);
    let letters = parts(vec![vec![], "bbbcca".chars().collect(), vec![]]);
    assert_eq!(letters.frequencies_sorted().compute()?, [('b', 3), ('c', 2), ('a', 1)]);
    Ok(())
}

#[test]
fn b4_top_k() -> Result<()> {
    assert_eq!(numbers().top_k(4).compute()?, [4, 4, 4, 3]);
    assert_eq!(numbers().top_k_by(4, |n| Reverse(*n)).compute()?, [0, 0, 0, 1]);
    assert_eq!(numbers().top_k(0).compute()?, [] as [i64; 0]);
    let pairs = parts(vec![vec![(1, 'a'), (3, 'b')], vec![(3, 'c'), (2, 'd')]]);
    assert_eq!(pairs.top_k_by(3, |p| p.0).compute()?, [(3, 'b'), (3, 'c'), (2, 'd')]);
    Ok(())
}

#[test]
fn b5_head() -> Result<()> {
    let b = numbers();
    assert_eq!(b.head(6, 2)?, [0, 1, 2, 3, 4, 0]);
    // Where Dask warns that there are fewer, the length of the result says it.
    assert_eq!(b.head(7, 1)?, [0, 1, 2, 3, 4]);
    let error = b.head(1, 5).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Build);
    assert!(error.message().contains("5 partitions"), "{error}");
    assert!(error.created_at().unwrap().file.ends_with("conformance.rs"), "{error}");
    Ok(())
}

#[test]
fn b8_group_by() -> Result<()> {
    let b = bag::range(1000, 100);
    let groups = b.group_by(|n| n % 3);
    assert!(groups.graph()?.len() < 10_000);
    let of = |x: u64| (0..1000).filter(|n| n % 3 == x).collect::<Vec<_>>();
    let mut all = groups.compute()?;
    all.sort();
    assert_eq!(all, [(0, of(0)), (1, of(1)), (2, of(2))]);
    // Each key is in one partition.
    let keys = groups.map_partitions(|part| [part.into_iter().map(|g| g.0).collect::<Vec<_>>()]);
    let mut keys = keys.compute()?.concat();
    keys.sort_unstable();
    assert_eq!(keys, [0, 1, 2]);
    Ok(())
}

#[test]
fn b8_group_by_none_and_records_in_all_processes() -> Result<()> {
    let records: Vec<(Option<String>, u32)> =
        (0..100).map(|i| ((i % 4 > 0).then(|| format!("k{}", i % 4)), i)).collect();
    let b = bag::from_sequence(records).repartition(10);
    let groups = b.group_by(|r| r.0.clone()).map(|(key, all)| (key, all.len()));
    let sorted = |mut all: Vec<(Option<String>, usize)>| {
        all.sort();
        all
    };
    let want: Vec<_> =
        [None, Some("k1"), Some("k2"), Some("k3")].map(|k| (k.map(str::to_owned), 25)).to_vec();
    for workers in 1..4 {
        assert_eq!(sorted(groups.compute_with(&Processes::new().workers(workers))?), want);
    }
    assert_eq!(sorted(groups.compute_with(&Serial::new())?), want);
    assert_eq!(sorted(groups.compute_with(&Threads::new())?), want);
    Ok(())
}

#[test]
fn b9_map_of_several_bags() -> Result<()> {
    let b = numbers();
    let sums = b.zip_with(&b.map(|n| n * 10), |x, y| x + y);
    assert_eq!(sums.head(5, 1)?, [0, 11, 22, 33, 44]);
    let wrong = b.zip(&bag::range(15, 4));
    let error = wrong.check().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Build);
    assert!(error.message().contains("3 and 4 partitions"), "{error}");
    for other in [vec![vec![1], vec![2, 3]], vec![vec![1], vec![]]] {
        let uneven = parts(vec![vec![1], vec![2]]).zip(&parts(other));
        uneven.check()?;
        let error = uneven.compute().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Task);
        assert!(error.message().contains("partitions 1 that have different lengths"), "{error}");
    }
    Ok(())
}

#[test]
fn b10_empty_partitions_and_empty_bags() -> Result<()> {
    let holes = parts(vec![vec![], vec![3, 1], vec![], vec![2]]);
    assert_eq!(compute((holes.min(), holes.max(), holes.mean()))?, (1, 3, 2.0));
    let empty = holes.filter(|_| false);
    for error in [
        empty.min().compute().unwrap_err(),
        empty.max().compute().unwrap_err(),
        empty.mean().compute().map(|_| 0).unwrap_err(),
    ] {
        assert!(error.message().contains("of a bag without elements"), "{error}");
    }
    assert!(empty.var(0).compute().is_err());
    assert_eq!(compute((empty.sum(), empty.count()))?, (0, 0));
    assert_eq!(compute((empty.any(|_| true), empty.all(|_| false)))?, (false, true));
    assert_eq!(empty.distinct().compute()?, [] as [i32; 0]);
    assert_eq!(empty.frequencies().compute()?, []);
    assert_eq!(empty.group_by(|n| *n).compute()?, []);
    assert_eq!(empty.top_k(3).compute()?, [] as [i32; 0]);
    assert_eq!(empty.head(3, 4)?, [] as [i32; 0]);
    assert_eq!(empty.fold(7, |a, b| a + b, |a, _| a).compute()?, 7);
    assert_eq!(empty.scan(0, |a, b| a + b).compute()?, [] as [i32; 0]);
    assert_eq!(compute((empty.sample(3, 0), empty.choices(3, 0)))?, (vec![], vec![]));
    Ok(())
}

/// Writes `text`, packed by gzip.
fn gzip(path: &std::path::Path, text: &str) {
    let sinks = tine_files::Target::files([path]).plan(1).expect("a plan");
    sinks[0].write_lines(text.lines()).expect("written");
}

#[test]
fn b12_read_text() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let nothing = bag::read_text(path("*.none")).check().unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Build);
    assert!(nothing.to_string().contains("*.none"), "{nothing}");
    assert!(nothing.created_at().unwrap().file.ends_with("conformance.rs"), "{nothing}");

    let lines: Vec<String> = (0..1000).map(|i| format!("line {i}")).collect();
    gzip(&path("a.txt.gz"), &lines.join("\n"));
    let packed = bag::read_text(path("a.txt.gz"));
    assert_eq!((packed.npartitions(), packed.compute()?), (1, lines.clone()));
    let cut = bag::read_text(path("a.txt.gz")).blocksize(10).check().unwrap_err();
    assert!(cut.to_string().contains("blocksize"), "{cut}");

    let mut file = std::fs::File::create(path("b.txt")).unwrap();
    file.write_all(lines.join("$$$$").as_bytes()).unwrap();
    for size in [7, 64, 1000] {
        let parts = bag::read_text(path("b.txt")).delimiter("$$$$").blocksize(size);
        assert!(parts.npartitions() > 1);
        assert_eq!(parts.compute()?, lines);
        assert_eq!(parts.count().compute()?, 1000);
    }
    Ok(())
}
