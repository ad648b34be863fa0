//! Panels under one another as SVG, with one axis of time.
//! It does not know what the curves mean.

use std::io::{self, Write};

use tine_profiler::Trace;

use super::panel::{Buckets, Hover, Mark, Panel, Series, Unit};
use super::{Curve, Options, memory, progress, tasks};
use crate::legend::Legend;
use crate::palette::{self, Colour};
use crate::scale::Scale;
use crate::svg::{Page, Step, Svg, path};
use crate::{text, units};

const MARGIN: f64 = 20.0;
const HEAD: f64 = 28.0;
/// Name and summary of a panel.
const NAME: f64 = 22.0;
const PLOT: f64 = 130.0;
const GAP: f64 = 24.0;
const AXIS: f64 = 26.0;
/// Room for the labels of values: `500 MB`.
const LABELS: f64 = 64.0;
const NARROWEST: f64 = 320.0;
/// Ticks of time and of values are this far apart at least.
const TICKS: f64 = 96.0;
const RULES: f64 = 30.0;
/// A point of a curve every so many pixels.
const POINT: f64 = 2.0;
/// Narrower stretches under the pointer than this cannot be aimed at.
const AIM: f64 = 4.0;

const LIGHT: &str = "
.plot{fill:#f4f5f8}.grid{stroke:#d5d9e0;stroke-width:1}.right{text-anchor:end}.mid{text-anchor:middle}
.limit{fill:none;stroke:#20242c;stroke-width:1.5;stroke-dasharray:5 3}.mark{fill:#20242c}
.event{stroke:#c1121f;stroke-width:1.5}.flag{fill:#c1121f}.line{fill:none;stroke-width:2;stroke-linejoin:round}
.area{stroke:none;fill-opacity:.85}.hover{fill:transparent}.hover:hover{fill:#20242c22}text,.limit,.line{pointer-events:none}";
const DARK: &str = "
.plot{fill:#1c2029}.grid{stroke:#343b48}.limit{stroke:#e6e9ef}.mark{fill:#e6e9ef}.event{stroke:#ff6b6b}.flag{fill:#ff6b6b}
.hover:hover{fill:#ffffff22}";

/// A panel with its place.
struct Placed {
    panel: Panel,
    legend: Legend,
    /// Upper edge of its name, and of its plot.
    top: f64,
    plot: f64,
}

impl Placed {
    fn y(&self, value: f64) -> f64 {
        self.plot + PLOT - (value / self.panel.most).clamp(0.0, 1.0) * PLOT
    }
}

pub(super) fn draw(trace: &Trace, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let width = options.width.max(NARROWEST);
    let pixels = width - 2.0 * MARGIN - LABELS;
    let span = trace.tasks().map(|t| t.ended).max().unwrap_or(0).max(trace.about().elapsed).max(1);
    let buckets = Buckets { span, count: (pixels / POINT).max(1.0) as usize };
    let scale = Scale::new(MARGIN + LABELS, pixels, span);
    let head = if options.title.is_empty() { 0.0 } else { HEAD };
    let mut y = MARGIN + head;
    let mut placed = Vec::new();
    for curve in &options.curves {
        let panel = match curve {
            Curve::Memory => memory::memory(trace, buckets),
            Curve::Parallelism => tasks::parallelism(trace, buckets),
            Curve::Cpu => memory::cpu(trace, buckets),
            Curve::Progress => progress::progress(trace, buckets),
        };
        let legend = Legend::new(panel.legend.clone(), width - 2.0 * MARGIN - LABELS);
        let plot = y + NAME + if legend.height > 0.0 { legend.height + 4.0 } else { 0.0 };
        let height = if panel.empty.is_some() { RULES } else { PLOT };
        placed.push(Placed { panel, legend, top: y, plot });
        y = plot + height + GAP;
    }
    let style = style();
    let title = match options.title.as_str() {
        "" => "Curves over the time of a run",
        given => given,
    };
    let page = Page { width, height: y - GAP + AXIS + MARGIN, title, style: &style };
    let mut svg = Svg::begin(out, &page)?;
    if head > 0.0 {
        heading(&mut svg, trace, options, width)?;
    }
    for p in &placed {
        panel(&mut svg, p, &scale, pixels)?;
    }
    // Under the last panel that has a plot, which may not be the last of all.
    let last = placed.iter().rev().find(|p| p.panel.empty.is_none());
    let bottom = last.map_or(y - GAP, |p| p.plot + PLOT);
    for (x, label) in if last.is_some() { scale.ticks(TICKS) } else { Vec::new() } {
        svg.text(x, bottom + 18.0, "mid quiet", &label)?;
    }
    svg.end()
}

fn style() -> String {
    let (mut light, mut dark) = (LIGHT.to_owned(), DARK.to_owned());
    for i in 0..palette::len() {
        let colour = Colour::of(i);
        light += &format!(".s{i}{{stroke:{}}}", colour.hex());
        dark += &format!(".s{i}{{stroke:{}}}", colour.mix([255; 3], 0.7).hex());
    }
    palette::filled(palette::len()) + &palette::with_dark(&light, &dark)
}

fn heading(
    svg: &mut Svg<impl Write>,
    trace: &Trace,
    options: &Options,
    width: f64,
) -> io::Result<()> {
    let title = options.title.as_str();
    let at = [
        ("x", MARGIN.into()),
        ("y", (MARGIN + 14.0).into()),
        ("class", "strong".into()),
        ("style", "font-size:15px".into()),
    ];
    svg.inside("text", &at, title)?;
    let about = trace.about();
    let summary = format!(
        "{} on {}, {}",
        text::plural(trace.len() as u64, "task"),
        text::plural(about.workers.into(), "worker"),
        text::duration(about.elapsed)
    );
    let after = MARGIN + text::width(title, 15.0) + 16.0;
    match text::fit(&summary, 12.0, width - after - MARGIN) {
        Some(s) => svg.text(after, MARGIN + 14.0, "quiet", &s),
        None => Ok(()),
    }
}

fn panel(svg: &mut Svg<impl Write>, p: &Placed, scale: &Scale, pixels: f64) -> io::Result<()> {
    let left = MARGIN + LABELS;
    svg.text(left, p.top + 14.0, "strong", p.panel.name)?;
    let after = left + text::width(p.panel.name, 12.0) + 12.0;
    let end = left + pixels;
    if let Some(why) = p.panel.empty {
        let shown = text::fit(why, 12.0, pixels).unwrap_or_default();
        return svg.text(left, p.top + 14.0 + NAME, "quiet", &shown);
    }
    if let Some(s) = text::fit(&p.panel.summary, 12.0, end - after) {
        svg.text(after, p.top + 14.0, "quiet", &s)?;
    }
    p.legend.draw(svg, left, p.top + NAME)?;
    ground(svg, p, pixels)?;
    areas(svg, p, scale)?;
    rules(svg, p, scale, pixels)?;
    for series in &p.panel.lines {
        line(svg, p, scale, series)?;
    }
    hovers(svg, p, scale)?;
    p.panel.marks.iter().try_for_each(|m| mark(svg, p, scale, m))
}

fn ground(svg: &mut Svg<impl Write>, p: &Placed, pixels: f64) -> io::Result<()> {
    svg.leaf(
        "rect",
        &[
            ("class", "plot".into()),
            ("x", (MARGIN + LABELS).into()),
            ("y", p.plot.into()),
            ("width", pixels.into()),
            ("height", PLOT.into()),
        ],
    )
}

/// Lines at round values and times, over the areas, so that these can be read.
fn rules(svg: &mut Svg<impl Write>, p: &Placed, scale: &Scale, pixels: f64) -> io::Result<()> {
    let left = MARGIN + LABELS;
    let least = p.panel.most * RULES / PLOT;
    let step = match p.panel.unit {
        Unit::Share => 0.25,
        // There is no half task, and no half byte.
        Unit::Count | Unit::Bytes => units::round_step(least).max(1.0),
    };
    for i in 0.. {
        let value = f64::from(i) * step;
        if value > p.panel.most {
            break;
        }
        let y = p.y(value);
        let d = path(&[Step::Move(left, y), Step::Line(left + pixels, y)]);
        svg.leaf("path", &[("class", "grid".into()), ("d", (&d).into())])?;
        let label = match p.panel.unit {
            Unit::Bytes => units::tick_bytes(value as u64),
            Unit::Count => text::count(value as u64),
            Unit::Share => format!("{:.0} %", value * 100.0),
        };
        svg.text(left - 8.0, y + 4.0, "right quiet", &label)?;
    }
    for (x, _) in scale.ticks(TICKS) {
        let d = path(&[Step::Move(x, p.plot), Step::Line(x, p.plot + PLOT + 4.0)]);
        svg.leaf("path", &[("class", "grid".into()), ("d", (&d).into())])?;
    }
    Ok(())
}

/// Areas, each on the one before.
fn areas(svg: &mut Svg<impl Write>, p: &Placed, scale: &Scale) -> io::Result<()> {
    let mut below: Vec<(u64, f64)> = Vec::new();
    for series in &p.panel.areas {
        // Stretches between which nobody looked stand each on the ground.
        let begin = |points: &[(u64, f64)]| points.first().map(|p| p.0);
        if below.len() != series.points.len() || begin(&below) != begin(&series.points) {
            below = series.points.iter().map(|point| (point.0, 0.0)).collect();
        }
        let above: Vec<(u64, f64)> =
            series.points.iter().zip(&below).map(|(a, b)| (a.0, a.1 + b.1)).collect();
        let outline = above.iter().chain(below.iter().rev());
        let steps: Vec<Step> =
            outline.enumerate().map(|(i, (at, v))| to((i, scale.x(*at), p.y(*v)))).collect();
        let class = format!("area {}", series.class);
        svg.leaf("path", &[("class", (&class).into()), ("d", (&path(&steps)).into())])?;
        below = above;
    }
    Ok(())
}

fn line(svg: &mut Svg<impl Write>, p: &Placed, scale: &Scale, series: &Series) -> io::Result<()> {
    let points = series.points.iter().enumerate();
    let steps: Vec<Step> = points.map(|(i, (at, v))| to((i, scale.x(*at), p.y(*v)))).collect();
    let class = format!("line {}", series.class);
    svg.leaf("path", &[("class", (&class).into()), ("d", (&path(&steps)).into())])
}

fn to((i, x, y): (usize, f64, f64)) -> Step {
    if i == 0 { Step::Move(x, y) } else { Step::Line(x, y) }
}

fn hovers(svg: &mut Svg<impl Write>, p: &Placed, scale: &Scale) -> io::Result<()> {
    let mut reached = f64::NEG_INFINITY;
    for Hover { from, to, text } in &p.panel.hovers {
        let (x, end) = (scale.x(*from).max(reached), scale.x(*to));
        if end - x < AIM && p.panel.hovers.len() > 1 {
            continue;
        }
        reached = end;
        svg.titled(
            "rect",
            &[
                ("class", "hover".into()),
                ("x", x.into()),
                ("y", p.plot.into()),
                ("width", (end - x).into()),
                ("height", PLOT.into()),
            ],
            text,
        )?;
    }
    Ok(())
}

/// A line with a flag on it.
fn mark(svg: &mut Svg<impl Write>, p: &Placed, scale: &Scale, mark: &Mark) -> io::Result<()> {
    let x = scale.x(mark.at);
    let d = path(&[Step::Move(x, p.plot), Step::Line(x, p.plot + PLOT)]);
    svg.leaf("path", &[("class", "event".into()), ("d", (&d).into())])?;
    let flag = path(&[
        Step::Move(x - 5.0, p.plot - 5.0),
        Step::Line(x + 5.0, p.plot - 5.0),
        Step::Line(x, p.plot + 4.0),
    ]);
    svg.titled("path", &[("class", "flag".into()), ("d", (&flag).into())], &mark.text)
}
