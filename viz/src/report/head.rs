//! The top of the report: what ran, when, how long, how it ended, and the figures that matter.
//! It judges nothing.

use std::fmt::Write as _;

use tine_scheduler::TaskStatus;

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
    if let Some(file) = job_file(run) {
        return text::shorten(file, 120);
    }
    let program = run.trace.about().command.first().map(|p| p.rsplit('/').next().unwrap_or(p));
    match program.filter(|p| !p.is_empty()) {
        Some(program) => text::shorten(program, 120),
        None => "A run".to_owned(),
    }
}

/// The file that jobs are from, without its folders; of a map what it runs.
fn job_file<'a>(run: &'a Run<'_>) -> Option<&'a str> {
    let groups = run.trace.groups().iter().filter(|_| run.trace.is_of_jobs());
    let file = groups.clone().find_map(|g| g.created_at.as_ref());
    match file {
        Some(place) => place.file.rsplit('/').next(),
        None => groups.map(|g| g.name.as_str()).next(),
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
    let failed = about.error.is_some() || run.failed_jobs.is_some();
    let unstarted = || run.trace.tasks().any(|t| t.status == TaskStatus::Unfinished);
    match (failed, about.complete, run.trace.is_empty()) {
        (true, ..) => ("bad", "failed"),
        (false, true, _) if run.trace.is_of_jobs() && unstarted() => ("bad", "ended early"),
        (false, true, _) => ("good", "done"),
        (false, false, true) => ("none", "nothing ran"),
        (false, false, false) => ("bad", "incomplete"),
    }
}

/// The error, and that the recording breaks off, where it is so.
fn trouble(run: &Run<'_>) -> String {
    let about = run.trace.about();
    let mut out = String::new();
    if let Some(error) = about.error.as_ref().or(run.failed_jobs.as_ref()) {
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
        (
            "Busy",
            percent(share(run.busy.iter().sum(), room)),
            format!("{} in tasks", text::duration(time)),
        ),
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

#[cfg(test)]
mod tests {
    use tine_profiler::{About, Notice, NoticeKind};
    use tine_scheduler::TaskStatus;

    use super::*;
    use crate::report::made;

    /// A run of one job that ended so.
    fn page(status: TaskStatus) -> String {
        let trace = made::ended(status);
        let about = About { scheduler: "jobs".to_owned(), ..trace.about().clone() };
        let say = |kind, text: &str| Notice {
            at: 1,
            kind,
            task: Some(0),
            value: 1,
            text: text.to_owned(),
        };
        let trace = trace.with_about(about).with_notices([
            say(NoticeKind::AttemptFailed, "exit code 7"),
            say(NoticeKind::LastWords, "no <file>"),
        ]);
        section(&Run::new(&trace), &Options::default())
    }

    #[test]
    fn a_run_with_a_failed_job_is_red_and_says_why() {
        let page = page(TaskStatus::Failed);
        assert!(page.contains("<span class=\"status bad\">failed</span>"), "{page}");
        assert!(page.contains("1 of 1 job failed.\nt(0): exit code 7."), "{page}");
        assert!(page.contains("no &lt;file&gt;"), "{page}");
    }

    #[test]
    fn a_run_of_jobs_that_went_well_is_green_and_one_cut_short_is_not() {
        assert!(page(TaskStatus::Done).contains("status good"));
        assert!(!page(TaskStatus::Done).contains("trouble"));
        assert!(page(TaskStatus::Unfinished).contains("ended early"));
    }
}
