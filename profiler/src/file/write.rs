//! Writing a trace file as its runs go on: what a run is at its start, then what is new each time.
//! It does not know when that is, or what the file is called.

use std::io::{self, Write};

use tine_scheduler::TaskTimes;

use super::bytes::Output;
use super::{SIGNATURE, VERSION, encode, section};
use crate::trace::Trace;

/// How much of a run stands in a file already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    run: u64,
    tasks: usize,
    names: usize,
    workers: usize,
    memory: usize,
    rare: usize,
    notices: usize,
    frames: usize,
    stacks: usize,
    cpu_samples: usize,
    allocation_samples: usize,
}

/// A trace file in the making.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    out: W,
    runs: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&SIGNATURE)?;
        out.write_all(&VERSION.to_le_bytes())?;
        Ok(Writer { out, runs: 0 })
    }

    /// Goes on with a file in which that many runs have begun.
    #[cfg(test)]
    pub(super) fn resumed(out: W, runs: u64) -> Self {
        Writer { out, runs }
    }

    /// Writes what a run is: its tasks, and what they take.
    pub(crate) fn begin(&mut self, trace: &Trace) -> io::Result<Mark> {
        let run = self.runs;
        self.runs += 1;
        self.section(*b"RUN ", encode::about(trace))?;
        self.section(*b"GRPS", encode::groups(run, trace))?;
        self.section(*b"TASK", encode::tasks(run, trace))?;
        self.section(*b"EDGE", encode::inputs(run, trace))?;
        let mut mark = Mark { run, tasks: trace.len(), ..Mark::default() };
        self.add_names(trace, &mut mark)?;
        self.out.flush()?;
        Ok(mark)
    }

    /// Writes the tasks that have become known since last time, the times of the tasks `ranks`, and
    /// what the lists of the trace have more.
    pub(crate) fn add(&mut self, trace: &Trace, mark: &mut Mark, ranks: &[u32]) -> io::Result<()> {
        let run = mark.run;
        let known = std::mem::replace(&mut mark.tasks, trace.len());
        if known < trace.len() {
            self.section(*b"MORE", encode::more_tasks(run, trace, known))?;
        }
        self.add_names(trace, mark)?;
        if !ranks.is_empty() {
            self.section(*b"TIME", encode::times(run, trace, ranks))?;
        }
        if let Some(new) = news(&trace.workers, &mut mark.workers) {
            self.section(*b"WORK", encode::workers(run, new))?;
        }
        if let Some(new) = news(&trace.memory, &mut mark.memory) {
            self.section(*b"MEMO", encode::memory(run, new))?;
        }
        if let Some(new) = news(&trace.rare, &mut mark.rare) {
            self.section(*b"RARE", encode::rare(run, new))?;
        }
        if let Some(new) = news(&trace.notices, &mut mark.notices) {
            self.section(*b"NOTE", encode::notices(run, new))?;
        }
        self.add_samples(trace, mark)?;
        self.out.flush()
    }

    fn add_names(&mut self, trace: &Trace, mark: &mut Mark) -> io::Result<()> {
        let known = std::mem::replace(&mut mark.names, trace.names.len());
        match known < mark.names {
            true => self.section(*b"NAME", encode::names(mark.run, trace, known)),
            false => Ok(()),
        }
    }

    fn add_samples(&mut self, trace: &Trace, mark: &mut Mark) -> io::Result<()> {
        let (run, from) = (mark.run, (mark.frames, mark.stacks));
        (mark.frames, mark.stacks) = (trace.stacks.all_frames().len(), trace.stacks.len());
        if from != (mark.frames, mark.stacks) {
            self.section(*b"STAK", encode::stacks(run, &trace.stacks, from))?;
        }
        if let Some(new) = news(&trace.cpu_samples, &mut mark.cpu_samples) {
            self.section(*b"CPUS", encode::samples(run, new))?;
        }
        if let Some(new) = news(&trace.allocation_samples, &mut mark.allocation_samples) {
            self.section(*b"ALOC", encode::samples(run, new))?;
        }
        Ok(())
    }

    /// Closes a run.
    pub(crate) fn end(&mut self, trace: &Trace, mark: &Mark) -> io::Result<()> {
        if !trace.live_samples.is_empty() {
            self.section(*b"LIVE", encode::samples(mark.run, &trace.live_samples))?;
        }
        self.section(*b"DONE", encode::end(mark.run, trace))?;
        self.out.flush()
    }

    /// Closes the file.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let mut count = Output::default();
        count.number(self.runs);
        self.section(*b"FIN ", count)?;
        self.out.flush()
    }

    fn section(&mut self, tag: [u8; 4], payload: Output) -> io::Result<()> {
        section::write(&mut self.out, tag, payload)
    }
}

/// What `list` has beyond its first `seen` entries, if anything.
fn news<'a, T>(list: &'a [T], seen: &mut usize) -> Option<&'a [T]> {
    let new = list.get(std::mem::replace(seen, list.len())..)?;
    (!new.is_empty()).then_some(new)
}

/// Writes a whole file.
pub(crate) fn write(traces: &[Trace], out: &mut impl Write) -> io::Result<()> {
    let mut writer = Writer::new(out)?;
    for trace in traces {
        let mut mark = writer.begin(trace)?;
        writer.add(trace, &mut mark, &told(trace))?;
        if trace.about.complete {
            writer.end(trace, &mark)?;
        }
    }
    writer.finish()
}

/// The tasks of which anything is known but that they are there.
fn told(trace: &Trace) -> Vec<u32> {
    let unknown = TaskTimes::default();
    let ranks = 0..trace.len() as u32;
    ranks.filter(|&r| trace.columns.times(r as usize) != unknown).collect()
}
