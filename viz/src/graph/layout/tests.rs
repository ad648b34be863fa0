//! Whatever the graph: boxes do not overlap, edges touch no box but their own, nothing sticks out.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Points along a course, close enough to see every box that it crosses.
fn points(steps: &[Step]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for step in steps {
        let (px, py) = out.last().copied().unwrap_or((0.0, 0.0));
        match *step {
            Step::Move(x, y) => out.push((x, y)),
            Step::Line(x, y) => {
                for i in 1..=20 {
                    let t = f64::from(i) / 20.0;
                    out.push((px + (x - px) * t, py + (y - py) * t));
                }
            }
            Step::Curve([a, b, c, d, e, f]) => {
                for i in 1..=40 {
                    let (t, u) = (f64::from(i) / 40.0, 1.0 - f64::from(i) / 40.0);
                    let mix = |p: f64, q: f64, r: f64, s: f64| {
                        u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s
                    };
                    out.push((mix(px, a, c, e), mix(py, b, d, f)));
                }
            }
        }
    }
    out
}

fn check(input: &Input<'_>, layout: &Layout) -> Result<(), String> {
    let inside = |i: usize, (x, y): (f64, f64), slack: f64| {
        let ((cx, cy), (w, h)) = (layout.centres[i], input.sizes[i]);
        (x - cx).abs() < w / 2.0 - slack && (y - cy).abs() < h / 2.0 - slack
    };
    for i in 0..input.sizes.len() {
        let ((x, y), (w, h)) = (layout.centres[i], input.sizes[i]);
        let out = x - w / 2.0 < -0.1 || x + w / 2.0 > layout.width + 0.1;
        if out || y - h / 2.0 < -0.1 || y + h / 2.0 > layout.height + 0.1 {
            return Err(format!("box {i} sticks out"));
        }
        for j in 0..i {
            let ((u, v), (p, q)) = (layout.centres[j], input.sizes[j]);
            if (x - u).abs() < (w + p) / 2.0 - 0.1 && (y - v).abs() < (h + q) / 2.0 - 0.1 {
                return Err(format!("boxes {j} and {i} overlap"));
            }
        }
    }
    for (e, &(from, to)) in input.edges.iter().enumerate() {
        let course = points(&layout.curves[e]);
        for (end, at) in [(from, course[0]), (to, course[course.len() - 1])] {
            let ((cx, cy), (w, h)) = (layout.centres[end], input.sizes[end]);
            let (dx, dy) = ((at.0 - cx).abs() - w / 2.0, (at.1 - cy).abs() - h / 2.0);
            if dx.max(dy).abs() > 0.1 {
                return Err(format!("edge {e} does not end at the side of box {end}"));
            }
        }
        for i in 0..input.sizes.len() {
            if course.iter().any(|&p| inside(i, p, 0.1)) {
                return Err(format!("edge {e} crosses box {i}"));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_overlaps(
        sizes in vec((10.0..200.0f64, 10.0..50.0f64), 1..40),
        pairs in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..70),
    ) {
        let n = sizes.len();
        let mut edges: Vec<_> = pairs.iter().map(|(a, b)| (a.index(n), b.index(n))).collect();
        edges.retain(|(a, b)| a != b);
        edges.sort_unstable();
        edges.dedup();
        let input = Input { sizes: &sizes, edges: &edges };
        for direction in [Direction::Down, Direction::Right] {
            let layout = directed(&input, direction);
            prop_assert_eq!(check(&input, &layout), Ok(()), "{:?}", direction);
        }
    }
}

#[test]
fn a_chain_is_straight() {
    let edges = [(0, 1), (1, 2), (0, 2)];
    let layout = directed(&Input { sizes: &[(40.0, 20.0); 3], edges: &edges }, Direction::Down);
    assert!((layout.centres[0].0 - layout.centres[1].0).abs() < 30.0);
    assert!(layout.centres[0].1 < layout.centres[1].1);
}

#[test]
fn many_single_boxes_fill_a_rectangle() {
    let sizes = [(60.0, 24.0); 300];
    let layout = layout(&Input { sizes: &sizes, edges: &[] });
    let aspect = layout.width / layout.height;
    assert!((1.0..2.5).contains(&aspect), "{} x {}", layout.width, layout.height);
}

#[test]
fn wide_graphs_run_to_the_right() {
    let edges: Vec<_> = (0..40).map(|i| (i, 40)).collect();
    let layout = layout(&Input { sizes: &[(90.0, 24.0); 41], edges: &edges });
    assert!(layout.width < layout.height);
}

#[test]
fn many_boxes_with_the_same_neighbours_stand_in_a_block() {
    // One before 400, which are before two.
    let before = (1..=400).map(|i| (0, i));
    let after = (1..=400).flat_map(|i| [(i, 401), (i, 402)]);
    let edges: Vec<_> = before.chain(after).collect();
    let input = Input { sizes: &[(150.0, 24.0); 403], edges: &edges };
    for direction in [Direction::Down, Direction::Right] {
        let layout = directed(&input, direction);
        assert_eq!(check(&input, &layout), Ok(()), "{direction:?}");
        let aspect = layout.width / layout.height;
        assert!((1.0..3.0).contains(&aspect), "{} x {}", layout.width, layout.height);
    }
}

#[test]
fn nothing_is_laid_out_as_nothing() {
    let layout = layout(&Input { sizes: &[], edges: &[] });
    assert_eq!((layout.width, layout.height), (0.0, 0.0));
}
