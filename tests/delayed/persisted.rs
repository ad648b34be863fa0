//! `persist()`: the value stays, and so does its name.
//! It does not know where the value is kept.

use tine::Key;
use tine::prelude::*;

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[test]
fn new_calls_are_numbered_around_a_persisted_one() -> tine::Result<()> {
    let ys: Vec<_> = (0..3).map(inc).collect();
    let all: Delayed<Vec<i64>> = ys.iter().collect();
    assert_eq!(all.compute()?, [1, 2, 3]);
    let kept = (&ys[0] + inc(&ys[1])).persist()?;
    assert_eq!(kept.compute()?, 4);

    let second = compute_second_of_two()?;
    let mixed = inc(5) + inc(&second);
    let graph = mixed.graph()?;
    let names: Vec<_> = graph.tasks().map(|t| graph.key(t).to_string()).collect();
    assert_eq!(names, ["inc(1)", "inc(0)", "inc(2)", "add(0)"]);
    assert!(graph.datum(graph.find(&Key::new("inc", [1])).expect("its name")).is_some());
    assert_eq!(mixed.compute()?, 6 + 12);
    Ok(())
}

/// The second `inc` of its graph, persisted, whose value is 11.
fn compute_second_of_two() -> tine::Result<Delayed<i64>> {
    inc(inc(9)).persist()
}

#[test]
fn two_of_one_name_live_in_one_graph() -> tine::Result<()> {
    let (a, b) = (inc(1).persist()?, inc(10).persist()?);
    let sum = &a + &b;
    assert_eq!(sum.graph()?.len(), 3);
    assert_eq!(sum.compute()?, 13);
    assert_eq!(compute((&a, &b))?, (2, 11));
    Ok(())
}

#[test]
fn a_list_is_one_value() -> tine::Result<()> {
    let list = tine::map(0..4, |x| x * x).persist()?;
    assert_eq!(list.graph()?.len(), 1);
    assert_eq!((list.item(2) + list.item(3)).compute()?, 13);
    Ok(())
}
