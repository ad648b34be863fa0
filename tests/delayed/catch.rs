//! `catch()`: failures as values.
//! It needs a scheduler that follows edges that catch.

use tine::prelude::*;
use tine::{ErrorKind, TaskError};

#[delayed]
fn lucky(x: i64) -> Result<i64, String> {
    if x % 200 == 13 { Err(format!("{x} is unlucky")) } else { Ok(x) }
}

#[delayed]
fn calm(x: i64) -> i64 {
    assert!(x % 200 != 13, "{x} is unlucky");
    x
}

fn check(results: &[Result<i64, TaskError>], kind: ErrorKind) {
    assert_eq!(results.len(), 500);
    let failed: Vec<_> = results.iter().filter_map(|r| r.as_ref().err()).collect();
    assert_eq!(failed.len(), 3);
    for (e, x) in failed.iter().zip([13, 213, 413]) {
        assert_eq!(e.kind(), kind);
        assert!(e.message().contains(&format!("{x} is unlucky")), "{e}");
        assert!(e.task().expect("a task").ends_with(&format!("({x})")), "{e}");
        assert!(e.created_at().expect("a place").file.ends_with("catch.rs"), "{e}");
    }
}

#[test]
fn errors_are_caught() -> tine::Result<()> {
    let all: Vec<_> = (0..500).map(|x| lucky(x).catch()).collect();
    check(&compute(&all)?, ErrorKind::Task);
    Ok(())
}

#[test]
fn panics_are_caught() -> tine::Result<()> {
    let all: Vec<_> = (0..500).map(|x| calm(x).catch()).collect();
    check(&compute(&all)?, ErrorKind::Panic);
    Ok(())
}

#[test]
fn what_follows_a_failure_is_caught_with_its_cause() -> tine::Result<()> {
    let far = (lucky(13) + 1).map(|x| x * 2).catch();
    let e = far.compute()?.unwrap_err();
    assert_eq!((e.kind(), e.task()), (ErrorKind::Task, Some("lucky(0)")));
    Ok(())
}

#[test]
fn a_caught_failure_can_be_put_right() -> tine::Result<()> {
    let fixed = lucky(13).catch().map(|r| r.unwrap_or(0));
    let fine = lucky(1).catch().map(|r| r.unwrap_or(0));
    assert_eq!(compute((&fixed, &fine))?, (0, 1));
    Ok(())
}

#[test]
fn a_failure_that_is_also_used_uncaught_ends_the_run() {
    let x = lucky(13);
    let e = compute((x.catch(), x + 1)).unwrap_err();
    assert_eq!(e.task(), Some("lucky(0)"));
}
