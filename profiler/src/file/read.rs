//! Reading a trace file, whole or as far as it goes.
//! It does not know what the payloads of sections mean: see `decode`.

use std::io::Read;

use super::bytes::Input;
use super::section::{self, Reader};
use super::{OLDEST, SIGNATURE, TraceError, TraceErrorKind, VERSION, decode};
use crate::trace::{Notice, NoticeKind, Trace};

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) traces: Vec<Trace>,
    /// Where it breaks off, if it does.
    pub(crate) cut: Option<TraceError>,
}

/// A run, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Run {
    trace: Trace,
    /// Whether its groups, its tasks, and what they take were there.
    parts: [bool; 3],
}

impl Run {
    fn is_readable(&self) -> bool {
        self.parts == [true; 3] && self.trace.columns.is_whole(self.trace.groups.len())
    }
}

/// Reads a file. One that breaks off is read up to there.
///
/// # Errors
/// No trace, of a later version, damaged, or broken off before anything could be made of it.
pub(crate) fn read(input: &mut impl Read) -> Result<Whole, TraceError> {
    let mut reader = Reader::open(input, SIGNATURE, OLDEST..=VERSION)?;
    let mut runs: Vec<Run> = Vec::new();
    let cut = loop {
        match reader.next() {
            Ok((tag, payload)) => {
                let mut input = Input::new(&payload, section::name(tag), reader.payload_at());
                if take(tag, &mut input, &mut runs)? {
                    reader.finish()?;
                    break None;
                }
            }
            Err(e) if e.kind() == TraceErrorKind::CutOff => break Some(e),
            Err(e) => return Err(e),
        }
    };
    let begun = runs.len();
    let mut traces: Vec<_> = runs.into_iter().filter(Run::is_readable).map(|r| r.trace).collect();
    match cut {
        Some(e) if traces.is_empty() => return Err(e),
        None if traces.len() < begun => {
            return Err(reader.malformed("the sections of a run do not fit together"));
        }
        _ => {}
    }
    traces.iter_mut().for_each(settle);
    Ok(Whole { traces, cut })
}

/// Takes in one section; whether it was the last.
pub(super) fn take(
    tag: [u8; 4],
    input: &mut Input<'_>,
    runs: &mut Vec<Run>,
) -> Result<bool, TraceError> {
    match &tag {
        b"RUN " => {
            let about = decode::about(input)?;
            let trace = Trace { about, ..Trace::default() };
            runs.push(Run { trace, ..Run::default() });
        }
        b"FIN " => {
            if input.number()? != runs.len() as u64 {
                return Err(input.malformed("the number of runs is not that of the file"));
            }
            return input.end().map(|()| true);
        }
        _ if section::is_known(tag) => {
            let which: usize = input.narrow()?;
            let Some(run) = runs.get_mut(which) else {
                return Err(input.malformed("a run that has not begun"));
            };
            part(tag, input, run)?;
            input.end()?;
        }
        _ => {}
    }
    Ok(false)
}

/// Takes in a section of a run.
fn part(tag: [u8; 4], input: &mut Input<'_>, run: &mut Run) -> Result<(), TraceError> {
    let trace = &mut run.trace;
    let tasks = trace.columns.len();
    let place = [*b"GRPS", *b"TASK", *b"EDGE"].iter().position(|t| *t == tag);
    if let Some(place) = place {
        if run.parts.iter().position(|there| !there) != Some(place) {
            return Err(input.malformed("the sections of a run do not fit together"));
        }
        run.parts[place] = true;
    }
    match &tag {
        b"GRPS" => trace.groups = decode::groups(input)?,
        b"TASK" => decode::tasks(input, trace)?,
        b"EDGE" => decode::inputs(input, trace)?,
        b"MORE" if run.parts == [true; 3] => decode::more_tasks(input, trace)?,
        b"MORE" => return Err(input.malformed("more tasks of a run that has none yet")),
        b"NAME" => decode::names(input, trace)?,
        b"TIME" => decode::times(input, &mut trace.columns)?,
        b"WORK" => trace.workers.extend(decode::workers(input)?),
        b"MEMO" => trace.memory.extend(decode::memory(input)?),
        b"RARE" => trace.rare.extend(decode::rare(input, tasks)?),
        b"NOTE" => trace.notices.extend(decode::notices(input, tasks)?),
        b"STAK" => decode::stacks(input, &mut trace.stacks)?,
        b"CPUS" => trace.cpu_samples.extend(decode::samples(input, tasks, &trace.stacks)?),
        b"ALOC" => trace.allocation_samples.extend(decode::samples(input, tasks, &trace.stacks)?),
        b"LIVE" => trace.live_samples = decode::samples(input, tasks, &trace.stacks)?,
        _ => decode::end(input, &mut trace.about)?,
    }
    Ok(())
}

/// Puts what came in pieces in order; of a run whose end is missing, says so.
fn settle(trace: &mut Trace) {
    if !trace.about.complete {
        let ends = trace.columns.ended.iter().copied().max();
        let seen = trace.memory.last().map(|m| m.at);
        trace.about.elapsed = ends.max(seen).unwrap_or(0);
        trace.notices.push(Notice {
            at: trace.about.elapsed,
            kind: NoticeKind::Incomplete,
            task: None,
            value: 0,
            text: "The recording ends here: the process that made it died in the run. What \
                   happened in its last second may be missing."
                .to_owned(),
        });
    }
    trace.sort();
}

/// A run that has begun, for tests of what may follow.
#[cfg(test)]
pub(super) fn begun(trace: Trace) -> Vec<Run> {
    vec![Run { trace, parts: [false; 3] }]
}
