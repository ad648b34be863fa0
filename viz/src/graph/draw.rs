//! A drawing as SVG.
//! It knows no graph, only boxes and links.

use std::io::{self, Write};

use super::Direction;
use super::drawing::{Drawing, Form, Node, Paint};
use super::head::Head;
use super::layout::{self, Input, Layout};
use crate::palette;
use crate::svg::{Page, Step, Svg, path};
use crate::text;

const FONT: f64 = 12.0;
const LINE: f64 = 15.0;
const PAD_X: f64 = 10.0;
const PAD_Y: f64 = 5.0;
const MARGIN: f64 = 20.0;
/// No narrower, so that heading and legend have room; a telephone shows it unscaled.
const NARROWEST: f64 = 320.0;
/// Where the line of a link ends before the box, so that the arrow's point touches it.
const ARROW: f64 = 7.0;
/// Height of a bar, and the room that it takes.
const BAR: f64 = 5.0;
const BAR_ROOM: f64 = 9.0;

const LIGHT: &str = "
.b{stroke-width:1.4}.data{fill:#f1f3f6;stroke:#7d8796}.bad{fill:#fbe0e1;stroke:#c1121f}
.shade{stroke:#5b6472}.shade.asked{stroke:#20242c}
.asked{stroke-width:3}.key{fill:none;stroke:#7d8796}.failed{stroke:#c1121f;stroke-width:3}
.line{fill:none;stroke:#8b94a3;stroke-width:1.2}.tip{fill:#8b94a3}.node text{text-anchor:middle}
.line.strong{stroke:#d55e00;stroke-width:2.6}.tip.strong{fill:#d55e00}
.track{fill:#8b94a3;fill-opacity:.28}.fplain{fill:#7d8796}.fbad{fill:#c1121f}
.node:hover .b{stroke-width:3.5}.empty{fill:transparent;stroke:none}";
const DARK: &str = "
.data{fill:#262b35;stroke:#8b94a3}.bad{fill:#4a1d22;stroke:#ff6b6b}
.shade{stroke:#9aa4b2}.shade.asked{stroke:#fff}
.key{fill:none;stroke:#8b94a3}.failed{stroke:#ff6b6b}.fbad{fill:#ff6b6b}
.line{stroke:#7d8796}.tip{fill:#7d8796}.line.strong{stroke:#f0803c}.tip.strong{fill:#f0803c}";

pub(super) fn draw(drawing: &Drawing, title: &str, out: &mut impl Write) -> io::Result<()> {
    let sizes: Vec<_> = drawing.nodes.iter().map(size).collect();
    let edges: Vec<_> = drawing.links.iter().map(|l| (l.from, l.to)).collect();
    let input = Input { sizes: &sizes, edges: &edges };
    let picture = match drawing.direction {
        Direction::Auto => layout::layout(&input),
        Direction::Down => layout::directed(&input, layout::Direction::Down),
        Direction::Right => layout::directed(&input, layout::Direction::Right),
    };
    let inner = picture.width.max(NARROWEST).max(Head::least_width(drawing));
    let head = Head::new(drawing, title, inner);
    let top = MARGIN + head.height + 12.0;
    let style = style(drawing);
    let page = Page {
        width: inner + 2.0 * MARGIN,
        height: top + picture.height + MARGIN,
        title: &format!("{title}: {}", drawing.summary),
        style: &style,
    };
    let mut svg = Svg::begin(out, &page)?;
    head.draw(&mut svg, MARGIN, MARGIN)?;
    let left = MARGIN + (inner - picture.width) / 2.0;
    svg.open("g", &[("transform", (&format!("translate({left:.1} {top:.1})")).into())])?;
    // Heavier lines lie over the others.
    for strong in [false, true] {
        for (link, steps) in drawing.links.iter().zip(&picture.curves) {
            if link.strong == strong {
                draw_link(&mut svg, steps, link.arrow, strong)?;
            }
        }
    }
    for (i, node) in drawing.nodes.iter().enumerate() {
        draw_node(&mut svg, node, sizes[i], &picture, i)?;
    }
    svg.close("g")?;
    svg.end()
}

/// The rules for what occurs in the picture.
fn style(drawing: &Drawing) -> String {
    let boxes = drawing.nodes.iter().flat_map(|n| n.bar.iter().map(|b| b.1).chain([n.paint]));
    let keys = drawing.key.swatches.iter().map(|s| s.0);
    let (mut swatches, mut shades) = (0, drawing.key.ramp.is_some());
    for paint in boxes.chain(keys) {
        match paint {
            Paint::Swatch(n) => swatches = swatches.max(n + 1),
            Paint::Shade(_) => shades = true,
            Paint::Plain | Paint::Failed => {}
        }
    }
    // The rules of shades come last: text on them overrides what text is otherwise.
    let shades = if shades { palette::shaded() } else { String::new() };
    let bars = match drawing.nodes.iter().any(|n| !n.bar.is_empty()) {
        true => palette::bars(swatches),
        false => String::new(),
    };
    palette::outlined(swatches) + &palette::with_dark(LIGHT, DARK) + &bars + &shades
}

fn size(node: &Node) -> (f64, f64) {
    let widest = node.lines.iter().map(|l| text::width(l, FONT)).fold(0.0, f64::max);
    let pad = match node.form {
        Form::Count => return (widest + 6.0, LINE + 2.0),
        Form::Task => PAD_X,
        Form::Value => PAD_X + 3.0,
    };
    let bar = if node.bar.is_empty() { 0.0 } else { BAR_ROOM };
    ((widest + 2.0 * pad).max(40.0), node.lines.len() as f64 * LINE + 2.0 * PAD_Y + bar)
}

/// The line stops short of its arrow, which is drawn along the last direction.
fn draw_link(
    svg: &mut Svg<impl Write>,
    steps: &[Step],
    arrow: bool,
    strong: bool,
) -> io::Result<()> {
    let (line, point) = if strong { ("line strong", "tip strong") } else { ("line", "tip") };
    let mut steps = steps.to_vec();
    let ends = |s: &Step| match *s {
        Step::Move(x, y) | Step::Line(x, y) | Step::Curve([_, _, _, _, x, y]) => (x, y),
    };
    let n = steps.len();
    if !arrow || n < 2 {
        return svg.leaf("path", &[("class", line.into()), ("d", (&path(&steps)).into())]);
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
    let wing = ARROW * if strong { 0.6 } else { 0.45 };
    let tip = [
        Step::Move(x, y),
        Step::Line(bx - dy * wing, by + dx * wing),
        Step::Line(bx + dy * wing, by - dx * wing),
    ];
    svg.leaf("path", &[("class", line.into()), ("d", (&path(&steps)).into())])?;
    svg.leaf("path", &[("class", point.into()), ("d", (&path(&tip)).into())])
}

fn draw_node(
    svg: &mut Svg<impl Write>,
    node: &Node,
    (w, h): (f64, f64),
    picture: &Layout,
    i: usize,
) -> io::Result<()> {
    let (cx, cy) = picture.centres[i];
    let class = match node.paint {
        Paint::Shade(n) => format!("node on{n}"),
        _ => "node".to_owned(),
    };
    svg.open("g", &[("class", (&class).into())])?;
    svg.inside("title", &[], &node.title)?;
    let round = if node.form == Form::Value { (h / 2.0).min(14.0) } else { 5.0 };
    svg.leaf(
        "rect",
        &[
            ("class", (&box_class(node)).into()),
            ("x", (cx - w / 2.0).into()),
            ("y", (cy - h / 2.0).into()),
            ("width", w.into()),
            ("height", h.into()),
            ("rx", round.into()),
        ],
    )?;
    let bar = if node.bar.is_empty() { 0.0 } else { BAR_ROOM };
    let first = cy - bar / 2.0 - (node.lines.len() as f64 - 1.0) * LINE / 2.0 + FONT * 0.35;
    for (n, line) in node.lines.iter().enumerate() {
        let class = if n > 0 || node.form == Form::Count { "quiet" } else { "" };
        svg.text(cx, first + n as f64 * LINE, class, line)?;
    }
    draw_bar(svg, node, (cx - w / 2.0 + PAD_X, cy + h / 2.0 - PAD_Y - BAR), w - 2.0 * PAD_X)?;
    svg.close("g")
}

fn draw_bar(
    svg: &mut Svg<impl Write>,
    node: &Node,
    (left, top): (f64, f64),
    whole: f64,
) -> io::Result<()> {
    if node.bar.is_empty() {
        return Ok(());
    }
    let mut part = |class: &str, x: f64, width: f64| {
        let at = [
            ("class", class.into()),
            ("x", x.into()),
            ("y", top.into()),
            ("width", width.into()),
            ("height", BAR.into()),
        ];
        svg.leaf("rect", &at)
    };
    part("track", left, whole)?;
    let mut x = left;
    for &(share, paint) in &node.bar {
        let class = match paint {
            Paint::Swatch(n) => format!("f{}", n % palette::len()),
            Paint::Shade(_) => "own".to_owned(),
            Paint::Plain => "fplain".to_owned(),
            Paint::Failed => "fbad".to_owned(),
        };
        // What took any time at all is to be seen.
        let width = (share * whole).max(0.75).min((left + whole - x).max(0.0));
        part(&class, x, width)?;
        x += width;
    }
    Ok(())
}

fn box_class(node: &Node) -> String {
    let base = match (node.form, node.paint) {
        (Form::Count, _) => return "empty".to_owned(),
        (_, Paint::Swatch(n)) => format!("b {}", palette::class(n)),
        (_, Paint::Shade(n)) => format!("b shade v{n}"),
        (_, Paint::Failed) => "b bad".to_owned(),
        (_, Paint::Plain) => "b data".to_owned(),
    };
    let asked = if node.asked { " asked" } else { "" };
    let failed = if node.failed { " failed" } else { "" };
    format!("{base}{asked}{failed}")
}
