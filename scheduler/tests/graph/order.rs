//! Static order: the cases that fix which task comes before which.

use tine_scheduler::{ErrorKind, Graph, Result};

use crate::fixture::Sketch;

#[test]
fn o1_cycles_and_nothing() -> Result<()> {
    for (text, path) in [
        ("a: a", "a -> a"),
        ("a: b\nb: c\nc: a", "a -> b -> c -> a"),
        ("a: b\nb: c\nc: a d\nd = value", "a -> b -> c -> a"),
        ("a: b\nb: c\nc: a d\nd: b", "a -> b -> c -> a"),
    ] {
        let error = Sketch::parse(text).graph().expect_err("a cycle");
        assert_eq!(error.kind(), ErrorKind::Cycle);
        assert!(error.message().starts_with("Cycle detected"), "{error}");
        assert!(error.message().contains(path), "{error}");
    }
    assert!(Graph::builder().build()?.order(&[])?.is_empty());
    Ok(())
}

#[test]
fn o2_prefer_deep() -> Result<()> {
    for text in ["a:\nb: a\nc: b\nd:\ne: d", "d:\ne: d\na:\nb: a\nc: b"] {
        let o = Sketch::parse(text).ordered()?;
        assert!(o.at("a") < o.at("d") && o.at("b") < o.at("d"));
    }
    let o = Sketch::parse("d = value\ne: d\na = value\nb: a\nc: b").ordered()?;
    assert!(o.at("b") < o.at("e"), "also where chains begin with values");
    Ok(())
}

