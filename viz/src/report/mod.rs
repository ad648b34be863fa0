//! The report of a run: one HTML file that needs no network, with everything that is known of it.
//! It knows neither the files of traces nor the rules of the diagnosis.

mod about;
mod boxes;
mod chain;
mod chain_view;
mod charts;
mod data;
mod findings;
mod flames;
mod head;
mod html;
mod layers;
#[cfg(test)]
mod made;
mod names;
mod tables;
mod words;

use std::io::{self, Write};

use tine_profiler::{Finding, GroupTotal, Trace, diagnose};

use boxes::Boxes;
use chain::Chain;
use flames::Flame;
use names::Names;

/// The page with `{{slots}}` for what differs from run to run.
const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// Joined in this order into one script.
const SCRIPTS: [&str; 10] = [
    include_str!("js/data.js"),
    include_str!("js/theme.js"),
    include_str!("js/words.js"),
    include_str!("js/pen.js"),
    include_str!("js/view.js"),
    include_str!("js/tip.js"),
    include_str!("js/timeline.js"),
    include_str!("js/charts.js"),
    include_str!("js/flame.js"),
    include_str!("js/tables.js"),
];

/// How to write a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Stands at the top; the name of the program that ran, where it is empty.
    pub title: String,
}

/// Writes a report of a run as one HTML file, which asks nothing of any network.
///
/// It begins with what [`diagnose`] finds, then shows what ran when, where time and memory went, the
/// graph, the longest chain, tables, and under which settings it ran. Findings and tables are there
/// without scripts too. Where tasks are too many to be shown one by one, short ones are shown
/// together, so that the file of a million tasks has some megabytes. The same trace gives the same
/// bytes.
///
/// ```
/// use tine_profiler::Trace;
/// use tine_viz::report;
/// let mut page = Vec::new();
/// report::html(&Trace::default(), &report::Options::default(), &mut page)?;
/// assert!(page.starts_with(b"<!doctype html>"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn html(trace: &Trace, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let run = Run::new(trace);
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (slot, behind) = after.split_once("}}").unwrap_or((after, ""));
        out.write_all(before.as_bytes())?;
        out.write_all(fill(slot, &run, options)?.as_bytes())?;
        rest = behind;
    }
    out.write_all(rest.as_bytes())
}

/// What stands in a slot of the page.
fn fill(slot: &str, run: &Run<'_>, options: &Options) -> io::Result<String> {
    Ok(match slot {
        "title" => html::escape(&head::title(run, options)),
        "class" => (if run.totals.iter().any(|t| t.ran > 0) { "" } else { "no-tasks" }).to_owned(),
        "style" => STYLE.to_owned() + &charts::colours(run),
        "head" => head::section(run, options),
        "findings" => findings::section(run),
        "lanes-height" => charts::lanes_height(run).to_string(),
        "timeline-note" => charts::timeline_note(run),
        "memory-note" => charts::memory_note(run),
        "groups" => charts::groups(run),
        "flame-choice" => charts::flame_choice(run),
        "flame-height" => charts::flame_height(run).to_string(),
        "layers" => layers::section(run)?,
        "chain" => chain_view::section(run),
        "group-table" => tables::groups(run),
        "worker-table" => tables::workers(run),
        "longest-table" => tables::longest(run),
        "failed-table" => tables::failed(run),
        "about" => about::section(run),
        "warnings" => about::warnings(run),
        "data" => data::json(run),
        "script" => SCRIPTS.concat(),
        other => unreachable!("the page has no slot `{other}`"),
    })
}

/// A run with what several sections need of it.
#[derive(Debug)]
struct Run<'a> {
    trace: &'a Trace,
    names: Names,
    totals: Vec<GroupTotal>,
    findings: Vec<Finding>,
    /// What went wrong in a run of jobs.
    failed_jobs: Option<String>,
    chain: Chain,
    flames: Vec<Flame>,
    boxes: Boxes,
    /// Time in tasks, one entry a worker.
    busy: Vec<u64>,
    /// The run's time, or the end of its last task, whichever is later.
    span: u64,
}

impl<'a> Run<'a> {
    fn new(trace: &'a Trace) -> Run<'a> {
        let totals = trace.group_totals();
        let names = Names::new(trace, &totals);
        let last = trace.tasks().map(|t| t.ended).max().unwrap_or(0);
        let span = last.max(trace.about().elapsed).max(1);
        Run {
            trace,
            findings: diagnose(trace),
            failed_jobs: trace.failed_jobs(),
            chain: Chain::new(trace),
            flames: flames::all(trace, &names),
            busy: trace.busy(),
            boxes: Boxes::new(trace, &names, span),
            span,
            names,
            totals,
        }
    }
}
