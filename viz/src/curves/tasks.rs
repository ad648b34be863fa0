//! How many tasks ran at once, and how many workers there were.
//! It places nothing.

use std::collections::BTreeMap;

use tine_profiler::Trace;

use super::panel::{Buckets, Hover, Mark, Panel, Series, Unit, thinned};
use crate::text;

/// Tasks that ran at once, in the mean of each bucket.
pub(super) fn parallelism(trace: &Trace, buckets: Buckets) -> Panel {
    let mut panel = Panel::new("parallelism", Unit::Count);
    if !trace.tasks().any(|t| t.ran()) {
        panel.empty = Some("No task ran.");
        return panel;
    }
    let busy = busy(trace, buckets);
    let running: Vec<f64> = busy
        .iter()
        .enumerate()
        .map(|(b, time)| *time as f64 / buckets.width(b).max(1) as f64)
        .collect();
    let workers = workers(trace, buckets.span);
    let most = running.iter().copied().chain(workers.iter().map(|w| w.1)).fold(1.0, f64::max);
    let time: u64 = busy.iter().sum();
    let mean = time as f64 / buckets.span.max(1) as f64;
    panel.summary = format!("{mean:.1} tasks at once in the mean");
    panel.most = most * 1.1;
    panel.hovers = (0..running.len().div_ceil(3))
        .map(|i| {
            let (first, end) = (i * 3, (i * 3 + 3).min(running.len()));
            let mean = running[first..end].iter().sum::<f64>() / (end - first) as f64;
            let from = buckets.start(first);
            let text = format!("{mean:.1} tasks at once\nfrom {}", text::duration(from));
            Hover { from, to: buckets.start(end), text }
        })
        .collect();
    panel.areas = vec![Series { class: "c2".to_owned(), points: buckets.steps(&running) }];
    panel.lines = vec![Series { class: "limit".to_owned(), points: workers }];
    panel.explain("c2", "running tasks");
    panel.explain("mark", "workers");
    panel.marks = deaths(trace, buckets);
    if !panel.marks.is_empty() {
        panel.explain("flag", "a worker died");
    }
    panel
}

/// Time in tasks by bucket, in nanoseconds.
fn busy(trace: &Trace, buckets: Buckets) -> Vec<u64> {
    let mut busy = vec![0; buckets.count];
    for t in trace.tasks().filter(|t| t.ran() && t.ended > t.started) {
        let (first, last) = (buckets.of(t.started), buckets.of(t.ended - 1));
        for (b, time) in busy.iter_mut().enumerate().take(last + 1).skip(first) {
            let (start, end) = (buckets.start(b), buckets.start(b + 1));
            *time += t.ended.min(end).saturating_sub(t.started.max(start));
        }
    }
    busy
}

/// How many workers there were, as the points of a line with steps.
fn workers(trace: &Trace, span: u64) -> Vec<(u64, f64)> {
    let mut alive: BTreeMap<u16, u32> = BTreeMap::new();
    let mut points: Vec<(u64, f64)> = Vec::new();
    let mut known = 0.0;
    for fact in trace.workers() {
        // The end of a worker is a fact with the process of its start.
        let ends = fact.death.is_some() || alive.get(&fact.worker) == Some(&fact.pid);
        match ends {
            true => alive.remove(&fact.worker),
            false => alive.insert(fact.worker, fact.pid),
        };
        let at = fact.at.min(span);
        if points.last().is_some_and(|p| p.0 != at) {
            points.push((at, known));
        }
        known = alive.len() as f64;
        points.push((at, known));
    }
    if points.is_empty() {
        known = f64::from(trace.about().workers);
        points.push((0, known));
    }
    points.push((span, known));
    points
}

fn deaths(trace: &Trace, buckets: Buckets) -> Vec<Mark> {
    let marks = trace.workers().iter().filter_map(|w| {
        let how = w.death.as_ref()?;
        let at = text::duration(w.at);
        let text = format!("worker {} (process {}) {how}, at {at}", w.worker, w.pid);
        Some(Mark { at: w.at, text })
    });
    thinned(marks.collect(), buckets.span / 200)
}
