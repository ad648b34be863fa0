//! The tables of the report: groups, workers, longest tasks, failed tasks.
//! They are whole without a script; `tables.js` sorts and filters them.

use std::cmp::Reverse;

use tine_profiler::{Failure, TaskRecord};
use tine_scheduler::{Place, TaskStatus};

use super::Run;
use super::html::escape;
use super::names::Shown;
use super::words::{bytes, percent, share};
use crate::palette;
use crate::text;

/// Rows of tables of groups and workers.
const MOST_ROWS: usize = 1_000;
/// Rows of tables of tasks.
const MOST_TASKS: usize = 100;
/// Columns of what a job wrote last.
const LONGEST_WORDS: usize = 600;

/// A cell: what it says, and what it is sorted by where that differs.
pub(super) enum Cell {
    /// HTML; sorted by its text.
    Text(String),
    /// What it says, and its number.
    Number(String, f64),
}

impl Cell {
    pub(super) fn time(nanos: u64) -> Cell {
        Cell::Number(text::duration(nanos), nanos as f64)
    }

    fn count(n: u64) -> Cell {
        Cell::Number(text::count(n), n as f64)
    }

    fn share(s: f64) -> Cell {
        Cell::Number(percent(s), s)
    }

    fn bytes(n: u64) -> Cell {
        Cell::Number(if n == 0 { "–".to_owned() } else { bytes(n) }, n as f64)
    }

    fn html(&self) -> String {
        match self {
            Cell::Text(t) => format!("<td>{t}</td>"),
            Cell::Number(t, n) => format!("<td class=\"n\" data-v=\"{n}\">{}</td>", escape(t)),
        }
    }
}

/// A table: its caption, its columns, its rows, and how many rows there would be.
pub(super) struct Table<'a> {
    pub(super) id: &'a str,
    pub(super) caption: &'a str,
    /// Names of columns; those that begin with `#` hold numbers.
    pub(super) columns: &'a [&'a str],
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) all: usize,
}

impl Table<'_> {
    pub(super) fn html(&self) -> String {
        if self.rows.is_empty() {
            return format!("<p class=\"none\">{}: none.</p>\n", self.caption);
        }
        let head: String = self.columns.iter().map(|c| heading(c)).collect();
        let rows: String = self.rows.iter().map(|r| row(r)).collect();
        let (shown, all) = (self.rows.len(), self.all);
        let more = match all > shown {
            false => String::new(),
            true => {
                format!("<p class=\"more\">These are {shown} of {}.</p>\n", text::count(all as u64))
            }
        };
        let (id, caption) = (self.id, self.caption);
        format!(
            "<div class=\"table\" id=\"{id}\">\n<div class=\"above\"><h3 id=\"{id}-name\">{caption}\
             </h3><label class=\"needs-js\">Filter <input type=\"search\" \
             aria-controls=\"{id}-rows\"></label></div>\n<div class=\"wide\" role=\"region\" \
             tabindex=\"0\" aria-labelledby=\"{id}-name\"><table><thead><tr>{head}</tr></thead>\n\
             <tbody id=\"{id}-rows\">\n{rows}</tbody></table></div>\n{more}</div>\n"
        )
    }
}

fn heading(name: &str) -> String {
    let (class, name) = match name.strip_prefix('#') {
        Some(name) => (" class=\"n\"", name),
        None => ("", name),
    };
    format!("<th scope=\"col\"{class}><button type=\"button\">{name}</button></th>")
}

fn row(cells: &[Cell]) -> String {
    let cells: String = cells.iter().map(Cell::html).collect();
    format!("<tr>{cells}</tr>\n")
}

/// A square in the colour of a group.
fn swatch(group: Option<&Shown>) -> String {
    let class = group.map_or(String::new(), |g| format!(" {}", palette::class(g.colour)));
    format!("<i class=\"swatch{class}\"></i>")
}

/// The name of a group with its colour.
pub(super) fn group_name(group: Option<&Shown>) -> String {
    let Some(g) = group else { return "other groups".to_owned() };
    let full = g.full.as_ref().map_or(String::new(), |f| format!(" title=\"{}\"", escape(f)));
    format!("{}<bdi class=\"name\"{full}>{}</bdi>", swatch(group), escape(&g.name))
}

/// The name of a task, as a button that shows it in the timeline where it ran.
pub(super) fn task_button(run: &Run<'_>, rank: usize) -> String {
    let t = run.trace.task(rank);
    let name = escape(&run.names.task(run.trace, &t));
    if !t.ran() {
        return format!("<bdi class=\"name\">{name}</bdi>");
    }
    let (from, to, lane) = (t.started, t.ended, t.worker);
    format!(
        "<button type=\"button\" class=\"show\" data-from=\"{from}\" data-to=\"{to}\" \
         data-lane=\"{lane}\" title=\"Show in the timeline\"><bdi class=\"name\">{name}</bdi></button>"
    )
}

pub(super) fn groups(run: &Run<'_>) -> String {
    let mut shown: Vec<&Shown> = run.names.shown.iter().collect();
    shown.sort_by_key(|g| (Reverse(run.totals[g.group].time), g.group));
    let whole: u64 = run.totals.iter().map(|t| t.time).sum();
    let bytes = result_bytes(run);
    let row = |g: &&Shown| {
        let t = &run.totals[g.group];
        let mean = t.time.checked_div(t.ran).unwrap_or(0);
        let place = run.trace.groups()[g.group].created_at.as_ref().map_or(String::new(), place);
        vec![
            Cell::Text(group_name(Some(g))),
            Cell::count(t.tasks),
            Cell::time(t.time),
            Cell::share(share(t.time, whole)),
            Cell::time(mean),
            Cell::time(t.longest),
            Cell::time(t.cpu_us * 1000),
            Cell::bytes(bytes[g.group]),
            Cell::count(t.failed),
            Cell::Text(place),
        ]
    };
    let columns = [
        "Group",
        "#Tasks",
        "#Time",
        "#Share",
        "#Mean",
        "#Longest",
        "#CPU",
        "#Results",
        "#Failed",
        "Created at",
    ];
    let rows = shown.iter().take(MOST_ROWS).map(row).collect();
    let all = run.totals.iter().filter(|t| t.tasks > 0).count();
    Table { id: "groups-table", caption: "Groups", columns: &columns, rows, all }.html()
}

