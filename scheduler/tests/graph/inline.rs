//! Inlining of values, of chosen keys, of functions.

use tine_scheduler::{Graph, Key, Result};

use crate::fixture::{inputs, keys, values};

fn sums() -> Result<Graph> {
    let mut g = Graph::builder();
    g.value("a", 1u64);
    g.task("b", ["a"], |a: &u64| a + 1);
    g.task("c", ["b"], |b: &u64| b + 1);
    g.task("d", ["a", "c"], |a: &u64, c: &u64| a + c);
    g.build()
}

#[test]
fn g8_inline_constants_and_keys() -> Result<()> {
    let graph = sums()?;
    let keep = graph.find_all(["b", "d"])?;
    let constants = graph.inline_constants(&keep);
    assert_eq!(keys(&constants), ["b", "c", "d"]);
    assert!(inputs(&constants, "b").is_empty());
    assert_eq!(inputs(&constants, "d"), ["c"]);
    assert_eq!(values(&constants, &["b".into(), "d".into()])?, [2, 4]);

    let chosen = graph.find_all(["a", "b", "c"])?;
    let all = graph.inline(&graph.find_all(["d"])?, |t| chosen.contains(&t));
    assert_eq!(keys(&all), ["d"]);
    assert!(inputs(&all, "d").is_empty());
    assert_eq!(values(&all, &["d".into()])?, [4]);
    Ok(())
}

#[test]
fn g9_inline_functions_protects_output_keys() -> Result<()> {
    let mut g = Graph::builder();
    g.task("inc", None::<&str>, || 2u64);
    g.task("y", ["inc"], |x: &u64| x * 2);
    let graph = g.build()?;
    let is_inc = |t| graph.group(graph.group_of(t)).name() == "inc";
    let inlined = graph.inline(&graph.find_all(["y"])?, is_inc);
    assert_eq!(keys(&inlined), ["y"]);
    let both = graph.find_all(["inc", "y"])?;
    let inlined = graph.inline(&both, is_inc);
    assert_eq!(keys(&inlined), ["inc", "y"]);
    let wanted: [Key; 2] = ["inc".into(), "y".into()];
    assert_eq!(values(&inlined, &wanted)?, [2, 4]);
    Ok(())
}

#[test]
fn final_tasks_are_never_inlined_away() -> Result<()> {
    let graph = sums()?;
    assert_eq!(keys(&graph.inline(&[], |_| true)), ["d"]);
    Ok(())
}
