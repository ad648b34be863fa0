//! L13: one key for two spellings, scopes that nest and end, missing keys.
//! Merging of files is tested beside the code, on made folders.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tine_scheduler::config::{self, SETTINGS};
use tine_scheduler::{Error, ErrorKind};

fn pure() -> bool {
    config::get("delayed.pure").expect("it has a default")
}

fn workers() -> Option<usize> {
    config::workers().expect("sources can be read")
}

#[test]
fn l13_nested_scopes_restore() {
    let before = workers();
    config::set("workers", 1, || {
        config::set("delayed.pure", true, || {
            config::set("workers", 2, || assert_eq!((workers(), pure()), (Some(2), true))).unwrap();
            assert_eq!((workers(), pure()), (Some(1), true));
        })
        .unwrap();
        assert_eq!((workers(), pure()), (Some(1), false));
    })
    .unwrap();
    assert_eq!(workers(), before);
}

#[test]
fn l13_a_panic_restores() {
    let run = catch_unwind(AssertUnwindSafe(|| {
        config::set("delayed.pure", true, || panic!("on purpose")).unwrap();
    }));
    assert!(run.is_err());
    assert!(!pure());
}

#[test]
fn l13_dash_and_underscore_are_one_character() {
    let e = config::get::<i64>("delayed.is_pure").unwrap_err();
    assert!(e.message().contains("`delayed.pure`"), "{e}");
    // The variable spelling is tested in `child`: no setting has a dash yet.
    config::set("delayed", std::collections::BTreeMap::from([("pure", true)]), || {
        assert!(pure());
    })
    .unwrap();
}

#[test]
fn l13_a_missing_key_is_an_error_that_names_the_nearest() {
    let e = config::get::<usize>("worker").unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Config);
    assert!(e.message().contains("`workers`"), "{e}");
    assert_eq!(config::get_or("worker", 5).unwrap(), 5);
    let e = config::set("worker", 5, || ()).unwrap_err();
    assert!(e.message().contains("config::set") && e.message().contains("`workers`"), "{e}");
}

#[test]
fn scopes_are_of_one_thread() {
    config::set("delayed.pure", true, || {
        std::thread::scope(|s| s.spawn(|| assert!(!pure())).join().unwrap());
    })
    .unwrap();
}

#[test]
fn a_scope_that_is_refused_is_not_run() {
    let refused: Result<(), Error> = config::set("workers", "two", || panic!("it was run"));
    assert!(refused.unwrap_err().message().contains("from 1 to 1024"));
    assert!(config::set("workers", 1u64 << 63, || panic!("it was run")).is_err());
}

#[test]
fn settings_are_in_alphabetical_order() {
    assert!(SETTINGS.is_sorted_by(|a, b| a.key < b.key));
}
