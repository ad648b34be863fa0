//! The parts of a trace, from payloads. Every index is checked before it is believed.
//! It knows no section and no file.

use tine_scheduler::{Place, RareFact, RareKind, TaskStatus, WorkerFact};

use super::bytes::Input;
use super::error::TraceError;
use crate::host::Host;
use crate::memory::MemorySample;
use crate::trace::{About, NO_CPU, Trace, TraceGroup};

type Result<T> = std::result::Result<T, TraceError>;

pub(super) fn about(input: &mut Input<'_>) -> Result<About> {
    let about = About {
        scheduler: input.text()?,
        workers: input.narrow()?,
        started: input.number()?,
        elapsed: input.number()?,
        error: input.option()?,
        lost: input.number()?,
        version: input.text()?,
        host: Host {
            name: input.text()?,
            os: input.text()?,
            kernel: input.text()?,
            cpu: input.text()?,
            cores: input.narrow()?,
            memory: input.number()?,
        },
        ..About::default()
    };
    input.end().map(|()| about)
}

pub(super) fn groups(input: &mut Input<'_>) -> Result<Vec<TraceGroup>> {
    let n = input.count()?;
    (0..n)
        .map(|_| {
            let (name, source) = (input.text()?, input.flag()?);
            let created_at = match input.option()? {
                Some(file) => Some(Place { file, line: input.narrow()?, column: input.narrow()? }),
                None => None,
            };
            Ok(TraceGroup { name, source, created_at })
        })
        .collect()
}

pub(super) fn tasks(input: &mut Input<'_>, trace: &mut Trace) -> Result<()> {
    let n = input.count()?;
    let groups = trace.groups.len();
    let c = &mut trace.columns;
    let group = input.differences(n)?;
    if group.iter().any(|&g| g >= groups as u64) {
        return Err(input.malformed("a task is of no known group"));
    }
    c.group = narrow(input, group)?;
    let mut last: Vec<Vec<u32>> = vec![Vec::new(); groups];
    for i in 0..n {
        let before = &mut last[c.group[i] as usize];
        let axes = input.count()?;
        before.resize(axes, 0);
        for p in before.iter_mut() {
            let wide = input.difference(u64::from(*p))?;
            *p = u32::try_from(wide).map_err(|_| input.malformed("a position is too large"))?;
        }
        c.positions.push(before.iter().copied());
    }
    c.started = input.differences(n)?;
    c.ended = c.started.iter().map(|&s| input.difference(s)).collect::<Result<_>>()?;
    c.cpu_us = (0..n)
        .map(|_| Ok(input.narrow::<u32>()?.checked_sub(1).unwrap_or(NO_CPU)))
        .collect::<Result<_>>()?;
    let worker = input.differences(n)?;
    c.worker = narrow(input, worker)?;
    let attempt = input.differences(n)?;
    c.attempt = narrow(input, attempt)?;
    let status = input.differences(n)?;
    c.status = status.into_iter().map(|s| status_of(input, s)).collect::<Result<_>>()?;
    Ok(())
}

fn narrow<T: TryFrom<u64>>(input: &Input<'_>, wide: Vec<u64>) -> Result<Vec<T>> {
    let one = |n| T::try_from(n).map_err(|_| input.malformed("a number is too large"));
    wide.into_iter().map(one).collect()
}

fn status_of(input: &Input<'_>, status: u64) -> Result<TaskStatus> {
    Ok(match status {
        0 => TaskStatus::Unfinished,
        1 => TaskStatus::Done,
        2 => TaskStatus::Failed,
        3 => TaskStatus::Skipped,
        _ => return Err(input.malformed("a status that does not exist")),
    })
}

pub(super) fn inputs(input: &mut Input<'_>, trace: &mut Trace) -> Result<()> {
    let n = trace.columns.len();
    let total = input.count()?;
    let mut list = Vec::new();
    for rank in 0..n as u64 {
        list.clear();
        for _ in 0..input.count()? {
            // The difference was taken from the rank, so taking it again gives the input back.
            let back = input.difference(0)?;
            let at = rank.wrapping_sub(back);
            if at >= n as u64 {
                return Err(input.malformed("an input that does not exist"));
            }
            list.extend(u32::try_from(at).ok());
        }
        trace.columns.inputs.push(list.iter().copied());
    }
    if trace.columns.inputs.total() != total {
        return Err(input.malformed("the number of edges is not the one announced"));
    }
    Ok(())
}

pub(super) fn workers(input: &mut Input<'_>) -> Result<Vec<WorkerFact>> {
    let n = input.count()?;
    (0..n)
        .map(|_| {
            Ok(WorkerFact {
                worker: input.narrow()?,
                pid: input.narrow()?,
                at: input.number()?,
                death: input.option()?,
            })
        })
        .collect()
}

pub(super) fn memory(input: &mut Input<'_>) -> Result<Vec<MemorySample>> {
    let n = input.count()?;
    let (at, anonymous) = (input.differences(n)?, input.differences(n)?);
    let files = input.differences(n)?;
    let rows = at.into_iter().zip(anonymous).zip(files);
    Ok(rows
        .map(|((at, anonymous), files)| MemorySample {
            at,
            anonymous,
            files,
            ..MemorySample::default()
        })
        .collect())
}

/// Facts of a kind that this version does not know are passed over.
pub(super) fn rare(input: &mut Input<'_>, tasks: usize) -> Result<Vec<RareFact>> {
    let n = input.count()?;
    let mut facts = Vec::new();
    for _ in 0..n {
        let task: u32 = input.narrow()?;
        if task as usize >= tasks {
            return Err(input.malformed("a fact about a task that does not exist"));
        }
        let kind = match input.number()? {
            1 => Some(RareKind::MemoryBefore),
            2 => Some(RareKind::MemoryAfter),
            3 => Some(RareKind::MemoryPeak),
            4 => Some(RareKind::MinorFaults),
            5 => Some(RareKind::MajorFaults),
            6 => Some(RareKind::Spilled),
            7 => Some(RareKind::Waits),
            _ => None,
        };
        let value = input.number()?;
        facts.extend(kind.map(|kind| RareFact { task, kind, value }));
    }
    Ok(facts)
}
