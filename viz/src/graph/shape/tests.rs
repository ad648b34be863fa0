//! Shapes of graphs, and what is read and written.

use proptest::collection::vec;
use proptest::prelude::*;
use tine_scheduler::Graph;

use super::*;

fn example() -> Shape {
    let mut g = Graph::builder();
    g.value("x", 1i64);
    g.task(("inc", 0), ["x"], |x: &i64| x + 1);
    g.task(("inc", 1), ["x"], |x: &i64| x + 1);
    let sum = g.task("sum", [("inc", 0), ("inc", 1)], |a: &i64, b: &i64| a + b);
    g.task("unasked", ["sum"], |x: &i64| *x);
    Shape::of_graph(&g.build().unwrap(), &[sum])
}

fn json(shape: &Shape) -> String {
    let mut out = Vec::new();
    shape.write_json(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_graph_keeps_names_groups_and_places() {
    let shape = example();
    assert_eq!(shape.groups(), ["x", "inc", "sum", "unasked"]);
    let names: Vec<_> = (0..5).map(|t| shape.name(t)).collect();
    assert_eq!(names, ["x", "inc(0)", "inc(1)", "sum", "unasked"]);
    assert_eq!(shape.inputs(3), [1, 2]);
    assert!(shape.is_value(0) && shape.is_output(3) && !shape.is_output(4));
    assert!(shape.created_at(3).unwrap().contains("shape/tests.rs:"));
    assert_eq!(shape.edges(), 5);
}

#[test]
fn only_what_outputs_need_stays() {
    let culled = example().culled();
    assert_eq!(culled.len(), 4);
    assert_eq!(culled.inputs(3), [1, 2]);
    let named = Shape::from_dot("digraph { a -> b; b [class=output]; c [label=\"two words\"] }");
    assert_eq!(named.unwrap().culled().len(), 2);
}

#[test]
fn one_task_twice_is_one_input() {
    let mut g = Graph::builder();
    g.value("x", 1i64);
    let y = g.task("y", ["x", "x"], |a: &i64, b: &i64| a + b);
    assert_eq!(Shape::of_graph(&g.build().unwrap(), &[y]).inputs(1), [0]);
}

#[test]
fn json_gives_back_what_was_written() {
    let shape = example();
    assert_eq!(Shape::from_json(&json(&shape)).unwrap(), shape);
}

#[test]
fn json_of_networkx_is_read() {
    let text = r#"{"directed": true, "multigraph": false, "graph": {}, "nodes": [
        {"id": ["sum-3f2a", 0, 1], "weight": 3.5}, {"id": 7}, {"id": "z", "group": "last"}],
        "links": [{"source": ["sum-3f2a", 0, 1], "target": 7, "key": 0}, {"source": 7, "target": "z"}]}"#;
    let shape = Shape::from_json(text).unwrap();
    assert_eq!((0..3).map(|t| shape.name(t)).collect::<Vec<_>>(), ["sum-3f2a(0, 1)", "7", "z"]);
    assert_eq!(shape.groups(), ["sum-3f2a", "7", "last"]);
    assert_eq!(shape.position(0), [0, 1]);
    assert_eq!(Shape::from_json(&json(&shape)).unwrap(), shape);
}

#[test]
fn what_is_no_graph_is_named_with_its_place() {
    let of = |text: &str| Shape::from_json(text).unwrap_err().to_string();
    assert_eq!(of("{\n  \"nodes\": [}"), "line 2, column 13: expected value");
    assert!(of("{\"nodes\": [{\"name\": 1}], \"edges\": []}").contains("missing field `id`"));
    assert!(of("[1]").starts_with("line 1, column "));
    let nodes = "{\"nodes\": [{\"id\": \"a\"}, {\"id\": \"b\"}], \"edges\": ";
    let of = |rest: &str| Shape::from_json(&format!("{nodes}{rest}}}")).unwrap_err();
    let e = of("[{\"source\": \"a\", \"target\": \"c\"}]");
    assert_eq!(e.kind(), ShapeErrorKind::UnknownTask);
    assert_eq!(e.to_string(), "an edge from `a` to `c`: there is no task `c`");
    let e = of("[{\"source\": \"a\", \"target\": \"b\"}, {\"source\": \"b\", \"target\": \"a\"}]");
    assert_eq!(e.kind(), ShapeErrorKind::Cycle);
    assert_eq!(e.to_string(), "a task needs its own result: `b` -> `a` -> `b`");
    assert_eq!(of("[], \"directed\": false").kind(), ShapeErrorKind::Undirected);
    let newer = of("[], \"graph\": {\"format\": \"tine-graph\", \"version\": 2}");
    assert_eq!(newer.kind(), ShapeErrorKind::Version);
    let twice = Shape::from_json("{\"nodes\": [{\"id\": 1}, {\"id\": \"1\"}], \"edges\": []}");
    assert_eq!(twice.unwrap_err().kind(), ShapeErrorKind::DuplicateTask);
}

