//! What of a graph is drawn.

use tine_scheduler::{Graph, TaskId};

use super::*;

/// The example of Dask's tests: `{a: 1, b: 2, c: neg a, d: neg b, e: add c d, f: sum a e}`.
///
/// ```text
///  a   b
///  |\  |
///  | c d
///  |  \|
///  |   e
///   \ /
///    f
/// ```
fn example() -> Graph {
    let mut g = Graph::builder();
    g.value("a", 1i64);
    g.value("b", 2i64);
    g.task("c", ["a"], |a: &i64| -a);
    g.task("d", ["b"], |b: &i64| -b);
    g.task("e", ["c", "d"], |c: &i64, d: &i64| c + d);
    g.task("f", ["a", "e"], |a: &i64, e: &i64| a + e);
    g.build().unwrap()
}

fn draw(graph: &Graph, outputs: &[TaskId], options: &Options) -> Drawing {
    let shape = Shape::of_graph(graph, outputs).culled();
    drawing(&Input { shape: &shape, trace: None }, options)
}

#[test]
fn l17_functions_and_data_are_drawn_apart_or_together() {
    let g = example();
    let apart = Options { collapse_outputs: false, ..Options::default() };
    let drawing = draw(&g, &[], &apart);
    assert_eq!((drawing.nodes.len(), drawing.links.len()), (10, 10));
    let drawing = draw(&g, &[], &Options::default());
    assert_eq!((drawing.nodes.len(), drawing.links.len()), (6, 6));
}

#[test]
fn only_what_is_asked_for_is_drawn() {
    let g = example();
    let e = g.find_all(["e"]).unwrap();
    let drawing = draw(&g, &e, &Options::default());
    let names: Vec<_> = drawing.nodes.iter().map(|n| n.lines[0].as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    assert_eq!(
        drawing.nodes.iter().map(|n| n.asked).collect::<Vec<_>>(),
        [false, false, false, false, true]
    );
}

#[test]
fn l17_hashes_are_shown_as_numbers() {
    let mut g = Graph::builder();
    for hash in ["1bf6a2e9c0d14a5f", "9e107d9d372bb682"] {
        g.task(format!("elemwise-{hash}"), [] as [&str; 0], || 1i64);
    }
    let drawing = draw(&g.build().unwrap(), &[], &Options::default());
    assert_eq!(drawing.nodes[0].lines, ["elemwise-#0"]);
    assert_eq!(drawing.nodes[1].lines, ["elemwise-#1"]);
    assert!(drawing.nodes[1].title.starts_with("elemwise-9e107d9d372bb682\n"));
}

#[test]
fn l17_an_unknown_format_is_an_error() {
    assert!("png-ish".parse::<Format>().unwrap_err().to_string().contains("png-ish"));
}

/// `n` leaves, a partial sum of each ten, and a sum of all.
fn sums(n: u32) -> Graph {
    let mut g = Graph::builder();
    for i in 0..n {
        g.task(("load", i), [] as [&str; 0], move || i64::from(i));
    }
    for i in 0..n / 10 {
        let inputs = (0..10).map(|k| ("load", i * 10 + k));
        g.gather(("partial", i), inputs, |xs: tine_scheduler::Inputs<'_, i64>| {
            xs.map(|x| *x).sum::<i64>()
        });
    }
    let inputs = (0..n / 10).map(|i| ("partial", i));
    g.gather("sum", inputs, |xs: tine_scheduler::Inputs<'_, i64>| xs.map(|x| *x).sum::<i64>());
    g.build().unwrap()
}

#[test]
fn large_graphs_are_drawn_by_group() {
    let drawing = draw(&sums(1_000), &[], &Options::default());
    let lines: Vec<_> = drawing.nodes.iter().map(|n| n.lines.join("|")).collect();
    assert_eq!(lines, ["load|1,000 tasks", "partial|100 tasks", "sum|1 task", "1,000", "100"]);
    assert_eq!(drawing.summary, "1,101 tasks, in 3 groups");
    let forced = Options { level: Level::Tasks, ..Options::default() };
    assert_eq!(draw(&sums(1_000), &[], &forced).nodes.len(), 1_101);
}

#[test]
fn a_graph_of_100_000_groups_is_still_a_picture() {
    let mut g = Graph::builder();
    for i in 0..50_000 {
        g.value(format!("x{i}"), 1i64);
        g.task(format!("f{i}x"), [format!("x{i}").as_str()], |x: &i64| x + 1);
    }
    let mut out = Vec::new();
    let graph = g.build().unwrap();
    let shape = Shape::of_graph(&graph, &[]);
    let input = Input { shape: &shape, trace: None };
    svg(&input, &Options::default(), &mut out).unwrap();
    assert!(out.len() < 300_000, "{} bytes", out.len());
}

#[test]
fn nothing_is_a_picture_too() {
    let g = Graph::builder().build().unwrap();
    let mut out = Vec::new();
    let shape = Shape::of_graph(&g, &[]);
    let input = Input { shape: &shape, trace: None };
    svg(&input, &Options::default(), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("0 tasks"));
}

#[test]
fn dot_quotes_what_needs_it() {
    let mut g = Graph::builder();
    g.value("a \"b\" \\ c", 1i64);
    let g = g.build().unwrap();
    let mut out = Vec::new();
    let shape = Shape::of_graph(&g, &[]);
    dot(&Input { shape: &shape, trace: None }, &Options::default(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(r#"label="a \"b\" \\ c""#), "{text}");
    assert!(graphviz_rust::parse(&text).is_ok(), "{text}");
}

#[test]
fn the_key_in_dot_is_no_task() {
    let shape = Shape::of_graph(&example(), &[]);
    for (_, colour) in ColourBy::NAMES {
        let options = Options { colour, ..Options::default() };
        let mut out = Vec::new();
        dot(&Input { shape: &shape, trace: None }, &options, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let keyed = !colour.needs_trace() && colour != ColourBy::Group;
        assert_eq!(text.contains("cluster key"), keyed, "{colour:?}: {text}");
        assert_eq!(Shape::from_dot(&text).unwrap().len(), shape.len());
        assert!(graphviz_rust::parse(&text).is_ok(), "{text}");
    }
}
