//! The critical path as a bar, and the slack of each group as a table.
//! It does not find the chain.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::Run;
use super::html::escape;
use super::tables::{Cell, Table, group_name, task_button};
use super::words::{percent, share};
use crate::palette;
use crate::text;

/// Pieces of the bar; the shortest neighbours beyond that are drawn together.
const MOST_PIECES: usize = 240;
/// Tasks of the chain that are listed.
const MOST_TASKS: usize = 60;
/// Rows of the table of slack.
const MOST_ROWS: usize = 500;

pub(super) fn section(run: &Run<'_>) -> String {
    if run.chain.tasks.is_empty() {
        return "<p class=\"none\">No task ran.</p>\n".to_owned();
    }
    let tasks = run.chain.tasks.len() as u64;
    format!(
        "<p class=\"note\">{}, each of which needs the one before, took {} together: {} of the run’s \
         time. More workers cannot make the run shorter than that.</p>\n{}{}{}",
        text::plural(tasks, "task"),
        text::duration(run.chain.length),
        percent(share(run.chain.length, run.span)),
        bar(run),
        list(run),
        slack(run)
    )
}

/// Neighbours of one group are one piece: place of the group, time, tasks.
fn pieces(run: &Run<'_>) -> Vec<(Option<usize>, u64, u64)> {
    let mut pieces: Vec<(Option<usize>, u64, u64)> = Vec::new();
    for &rank in &run.chain.tasks {
        let t = run.trace.task(rank);
        let place = run.names.place(t.group);
        match pieces.last_mut() {
            Some(p) if p.0 == place => (p.1, p.2) = (p.1 + t.duration(), p.2 + 1),
            _ => pieces.push((place, t.duration(), 1)),
        }
    }
    while pieces.len() > MOST_PIECES {
        let pairs = pieces.chunks(2).map(|two| {
            let heavier = if two.len() > 1 && two[1].1 > two[0].1 { two[1].0 } else { two[0].0 };
            (heavier, two.iter().map(|p| p.1).sum(), two.iter().map(|p| p.2).sum())
        });
        pieces = pairs.collect();
    }
    pieces
}

fn bar(run: &Run<'_>) -> String {
    let mut out = String::new();
    for (place, time, tasks) in pieces(run) {
        let group = place.map(|p| &run.names.shown[p]);
        let name = group.map_or("other groups", |g| g.name.as_str());
        let class = group.map_or(String::new(), |g| palette::class(g.colour));
        let width = share(time, run.chain.length) * 100.0;
        let title = format!("{name}: {}, {}", text::duration(time), text::plural(tasks, "task"));
        write!(
            out,
            "<i class=\"swatch {class}\" style=\"width:{width:.3}%\" title=\"{}\"></i>",
            escape(&title)
        )
        .expect("writing to a string cannot fail");
    }
    let label = escape(&format!("The critical path, {}", text::duration(run.chain.length)));
    format!("<div class=\"bar\" role=\"img\" aria-label=\"{label}\">{out}</div>\n")
}

fn list(run: &Run<'_>) -> String {
    let chain = &run.chain.tasks;
    let mut longest: Vec<usize> = chain.clone();
    longest.sort_by_key(|&r| (Reverse(run.trace.task(r).duration()), r));
    longest.truncate(MOST_TASKS);
    longest.sort_unstable();
    let kept = chain.iter().filter(|r| longest.binary_search(r).is_ok());
    let item = |&rank: &usize| {
        let took = text::duration(run.trace.task(rank).duration());
        format!("<li>{} <span class=\"quiet\">{took}</span></li>\n", task_button(run, rank))
    };
    let items: String = kept.map(item).collect();
    let title = match chain.len() > MOST_TASKS {
        true => format!("Its {MOST_TASKS} longest tasks"),
        false => "Its tasks, one after the other".to_owned(),
    };
    format!("<details><summary>{title}</summary><ol class=\"chain\">\n{items}</ol></details>\n")
}

fn slack(run: &Run<'_>) -> String {
    let mut groups: Vec<_> = run.names.shown.iter().collect();
    groups.retain(|g| run.chain.groups[g.group].slack.is_some());
    groups.sort_by_key(|g| {
        let s = run.chain.groups[g.group];
        (s.slack, Reverse(s.time), g.group)
    });
    let all = groups.len();
    let row = |g: &&super::names::Shown| {
        let s = run.chain.groups[g.group];
        let tasks = Cell::Number(text::count(s.tasks), s.tasks as f64);
        let part = share(s.time, run.chain.length);
        vec![
            Cell::Text(group_name(Some(g))),
            tasks,
            Cell::time(s.time),
            Cell::Number(percent(part), part),
            Cell::time(s.slack.unwrap_or(0)),
        ]
    };
    let columns = ["Group", "#Tasks on the path", "#Time on it", "#Share", "#Slack"];
    let rows = groups.iter().take(MOST_ROWS).map(row).collect();
    Table { id: "slack-table", caption: "Slack by group", columns: &columns, rows, all }.html()
        + "<p class=\"note\">Slack is how much later the most urgent task of a group could have \
           ended without making the path longer.</p>\n"
}
