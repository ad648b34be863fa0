//! What a run would do, as text and as JSON.
//! It does not know how that is found out.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tine_jobs::file::Jobs;
use tine_jobs::run::{Outline, OutlineEntry, Selection, Share, Verdict};
use tine_scheduler::config::units::format_bytes;

use super::unknown;
use crate::cli::failure::Failure;
use crate::cli::high;
use crate::cli::words::{count, plural};

/// Characters of a command that are shown at most.
const SHOWN: usize = 160;

/// `tine run FILE --dry-run`: one line an entry, with its command, and why it runs.
pub(super) fn text(job: &high::Run, outline: &Outline<'_, '_>) -> String {
    let mut out = format!(
        "{}: {}, {} to run\n",
        job.file.display(),
        plural(outline.len() as u64, "job"),
        count(outline.runs())
    );
    let entries = outline.entries();
    let width = entries.iter().map(|e| e.name.chars().count()).max().unwrap_or(0);
    for entry in &entries {
        line(entry, width, &mut out);
    }
    out
}

fn line(entry: &OutlineEntry, width: usize, out: &mut String) {
    let mut add = |text: &str| {
        writeln!(out, "{}", text.trim_end()).expect("writing to a String cannot fail");
    };
    let of = format!("{} of {}", count(entry.runs), count(entry.jobs));
    let command = first_line(&entry.command);
    add(&format!("\n  {:<width$}  {of:>10} to run  {command}", entry.name));
    if !entry.after.is_empty() {
        add(&format!("  {:<width$}  after {}", "", entry.after.join(", ")));
    }
    let cores = (entry.cores > 1).then(|| format!("{} cores each", entry.cores));
    let memory = entry.memory.map(|m| format!("{} of memory each", format_bytes(m)));
    let takes: Vec<String> = cores.into_iter().chain(memory).collect();
    if !takes.is_empty() {
        add(&format!("  {:<width$}  takes {}", "", takes.join(", ")));
    }
    for Share { verdict, jobs, first } in &entry.reasons {
        let n = count(*jobs);
        let why = match verdict {
            Verdict::Runs(reason) if *jobs > 1 => {
                format!("{n} run, the first, {first}, because {reason}")
            }
            Verdict::Runs(reason) if entry.jobs > 1 => format!("1 runs, {first}, because {reason}"),
            Verdict::Runs(reason) => format!("1 runs: {reason}"),
            Verdict::UpToDate => format!("{n} up to date"),
            Verdict::Resumed => format!("{n} done before the run was cut off"),
        };
        add(&format!("  {:<width$}  {why}", ""));
    }
}

/// The first line of a command, cut where it is long.
fn first_line(command: &str) -> String {
    let mut lines = command.lines().map(str::trim).filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or("");
    let more = lines.next().is_some();
    let shown: String = first.chars().take(SHOWN).collect();
    let cut = more || shown.len() < first.len();
    if cut { format!("{shown} …") } else { shown }
}

/// The same as one JSON object.
pub(super) fn json(job: &high::Run, outline: &Outline<'_, '_>) -> String {
    let reason = |share: &Share| {
        let Share { verdict, jobs, first } = share;
        let text = verdict.to_string();
        json!({ "verdict": verdict.word(), "jobs": jobs, "first": first, "text": text })
    };
    let entry = |e: &OutlineEntry| {
        json!({
            "name": e.name, "jobs": e.jobs, "runs": e.runs, "command": e.command,
            "after": e.after, "cores": e.cores, "memory": e.memory,
            "reasons": e.reasons.iter().map(reason).collect::<Vec<Value>>(),
        })
    };
    let entries: Vec<Value> = outline.entries().iter().map(entry).collect();
    let file = job.file.display().to_string();
    let (jobs, runs) = (outline.len(), outline.runs());
    format!("{}\n", json!({ "file": file, "jobs": jobs, "runs": runs, "groups": entries }))
}

/// `tine run FILE --explain JOB`: one line a job.
pub(super) fn explain(
    job: &high::Run,
    jobs: &Jobs<'_>,
    selection: &Selection,
    names: &[String],
) -> Result<String, Failure> {
    let outline = Outline::new(jobs, selection, &job.options)?;
    let mut out = String::new();
    for name in names {
        let choice = jobs.choose(name).map_err(unknown)?;
        jobs.chosen(&choice, &mut |id| {
            let name = jobs.name(id);
            match outline.verdict(id) {
                _ if job.json => out += &explained(&outline, id, &name),
                Some(verdict) => {
                    let command = first_line(&outline.command(id));
                    out += &format!("{name} {verdict}\n  {command}\n");
                }
                None => out += &format!("{name} does not run: it is not asked for\n"),
            }
        });
    }
    Ok(out)
}

fn explained(outline: &Outline<'_, '_>, id: tine_jobs::file::JobId, name: &str) -> String {
    let verdict = outline.verdict(id);
    let object = json!({
        "job": name,
        "runs": verdict.is_some_and(Verdict::runs),
        "verdict": verdict.map_or("not-asked-for", Verdict::word),
        "text": verdict.map(ToString::to_string),
        "command": outline.command(id),
    });
    format!("{object}\n")
}
