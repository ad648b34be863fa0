//! Pictures as they were when somebody last looked at them; `BLESS=1` makes those of now the measure.
//! A picture that is missing is a failure.

#[expect(dead_code, reason = "other tests and the gallery use the rest")]
mod graphs;
mod made;
mod recorded;

use std::fs;
use std::path::Path;

use tine_viz::{curves, flame, graph, timeline};

fn check(name: &str, picture: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, picture).expect("the folder of goldens can be written");
        return;
    }
    let golden = fs::read(&path).unwrap_or_else(|e| {
        panic!("{}: {e}; BLESS=1 cargo test -p tine-viz writes it, then look at it", path.display())
    });
    // Compared as lines, so that a failure prints the first that differs and not the whole picture.
    let (now, then) = (String::from_utf8_lossy(picture), String::from_utf8_lossy(&golden));
    for (n, (a, b)) in now.lines().zip(then.lines()).enumerate() {
        assert_eq!(a, b, "{name}, line {}: look at it, then BLESS=1", n + 1);
    }
    assert_eq!(now.lines().count(), then.lines().count(), "{name}");
}

fn draw(g: &tine_scheduler::Graph, options: &graph::Options, format: graph::Format) -> Vec<u8> {
    let outputs = made::last(g);
    let trace = made::run(g, 2, 900);
    let mut out = Vec::new();
    let shape = graph::Shape::of_graph(g, &outputs);
    let input = graph::Input { shape: &shape, trace: Some(&trace) };
    graph::write(&input, options, format, &mut out).expect("a vector takes all");
    out
}

#[test]
fn graphs() {
    let plain = graph::Options::default();
    let apart = graph::Options { collapse_outputs: false, ..plain.clone() };
    let svg = graph::Format::Svg;
    check("graph-small.svg", &draw(&made::small(), &plain, svg));
    check("graph-small-apart.svg", &draw(&made::small(), &apart, svg));
    check("graph-small.dot", &draw(&made::small(), &plain, graph::Format::Dot));
    check("graph-flights.svg", &draw(&made::flights(10), &plain, svg));
    check("graph-tangle.svg", &draw(&made::tangle(50), &plain, svg));
    check("graph-layers.svg", &draw(&made::flights(2_000), &plain, svg));
    check("graph-tree-layers.svg", &draw(&made::tree(5_000, 8), &plain, svg));
}

/// Every colouring, of tasks and of layers, in one file each.
#[test]
fn colourings_of_graphs() {
    let (few, many) = (graphs::diamonds(3), made::flights(300));
    for (name, colour) in graph::ColourBy::NAMES {
        let options = graph::Options { colour, ..graph::Options::default() };
        for (g, kind) in [(&few, "tasks"), (&many, "layers")] {
            let outputs = made::last(g);
            let trace = graphs::measured(g, &outputs, 3, colour == graph::ColourBy::Status);
            let shape = graph::Shape::of_graph(g, &outputs);
            let input = graph::Input { shape: &shape, trace: Some(&trace) };
            let mut out = Vec::new();
            graph::svg(&input, &options, &mut out).expect("a vector takes all");
            check(&format!("graph-by-{name}-{kind}.svg"), &out);
        }
    }
}

/// What is written is read again as the same graph.
#[test]
fn files_of_graphs() {
    let g = graphs::names();
    let shape = graph::Shape::of_graph(&g, &made::last(&g));
    let input = graph::Input { shape: &shape, trace: None };
    let options = graph::Options::default();
    let mut json = Vec::new();
    graph::write(&input, &options, graph::Format::Json, &mut json).expect("a vector takes all");
    check("graph-names.json", &json);
    let read = graph::Shape::from_json(&String::from_utf8_lossy(&json)).expect("it is ours");
    assert_eq!(read, shape);
    let mut dot = Vec::new();
    graph::write(&input, &options, graph::Format::Dot, &mut dot).expect("a vector takes all");
    check("graph-names.dot", &dot);
    let read = graph::Shape::from_dot(&String::from_utf8_lossy(&dot)).expect("it is ours");
    assert_eq!(read.len(), shape.len());
    for t in 0..shape.len() {
        assert_eq!((read.key(t), read.inputs(t)), (shape.key(t), shape.inputs(t)));
        assert_eq!((read.is_value(t), read.is_output(t)), (shape.is_value(t), shape.is_output(t)));
    }
}

#[test]
fn timelines() {
    for (name, workers) in [("timeline.svg", 4), ("timeline-one-worker.svg", 1)] {
        let mut out = Vec::new();
        let trace = made::run(&made::flights(10), workers, 900);
        timeline::svg(&trace, &timeline::Options::default(), &mut out).expect("a vector takes all");
        check(name, &out);
    }
}

#[test]
fn flame_graphs() {
    let mut out = Vec::new();
    let trace = made::run(&made::flights(10), 4, 900);
    flame::svg(&trace, &flame::Options::default(), &mut out).expect("a vector takes all");
    check("flame.svg", &out);
}

#[test]
fn pictures_of_what_was_recorded() {
    let trace = recorded::sampled(12, 3, 1);
    let draw = |write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut out = Vec::new();
        write(&mut out).expect("a vector takes all");
        out
    };
    let narrow = curves::Options { width: 400.0, ..curves::Options::default() };
    check("curves.svg", &draw(&|out| curves::svg(&trace, &narrow, out)));
    let clean = trace.groups().iter().position(|g| g.name == "clean");
    let (from, to) = (Some(5_000_000), Some(15_000_000));
    let part = timeline::Options { from, to, group: clean, ..timeline::Options::default() };
    check("timeline-part.svg", &draw(&|out| timeline::svg(&trace, &part, out)));
    let icicle = flame::Options { icicle: true, ..flame::Options::default() };
    check("flame-cpu.svg", &draw(&|out| flame::svg(&trace, &icicle, out)));
    let after = recorded::sampled(12, 3, 3);
    let change = |out: &mut Vec<u8>| flame::difference((&trace, &after), &icicle, true, out);
    check("flame-change.svg", &draw(&change));
}
