//! Lanes as SVG: rows, boxes, axis, deaths.
//! It does not decide which tasks share a box.

use std::io::{self, Write};

use tine_profiler::Trace;
use tine_scheduler::{Key, TaskStatus};

use super::Options;
use super::lanes::{Cut, Slice, lanes};
use crate::label::{self, Labels};
use crate::legend::{Entry, Legend};
use crate::palette;
use crate::scale::Scale;
use crate::svg::{Page, Step, Svg, path};
use crate::text;

const MARGIN: f64 = 20.0;
const HEAD: f64 = 28.0;
const AXIS: f64 = 26.0;
/// Room for the busy share at the right.
const SHARE: f64 = 56.0;
const NARROWEST: f64 = 360.0;
/// Ticks are this far apart at least: the longest label and some air.
const TICKS: f64 = 96.0;
/// Narrower boxes than this are drawn together.
const HALF_PIXEL: f64 = 0.5;
/// The least part of a row's height that is filled, so that rare short tasks are seen.
const LOWEST: f64 = 0.2;

const LIGHT: &str = "
.row{fill:#eef0f4}.grid{stroke:#c9ced6;stroke-width:1}.edge{stroke:#fff;stroke-width:.5}
.box{shape-rendering:crispEdges}.box:hover{stroke:#20242c;stroke-width:1.5}.other{fill:#c3c9d3}
.failed{fill:#c1121f}.again{fill:#20242c}.mark{pointer-events:none}.again.mark{stroke:#fff;stroke-width:.75}
.death{stroke:#c1121f;stroke-width:2;fill:none}.halo{stroke:#fff;stroke-width:5;fill:none}.right{text-anchor:end}.mid{text-anchor:middle}
text{pointer-events:none}";
const DARK: &str = "
.row{fill:#222732}.grid{stroke:#3a414e}.edge{stroke:#15181e}.box{shape-rendering:crispEdges}.box:hover{stroke:#fff}
.other{fill:#4a5261}.failed{fill:#ff6b6b}.again{fill:#fff}.again.mark{stroke:#15181e}.death{stroke:#ff6b6b}.halo{stroke:#15181e}";

/// Where things stand.
struct Frame {
    left: f64,
    top: f64,
    row: f64,
    scale: Scale,
    rows: usize,
    width: f64,
}

impl Frame {
    /// The upper edge of a row, and the height of what is drawn in it.
    fn row(&self, i: usize) -> (f64, f64) {
        (self.top + i as f64 * self.row, (self.row * 0.86).max(1.0))
    }

    /// Whether a time is in the picture.
    fn shows(&self, at: u64) -> bool {
        let x = self.scale.x(at);
        x >= self.left && x <= self.left + self.width
    }

    fn bottom(&self) -> f64 {
        self.top + self.rows as f64 * self.row
    }
}

pub(super) fn draw(trace: &Trace, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let colours = colours(trace);
    let width = options.width.max(NARROWEST);
    let legend = Legend::new(entries(trace, &colours, options), width - 2.0 * MARGIN);
    let (from, to) = stretch(trace, options);
    let busy = busy(trace, (from, to));
    let span = to - from;
    let label = format!("worker {}", busy.len().saturating_sub(1));
    let left = MARGIN + text::width(&label, 12.0) + 10.0;
    let pixels = width - left - MARGIN - SHARE;
    let frame = Frame {
        left,
        top: MARGIN + HEAD + legend.height + 10.0,
        row: (700.0 / busy.len().max(1) as f64).clamp(4.0, 26.0),
        scale: Scale::between(left, pixels, (from, to)),
        rows: busy.len(),
        width: pixels,
    };
    let visible = (span as f64 * HALF_PIXEL / pixels).ceil() as u64;
    let used = colours.iter().flatten().max().map_or(0, |c| c + 1);
    let style = palette::filled(used) + &palette::with_dark(LIGHT, DARK);
    let summary = summary(trace, options);
    let page = Page {
        width,
        height: frame.bottom() + AXIS + MARGIN,
        title: &format!("{}: {summary}", options.title),
        style: &style,
    };
    let mut svg = Svg::begin(out, &page)?;
    heading(&mut svg, &options.title, &summary, width)?;
    legend.draw(&mut svg, MARGIN, MARGIN + HEAD)?;
    rows(&mut svg, &frame, &busy, span)?;
    axis(&mut svg, &frame)?;
    let run = Run { trace, colours: &colours, group: options.group };
    let lanes = lanes(trace, Cut { visible, from, to, group: options.group });
    for (i, lane) in lanes.iter().enumerate() {
        lane.iter().try_for_each(|slice| draw_slice(&mut svg, &frame, run, i, slice))?;
    }
    // Above all boxes, so that no neighbour covers them.
    for (i, lane) in lanes.iter().enumerate() {
        lane.iter().try_for_each(|slice| marks(&mut svg, &frame, trace, i, slice))?;
    }
    deaths(&mut svg, &frame, trace)?;
    svg.end()
}

/// What is drawn of a run, and how.
#[derive(Clone, Copy)]
struct Run<'a> {
    trace: &'a Trace,
    colours: &'a [Option<usize>],
    /// The group that alone has colour.
    group: Option<usize>,
}

/// What is asked for, in the run or up to its last task, whichever ends later.
fn stretch(trace: &Trace, options: &Options) -> (u64, u64) {
    let end = trace.tasks().map(|t| t.ended).max().unwrap_or(0).max(trace.about().elapsed);
    let to = options.to.map_or(end, |t| t.min(end));
    (options.from.unwrap_or(0).min(to), to)
}

/// Time in tasks in a stretch, by worker.
fn busy(trace: &Trace, (from, to): (u64, u64)) -> Vec<u64> {
    let mut busy = vec![0; trace.busy().len()];
    for t in trace.tasks().filter(|t| t.ran()) {
        busy[usize::from(t.worker)] += t.ended.min(to).saturating_sub(t.started.max(from));
    }
    for (rank, slot) in trace.further_slots().filter(|(rank, _)| *rank < trace.len()) {
        let t = trace.task(rank);
        if t.ran() {
            busy[usize::from(slot)] += t.ended.min(to).saturating_sub(t.started.max(from));
        }
    }
    busy
}

/// Colours count as in the picture of the graph: groups with tasks, in their order.
fn colours(trace: &Trace) -> Vec<Option<usize>> {
    let mut next = 0..;
    let used = trace.group_totals().into_iter().map(|t| t.tasks > 0);
    used.map(|u| if u { next.next() } else { None }).collect()
}

fn entries(trace: &Trace, colours: &[Option<usize>], options: &Options) -> Vec<Entry> {
    let named = trace.groups().iter().zip(colours);
    let mut labels = Labels::default();
    let groups = named.enumerate().filter_map(|(i, (g, c))| {
        let (class, name) = (palette::class((*c)?), labels.group(&g.name));
        let is_shown = options.group.is_none_or(|only| only == i);
        is_shown.then_some(Entry { class, round: 2.0, name })
    });
    let groups: Vec<Entry> = groups.collect();
    let ran = || trace.tasks().filter(|t| t.ran());
    let others = [
        ("other", "other groups", options.group.is_some()),
        ("row", "idle", true),
        ("failed", "failed", ran().any(|t| t.status == TaskStatus::Failed)),
        ("again", "tried again", ran().any(|t| t.attempt > 1)),
    ];
    let others = others.iter().filter(|o| o.2).map(|o| Entry {
        class: o.0.to_owned(),
        round: 2.0,
        name: o.1.to_owned(),
    });
    groups.into_iter().chain(others).collect()
}

fn summary(trace: &Trace, options: &Options) -> String {
    let ran = trace.tasks().filter(|t| t.ran()).count() as u64;
    let (about, workers) = (trace.about(), trace.busy().len() as u64);
    let mut s = format!(
        "{} on {} ({}), {}",
        text::plural(ran, "task"),
        text::plural(workers, "worker"),
        if about.scheduler.is_empty() { "no run" } else { &about.scheduler },
        text::duration(about.elapsed)
    );
    if about.error.is_some() || trace.failed_jobs().is_some() {
        s += ", failed";
    }
    if options.from.is_some() || options.to.is_some() {
        let (from, to) = stretch(trace, options);
        s += &format!("; from {} to {}", text::duration(from), text::duration(to));
    }
    s
}

fn heading(svg: &mut Svg<impl Write>, title: &str, summary: &str, width: f64) -> io::Result<()> {
    let style = ("style", "font-size:15px".into());
    let y = MARGIN + 14.0;
    svg.inside(
        "text",
        &[("x", MARGIN.into()), ("y", y.into()), ("class", "strong".into()), style],
        title,
    )?;
    let after = MARGIN + text::width(title, 15.0) + 16.0;
    match text::fit(summary, 12.0, width - after - MARGIN) {
        Some(s) => svg.text(after, y, "quiet", &s),
        None => Ok(()),
    }
}

fn rows(svg: &mut Svg<impl Write>, frame: &Frame, busy: &[u64], span: u64) -> io::Result<()> {
    // Labels are 12 pixels high: lower rows are named so far apart that they can be read.
    let every = (14.0 / frame.row).ceil() as usize;
    for (i, &time) in busy.iter().enumerate() {
        let (y, height) = frame.row(i);
        let share = format!("{:.0} %", time as f64 / span.max(1) as f64 * 100.0);
        let title =
            format!("worker {i}: busy {} of {}", text::duration(time), text::duration(span));
        svg.titled(
            "rect",
            &[
                ("class", "row".into()),
                ("x", frame.left.into()),
                ("y", y.into()),
                ("width", frame.width.into()),
                ("height", height.into()),
            ],
            &title,
        )?;
        if i % every == 0 {
            let middle = y + height / 2.0 + 4.0;
            svg.text(frame.left - 10.0, middle, "right", &format!("worker {i}"))?;
            svg.text(frame.left + frame.width + SHARE, middle, "right quiet", &share)?;
        }
    }
    Ok(())
}

fn axis(svg: &mut Svg<impl Write>, frame: &Frame) -> io::Result<()> {
    let bottom = frame.bottom();
    for (x, label) in frame.scale.ticks(TICKS) {
        let line = path(&[Step::Move(x, frame.top - 4.0), Step::Line(x, bottom + 4.0)]);
        svg.leaf("path", &[("class", "grid".into()), ("d", (&line).into())])?;
        svg.text(x, bottom + 18.0, "mid quiet", &label)?;
    }
    Ok(())
}

fn draw_slice(
    svg: &mut Svg<impl Write>,
    frame: &Frame,
    run: Run<'_>,
    lane: usize,
    slice: &Slice,
) -> io::Result<()> {
    let (y, height) = frame.row(lane);
    let edges = (frame.left, frame.left + frame.width);
    let x = frame.scale.x(slice.from).clamp(edges.0, edges.1);
    // With sharp edges, what is narrower than a pixel may fall between two of them.
    let width = (frame.scale.x(slice.to).clamp(edges.0, edges.1) - x).max(1.0);
    let place = run.colours[slice.group].unwrap_or(0);
    // A white edge tells boxes apart, but would hide those that are hardly wider than itself.
    let edge = if width > 3.0 { " edge" } else { "" };
    // Idle time between tasks that share a box is seen as the part of the row that it leaves free.
    let part = |time: u64| time as f64 / (slice.to - slice.from).max(1) as f64;
    let mut draw = |class: &str, filled: f64| {
        let class = format!("box {class}{edge}");
        let at = [
            ("class", (&class).into()),
            ("x", x.into()),
            ("y", (y + height - filled).into()),
            ("width", width.into()),
            ("height", filled.into()),
        ];
        svg.titled("rect", &at, &title(run.trace, slice))
    };
    let filled = height * part(slice.busy).clamp(LOWEST, 1.0);
    match run.group {
        None => draw(&palette::class(place), filled)?,
        Some(_) if slice.lit == slice.busy && slice.lit > 0 => {
            draw(&palette::class(place), filled)?;
        }
        Some(_) => draw("other", filled)?,
    }
    if let Some(group) = run.group.filter(|_| slice.lit > 0 && slice.lit < slice.busy) {
        let colour = palette::class(run.colours[group].unwrap_or(0));
        draw(&colour, height * part(slice.lit).clamp(LOWEST, 1.0))?;
    }
    let named = run.group.is_none_or(|_| slice.lit > 0);
    if height < 14.0 || slice.tasks > 1 || !named {
        return Ok(());
    }
    let Some(label) = label(run.trace, slice.longest, width - 8.0) else { return Ok(()) };
    let class = format!("t{}", place % palette::len());
    let at = [
        ("x", (x + 4.0).into()),
        ("y", (y + height / 2.0 + 4.0).into()),
        ("class", (&class).into()),
        ("style", "font-size:11px".into()),
    ];
    svg.inside("text", &at, &label)
}

/// A bar at the foot of the first task in a box that failed, a notch at the head of the first that
/// was tried again: both can be seen in rows and boxes of a few pixels.
fn marks(
    svg: &mut Svg<impl Write>,
    frame: &Frame,
    trace: &Trace,
    lane: usize,
    slice: &Slice,
) -> io::Result<()> {
    let (y, height) = frame.row(lane);
    let (left, right) = (frame.left, frame.left + frame.width);
    let size = (height * 0.3).clamp(2.0, 5.0);
    if let Some((rank, _)) = slice.failed {
        let t = trace.task(rank);
        let x = frame.scale.x(t.started).clamp(left, right - 2.0);
        let width = (frame.scale.x(t.ended).min(right) - x).max(2.0);
        let at = [
            ("class", "failed mark".into()),
            ("x", x.into()),
            ("y", (y + height - size).into()),
            ("width", width.into()),
            ("height", size.into()),
        ];
        svg.leaf("rect", &at)?;
    }
    if let Some((rank, _)) = slice.again {
        let x = frame.scale.x(trace.task(rank).started).clamp(left, right - 2.0);
        let notch = path(&[
            Step::Move(x, y),
            Step::Line(x + size * 1.4, y),
            Step::Line(x, y + size * 1.4),
            Step::Line(x, y),
        ]);
        // It lets the pointer through to its box, which says it.
        svg.leaf("path", &[("class", "again mark".into()), ("d", (&notch).into())])?;
    }
    Ok(())
}

/// The name of a task as far as there is room: the position alone, since the colour tells the group,
/// before a name that was cut.
fn label(trace: &Trace, rank: usize, room: f64) -> Option<String> {
    let task = trace.task(rank);
    if let Some(title) = trace.title(rank) {
        return title_in(title, room);
    }
    let key = Key::new(label::function(&trace.groups()[task.group].name), task.position);
    let whole = key.to_string();
    let fits = |s: &String| text::width(s, 11.0) <= room;
    if fits(&whole) {
        return Some(whole);
    }
    if key.position().is_empty() {
        return text::fit(&whole, 11.0, room);
    }
    Some(Key::new("", key.position()).to_string()).filter(fits)
}

/// The name of a job as far as there is room: its values alone before a name that was cut.
fn title_in(title: &str, room: f64) -> Option<String> {
    let fits = |s: &str| text::width(s, 11.0) <= room;
    let values = title.split_once(':').map_or(title, |(_, values)| values);
    match () {
        () if fits(title) => Some(title.to_owned()),
        () => text::fit(values, 11.0, room),
    }
}

fn title(trace: &Trace, slice: &Slice) -> String {
    let longest = trace.task(slice.longest);
    let name = trace.name(longest.rank);
    let (from, took) = (text::duration(slice.from), text::duration(slice.to - slice.from));
    if slice.tasks > 1 {
        let most = &trace.groups()[slice.group].name;
        let mut s = format!(
            "{} in {took}, mostly {most}\nfrom {from}, busy {}\nthe longest: {name}, {}",
            text::plural(slice.tasks, "task"),
            text::duration(slice.busy),
            text::duration(longest.duration())
        );
        for (seen, what) in [(slice.failed, "failed"), (slice.again, "tried again")] {
            if let Some((rank, n)) = seen {
                let key = trace.name(rank);
                s += &format!("\n{what}: {}, the first {key}", text::count(n));
            }
        }
        return s;
    }
    let cpu = longest
        .cpu_us
        .map_or(String::new(), |us| format!(", CPU {}", text::duration(u64::from(us) * 1000)));
    let attempt = match longest.attempt {
        0 | 1 => String::new(),
        n => format!("\nattempt {n}"),
    };
    let failed = if slice.failed.is_some() { "\nfailed" } else { "" };
    format!("{name}\n{took}{cpu}\nfrom {from}{attempt}{failed}")
}

/// A cross in the row of each worker that died.
fn deaths(svg: &mut Svg<impl Write>, frame: &Frame, trace: &Trace) -> io::Result<()> {
    for fact in trace.workers() {
        let Some(death) = fact.death.as_ref().filter(|_| frame.shows(fact.at)) else { continue };
        let (y, height) = frame.row(usize::from(fact.worker));
        let (x, middle) = (frame.scale.x(fact.at), y + height / 2.0);
        let arm = (height / 2.0).min(6.0);
        let cross = path(&[
            Step::Move(x - arm, middle - arm),
            Step::Line(x + arm, middle + arm),
            Step::Move(x - arm, middle + arm),
            Step::Line(x + arm, middle - arm),
            Step::Move(x, y),
            Step::Line(x, y + height),
        ]);
        let title = format!(
            "worker {} (process {}) {death}, at {}",
            fact.worker,
            fact.pid,
            text::duration(fact.at)
        );
        svg.leaf("path", &[("class", "halo".into()), ("d", (&cross).into())])?;
        svg.titled("path", &[("class", "death".into()), ("d", (&cross).into())], &title)?;
    }
    Ok(())
}