/// The file without its folders, and the line; all of it under the pointer.
fn place(place: &Place) -> String {
    let whole = escape(&text::shorten(&place.to_string(), 300));
    let file = place.file.rsplit('/').next().unwrap_or_default();
    let short = escape(&format!("{}:{}", text::shorten(file, 32), place.line));
    format!("<bdi class=\"place\" title=\"{whole}\">{short}</bdi>")
}

fn result_bytes(run: &Run<'_>) -> Vec<u64> {
    let mut bytes = vec![0; run.totals.len()];
    run.trace.tasks().for_each(|t| bytes[t.group] += t.result_bytes);
    bytes
}

pub(super) fn workers(run: &Run<'_>) -> String {
    let mut tasks = vec![(0, 0, 0); run.busy.len()];
    for t in run.trace.tasks().filter(TaskRecord::ran) {
        let w = &mut tasks[usize::from(t.worker)];
        *w = (w.0 + 1, w.1 + t.result_bytes, w.2.max(t.duration()));
    }
    let mut deaths = vec![0; run.busy.len()];
    for w in run.trace.workers().iter().filter(|w| w.death.is_some()) {
        deaths[usize::from(w.worker)] += 1;
    }
    let row = |w: usize| {
        vec![
            Cell::Number(w.to_string(), w as f64),
            Cell::count(tasks[w].0),
            Cell::time(run.busy[w]),
            Cell::share(share(run.busy[w], run.span)),
            Cell::time(tasks[w].2),
            Cell::bytes(tasks[w].1),
            Cell::count(deaths[w]),
        ]
    };
    let columns = ["#Worker", "#Tasks", "#Busy", "#Share", "#Longest", "#Results", "#Deaths"];
    let all = run.busy.len();
    let rows = (0..all.min(MOST_ROWS)).map(row).collect();
    Table { id: "workers-table", caption: "Workers", columns: &columns, rows, all }.html()
}

/// What tables of tasks say.
const TASK_COLUMNS: [&str; 8] =
    ["Task", "#Worker", "#Started", "#Took", "#CPU", "#Waited", "#Result", "#Attempt"];

fn task(run: &Run<'_>, rank: usize) -> Vec<Cell> {
    let t = run.trace.task(rank);
    let cpu = match t.cpu_us {
        Some(us) => Cell::time(u64::from(us) * 1000),
        None => Cell::Number("–".to_owned(), -1.0),
    };
    vec![
        Cell::Text(swatch(run.names.group(t.group)) + &task_button(run, rank)),
        Cell::Number(t.worker.to_string(), f64::from(t.worker)),
        Cell::time(t.started),
        Cell::time(t.duration()),
        cpu,
        Cell::time(t.started - t.queued.min(t.started)),
        Cell::bytes(t.result_bytes),
        Cell::count(u64::from(t.attempt)),
    ]
}

pub(super) fn longest(run: &Run<'_>) -> String {
    let mut ranks: Vec<(Reverse<u64>, usize)> = run
        .trace
        .tasks()
        .filter(TaskRecord::ran)
        .map(|t| (Reverse(t.duration()), t.rank))
        .collect();
    let all = ranks.len();
    if all > MOST_TASKS {
        ranks.select_nth_unstable(MOST_TASKS);
        ranks.truncate(MOST_TASKS);
    }
    ranks.sort_unstable();
    let rows = ranks.iter().map(|&(_, rank)| task(run, rank)).collect();
    Table { id: "longest-table", caption: "Longest tasks", columns: &TASK_COLUMNS, rows, all }
        .html()
}

pub(super) fn failed(run: &Run<'_>) -> String {
    if run.trace.is_of_jobs() {
        return failed_jobs(run);
    }
    let failed = || run.trace.tasks().filter(|t| t.status == TaskStatus::Failed);
    let rows = failed().take(MOST_TASKS).map(|t| task(run, t.rank)).collect();
    let all = failed().count();
    Table { id: "failed-table", caption: "Failed tasks", columns: &TASK_COLUMNS, rows, all }.html()
}

/// Jobs that failed, in the order in which they did, with what they said.
fn failed_jobs(run: &Run<'_>) -> String {
    let failures = run.trace.failures();
    let row = |f: &Failure<'_>| {
        let t = run.trace.task(f.rank);
        let words = match f.last_words.map(|w| escape(&text::shorten(w, LONGEST_WORDS))) {
            Some(words) => format!("<bdi class=\"long words\">{words}</bdi>"),
            None => "–".to_owned(),
        };
        vec![
            Cell::Text(swatch(run.names.group(t.group)) + &task_button(run, f.rank)),
            Cell::Text(escape(f.why.unwrap_or("not known"))),
            Cell::time(f.at),
            Cell::time(t.duration()),
            Cell::count(u64::from(t.attempt)),
            Cell::Text(words),
        ]
    };
    let columns = ["Job", "Why", "#Failed at", "#Took", "#Attempt", "End of its standard error"];
    let (rows, all) = (failures.iter().take(MOST_TASKS).map(row).collect(), failures.len());
    Table { id: "failed-table", caption: "Failed jobs", columns: &columns, rows, all }.html()
}
