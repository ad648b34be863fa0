//! The parts of a trace, from payloads. Every index is checked before it is believed.
//! It knows no section and no file.

use tine_scheduler::{Place, RareFact, RareKind, TaskStatus, TaskTimes, WorkerFact};

use super::bytes::Input;
use super::error::TraceError;
use crate::host::Host;
use crate::memory::MemorySample;
use crate::trace::{
    About, Columns, Frame, Notice, NoticeKind, Sample, SettingInForce, StackId, Stacks, Trace,
    TraceGroup,
};

type Result<T> = std::result::Result<T, TraceError>;

pub(super) fn about(input: &mut Input<'_>) -> Result<About> {
    let about = About {
        scheduler: input.text()?,
        workers: input.narrow()?,
        started: input.number()?,
        version: input.text()?,
        host: Host {
            name: input.text()?,
            os: input.text()?,
            kernel: input.text()?,
            cpu: input.text()?,
            cores: input.narrow()?,
            memory: input.number()?,
        },
        command: list(input, |input| input.text())?,
        settings: list(input, |input| {
            let (name, value) = (input.text()?, input.text()?);
            Ok(SettingInForce { name, value, source: input.text()? })
        })?,
        ..About::default()
    };
    input.end().map(|()| about)
}

/// What is known at the end.
pub(super) fn end(input: &mut Input<'_>, about: &mut About) -> Result<()> {
    about.elapsed = input.number()?;
    about.error = input.option()?;
    about.lost = input.number()?;
    about.budget = input.number()?;
    about.complete = true;
    Ok(())
}

fn list<T>(input: &mut Input<'_>, one: impl Fn(&mut Input<'_>) -> Result<T>) -> Result<Vec<T>> {
    let n = input.count()?;
    (0..n).map(|_| one(input)).collect()
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
    let group: Vec<u32> = narrow(input, group)?;
    let mut last: Vec<Vec<u32>> = vec![Vec::new(); groups];
    for &g in &group {
        let before = &mut last[g as usize];
        let axes = input.count()?;
        before.resize(axes, 0);
        for p in before.iter_mut() {
            let wide = input.difference(u64::from(*p))?;
            *p = u32::try_from(wide).map_err(|_| input.malformed("a position is too large"))?;
        }
        c.positions.push(before.iter().copied());
    }
    c.group.extend(group);
    c.fill_times();
    Ok(())
}

/// Tasks that became known later: they take nothing from others.
pub(super) fn more_tasks(input: &mut Input<'_>, trace: &mut Trace) -> Result<()> {
    let before = trace.columns.len();
    tasks(input, trace)?;
    (before..trace.columns.len()).for_each(|_| trace.columns.inputs.push([]));
    Ok(())
}

/// What tasks are called where their keys do not say it, in the order of their ranks.
pub(super) fn names(input: &mut Input<'_>, trace: &mut Trace) -> Result<()> {
    let n = input.count()?;
    for rank in input.differences(n)? {
        let name = input.text()?;
        let next = trace.names.len()..trace.columns.len();
        match usize::try_from(rank).ok().filter(|r| next.contains(r)) {
            Some(rank) => trace.names.set(rank, &name),
            None => return Err(input.malformed("the name of a task that does not exist")),
        }
    }
    Ok(())
}

/// The times of some tasks; those of one that was run again stand in a later section.
pub(super) fn times(input: &mut Input<'_>, c: &mut Columns) -> Result<()> {
    let n = input.count()?;
    let ranks = input.differences(n)?;
    if ranks.iter().any(|&r| r >= c.len() as u64) {
        return Err(input.malformed("times of a task that does not exist"));
    }
    let started = input.differences(n)?;
    let ended: Vec<_> = started.iter().map(|&s| input.difference(s)).collect::<Result<_>>()?;
    let cpu: Vec<_> =
        (0..n).map(|_| Ok(input.narrow::<u32>()?.checked_sub(1))).collect::<Result<_>>()?;
    let wide = input.differences(n)?;
    let worker: Vec<u16> = narrow(input, wide)?;
    let wide = input.differences(n)?;
    let attempt: Vec<u8> = narrow(input, wide)?;
    let status = input.differences(n)?;
    let bytes = input.differences(n)?;
    for i in 0..n {
        let times = TaskTimes {
            started: started[i],
            ended: ended[i],
            cpu_us: cpu[i],
            worker: worker[i],
            attempt: attempt[i],
            status: status_of(input, status[i])?,
            result_bytes: bytes[i],
            codec: input.number()?,
        };
        c.set_times(ranks[i] as usize, times);
    }
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
    let (files, cpu) = (input.differences(n)?, input.differences(n)?);
    let wide = input.differences(n)?;
    let threads: Vec<u32> = narrow(input, wide)?;
    let sample = |i: usize| MemorySample {
        at: at[i],
        anonymous: anonymous[i],
        files: files[i],
        cpu: cpu[i],
        threads: threads[i],
    };
    Ok((0..n).map(sample).collect())
}

