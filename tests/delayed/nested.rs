//! `compute` of nested values: shared work once.
//! It does not know how tasks are run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tine::Serial;
use tine::prelude::*;

#[test]
fn shared_work_is_done_once() -> tine::Result<()> {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = runs.clone();
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        7
    };
    let base = tine::call(count, ());
    let (a, b) = (&base + 1, &base * 2);
    // Serial, because a count in a forked worker stays there.
    let out = tine::with(Serial::new(), || compute((&a, vec![&b, &base], &base)))?;
    assert_eq!(out, (8, vec![14, 7], 7));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    Ok(())
}

#[test]
fn any_nesting_and_plain_values() -> tine::Result<()> {
    let x = tine::delayed(1);
    let named = BTreeMap::from([("one", &x)]);
    let out = compute((
        [&x, &x],
        Some(vec![(&x, "plain"), (&x, "too")]),
        (2.5, 'c', true, (), String::from("s")),
        &named,
        None::<Delayed<i64>>,
    ))?;
    let (array, list, plain, map, none) = out;
    assert_eq!(array, [1, 1]);
    assert_eq!(list, Some(vec![(1, "plain".to_owned()), (1, "too".to_owned())]));
    assert_eq!(plain, (2.5, 'c', true, (), String::from("s")));
    assert_eq!(map, BTreeMap::from([("one", 1)]));
    assert_eq!(none, None);
    let eight = (&x, &x, &x, &x, &x, &x, &x, &x);
    assert_eq!(compute(eight)?, (1, 1, 1, 1, 1, 1, 1, 1));
    assert_eq!(compute((1, 2))?, (1, 2));
    Ok(())
}

#[test]
fn a_scheduler_a_call() -> tine::Result<()> {
    let x = tine::delayed(1) + 1;
    assert_eq!(x.compute_with(&Serial::new())?, 2);
    assert_eq!(tine::compute_with((&x, &x), &Serial::new())?, (2, 2));
    assert_eq!(tine::with(Serial::new(), || x.compute())?, 2);
    Ok(())
}

#[test]
fn lazy_values_are_free_to_go_to_other_threads() -> tine::Result<()> {
    let x = tine::delayed(vec![1, 2, 3]);
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let x = x.clone();
            std::thread::spawn(move || x.item(i % 3).compute())
        })
        .collect();
    for (i, t) in threads.into_iter().enumerate() {
        assert_eq!(t.join().expect("no panic")?, [1, 2, 3][i % 3]);
    }
    Ok(())
}
