//! `visualize` as users see it: files by their endings, options, and what errors say.

use std::fs;
use std::path::Path;
use std::process::Command;

use tine::prelude::*;
use tine::scheduler::Plan;
use tine::visualize::{ColourBy, Direction, Engine, Level, Options, Shape, VisualizeErrorKind};
use tine::{Graph, Serial};

fn sum() -> Delayed<i64> {
    let parts: Vec<_> = (0..3).map(|x: i64| tine::call(|x| x * x, (x,))).collect();
    tine::call(|xs: Vec<i64>| xs.into_iter().sum(), (&parts,))
}

fn has_dot() -> bool {
    Command::new("dot").arg("-V").output().is_ok()
}

#[test]
fn the_ending_says_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let sum = sum();
    for (ending, start) in
        [("svg", "<svg "), ("dot", "strict digraph"), ("GV", "strict digraph"), ("json", "{")]
    {
        let path = folder.path().join(format!("graph.{ending}"));
        sum.visualize(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(start), "{ending}: {}", &text[..40]);
    }
    let text = fs::read_to_string(folder.path().join("graph.json")).unwrap();
    assert_eq!(Shape::from_json(&text).unwrap().len(), 4);
}

#[test]
fn endings_that_are_not_known_are_named() {
    for path in ["graph.bmp", "graph", "graph."] {
        let e = sum().visualize(path).unwrap_err();
        assert_eq!(e.kind(), VisualizeErrorKind::UnknownFormat);
        assert!(e.to_string().contains(&format!("`{path}`")), "{e}");
        assert!(e.to_string().ends_with("svg, dot, gv, json, png, pdf, jpg, jpeg"), "{e}");
        assert!(!Path::new(path).exists());
    }
}

#[test]
fn files_that_cannot_be_written_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("graph.svg");
    let e = sum().visualize(&path).unwrap_err();
    assert_eq!(e.kind(), VisualizeErrorKind::Write);
    assert!(e.to_string().contains(&path.display().to_string()), "{e}");
    let as_tine: tine::Error = e.into();
    assert!(as_tine.to_string().contains("graph.svg"));
}

#[test]
fn whatever_is_lazy_is_drawn_with_what_it_shares() {
    let (one, other) = (sum(), sum());
    let boxes = |picture: String| picture.matches("class=\"node").count();
    let options = Options::new();
    assert_eq!(boxes(one.picture(&options).unwrap()), 4);
    assert_eq!(boxes((&one, &one).picture(&options).unwrap()), 4);
    assert_eq!(boxes(vec![&one, &other].picture(&options).unwrap()), 8);
    assert_eq!(boxes([(&one, Some(&other))].picture(&options).unwrap()), 8);
    let apart = Options::new().collapse_outputs(false);
    assert_eq!(boxes(one.picture(&apart).unwrap()), 8);
    let layers = Options::new().level(Level::Layers).direction(Direction::Right).title("Mine");
    let picture = one.picture(&layers).unwrap();
    assert!(picture.contains("4 tasks, in 1 group") || picture.contains("4 tasks, in 2 groups"));
    assert!(picture.contains(">Mine<"));
}

fn graph() -> Graph {
    let mut g = Graph::builder();
    g.value("x", 1i64);
    g.task("y", ["x"], |x: &i64| x + 1);
    g.task("unasked", ["x"], |x: &i64| x + 2);
    g.build().expect("no name is missing")
}

#[test]
fn graphs_plans_traces_and_shapes_are_drawn_too() {
    let g = graph();
    let outputs = g.find_all(["y"]).unwrap();
    let plan = Plan::new(&g, &outputs).unwrap();
    let (before, after) = (Options::new(), Options::new().optimized(true));
    assert!(g.picture(&before).unwrap().contains("2 tasks, 1 value"));
    assert!(plan.picture(&before).unwrap().contains("2 tasks, 1 value"));
    let optimized = plan.picture(&after).unwrap();
    assert!(optimized.contains("1 task, 1 value") && !optimized.contains("unasked"));
    let recorded = tine::profile(|| tine::scheduler::get(&g, ["y"], &Serial::new()));
    recorded.output.unwrap();
    let trace = recorded.run.longest().unwrap();
    let by_time = Options::new().colour(ColourBy::Time);
    assert!(trace.picture(&by_time).unwrap().contains("on worker 0"));
    let beside = g.picture(&by_time.clone().trace(trace)).unwrap();
    assert!(beside.contains("on worker 0") && beside.contains("unasked"));
    let shape = Shape::from_dot("digraph { a -> b }").unwrap();
    assert!(shape.picture(&before).unwrap().contains("2 tasks"));
}

#[test]
fn colours_of_a_run_need_one() {
    let e = sum().picture(&Options::new().colour(ColourBy::Worker)).unwrap_err();
    assert_eq!(e.kind(), VisualizeErrorKind::NoTrace);
    assert!(e.to_string().contains("Options::trace"), "{e}");
    assert!(sum().picture(&Options::new().colour(ColourBy::Critical)).is_ok());
}

#[test]
fn the_own_layout_draws_svg_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.png");
    let e = sum().visualize_with(&path, &Options::new().engine(Engine::Own)).unwrap_err();
    assert_eq!(e.kind(), VisualizeErrorKind::Engine);
    assert!(!path.exists());
}

#[test]
#[expect(clippy::print_stdout, reason = "whoever runs it should know that most of it did not run")]
fn graphviz_draws_what_it_alone_can() {
    let folder = tempfile::tempdir().unwrap();
    let sum = sum();
    if !has_dot() {
        let e = sum.visualize(folder.path().join("graph.png")).unwrap_err();
        assert_eq!(e.kind(), VisualizeErrorKind::DotMissing);
        println!("skipped: Graphviz is not installed");
        return;
    }
    for (ending, start) in [("png", &b"\x89PNG"[..]), ("pdf", b"%PDF"), ("jpg", b"\xff\xd8\xff")] {
        let path = folder.path().join(format!("graph.{ending}"));
        sum.visualize(&path).unwrap();
        assert!(fs::read(&path).unwrap().starts_with(start), "{ending}");
    }
    let picture = sum.picture(&Options::new().engine(Engine::Dot)).unwrap();
    assert!(picture.contains("Generated by graphviz"), "{picture}");
    // Names that need quoting are understood, and every colouring.
    let mut g = Graph::builder();
    g.value("a \"b\" <c> & \\ d\\", 1i64);
    let odd = g.task("é {x} | \\N", ["a \"b\" <c> & \\ d\\"], |x: &i64| *x);
    let g = g.build().unwrap();
    assert_eq!(g.key(odd).group(), "é {x} | \\N");
    let picture = g.picture(&Options::new().engine(Engine::Dot).colour(ColourBy::Order)).unwrap();
    assert!(picture.contains("é {x} | \\N"), "{picture}");
    assert!(picture.contains("a &quot;b&quot; &lt;c&gt; &amp; \\ d\\"), "{picture}");
}