/// Notices of a kind that this version does not know are passed over.
pub(super) fn notices(input: &mut Input<'_>, tasks: usize) -> Result<Vec<Notice>> {
    let n = input.count()?;
    let mut notices = Vec::new();
    for _ in 0..n {
        let at = input.number()?;
        let kind = match input.number()? {
            1 => Some(NoticeKind::MemoryShort),
            2 => Some(NoticeKind::MemoryEnough),
            3 => Some(NoticeKind::Spilling),
            4 => Some(NoticeKind::Stalled),
            5 => Some(NoticeKind::SideEffect),
            6 => Some(NoticeKind::Incomplete),
            7 => Some(NoticeKind::AttemptFailed),
            8 => Some(NoticeKind::LastWords),
            _ => None,
        };
        let task = task(input, tasks)?;
        let (value, text) = (input.number()?, input.text()?);
        notices.extend(kind.map(|kind| Notice { at, kind, task, value, text }));
    }
    Ok(notices)
}

/// A task + 1, or 0 for none.
fn task(input: &mut Input<'_>, tasks: usize) -> Result<Option<u32>> {
    let wide = input.number()?;
    known_task(input, wide, tasks)
}

fn known_task(input: &Input<'_>, wide: u64, tasks: usize) -> Result<Option<u32>> {
    if wide > tasks as u64 {
        return Err(input.malformed("something about a task that does not exist"));
    }
    Ok(u32::try_from(wide).ok().and_then(|t| t.checked_sub(1)))
}

/// More frames and stacks, which refer to earlier ones only.
pub(super) fn stacks(input: &mut Input<'_>, stacks: &mut Stacks) -> Result<()> {
    for _ in 0..input.count()? {
        let (function, file) = (input.text()?, input.option()?);
        let line = input.narrow::<u32>()?.checked_sub(1);
        if !stacks.add_frame(Frame { function, file, line }) {
            return Err(input.malformed("a frame that was there before"));
        }
    }
    for _ in 0..input.count()? {
        let (below, frame) = (input.narrow()?, input.narrow()?);
        if !stacks.add_node(below, frame) {
            return Err(
                input.malformed("a stack on one that is not there, or that was there before")
            );
        }
    }
    Ok(())
}

pub(super) fn samples(input: &mut Input<'_>, tasks: usize, stacks: &Stacks) -> Result<Vec<Sample>> {
    let n = input.count()?;
    let at = input.differences(n)?;
    let worker: Vec<u16> = (0..n).map(|_| input.narrow()).collect::<Result<_>>()?;
    let task = input.differences(n)?;
    let stack: Vec<u32> = (0..n).map(|_| input.narrow()).collect::<Result<_>>()?;
    let weight = input.differences(n)?;
    if stack.iter().any(|&s| s as usize >= stacks.len()) {
        return Err(input.malformed("a sample of a stack that is not there"));
    }
    let one = |i: usize| {
        Ok(Sample {
            at: at[i],
            worker: worker[i],
            task: known_task(input, task[i], tasks)?,
            stack: StackId(stack[i]),
            weight: weight[i],
        })
    };
    (0..n).map(one).collect()
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
            8 => Some(RareKind::AlsoSlot),
            _ => None,
        };
        let value = input.number()?;
        facts.extend(kind.map(|kind| RareFact { task, kind, value }));
    }
    Ok(facts)
}
