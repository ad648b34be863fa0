//! Errors: what they say, where, and when.
//! It does not test what the engine adds to them.

use tine::prelude::*;
use tine::{ErrorKind, Processes, Result, Serial};

fn file(text: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("numbers.txt");
    std::fs::write(&path, text).expect("written");
    (folder, path)
}

#[test]
fn the_offending_line_is_named() {
    let text: String =
        (1..=500).map(|i| if i == 321 { "x\n".into() } else { format!("{i}\n") }).collect();
    let (_folder, path) = file(text.as_bytes());
    let whole = bag::read_text(&path).bag().clone();
    let blocks = bag::read_text(&path).blocksize(100).bag().clone();
    for lines in [whole, blocks] {
        let numbers = [
            lines.try_map(|l| l.parse::<u64>()),
            lines.filter(|l| !l.is_empty()).try_map_ref(|l| l.parse::<u64>()),
            lines.try_flat_map(|l| l.parse::<u64>().map(|n| [n])),
            lines.try_filter(|l| l.parse::<u64>().map(|_| true)).map(|_| 1),
        ];
        for numbers in numbers {
            for workers in [1, 3] {
                let processes = Processes::new().workers(workers);
                let e = numbers.sum().compute_with(&processes).unwrap_err();
                assert_eq!(e.kind(), ErrorKind::Task);
                let want = format!("{}:321: invalid digit found in string", path.display());
                assert_eq!(e.message(), want);
                assert!(e.type_name().unwrap().contains("ParseIntError"), "{:?}", e.type_name());
                assert!(e.created_at().unwrap().file.ends_with("failures.rs"), "{e}");
            }
        }
    }
}

#[test]
fn what_was_read_before_the_offending_line_is_there() -> Result<()> {
    let (_folder, path) = file(b"1\n2\nx\n");
    let numbers = bag::read_text(&path).try_map(|l| l.parse::<u64>());
    assert_eq!(numbers.head(2, 1)?, [1, 2]);
    assert!(numbers.head(3, 1).is_err());
    Ok(())
}

#[test]
fn invalid_text_is_an_error_or_replaced() -> Result<()> {
    let (_folder, path) = file(b"fine\n\xff\xfe\nfine\n");
    let e = bag::read_text(&path).compute().unwrap_err();
    assert!(e.message().contains("numbers.txt"), "{e}");
    assert_eq!(bag::read_text(&path).lossy(true).compute()?[1], "\u{fffd}\u{fffd}");
    Ok(())
}

#[test]
fn mistakes_in_building_are_carried_to_the_end() {
    let bad = bag::range(3, 0);
    let errors = [
        bad.map(|n| n + 1).sum().check(),
        bad.group_by(|n| *n).check(),
        bad.fold_by(|n| *n, 0, |a, _| a, |a, _| a).check(),
        bad.frequencies().top_k(1).check(),
        bad.zip(&bag::range(3, 1)).check(),
        bag::range(3, 1).zip(&bad).check(),
        bag::range(3, 1).concat(&bad).check(),
        bad.cartesian_product(&bad).check(),
        bag::range(3, 1).join(&bad, |n| *n, |n| *n).check(),
        bad.scan(0, |a, _| a).check(),
        bad.repartition(3).check(),
        bad.head(1, 1).map(drop),
        bad.compute().map(drop),
        bad.persist().map(drop),
        bad.to_delayed()[0].check(),
    ];
    for (i, e) in errors.into_iter().enumerate() {
        let e = e.expect_err("0 partitions");
        assert_eq!(e.message(), "a bag of 0 partitions: it needs 1 or more", "{i}");
        assert!(e.created_at().unwrap().file.ends_with("failures.rs"), "{i}: {e}");
    }
}

#[test]
fn other_mistakes_name_the_number() {
    let b = bag::range(9, 3);
    let messages = [
        (b.repartition(0).check(), "0 partitions"),
        (b.group_by_into(0, |n| *n).check(), "0 partitions"),
        (b.random_sample(1.5, 0).check(), "1.5"),
        (b.random_sample(f64::NAN, 0).check(), "NaN"),
        (b.split_every(1).sum().check(), "split_every is 1"),
        (b.split_every(0).frequencies().check(), "split_every is 0"),
        (bag::concat(Vec::<bag::Bag<u8>>::new()).check(), "no bags"),
        (bag::from_delayed(Vec::<Delayed<Vec<u8>>>::new()).check(), "no partitions"),
    ];
    for (checked, what) in messages {
        let e = checked.unwrap_err();
        assert!(e.message().contains(what), "{e}");
        assert_eq!(e.kind(), ErrorKind::Build);
    }
}

#[test]
fn the_first_failure_in_static_order_is_the_one_told() {
    let b = bag::range(100, 10).try_map(|n| if n >= 35 { Err(format!("{n}")) } else { Ok(n) });
    for workers in 1..4 {
        let e = b.sum().compute_with(&Processes::new().workers(workers)).unwrap_err();
        assert_eq!(e.message(), "element 35: 35");
    }
    let e = b.sum().compute_with(&Serial::new()).unwrap_err();
    assert_eq!(e.message(), "element 35: 35");
}
