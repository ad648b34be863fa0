//! What the diagnosis found, as a list in words.
//! It finds nothing itself.

use std::fmt::Write as _;

use tine_profiler::{Finding, Severity};

use super::Run;
use super::html::escape;
use super::tables::task_button;
use super::words::percent;
use crate::palette;
use crate::text;

/// More findings than this help nobody.
const MOST: usize = 40;
/// Tasks that are named of each.
const MOST_TASKS: usize = 5;
/// No sentence is longer, unless a name in it is.
const LONGEST: usize = 2_000;

pub(super) fn section(run: &Run<'_>) -> String {
    if run.findings.is_empty() {
        return nothing(run).to_owned();
    }
    let items: String = run.findings.iter().take(MOST).map(|f| item(run, f)).collect();
    let more = match run.findings.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!("<p class=\"more\">and {} more</p>\n", text::count(n as u64)),
    };
    format!("<ol class=\"findings\">\n{items}</ol>\n{more}")
}

/// What is said where no rule found anything: a run that failed is not praised.
fn nothing(run: &Run<'_>) -> &'static str {
    let about = run.trace.about();
    if about.error.is_none() && run.failed_jobs.is_none() && about.complete {
        return "<p class=\"clean\"><b>Nothing to complain about.</b> None of the rules found anything \
                in this run that costs much time or memory, or puts its result at stake.</p>\n";
    }
    if run.trace.is_empty() {
        return "<p class=\"clean\">There is nothing to judge.</p>\n";
    }
    "<p class=\"clean\"><b>Nothing besides what stands above.</b> None of the rules found anything else \
     that costs much time or memory.</p>\n"
}

fn item(run: &Run<'_>, f: &Finding) -> String {
    let (class, word) = match f.severity {
        Severity::Warning => ("warning", "Warning"),
        Severity::Advice => ("advice", "Advice"),
        Severity::Note => ("remark", "Note"),
    };
    let cut = |s: &str| escape(&text::shorten(s, LONGEST));
    let mut out = format!(
        "<li class=\"{class}\"><h3><span class=\"severity\">{word}</span> {}</h3>\n<p>{}</p>\n",
        cut(&f.title),
        cut(&f.text)
    );
    let mut put = |text: std::fmt::Arguments<'_>| {
        out.write_fmt(text).expect("writing to a string cannot fail");
    };
    if !f.advice.is_empty() {
        put(format_args!("<p class=\"try\"><b>What to try.</b> {}</p>\n", cut(&f.advice)));
    }
    let mut facts = Vec::new();
    if f.share > 0.0 {
        let share = percent(f.share.min(1.0));
        facts.push(format!("<span>up to <b>{share}</b> of the run’s time</span>"));
    }
    if let Some(group) = f.group.and_then(|g| run.names.group(g)) {
        let (class, name) = (palette::class(group.colour), escape(&group.name));
        facts.push(format!("<span><i class=\"swatch {class}\"></i><bdi>{name}</bdi></span>"));
    }
    let known = f.tasks.iter().filter(|&&t| t < run.trace.len()).take(MOST_TASKS);
    facts.extend(known.map(|&t| task_button(run, t)));
    if !facts.is_empty() {
        put(format_args!("<p class=\"facts\">{}</p>\n", facts.join(" ")));
    }
    out + "</li>\n"
}

#[cfg(test)]
mod tests {
    use tine_profiler::{Rule, Trace};

    use super::*;

    #[test]
    fn says_what_was_seen_and_what_to_try() {
        let trace = Trace::default();
        let finding = Finding {
            rule: Rule::Skew,
            severity: Severity::Advice,
            title: "`join` is <skewed>".to_owned(),
            text: "Its largest task took 9 times as long as its median.".to_owned(),
            advice: "Split by another key.".to_owned(),
            share: 0.25,
            group: None,
            tasks: vec![7],
        };
        let run = Run { findings: vec![finding; MOST + 2], ..Run::new(&trace) };
        let page = section(&run);
        assert_eq!(page.matches("<li class=\"advice\">").count(), MOST);
        assert!(page.contains("`join` is &lt;skewed&gt;"), "{page}");
        assert!(page.contains("<b>What to try.</b> Split by another key."), "{page}");
        assert!(page.contains("up to <b>25 %</b> of the run’s time"), "{page}");
        assert!(page.contains("and 2 more"), "{page}");
        // A task that is not in the trace is not named.
        assert!(!page.contains("<button"), "{page}");
    }
}
