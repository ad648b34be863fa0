//! Under which conditions the run happened, and what its user was to be told.
//! It judges nothing.

use tine_profiler::NoticeKind;

use super::Run;
use super::html::escape;
use super::tables::{Cell, Table, task_button};
use super::words::{bytes, date};
use crate::text;

/// Notices that are listed.
const MOST_NOTICES: usize = 200;
/// The longest value or text.
const LONGEST: usize = 1_000;

/// Machine, versions, settings with their sources.
pub(super) fn section(run: &Run<'_>) -> String {
    let (about, host) = (run.trace.about(), &run.trace.about().host);
    let or_none = |s: &str| if s.is_empty() { "not known".to_owned() } else { s.to_owned() };
    let mut facts = vec![
        ("Command", or_none(&about.command.join(" "))),
        ("Started", if about.started == 0 { or_none("") } else { date(about.started) }),
        (
            "Scheduler",
            format!(
                "{}, {}",
                or_none(&about.scheduler),
                text::plural(u64::from(about.workers), "worker")
            ),
        ),
        ("Budget", if about.budget == 0 { "none".to_owned() } else { bytes(about.budget) }),
        ("Version", format!("tine {}", or_none(&about.version))),
        ("Host", or_none(&host.name)),
        ("System", or_none(&host.os)),
        ("Kernel", or_none(&host.kernel)),
        ("Processor", or_none(&host.cpu)),
    ];
    if host.cores > 0 {
        facts.push(("Cores", host.cores.to_string()));
    }
    if host.memory > 0 {
        facts.push(("Memory", bytes(host.memory)));
    }
    facts.push(("Written by", concat!("tine ", env!("CARGO_PKG_VERSION")).to_owned()));
    let list = facts.iter().map(|(name, value)| {
        let value = escape(&text::shorten(value, LONGEST));
        format!("<div><dt>{name}</dt><dd><bdi>{value}</bdi></dd></div>\n")
    });
    let list: String = list.collect();
    format!("<dl class=\"about\">\n{list}</dl>\n{}", settings(run))
}

fn settings(run: &Run<'_>) -> String {
    let cell = |s: &str| {
        Cell::Text(format!("<bdi class=\"name\">{}</bdi>", escape(&text::shorten(s, LONGEST))))
    };
    let settings = &run.trace.about().settings;
    let rows = settings.iter().map(|s| vec![cell(&s.name), cell(&s.value), cell(&s.source)]);
    let columns = ["Setting", "Value", "Who says so"];
    let (rows, all) = (rows.collect(), settings.len());
    Table { id: "settings-table", caption: "Settings", columns: &columns, rows, all }.html()
}

/// Notices, deaths and what was lost, in the order of time.
pub(super) fn warnings(run: &Run<'_>) -> String {
    let mut rows: Vec<(u64, Vec<Cell>)> = Vec::new();
    for n in run.trace.notices() {
        let task = n.task.map(|t| t as usize).filter(|&t| t < run.trace.len());
        let task = task.map_or(String::new(), |t| task_button(run, t));
        rows.push((n.at, line(n.at, kind(n.kind), &n.text, task)));
    }
    for w in run.trace.workers() {
        let Some(death) = &w.death else { continue };
        let text = format!("Worker {} (process {}): {death}", w.worker, w.pid);
        rows.push((w.at, line(w.at, "a worker died", &text, String::new())));
    }
    rows.sort_by_key(|r| r.0);
    let all = rows.len();
    let rows: Vec<Vec<Cell>> = rows.into_iter().take(MOST_NOTICES).map(|r| r.1).collect();
    let lost = match run.trace.about().lost {
        0 => String::new(),
        n => format!(
            "<p class=\"note\">{} lost, because a buffer was full: memory and page faults of some \
             tasks are missing. Their times are whole.</p>\n",
            if n == 1 { "1 fact was".to_owned() } else { format!("{} facts were", text::count(n)) }
        ),
    };
    if rows.is_empty() && lost.is_empty() {
        return "<p class=\"clean\">None.</p>\n".to_owned();
    }
    let columns = ["#At", "Kind", "What happened", "Task"];
    let table = Table { id: "notices-table", caption: "Notices", columns: &columns, rows, all };
    lost + &table.html()
}

fn line(at: u64, kind: &str, what: &str, task: String) -> Vec<Cell> {
    let what = escape(&text::shorten(what, LONGEST));
    vec![
        Cell::time(at),
        Cell::Text(kind.to_owned()),
        Cell::Text(format!("<bdi class=\"long\">{what}</bdi>")),
        Cell::Text(task),
    ]
}

fn kind(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::MemoryShort => "memory short",
        NoticeKind::MemoryEnough => "memory enough",
        NoticeKind::Spilling => "spilling",
        NoticeKind::Stalled => "stalled",
        NoticeKind::SideEffect => "side effect",
        NoticeKind::Incomplete => "recording",
        NoticeKind::AttemptFailed => "failed",
        NoticeKind::LastWords => "standard error",
        _ => "notice",
    }
}
