//! A drawing as SVG.
//! It knows no graph, only boxes and links.

use std::io::{self, Write};

use super::drawing::{Drawing, Node, Shape};
use super::layout::{Input, Layout, layout};
use crate::legend::Legend;
use crate::palette;
use crate::svg::{Page, Step, Svg, path};
use crate::text;

const FONT: f64 = 12.0;
const LINE: f64 = 15.0;
const PAD_X: f64 = 10.0;
const PAD_Y: f64 = 5.0;
const MARGIN: f64 = 20.0;
const HEAD: f64 = 28.0;
/// No narrower, so that heading and legend have room.
const NARROWEST: f64 = 460.0;
/// Where the line of a link ends before the box, so that the arrow's point touches it.
const ARROW: f64 = 7.0;

const LIGHT: &str = "
.b{stroke-width:1.4}.data{fill:#f1f3f6;stroke:#7d8796}
.asked{stroke-width:3}.key{fill:none;stroke:#7d8796}.failed{stroke:#c1121f;stroke-width:3}
.line{fill:none;stroke:#8b94a3;stroke-width:1.2}.tip{fill:#8b94a3}.node text{text-anchor:middle}
.node:hover .b{stroke-width:3.5}.empty{fill:transparent;stroke:none}";
const DARK: &str = "
.data{fill:#262b35;stroke:#8b94a3}.key{fill:none;stroke:#8b94a3}.failed{stroke:#ff6b6b}
.line{stroke:#7d8796}.tip{fill:#7d8796}";

pub(super) fn draw(drawing: &Drawing, title: &str, out: &mut impl Write) -> io::Result<()> {
    let sizes: Vec<_> = drawing.nodes.iter().map(size).collect();
    let mut edges: Vec<_> = drawing.links.iter().map(|l| (l.from, l.to)).collect();
    // The layout wants each pair once; links are made so.
    edges.dedup();
    let picture = layout(&Input { sizes: &sizes, edges: &edges });
    let heading = text::width(title, 15.0) + text::width(&drawing.summary, FONT) + 40.0;
    let inner = picture.width.max(NARROWEST).max(heading);
    let legend = Legend::new(drawing.legend(), inner);
    let top = MARGIN + HEAD + legend.height + 12.0;
    let style = palette::outlined(drawing.colours()) + &palette::with_dark(LIGHT, DARK);
    let page = Page {
        width: inner + 2.0 * MARGIN,
        height: top + picture.height + MARGIN,
        title: &format!("{title}: {}", drawing.summary),
        style: &style,
    };
    let mut svg = Svg::begin(out, &page)?;
    heading_and_legend(&mut svg, drawing, title, &legend)?;
    let left = MARGIN + (inner - picture.width) / 2.0;
    svg.open("g", &[("transform", (&format!("translate({left:.1} {top:.1})")).into())])?;
    for (link, steps) in drawing.links.iter().zip(&picture.curves) {
        draw_link(&mut svg, steps, link.arrow)?;
    }
    for (i, node) in drawing.nodes.iter().enumerate() {
        draw_node(&mut svg, node, sizes[i], &picture, i)?;
    }
    svg.close("g")?;
    svg.end()
}

fn heading_and_legend(
    svg: &mut Svg<impl Write>,
    drawing: &Drawing,
    title: &str,
    legend: &Legend,
) -> io::Result<()> {
    let style = ("style", "font-size:15px".into());
    let at =
        [("x", MARGIN.into()), ("y", (MARGIN + 14.0).into()), ("class", "strong".into()), style];
    svg.inside("text", &at, title)?;
    let after = MARGIN + text::width(title, 15.0) + 16.0;
    svg.text(after, MARGIN + 14.0, "quiet", &drawing.summary)?;
    legend.draw(svg, MARGIN, MARGIN + HEAD)
}

fn size(node: &Node) -> (f64, f64) {
    let widest = node.lines.iter().map(|l| text::width(l, FONT)).fold(0.0, f64::max);
    let pad = match node.shape {
        Shape::Count => return (widest + 6.0, LINE + 2.0),
        Shape::Task => PAD_X,
        Shape::Value => PAD_X + 3.0,
    };
    ((widest + 2.0 * pad).max(40.0), node.lines.len() as f64 * LINE + 2.0 * PAD_Y)
}

/// The line stops short of its arrow, which is drawn along the last direction.
fn draw_link(svg: &mut Svg<impl Write>, steps: &[Step], arrow: bool) -> io::Result<()> {
    let mut steps = steps.to_vec();
    let ends = |s: &Step| match *s {
        Step::Move(x, y) | Step::Line(x, y) | Step::Curve([_, _, _, _, x, y]) => (x, y),
    };
    let n = steps.len();
    if !arrow || n < 2 {
        return svg.leaf("path", &[("class", "line".into()), ("d", (&path(&steps)).into())]);
    }
    let (x, y) = ends(&steps[n - 1]);
    let (px, py) = match steps[n - 1] {
        Step::Curve([_, _, c, d, ..]) => (c, d),
        _ => ends(&steps[n - 2]),
    };
    let length = (x - px).hypot(y - py).max(0.01);
    let (dx, dy) = ((x - px) / length, (y - py) / length);
    let (bx, by) = (x - dx * ARROW, y - dy * ARROW);
    match &mut steps[n - 1] {
        Step::Move(ex, ey) | Step::Line(ex, ey) | Step::Curve([_, _, _, _, ex, ey]) => {
            (*ex, *ey) = (bx, by);
        }
    }
    let wing = ARROW * 0.45;
    let tip = [
        Step::Move(x, y),
        Step::Line(bx - dy * wing, by + dx * wing),
        Step::Line(bx + dy * wing, by - dx * wing),
    ];
    svg.leaf("path", &[("class", "line".into()), ("d", (&path(&steps)).into())])?;
    svg.leaf("path", &[("class", "tip".into()), ("d", (&path(&tip)).into())])
}

fn draw_node(
    svg: &mut Svg<impl Write>,
    node: &Node,
    (w, h): (f64, f64),
    picture: &Layout,
    i: usize,
) -> io::Result<()> {
    let (cx, cy) = picture.centres[i];
    svg.open("g", &[("class", "node".into())])?;
    svg.inside("title", &[], &node.title)?;
    let round = if node.shape == Shape::Value { h / 2.0 } else { 5.0 };
    svg.leaf(
        "rect",
        &[
            ("class", (&class(node)).into()),
            ("x", (cx - w / 2.0).into()),
            ("y", (cy - h / 2.0).into()),
            ("width", w.into()),
            ("height", h.into()),
            ("rx", round.into()),
        ],
    )?;
    let first = cy - (node.lines.len() as f64 - 1.0) * LINE / 2.0 + FONT * 0.35;
    for (n, line) in node.lines.iter().enumerate() {
        let class = if n > 0 || node.shape == Shape::Count { "quiet" } else { "" };
        svg.text(cx, first + n as f64 * LINE, class, line)?;
    }
    svg.close("g")
}

fn class(node: &Node) -> String {
    let base = match (node.shape, node.colour) {
        (Shape::Count, _) => return "empty".to_owned(),
        (Shape::Task, Some(c)) => format!("b {}", palette::class(c)),
        _ => "b data".to_owned(),
    };
    let asked = if node.asked { " asked" } else { "" };
    let failed = if node.failed { " failed" } else { "" };
    format!("{base}{asked}{failed}")
}
