//! What stands around the charts that the script draws: heights, names, colours, notes.
//! It draws nothing.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::Run;
use super::html::escape;
use super::names::Shown;
use super::tables::group_name;
use super::words::bytes;
use crate::palette;
use crate::text;

/// Groups that have a row before the rest is asked for, where there are more than `FEW_GROUPS`.
const FIRST_GROUPS: usize = 12;
/// So few groups all have a row at once.
const FEW_GROUPS: usize = 16;
/// Rows of groups at all: each is a canvas of its own.
const MOST_GROUPS: usize = 500;
/// Height of a frame of a flame graph, in pixels.
const FRAME: usize = 20;
/// Room for the axis below the lanes.
const AXIS: usize = 26;

/// Swatches in the colours of groups, which are the same in light and dark surroundings.
pub(super) fn colours(run: &Run<'_>) -> String {
    let most = run.names.shown.iter().map(|g| g.colour + 1).max().unwrap_or(0);
    (0..most.min(palette::len())).fold(String::new(), |mut out, i| {
        let colour = palette::Colour::of(i).hex();
        writeln!(out, ".swatch.{}{{background:{colour}}}", palette::class(i))
            .expect("writing to a string cannot fail");
        out
    })
}

/// Height of the timeline: few workers have high rows, many have low ones, of whole pixels.
pub(super) fn lanes_height(run: &Run<'_>) -> usize {
    let lanes = run.busy.len().max(1);
    let row = (400 / lanes).clamp(2, 32).max((1_000 / lanes).min(7));
    (lanes * row).min(4_000) + AXIS
}

/// What is to be known of the boxes of the timeline.
pub(super) fn timeline_note(run: &Run<'_>) -> String {
    let ran: u64 = run.totals.iter().map(|t| t.ran).sum();
    if ran == 0 {
        return "No task ran.".to_owned();
    }
    match run.boxes.merged_below {
        0 => format!("{}, each a box in the colour of its group.", text::plural(ran, "task")),
        short => format!(
            "{}. Those shorter than {} share a box with their neighbours: the heights of its parts \
             say how much of the time each group filled.",
            text::plural(ran, "task"),
            text::duration(short)
        ),
    }
}

pub(super) fn memory_note(run: &Run<'_>) -> String {
    match run.trace.peak_memory() {
        None => "Nobody measured memory in this run.".to_owned(),
        Some(peak) => {
            let n = text::plural(run.trace.memory().len() as u64, "measurement");
            let budget = match run.trace.about().budget {
                0 => String::new(),
                b => format!(", budget {}", bytes(b)),
            };
            let who = match run.trace.is_of_jobs() {
                true => "All jobs with everything that they started",
                false => "All processes of the run",
            };
            let gaps = match run.trace.memory_stretches().count() {
                0 | 1 => "",
                _ => " Where nothing is drawn nobody looked.",
            };
            format!("{who}: {n}, peak {}{budget}.{gaps}", bytes(peak))
        }
    }
}

/// A row for each group: its name, when it ran, how much.
pub(super) fn groups(run: &Run<'_>) -> String {
    let mut shown: Vec<(usize, &Shown)> = run.names.shown.iter().enumerate().collect();
    if shown.is_empty() {
        return "<p class=\"none\">No task ran.</p>\n".to_owned();
    }
    shown.sort_by_key(|(_, g)| (Reverse(run.totals[g.group].time), g.group));
    let mut heaviest: Vec<_> = shown.iter().take(MOST_GROUPS).copied().collect();
    // Those that are always seen stand in the order of the graph, which is mostly that of time.
    let first = if heaviest.len() <= FEW_GROUPS { heaviest.len() } else { FIRST_GROUPS };
    heaviest[..first].sort_by_key(|(place, _)| *place);
    let rows: String = heaviest
        .iter()
        .enumerate()
        .map(|(i, (place, g))| row(run, *place, g, i >= first))
        .collect();
    let more = match heaviest.len() {
        n if n > first => format!(
            "<button type=\"button\" id=\"all-groups\" class=\"needs-js\">Show all {} groups</button>\n",
            text::count(n as u64)
        ),
        _ => String::new(),
    };
    let left_out = match shown.len() - heaviest.len() {
        0 => String::new(),
        n => format!("<p class=\"more\">and {} more</p>\n", text::plural(n as u64, "group")),
    };
    format!("<div class=\"group-rows\">\n{rows}</div>\n{more}{left_out}")
}

fn row(run: &Run<'_>, place: usize, g: &Shown, hidden: bool) -> String {
    let t = &run.totals[g.group];
    let tasks = match t.tasks - t.ran {
        0 => text::plural(t.tasks, "task"),
        _ => format!("{} of {}", text::count(t.ran), text::plural(t.tasks, "task")),
    };
    let hidden = if hidden { " hidden" } else { "" };
    let label = escape(&format!("When {} ran", g.name));
    format!(
        "<div class=\"group-row\"{hidden}><span class=\"who\">{}</span>\
         <div class=\"chart\"><canvas data-group=\"{place}\" role=\"img\" aria-label=\"{label}\">\
         </canvas></div><span class=\"what\"><span>{tasks}</span> <span>{}</span></span></div>\n",
        group_name(Some(g)),
        text::duration(t.time)
    )
}

/// How high the deepest flame graph is.
pub(super) fn flame_height(run: &Run<'_>) -> usize {
    (run.flames.iter().map(|f| f.depth).max().unwrap_or(0) + 1) * FRAME
}

/// The buttons that choose a flame graph; none where there is nothing to choose.
pub(super) fn flame_choice(run: &Run<'_>) -> String {
    let buttons = run.flames.iter().enumerate().map(|(i, f)| {
        let (pressed, title) = (i == 0, f.title);
        format!(
            "<button type=\"button\" data-flame=\"{i}\" aria-pressed=\"{pressed}\">{title}</button>"
        )
    });
    buttons.collect()
}
