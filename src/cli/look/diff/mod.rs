//! What changed from one run to another: tables, and a picture where one is asked for.
//! It knows which tables there are; what is in them is worked out in `compare`.

mod compare;
mod table;

use tine_profiler::{Measure, Trace};
use tine_viz::flame;

use super::input::Opened;
use super::{output, pictures};
use crate::cli::failure::Failure;
use crate::cli::high::{self, Target};
use crate::cli::words;
use compare::{Row, by_function, by_group};
use table::{Kind, Table};

/// `tine diff`.
pub(super) fn run(job: &high::Diff) -> Result<String, Failure> {
    let (before, after) = (Opened::new(&job.before)?, Opened::new(&job.after)?);
    let (before, after) = (before.trace(), after.trace());
    for trace in [before, after] {
        pictures::has_samples(trace, job.measure)?;
    }
    let Some(output) = &job.output else { return Ok(tables(before, after, job)) };
    pictures::built_with_flame_graphs()?;
    let options = flame::Options { measure: job.measure, ..flame::Options::default() };
    let written = output::write(output, |out| {
        flame::difference((before, after), &options, job.normalise, out)
    })?;
    match output.target {
        Target::Stdout => Ok(String::new()),
        Target::File(_) => Ok(format!("{}\n{written}", tables(before, after, job))),
    }
}

/// A run in a line: `271 tasks on 8 workers (processes), 103 ms, at most 512 MB`.
pub(super) fn summary(trace: &Trace) -> String {
    let about = trace.about();
    let peak = trace.peak_memory().map(|p| format!(", at most {}", words::bytes(p)));
    format!(
        "{} on {} ({}), {}{}{}",
        words::plural(trace.len() as u64, "task"),
        words::plural(about.workers.into(), "worker"),
        if about.scheduler.is_empty() { "no run" } else { &about.scheduler },
        words::duration(about.elapsed),
        peak.unwrap_or_default(),
        if about.error.is_some() || trace.failed_jobs().is_some() { ", failed" } else { "" }
    )
}

fn tables(before: &Trace, after: &Trace, job: &high::Diff) -> String {
    let [from, to] = [before, after].map(|t| t.about().elapsed);
    let mut out = format!(
        "before: {}, {}\nafter:  {}, {}\n        {}\n",
        job.before.path.display(),
        summary(before),
        job.after.path.display(),
        summary(after),
        table::change(from, to, Kind::Time)
    );
    let time = |t: &Trace| t.group_totals().iter().map(|g| g.time).collect();
    add(&mut out, job, ("time in tasks, by group", Kind::Time), by_group(before, after, time));
    let both = |m| [before, after].iter().all(|t| pictures::has_samples(t, Some(m)).is_ok());
    let sampled = [
        (Measure::Cpu, "CPU time, by function", Kind::Micros),
        (Measure::Live, "memory at its peak, by function", Kind::Bytes),
        (Measure::Allocated, "memory allocated, by function", Kind::Bytes),
    ];
    for (measure, name, kind) in sampled.into_iter().filter(|s| both(s.0)) {
        add(&mut out, job, (name, kind), by_function(before, after, measure));
    }
    let results = by_group(before, after, compare::result_bytes);
    add(&mut out, job, ("bytes of results, by group", Kind::Bytes), results);
    let growth = by_group(before, after, compare::growth);
    add(&mut out, job, ("most memory of one task, by group", Kind::Bytes), growth);
    out
}

/// Adds a table, if anything in it is not zero.
fn add(out: &mut String, job: &high::Diff, (name, kind): (&str, Kind), rows: Vec<Row>) {
    if rows.iter().any(|r| r.before > 0 || r.after > 0) {
        *out += &Table { name, kind, top: job.top }.text(&rows);
    }
}