#[test]
fn o4_dont_run_all_dependents_too_early() -> Result<()> {
    let mut s = Sketch::parse("a0:\nb0:\nc0:\nd0: a0 b0 c0");
    for i in 1..10 {
        s.task(format!("b{i}"), ["b0"]);
        s.task(format!("c{i}"), ["c0"]);
        s.task(format!("d{i}"), [format!("d{}", i - 1), format!("b{i}"), format!("c{i}")]);
    }
    let o = s.ordered()?;
    let d = o.all((0..10).map(|i| format!("d{i}")));
    assert_eq!(d, [3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
    Ok(())
}

#[test]
fn o6_run_smaller_sections() -> Result<()> {
    let o = Sketch::parse("a:\nc:\ne:\ncc:\nb: a c\nd: c e\nbb: cc\naa: d bb\ndd: cc").ordered()?;
    assert_eq!(o.pressure, 3);
    Ok(())
}

#[test]
fn o8_terminal_node_backtrack() -> Result<()> {
    let o = Sketch::parse(
        "a0:\na1:\na2:\nb0: a0 a1\nb1: a1 a2\ns00: b0\ns10: b1
         a3:\na4:\na5:\nb2: a3 a4\nb3: a4 a5\ns01: b2\ns11: b3\nstore: s00 s10 s01 s11",
    )
    .ordered()?;
    assert!(o.at("a2") < o.at("a3"));
    Ok(())
}

#[test]
fn o8_one_half_of_a_store_before_the_other() -> Result<()> {
    let mut s = Sketch::default();
    for half in 0..2 {
        for i in 0..5 {
            s.task(format!("load{half}.{i}"), None::<&str>);
        }
        for i in 0..4 {
            let two = [format!("load{half}.{i}"), format!("load{half}.{}", i + 1)];
            s.task(format!("merge{half}.{i}"), two);
            s.task(format!("write{half}.{i}"), [format!("merge{half}.{i}")]);
        }
    }
    s.task("store", (0..8).map(|i| format!("write{}.{}", i % 2, i / 2)));
    let o = s.ordered()?;
    let halves: Vec<Vec<i64>> =
        (0..2).map(|half| o.all((0..5).map(|i| format!("load{half}.{i}")))).collect();
    assert!(halves[0][4] < halves[1][0] || halves[1][4] < halves[0][0], "{halves:?}");
    Ok(())
}

#[test]
fn o13_long_chains_and_tasks_named_late() -> Result<()> {
    let mut s = Sketch::default();
    s.task("t0", None::<&str>);
    for i in 1..10_000 {
        s.task(format!("t{i}"), [format!("t{}", i - 1)]);
    }
    assert_eq!(s.ordered()?.order.len(), 10_000);

    let mut backwards = Sketch::default();
    for i in (1..10_000).rev() {
        backwards.task(format!("t{i}"), [format!("t{}", i - 1)]);
    }
    backwards.task("t0", None::<&str>);
    assert_eq!(backwards.ordered()?.at("t9999"), 9_999);
    Ok(())
}

/// A key that is not in the graph stands for something that is there: in Rust a value.
#[test]
fn o13_values_are_listed_before_their_first_user() -> Result<()> {
    let o = Sketch::parse("x = value\nunused = value\na: x\nb: a x").ordered()?;
    assert_eq!((o.at("x"), o.at("a"), o.at("b")), (0, 1, 2));
    assert_eq!(o.at("unused"), 3);
    Ok(())
}

#[test]
fn groups_stay_together() -> Result<()> {
    let o = Sketch::parse("a0:\na1:\na2:\na3:\nb0: a0 a2\nb1: a1 a3").ordered()?;
    assert_eq!((o.at("a0") - o.at("a2")).abs(), 1);
    assert_eq!((o.at("a1") - o.at("a3")).abs(), 1);
    Ok(())
}

#[test]
fn finish_one_stack_before_the_next() -> Result<()> {
    let o = Sketch::parse("a3:\na2: a3\na1: a2\nb3:\nb2: b3 a2\nb1: b2\nc3:\nc2: c3 b2\nc1: c2")
        .ordered()?;
    let expected = ["a3", "a2", "a1", "b3", "b2", "b1", "c3", "c2", "c1"];
    let names: Vec<String> = o.order.iter().map(|&t| o.graph.key(t).to_string()).collect();
    assert_eq!(names, expected);
    Ok(())
}

#[test]
fn prefer_short_ancestor() -> Result<()> {
    let text = "ab = value\na0: ab\nb0: ab\nc0 = value\nc1: c0 a0 b0\na1: ab\nb1: ab\nc2: c1 a1 b1";
    let o = Sketch::parse(text).ordered()?;
    assert!(o.at("a0") < o.at("a1") && o.at("b0") < o.at("b1"));
    assert!(o.at("c1") < o.at("a1"));
    Ok(())
}

#[test]
fn favor_longest_critical_path() -> Result<()> {
    let o = Sketch::parse("c:\nd: c\ne: c\nb: c\na: b").ordered()?;
    assert!(o.at("d") > o.at("b") && o.at("e") > o.at("b"));
    Ok(())
}

#[test]
fn map_overlap_finishes_one_side() -> Result<()> {
    let o = Sketch::parse(
        "e1:\nd1: e1\nc1: d1\nb1: c1 c2\nd2:\nc2: d1 d2 d3\ne3:\nd3: e3\nc3: d3\nb3: c2 c3 c4
         d4:\nc4: d3 d4 d5\ne5:\nd5: e5\nc5: d5\nb5: c4 c5",
    )
    .ordered()?;
    assert!(o.at("b1") < o.at("e5") || o.at("b5") < o.at("e1"));
    Ok(())
}

#[test]
fn sliding_windows_hold_three() -> Result<()> {
    let o = Sketch::parse(
        "a0:\na1:\na2:\na3:\na4:\na5:\na6:\na7:\na8:\na9:\nb5: a2\nb7: a0 a2\nb9: a7 a0 a2
         b1: a4 a7 a0\nb2: a9 a4 a7\nb4: a6 a9 a4\nb3: a5 a6 a9\nb8: a1 a5 a6\nb6: a8 a1 a5\nb0: a3 a8 a1",
    )
    .ordered()?;
    assert_eq!(o.pressure, 3);
    assert_eq!(o.at("b5"), 1);
    Ok(())
}

#[test]
fn equal_outputs_run_in_the_order_of_their_names() -> Result<()> {
    let mut s = Sketch::default();
    for i in 0..10 {
        s.task(format!("x{i}"), None::<&str>);
    }
    let o = s.ordered()?;
    assert!((0..10).all(|i| o.at(&format!("x{i}")) == i));
    s.task("all", (0..10).map(|i| format!("x{i}")));
    let o = s.ordered()?;
    assert!((0..10).all(|i| o.at(&format!("x{i}")) == i));
    Ok(())
}

#[test]
fn unasked_tasks_are_left_out() -> Result<()> {
    let graph = Sketch::parse("a:\nb: a\nc: a\nd: c").graph()?;
    let order = graph.order(&graph.find_all(["b", "b"])?)?;
    assert_eq!(order, graph.find_all(["a", "b"])?);
    let order = graph.order(&graph.find_all(["c", "a"])?)?;
    assert_eq!(order, graph.find_all(["a", "c"])?);
    Ok(())
}
