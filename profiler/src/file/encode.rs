//! The parts of a trace as payloads.
//! It knows no section and no file.

use super::bytes::Output;
use crate::trace::{NO_CPU, Trace};

pub(super) fn about(trace: &Trace) -> Output {
    let (a, mut out) = (&trace.about, Output::default());
    out.text(&a.scheduler);
    out.number(u64::from(a.workers));
    out.number(a.started);
    out.number(a.elapsed);
    out.option(a.error.as_deref());
    out.number(a.lost);
    out.text(&a.version);
    for text in [&a.host.name, &a.host.os, &a.host.kernel, &a.host.cpu] {
        out.text(text);
    }
    out.number(u64::from(a.host.cores));
    out.number(a.host.memory);
    out
}

pub(super) fn groups(trace: &Trace) -> Output {
    let mut out = Output::default();
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

/// Column by column. A position is written as its difference to the last one of the same group,
/// which is 1 in most cases, and an end as the time since the start.
pub(super) fn tasks(trace: &Trace) -> Output {
    let (c, mut out) = (&trace.columns, Output::default());
    out.number(c.len() as u64);
    out.differences(c.group.iter().map(|&g| u64::from(g)));
    let mut last: Vec<&[u32]> = vec![&[]; trace.groups.len()];
    for (i, &g) in c.group.iter().enumerate() {
        let position = c.positions.get(i);
        out.number(position.len() as u64);
        for (axis, &p) in position.iter().enumerate() {
            let base = last[g as usize].get(axis).copied().unwrap_or(0);
            out.difference(u64::from(p), u64::from(base));
        }
        last[g as usize] = position;
    }
    out.differences(c.started.iter().copied());
    for (&e, &s) in c.ended.iter().zip(&c.started) {
        out.difference(e, s);
    }
    for &cpu in &c.cpu_us {
        out.number(if cpu == NO_CPU { 0 } else { u64::from(cpu) + 1 });
    }
    out.differences(c.worker.iter().map(|&w| u64::from(w)));
    out.differences(c.attempt.iter().map(|&a| u64::from(a)));
    out.differences(c.status.iter().map(|&s| s as u64));
    out
}

/// An input is written as how far back it lies in the static order.
pub(super) fn inputs(trace: &Trace) -> Output {
    let (inputs, mut out) = (&trace.columns.inputs, Output::default());
    out.number(inputs.total() as u64);
    for rank in 0..trace.len() {
        out.number(inputs.get(rank).len() as u64);
        for &input in inputs.get(rank) {
            out.difference(rank as u64, u64::from(input));
        }
    }
    out
}

pub(super) fn workers(trace: &Trace) -> Output {
    let mut out = Output::default();
    out.number(trace.workers.len() as u64);
    for w in &trace.workers {
        out.number(u64::from(w.worker));
        out.number(u64::from(w.pid));
        out.number(w.at);
        out.option(w.death.as_deref());
    }
    out
}

pub(super) fn memory(trace: &Trace) -> Output {
    let mut out = Output::default();
    out.number(trace.memory.len() as u64);
    out.differences(trace.memory.iter().map(|m| m.at));
    out.differences(trace.memory.iter().map(|m| m.anonymous));
    out.differences(trace.memory.iter().map(|m| m.files));
    out
}

pub(super) fn rare(trace: &Trace) -> Output {
    let mut out = Output::default();
    out.number(trace.rare.len() as u64);
    for fact in &trace.rare {
        out.number(u64::from(fact.task));
        out.number(u64::from(fact.kind as u16));
        out.number(fact.value);
    }
    out
}
