//! Retries, timeouts and their kind on lazy values, by methods and by scopes.
//! It does not test how a run keeps to them: see `scheduler/tests/engine`.

use std::time::Duration;

use tine::prelude::*;
use tine::{Error, ErrorKind, Serial, annotate, compute_with};

/// Fails until it has been called so often.
#[delayed]
fn flaky(times: u64, counter: &str) -> Result<u64, String> {
    use std::io::Write;
    let open = std::fs::OpenOptions::new().append(true).create(true).open(counter);
    let mut file = open.map_err(|e| e.to_string())?;
    file.write_all(b"x").map_err(|e| e.to_string())?;
    let calls = file.metadata().map_err(|e| e.to_string())?.len();
    if calls < times { Err(format!("call {calls}")) } else { Ok(calls) }
}

fn counter(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("tine-flaky-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path.to_string_lossy().into_owned()
}

#[test]
fn a_method_says_it_of_one_task() -> Result<(), Error> {
    let path = counter("method");
    assert_eq!(flaky(3, path.clone()).retries(2).compute()?, 3);
    let _ = std::fs::remove_file(&path);
    let e = flaky(3, path.clone()).retries(1).compute().expect_err("two calls are too few");
    assert_eq!(e.attempt().map(|a| (a.number, a.of)), Some((2, 2)), "{e}");
    let _ = std::fs::remove_file(&path);
    Ok(())
}

#[test]
fn a_scope_says_it_where_the_call_is_written() -> Result<(), Error> {
    let path = counter("scope");
    let value = annotate([("retries", "5")], || flaky(3, path.clone()));
    // Computed outside of the scope.
    assert_eq!(value.compute()?, 3);
    let _ = std::fs::remove_file(&path);
    // A method wins over the scope.
    let value = annotate([("retries", "5")], || flaky(3, path.clone()).retries(0));
    assert!(value.compute().is_err());
    let _ = std::fs::remove_file(&path);
    Ok(())
}

#[test]
fn a_bad_tag_names_the_call() {
    let value = annotate([("backoff", "often")], || flaky(0, "unused"));
    let e = compute_with(&value, &Serial::new()).expect_err("a tag that is none");
    assert_eq!((e.kind(), e.task()), (ErrorKind::Config, Some("flaky(0)")), "{e}");
}

#[test]
fn timeouts_and_deaths_are_said_of_one_task() {
    let endless = tine::call(
        || -> u64 {
            loop {
                std::thread::park()
            }
        },
        (),
    );
    let e = endless.timeout(Duration::from_millis(30)).compute().expect_err("it never ends");
    assert_eq!(e.kind(), ErrorKind::Timeout, "{e}");
    let deadly = tine::call(|| -> u64 { std::process::abort() }, ());
    let e = deadly.allowed_failures(0).compute().expect_err("it aborts");
    assert_eq!(e.attempt().map(|a| (a.number, a.of)), Some((1, 1)), "{e}");
}
