//! What an error says, and where the user's line is in it.
//! It does not know how tasks are run.

use tine::prelude::*;
use tine::{Error, ErrorKind};

#[delayed]
fn ratio(a: i64, b: i64) -> Result<i64, String> {
    if b == 0 { Err("b is 0".to_owned()) } else { Ok(a / b) }
}

/// The line of this test file that `error` was created at.
fn line(error: &Error) -> u32 {
    let place = error.created_at().expect("a place");
    assert!(place.file.ends_with("failures.rs"), "{place}");
    place.line
}

#[test]
fn a_task_is_named_by_its_number_and_the_users_line() {
    let all: Vec<_> = [5, 5, 0].into_iter().map(|b| ratio(10, b)).collect();
    let here = line!() - 1;
    let e = compute(&all).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Task);
    assert_eq!(e.task(), Some("ratio(2)"));
    assert_eq!(line(&e), here);
    let text = e.to_string();
    assert!(text.starts_with("task ratio(2) failed: b is 0 | called at "), "{text}");
    assert!(text.ends_with("| attempt 1 of 1 | run it here: TINE_RERUN='ratio(2)'"), "{text}");
    assert_eq!(format!("{e:?}"), text);
}

#[test]
fn every_way_to_make_a_task_knows_the_users_line() {
    let x = tine::delayed(0i64);
    let fails = |v: i64| Err::<i64, _>(format!("{v} is refused"));
    let made: Vec<(u32, Delayed<i64>)> = vec![
        (line!(), x.try_map(fails)),
        (line!(), tine::try_call(fails, (&x,))),
        (line!(), tine::try_map([&x], fails).item(0)),
        (line!(), tine::delayed(vec![0i64]).item(1)),
    ];
    for (here, lazy) in made {
        assert_eq!(line(&lazy.compute().unwrap_err()), here, "{lazy:?}");
    }
    let places = [
        (line!(), (&x + 1).graph()),
        (line!(), (1 - &x).graph()),
        (line!(), (-&x).graph()),
        (line!(), x.zip(&x).graph()),
        (line!(), x.map_ref(|v| *v).graph()),
        (line!(), x.catch().graph()),
        (line!(), tine::call(|| 1, ()).graph()),
    ];
    for (here, graph) in places {
        let graph = graph.unwrap();
        let last = graph.tasks().last().expect("a task");
        assert_eq!(graph.created_at(last).line, here, "{}", graph.key(last));
    }
}

#[test]
fn collect_stands_where_its_first_part_stands() {
    let part = ratio(1, 1);
    let here = line!() - 1;
    let all: Delayed<Vec<i64>> = [part].iter().collect();
    let graph = all.graph().unwrap();
    assert_eq!(graph.created_at(graph.tasks().last().expect("a task")).line, here);
}

#[test]
fn a_value_built_wrongly_says_so_when_it_is_computed() {
    let bad = Delayed::<i64>::failed(Error::new(ErrorKind::Build, "no such column: `x`"));
    let here = line!() - 1;
    let sum = (bad.clone() + 1).zip(ratio(1, 0));
    for e in [bad.check().unwrap_err(), sum.check().unwrap_err(), sum.compute().unwrap_err()] {
        assert_eq!(e.kind(), ErrorKind::Build);
        assert_eq!(line(&e), here);
        assert!(e.to_string().contains("no such column: `x` | written at "), "{e}");
    }
    let second = Delayed::<i64>::failed(Error::new(ErrorKind::Build, "the second"));
    assert_eq!(compute((&second, &bad)).unwrap_err().message(), "no such column: `x`");
}
