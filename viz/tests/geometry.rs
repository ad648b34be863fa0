//! Whatever the graph, and however it is drawn: no two boxes overlap, no edge runs through a box,
//! every word has room, and nothing lies outside of the page.

mod graphs;
mod svg;

use proptest::collection::vec;
use proptest::prelude::*;
use tine_scheduler::{Graph, Inputs, TaskId};
use tine_viz::graph::{self, ColourBy, Direction, Level, Options, Shape};

use svg::Picture;

/// A graph of these names in which each task takes some that were there before.
fn random(names: &[String], pairs: &[(prop::sample::Index, prop::sample::Index)]) -> Graph {
    let n = names.len();
    let mut inputs = vec![Vec::new(); n];
    for (a, b) in pairs {
        let (a, b) = (a.index(n), b.index(n));
        if a != b {
            inputs[a.max(b)].push(a.min(b));
        }
    }
    let mut g = Graph::builder();
    let mut ids: Vec<TaskId> = Vec::new();
    for (i, name) in (0..).zip(names) {
        let own = &inputs[ids.len()];
        ids.push(match own.is_empty() && i % 4 == 0 {
            true => g.value((name.clone(), i), 1i64),
            false => {
                let from: Vec<TaskId> = own.iter().map(|&k| ids[k]).collect();
                g.gather((name.clone(), i), from, |xs: Inputs<'_, i64>| xs.map(|x| *x).sum::<i64>())
            }
        });
    }
    g.build().expect("inputs come first")
}

fn drawn(g: &Graph, options: &Options) -> String {
    let outputs: Vec<TaskId> = g.tasks().filter(|t| t.index() % 5 == 0).collect();
    let trace = graphs::measured(g, &outputs, 3, true);
    let shape = Shape::of_graph(g, &outputs);
    let mut out = Vec::new();
    let input = graph::Input { shape: &shape, trace: Some(&trace) };
    graph::svg(&input, options, &mut out).expect("a vector takes all");
    String::from_utf8(out).expect("pictures are text")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn nothing_is_in_the_way(
        names in vec("[a-z]{1,9}|[a-z<&\"é漢]{1,60}", 1..50),
        pairs in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..90),
        level in prop::sample::select(vec![Level::Tasks, Level::Layers]),
        direction in prop::sample::select(vec![Direction::Auto, Direction::Down, Direction::Right]),
        colour in prop::sample::select(ColourBy::NAMES.to_vec()),
        collapse_outputs in any::<bool>(),
        title in "[A-Z a-z]{0,80}",
    ) {
        let options = Options { level, direction, colour: colour.1, collapse_outputs, title };
        let text = drawn(&random(&names, &pairs), &options);
        let found = Picture::read(&text).and_then(|p| p.check());
        prop_assert_eq!(found, Ok(()), "{:?}", options);
    }
}

#[test]
fn nor_in_graphs_of_known_form() {
    for (name, g) in [
        ("names", graphs::names()),
        ("wide", graphs::wide(298)),
        ("deep", graphs::deep(60)),
        ("diamonds", graphs::diamonds(20)),
        ("islands", graphs::islands(60)),
        ("transposed", graphs::transposed(11)),
    ] {
        for level in [Level::Tasks, Level::Layers] {
            let text = drawn(&g, &Options { level, ..Options::default() });
            let found = Picture::read(&text).and_then(|p| p.check());
            assert_eq!(found, Ok(()), "{name} {level:?}");
        }
    }
}

#[test]
fn the_check_can_fail() {
    let text = drawn(&graphs::deep(3), &Options::default());
    let picture = Picture::read(&text).unwrap();
    assert_eq!(picture.boxes.len(), 3);
    let mut near = Picture::read(&text).unwrap();
    near.boxes[1].y = near.boxes[0].y;
    near.boxes[1].x = near.boxes[0].x;
    assert!(near.check().unwrap_err().contains("overlap"));
    let mut crossed = Picture::read(&text).unwrap();
    crossed.courses[0][0] = (crossed.boxes[2].x + 5.0, crossed.boxes[2].y + 5.0);
    assert!(crossed.check().unwrap_err().contains("runs through"));
    let mut out = Picture::read(&text).unwrap();
    out.width = 50.0;
    assert!(out.check().unwrap_err().contains("outside"));
    let mut wordy = Picture::read(&text).unwrap();
    wordy.boxes[0].labels[0].text.push_str("and so on and so on");
    assert!(wordy.check().unwrap_err().contains("too long"));
}
