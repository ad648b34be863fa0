//! Dependencies and dependents, cull, supplied values.

use tine_scheduler::{ErrorKind, Graph, Inputs, Result, Serial, Supply, get};

use crate::fixture::{Sketch, inputs, keys};

/// Values of a list become inputs of the task; a string that is no key is a literal, which in Rust
/// is captured by the closure and can never be mistaken for one.
#[test]
fn g1_dependencies_of_nested_lists() -> Result<()> {
    let mut g = Graph::builder();
    let a = g.value("a", vec![1i64, 2, 3]);
    let b = g.task("b", ["a"], |a: &Vec<i64>| a.clone());
    g.task("c", None::<&str>, || vec![1i64, 2]);
    g.task("d", ["c"], |c: &Vec<i64>| c.iter().sum::<i64>());
    let literal = "zzz".to_owned();
    let e = g.task("e", ["b", "b"], move |_: &Vec<i64>, _: &Vec<i64>| literal.clone());
    let f = g.gather("f", ["a", "b"], |lists: Inputs<'_, Vec<i64>>| lists.count() as i64);
    let graph = g.build()?;
    assert_eq!(inputs(&graph, "e"), ["b", "b"]);
    assert_eq!(inputs(&graph, "f"), ["a", "b"]);
    assert_eq!(inputs(&graph, "d"), ["c"]);
    let users = graph.dependents();
    assert_eq!(users.of(a), [b, f]);
    assert_eq!(users.of(b), [e, f], "a user that takes a result twice is one user");
    assert!(users.of(f).is_empty());
    Ok(())
}

#[test]
fn g2_cull() -> Result<()> {
    let mut g = Graph::builder();
    g.value("x", 1i64);
    g.task("y", ["x"], |x: &i64| x + 1);
    g.task("z", ["x"], |x: &i64| x + 1);
    g.task("out", ["y"], |y: &i64| y + 10);
    let graph = g.build()?;
    let culled = graph.cull(&graph.find_all(["out"])?);
    assert_eq!(keys(&culled), ["out", "x", "y"]);
    assert!(inputs(&culled, "x").is_empty());
    assert_eq!(inputs(&culled, "y"), ["x"]);
    assert_eq!(inputs(&culled, "out"), ["y"]);
    assert_eq!(culled.groups().len(), 3, "no group is left empty");
    let error = graph.find_all(["outt"]).expect_err("there is no such key");
    assert_eq!(error.kind(), ErrorKind::UnknownKey);
    assert!(error.message().contains("`out`"), "{error}");
    Ok(())
}

#[test]
fn culled_grids_keep_their_positions() -> Result<()> {
    let mut g = Graph::builder();
    for i in 0..6 {
        g.task(("a", [i / 3, i % 3]), None::<&str>, move || u64::from(i));
    }
    let graph = g.build()?;
    let culled = graph.cull(&graph.find_all([("a", [1, 2])])?);
    assert_eq!(keys(&culled), ["a(1, 2)"]);
    assert_eq!(get(&culled, [("a", [1, 2])], &Serial::new())?.get::<u64>(0)?, 5);
    Ok(())
}

/// L4 and L11: what is in a cache is not run, nor what only that needed.
#[test]
fn supplied_values_replace_tasks() -> Result<()> {
    let mut g = Graph::builder();
    g.task("load", None::<&str>, || -> u64 { panic!("is not needed") });
    g.task("x", ["load"], |n: &u64| *n);
    g.task("y", None::<&str>, || 2u64);
    g.task("z", ["x", "y"], |x: &u64, y: &u64| x + y);
    let graph = g.build()?;
    let supplied = graph.with_values([Supply::value("x", 40u64)])?;
    assert_eq!(get(&supplied, ["z"], &Serial::new())?.get::<u64>(0)?, 42);
    assert_eq!(keys(&supplied.cull(&supplied.find_all(["z"])?)), ["x", "y", "z"]);

    let wrong =
        graph.with_values([Supply::value("x", "forty".to_owned())]).expect_err("another type");
    assert_eq!((wrong.kind(), wrong.task()), (ErrorKind::TypeMismatch, Some("x")));
    let unknown = graph.with_values([Supply::value("w", 1u64)]).expect_err("no such key");
    assert_eq!(unknown.kind(), ErrorKind::UnknownKey);
    Ok(())
}

#[test]
fn topological_orders_are_recognised() -> Result<()> {
    let graph = Sketch::parse("a:\nb: a\nc: a b").graph()?;
    let all: Vec<_> = graph.tasks().collect();
    assert!(graph.is_topological(&all));
    assert!(graph.is_topological(&[]));
    assert!(!graph.is_topological(&[all[1], all[0]]), "an input comes too late");
    assert!(!graph.is_topological(&[all[0], all[0]]), "a task comes twice");
    assert!(!graph.is_topological(&[all[1]]), "an input is missing");
    Ok(())
}