#[test]
fn dot_of_others_is_read() {
    let text = "// made by hand\nstrict digraph \"G\" {\n  rankdir=LR; node [shape=box, fontsize=12]\n\
        \tsubgraph cluster_0 { a; b -> c:p:n; label = \"one\" + \" two\" }\n\
        a -> {b d} -> e [color=red] /* many */\n  1.5 [label=<<b>bold</b> text>];\n# line 1\n\
        -3 [label=add]; \"q\\\"x\" [label=\"\\N\"]; -3 -> e }";
    let shape = Shape::from_dot(text).unwrap();
    let names: Vec<_> = (0..shape.len()).map(|t| shape.name(t)).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "bold text", "add", "q\"x"]);
    assert_eq!(shape.inputs(4), [1, 3, 6]);
    assert_eq!(shape.inputs(2), [1]);
}

#[test]
fn what_is_not_dot_is_named_with_its_place() {
    let of = |text: &str| Shape::from_dot(text).unwrap_err();
    assert_eq!(
        of("digraph {\n  a -> -> b }").to_string(),
        "line 2, column 8: expected a node, an edge or `}`, found `->`"
    );
    assert_eq!(of("graph { a -- b }").kind(), ShapeErrorKind::Undirected);
    assert_eq!(of("digraph { a -- b }").place(), Some((1, 13)));
    assert_eq!(of("digraph { a -> b; b -> a }").kind(), ShapeErrorKind::Cycle);
    assert_eq!(of("digraph { a -> a }").kind(), ShapeErrorKind::Cycle);
    assert_eq!(of("").to_string(), "line 1, column 1: expected `digraph`, found the end");
    for text in ["digraph { \"a", "digraph { /* ", "digraph { <a", "digraph { a [b=", "digraph {"] {
        assert_eq!(of(text).kind(), ShapeErrorKind::Dot, "{text}");
    }
    let deep = "digraph ".to_owned() + &"{".repeat(100_000);
    assert!(of(&deep).to_string().contains("64 deep"));
}

#[test]
fn the_order_of_a_shape_is_that_of_its_graph() {
    let mut g = Graph::builder();
    for i in 0..6 {
        g.task(("load", i), [] as [&str; 0], move || i64::from(i));
    }
    for i in 0..3 {
        let two = [("load", 2 * i), ("load", 2 * i + 1)];
        g.task(("add", i), two, |a: &i64, b: &i64| a + b);
    }
    let g = g.build().unwrap();
    let outputs: Vec<_> = g.tasks().skip(6).collect();
    let order: Vec<_> = g.order(&outputs).unwrap().iter().map(|t| t.index()).collect();
    assert_eq!(Shape::of_graph(&g, &outputs).ordered(), order);
}

proptest! {
    #[test]
    fn nothing_read_ends_in_a_panic(text in "(digraph|strict|\\{|\\}|\\[|\\]|->|--|=|:|;|a|\"|\\\\|<|>|/|\\*| |\n|node|subgraph|é|-1){0,40}") {
        let _ = Shape::from_dot(&text);
        let _ = Shape::from_dot(&format!("digraph {{{text}}}"));
        let _ = Shape::from_json(&text);
    }

    #[test]
    fn whatever_the_names_json_gives_them_back(names in vec("\\PC{1,12}", 1..9)) {
        let mut builder = Shape::builder();
        let mut added: Vec<String> = Vec::new();
        for name in names {
            if builder.add(ShapeTask { name: name.clone(), ..ShapeTask::default() }).is_ok() {
                if let Some(last) = added.last() {
                    builder.link(last, &name).unwrap();
                }
                added.push(name);
            }
        }
        let shape = builder.build().unwrap();
        prop_assert_eq!(Shape::from_json(&json(&shape)).unwrap(), shape);
    }
}
