//! The top of the report: what ran, when, how long, how it ended, and the figures that matter.
//! It judges nothing.

use std::fmt::Write as _;

use super::html::escape;
use super::words::{bytes, date, percent, share};
use super::{Options, Run};
use crate::text;

/// A longer command is cut.
const LONGEST_COMMAND: usize = 400;

/// What the report is called.
pub(super) fn title(run: &Run<'_>, options: &Options) -> String {
    if !options.title.is_empty() {
        return text::shorten(&options.title, 120);
    }
    let program = run.trace.about().command.first().map(|p| p.rsplit('/').next().unwrap_or(p));
    match program.filter(|p| !p.is_empty()) {
        Some(program) => text::shorten(program, 120),
        None => "A run".to_owned(),
    }
}

pub(super) fn section(run: &Run<'_>, options: &Options) -> String {
    let about = run.trace.about();
    let (class, word) = status(run);
    let mut out = format!(
        "<h1><bdi>{}</bdi> <span class=\"status {class}\">{word}</span></h1>\n",
        escape(&title(run, options))
    );
    let mut facts = Vec::new();
    if about.started > 0 {
        facts.push(date(about.started));
    }
    if !about.scheduler.is_empty() {
        facts.push(about.scheduler.clone());
    }
    if !about.host.name.is_empty() {
        facts.push(format!("on {}", about.host.name));
    }
    put(&mut out, format_args!("<p class=\"when\">{}</p>\n", escape(&facts.join(" · "))));
    if !about.command.is_empty() {
        let command = text::shorten(&about.command.join(" "), LONGEST_COMMAND);
        put(&mut out, format_args!("<p class=\"command\"><bdi>{}</bdi></p>\n", escape(&command)));
    }
    out += &trouble(run);
    out += "<dl class=\"figures\">\n";
    for (name, value, note) in figures(run) {
        put(
            &mut out,
            format_args!(
                "<div><dt>{name}</dt><dd>{value}</dd><dd class=\"note\">{note}</dd></div>\n"
            ),
        );
    }
    out + "</dl>\n"
}

fn status(run: &Run<'_>) -> (&'static str, &'static str) {
    let about = run.trace.about();
    match (&about.error, about.complete, run.trace.is_empty()) {
        (Some(_), ..) => ("bad", "failed"),
        (None, true, _) => ("good", "done"),
        (None, false, true) => ("none", "nothing ran"),
        (None, false, false) => ("bad", "incomplete"),
    }
}

/// The error, and that the recording breaks off, where it is so.
fn trouble(run: &Run<'_>) -> String {
    let about = run.trace.about();
    let mut out = String::new();
    if let Some(error) = &about.error {
        let error = text::shorten(error, 20_000);
        put(
            &mut out,
            format_args!(
                "<div class=\"trouble\"><b>The run failed</b><pre>{}</pre></div>\n",
                escape(&error)
            ),
        );
    }
    if !about.complete && !run.trace.is_empty() {
        out += "<div class=\"trouble\"><b>The recording breaks off</b><p>The process that recorded \
                the run died in it. What happened until then is here; later tasks are missing, and \
                figures of the whole run are too small.</p></div>\n";
    }
    out
}

/// Name, value, and what stands below it.
fn figures(run: &Run<'_>) -> Vec<(&'static str, String, String)> {
    let about = run.trace.about();
    let sum = |f: fn(&tine_profiler::GroupTotal) -> u64| run.totals.iter().map(f).sum::<u64>();
    let (tasks, ran, failed, time) =
        (sum(|t| t.tasks), sum(|t| t.ran), sum(|t| t.failed), sum(|t| t.time));
    let how = match (failed, tasks - ran) {
        (0, 0) => format!("in {}", text::plural(run.names.shown.len() as u64, "group")),
        (0, missing) => format!("{} did not run", text::count(missing)),
        (failed, _) => format!("{} failed", text::count(failed)),
    };
    let workers = run.busy.len() as u64;
    let room = run.span.saturating_mul(workers);
    let mut figures = vec![
        ("Time", text::duration(about.elapsed), "from start to end".to_owned()),
        ("Tasks", text::count(tasks), how),
        ("Workers", text::count(workers), format!("{} cores", about.host.cores.max(1))),
        ("Busy", percent(share(time, room)), format!("{} in tasks", text::duration(time))),
    ];
    if about.host.cores == 0 {
        figures[2].2 = about.scheduler.clone();
    }
    let chain = percent(share(run.chain.length, run.span));
    figures.push((
        "Critical path",
        text::duration(run.chain.length),
        format!("{chain} of the time"),
    ));
    let (peak, note) = match (run.trace.peak_memory(), about.budget) {
        (None, _) => ("–".to_owned(), "not measured".to_owned()),
        (Some(peak), 0) => (bytes(peak), "no budget".to_owned()),
        (Some(peak), budget) => (bytes(peak), format!("of {}", bytes(budget))),
    };
    figures.push(("Peak memory", peak, note));
    figures.into_iter().map(|(n, v, note)| (n, escape(&v), escape(&note))).collect()
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string cannot fail");
}
