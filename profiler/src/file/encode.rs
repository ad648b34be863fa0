//! The parts of a trace as payloads.
//! It knows no section and no file.

use tine_scheduler::{RareFact, WorkerFact};

use super::bytes::Output;
use crate::memory::MemorySample;
use crate::trace::{Notice, Sample, Stacks, Trace};

pub(super) fn about(trace: &Trace) -> Output {
    let (a, mut out) = (&trace.about, Output::default());
    out.text(&a.scheduler);
    out.number(u64::from(a.workers));
    out.number(a.started);
    out.text(&a.version);
    for text in [&a.host.name, &a.host.os, &a.host.kernel, &a.host.cpu] {
        out.text(text);
    }
    out.number(u64::from(a.host.cores));
    out.number(a.host.memory);
    out.number(a.command.len() as u64);
    a.command.iter().for_each(|word| out.text(word));
    out.number(a.settings.len() as u64);
    for setting in &a.settings {
        out.text(&setting.name);
        out.text(&setting.value);
        out.text(&setting.source);
    }
    out
}

/// What is known at the end.
pub(super) fn end(run: u64, trace: &Trace) -> Output {
    let (a, mut out) = (&trace.about, of_run(run));
    out.number(a.elapsed);
    out.option(a.error.as_deref());
    out.number(a.lost);
    out.number(a.budget);
    out
}

/// What every section of a run begins with: which.
fn of_run(run: u64) -> Output {
    let mut out = Output::default();
    out.number(run);
    out
}

pub(super) fn groups(run: u64, trace: &Trace) -> Output {
    let mut out = of_run(run);
    out.number(trace.groups.len() as u64);
    for g in &trace.groups {
        out.text(&g.name);
        out.number(u64::from(g.source));
        out.option(g.created_at.as_ref().map(|p| p.file.as_str()));
        if let Some(p) = &g.created_at {
            out.number(u64::from(p.line));
            out.number(u64::from(p.column));
        }
    }
    out
}

/// What tasks there are.
pub(super) fn tasks(run: u64, trace: &Trace) -> Output {
    more_tasks(run, trace, 0)
}

/// What tasks there are from number `from` on, column by column. A position is written as its
/// difference to the last one of the same group, which is 1 in most cases.
pub(super) fn more_tasks(run: u64, trace: &Trace, from: usize) -> Output {
    let (c, mut out) = (&trace.columns, of_run(run));
    let groups = &c.group[from..];
    out.number(groups.len() as u64);
    out.differences(groups.iter().map(|&g| u64::from(g)));
    let mut last: Vec<&[u32]> = vec![&[]; trace.groups.len()];
    for (i, &g) in (from..).zip(groups) {
        let position = c.positions.get(i);
        out.number(position.len() as u64);
        for (axis, &p) in position.iter().enumerate() {
            let base = last[g as usize].get(axis).copied().unwrap_or(0);
            out.difference(u64::from(p), u64::from(base));
        }
        last[g as usize] = position;
    }
    out
}

/// What tasks from number `from` on are called where their keys do not say it.
pub(super) fn names(run: u64, trace: &Trace, from: usize) -> Output {
    let mut out = of_run(run);
    let named = || (from..trace.names.len()).filter_map(|r| Some((r, trace.names.get(r)?)));
    out.number(named().count() as u64);
    out.differences(named().map(|(rank, _)| rank as u64));
    named().for_each(|(_, name)| out.text(name));
    out
}

/// The times of some tasks, column by column; an end is written as the time since the start.
pub(super) fn times(run: u64, trace: &Trace, ranks: &[u32]) -> Output {
    let (c, mut out) = (&trace.columns, of_run(run));
    let all = || ranks.iter().map(|&r| c.times(r as usize));
    out.number(ranks.len() as u64);
    out.differences(ranks.iter().map(|&r| u64::from(r)));
    out.differences(all().map(|t| t.started));
    all().for_each(|t| out.difference(t.ended, t.started));
    all().for_each(|t| out.number(t.cpu_us.map_or(0, |c| u64::from(c) + 1)));
    out.differences(all().map(|t| u64::from(t.worker)));
    out.differences(all().map(|t| u64::from(t.attempt)));
    out.differences(all().map(|t| t.status as u64));
    out.differences(all().map(|t| t.result_bytes));
    all().for_each(|t| out.number(t.codec));
    out
}

/// An input is written as how far back it lies in the static order.
pub(super) fn inputs(run: u64, trace: &Trace) -> Output {
    let (inputs, mut out) = (&trace.columns.inputs, of_run(run));
    out.number(inputs.total() as u64);
    for rank in 0..trace.len() {
        out.number(inputs.get(rank).len() as u64);
        for &input in inputs.get(rank) {
            out.difference(rank as u64, u64::from(input));
        }
    }
    out
}

pub(super) fn workers(run: u64, workers: &[WorkerFact]) -> Output {
    let mut out = of_run(run);
    out.number(workers.len() as u64);
    for w in workers {
        out.number(u64::from(w.worker));
        out.number(u64::from(w.pid));
        out.number(w.at);
        out.option(w.death.as_deref());
    }
    out
}

pub(super) fn memory(run: u64, memory: &[MemorySample]) -> Output {
    let mut out = of_run(run);
    out.number(memory.len() as u64);
    out.differences(memory.iter().map(|m| m.at));
    out.differences(memory.iter().map(|m| m.anonymous));
    out.differences(memory.iter().map(|m| m.files));
    out.differences(memory.iter().map(|m| m.cpu));
    out.differences(memory.iter().map(|m| u64::from(m.threads)));
    out
}

pub(super) fn rare(run: u64, rare: &[RareFact]) -> Output {
    let mut out = of_run(run);
    out.number(rare.len() as u64);
    for fact in rare {
        out.number(u64::from(fact.task));
        out.number(u64::from(fact.kind as u16));
        out.number(fact.value);
    }
    out
}

pub(super) fn notices(run: u64, notices: &[Notice]) -> Output {
    let mut out = of_run(run);
    out.number(notices.len() as u64);
    for notice in notices {
        out.number(notice.at);
        out.number(u64::from(notice.kind as u8));
        out.number(notice.task.map_or(0, |t| u64::from(t) + 1));
        out.number(notice.value);
        out.text(&notice.text);
    }
    out
}

/// Frames and stacks from the given numbers on.
pub(super) fn stacks(run: u64, stacks: &Stacks, from: (usize, usize)) -> Output {
    let mut out = of_run(run);
    let (frames, nodes) = (&stacks.all_frames()[from.0..], &stacks.nodes()[from.1..]);
    out.number(frames.len() as u64);
    for frame in frames {
        out.text(&frame.function);
        out.option(frame.file.as_deref());
        out.number(frame.line.map_or(0, |l| u64::from(l) + 1));
    }
    out.number(nodes.len() as u64);
    for &(below, frame) in nodes {
        out.number(u64::from(below));
        out.number(u64::from(frame));
    }
    out
}

/// Samples, column by column.
pub(super) fn samples(run: u64, samples: &[Sample]) -> Output {
    let mut out = of_run(run);
    out.number(samples.len() as u64);
    out.differences(samples.iter().map(|s| s.at));
    samples.iter().for_each(|s| out.number(u64::from(s.worker)));
    out.differences(samples.iter().map(|s| s.task.map_or(0, |t| u64::from(t) + 1)));
    samples.iter().for_each(|s| out.number(u64::from(s.stack.0)));
    out.differences(samples.iter().map(|s| s.weight));
    out
}
