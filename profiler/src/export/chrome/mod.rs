//! A trace as JSON of Chrome's trace events, which Perfetto and `chrome://tracing` open.
//! It knows the events; which process a task ran in is worked out in `lanes`.
//!
//! Rules that other writers broke, and that the tests check: no negative time or duration, no time at
//! all on metadata, events in the order of time, no two slices of a thread that overlap without
//! nesting, no process or thread 0 (which viewers take for idleness), names for all processes and
//! threads, numbers in counters, both ends of each flow inside of a slice.

mod lanes;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use super::json::{micros, string};
use super::tasks::status;
use crate::memory::MemorySample;
use crate::trace::{Notice, NoticeKind, TaskRecord, Trace};
use lanes::{Lane, Lanes};

/// With more dependencies than this a viewer shows nothing but arrows, and takes long to load.
const MOST_FLOWS: usize = 20_000;
/// Where the first line of a file's events has no comma before it.
const BETWEEN: &[u8] = b",\n";

impl Trace {
    /// Writes the run as JSON for <https://ui.perfetto.dev> or `chrome://tracing`.
    ///
    /// Each worker is a process with the number that it had, its tasks are slices with key, group,
    /// attempt and bytes. Deaths of workers and notices are instants, memory and CPU use are
    /// counters, and dependencies are arrows where there are not more than 20,000. Times count from
    /// the start of the run.
    ///
    /// ```
    /// # use tine_profiler::Trace;
    /// let mut json = Vec::new();
    /// Trace::default().write_chrome(&mut json)?;
    /// assert!(json.starts_with(b"{"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_chrome(&self, out: &mut impl Write) -> io::Result<()> {
        let names: Vec<String> = self.groups().iter().map(|g| string(&g.name)).collect();
        let lanes = Lanes::of(self);
        let mut events = Events { trace: self, names, lanes, arrows: self.arrows(), out };
        events.head()?;
        events.metadata()?;
        events.in_time()?;
        events.out.write_all(b"\n]}\n")
    }

    /// Whether arrows are few enough to be drawn.
    fn arrows(&self) -> bool {
        self.tasks().map(|t| t.inputs.len()).sum::<usize>() <= MOST_FLOWS
    }
}

/// What happens at a moment, beside the beginnings of tasks. The number is a place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Memory(usize),
    Death(usize),
    Notice(usize),
}

/// The events of a trace on their way out.
struct Events<'a, W> {
    trace: &'a Trace,
    /// The names of groups, quoted.
    names: Vec<String>,
    lanes: Lanes,
    arrows: bool,
    out: &'a mut W,
}

impl<W: Write> Events<'_, W> {
    fn head(&mut self) -> io::Result<()> {
        let about = self.trace.about();
        writeln!(
            self.out,
            "{{\"displayTimeUnit\":\"ms\",\"otherData\":{{\"version\":{},\"scheduler\":{},\
             \"workers\":{},\"started_ns\":\"{}\",\"command\":{},\"error\":{}}},\"traceEvents\":[",
            string(&format!("tine {}", about.version)),
            string(&about.scheduler),
            about.workers,
            about.started,
            string(&about.command.join(" ")),
            string(about.error.as_deref().unwrap_or("")),
        )
    }

    /// Names and order of processes and threads; they carry no time.
    fn metadata(&mut self) -> io::Result<()> {
        let run = self.lanes.run();
        let name = match self.trace.about().command.first() {
            Some(program) => format!("tine run of {program}"),
            None => "tine run".to_owned(),
        };
        self.name(b"", "process_name", (run, run), &name)?;
        self.name(BETWEEN, "thread_name", (run, run), "run")?;
        self.order("process_sort_index", (run, run), 0)?;
        for i in 0..self.lanes.all().len() {
            let Lane { worker, pid, tid, restarts } = self.lanes.all()[i];
            let again = match restarts {
                0 => String::new(),
                n => format!(" (replacement {n})"),
            };
            if self.lanes.leads(i) {
                let name = match self.lanes.shared() {
                    true => "workers".to_owned(),
                    false => format!("worker {worker}{again}"),
                };
                self.name(BETWEEN, "process_name", (pid, tid), &name)?;
                self.order("process_sort_index", (pid, tid), 1 + i as u64)?;
            }
            self.name(BETWEEN, "thread_name", (pid, tid), &format!("worker {worker}{again}"))?;
            self.order("thread_sort_index", (pid, tid), 1 + i as u64)?;
        }
        Ok(())
    }

    fn name(&mut self, sep: &[u8], what: &str, at: (u64, u64), name: &str) -> io::Result<()> {
        self.out.write_all(sep)?;
        let ((pid, tid), name) = (at, string(name));
        write!(
            self.out,
            "{{\"ph\":\"M\",\"name\":\"{what}\",\"pid\":{pid},\"tid\":{tid},\
             \"args\":{{\"name\":{name}}}}}"
        )
    }

    fn order(&mut self, what: &str, (pid, tid): (u64, u64), index: u64) -> io::Result<()> {
        self.out.write_all(BETWEEN)?;
        write!(
            self.out,
            "{{\"ph\":\"M\",\"name\":\"{what}\",\"pid\":{pid},\"tid\":{tid},\
             \"args\":{{\"sort_index\":{index}}}}}"
        )
    }

    /// Everything that has a time, in its order: a viewer need not sort, and a reader need not wait.
    fn in_time(&mut self) -> io::Result<()> {
        self.run_slice()?;
        let trace = self.trace;
        let mut ranks: Vec<u32> =
            trace.tasks().filter(TaskRecord::ran).map(|t| t.rank as u32).collect();
        ranks.sort_by_key(|&r| (trace.task(r as usize).started, r));
        let others = self.others();
        let mut others = others.iter().peekable();
        let mut flows = Flows::of(trace, self.arrows);
        let mut ends = vec![0; self.lanes.all().len()];
        for rank in ranks {
            let task = trace.task(rank as usize);
            // Before tasks and arrows of the same moment.
            while let Some((at, other)) = others.next_if(|o| o.0 <= task.started) {
                self.flows_until(&mut flows, *at)?;
                self.other(*at, *other)?;
            }
            self.flows_until(&mut flows, task.started)?;
            self.task(&task, &mut ends)?;
            self.arrivals(&task, &flows)?;
        }
        for (at, other) in others {
            self.flows_until(&mut flows, *at)?;
            self.other(*at, *other)?;
        }
        self.flows_until(&mut flows, u64::MAX)
    }

    fn run_slice(&mut self) -> io::Result<()> {
        let (pid, elapsed) = (self.lanes.run(), self.trace.about().elapsed);
        self.out.write_all(BETWEEN)?;
        write!(
            self.out,
            "{{\"ph\":\"X\",\"name\":\"run\",\"cat\":\"run\",\"pid\":{pid},\"tid\":{pid},\
             \"ts\":0,\"dur\":"
        )?;
        micros(self.out, elapsed)?;
        write!(self.out, ",\"args\":{{\"tasks\":{}}}}}", self.trace.len())
    }

    fn others(&self) -> Vec<(u64, Other)> {
        let memory = self.trace.memory().iter().enumerate().map(|(i, m)| (m.at, Other::Memory(i)));
        let deaths = self.trace.workers().iter().enumerate();
        let deaths = deaths.filter(|w| w.1.death.is_some()).map(|(i, w)| (w.at, Other::Death(i)));
        let notices = self.trace.notices().iter().enumerate();
        let notices = notices.map(|(i, n)| (n.at, Other::Notice(i)));
        let mut all: Vec<_> = memory.chain(deaths).chain(notices).collect();
        all.sort_unstable();
        all
    }

    /// Writes a task as a slice. What a thread did before is cut off where clocks disagree: slices
    /// that overlap are thrown away by viewers.
    fn task(&mut self, t: &TaskRecord<'_>, ends: &mut [u64]) -> io::Result<()> {
        let lane = self.lanes.of_task(t);
        let Lane { pid, tid, .. } = self.lanes.all()[lane];
        let started = t.started.max(ends[lane]);
        let ended = t.ended.max(started);
        ends[lane] = ended;
        let name = &self.names[t.group];
        write!(
            self.out,
            ",\n{{\"ph\":\"X\",\"name\":{name},\"cat\":\"{}\",\"pid\":{pid},\"tid\":{tid},\"ts\":",
            status(t.status)
        )?;
        micros(self.out, started)?;
        self.out.write_all(b",\"dur\":")?;
        micros(self.out, ended - started)?;
        let key = string(&self.trace.name(t.rank));
        write!(
            self.out,
            ",\"args\":{{\"key\":{key},\"group\":{name},\"rank\":{},\"attempt\":{},\
             \"input_bytes\":{},\"result_bytes\":{},\"waited_us\":",
            t.rank,
            t.attempt,
            self.trace.input_bytes(t),
            t.result_bytes
        )?;
        micros(self.out, t.started - t.queued)?;
        if let Some(cpu) = t.cpu_us {
            write!(self.out, ",\"cpu_us\":{cpu}")?;
        }
        self.out.write_all(b"}}")
    }

    /// Writes the arrows that leave before `until`.
    fn flows_until(&mut self, flows: &mut Flows, until: u64) -> io::Result<()> {
        while let Some((at, rank, id)) = flows.next_before(until) {
            self.arrow('s', at, &self.trace.task(rank as usize), id)?;
        }
        Ok(())
    }

    /// Writes the arrows that arrive at a task, at its very beginning.
    fn arrivals(&mut self, t: &TaskRecord<'_>, flows: &Flows) -> io::Result<()> {
        let first = flows.first_of(t.rank);
        for (i, &input) in t.inputs.iter().enumerate() {
            let from = self.trace.task(input as usize);
            if first.is_some() && connects(&from, t) {
                let id = first.unwrap_or(0) + i as u64;
                self.arrow('f', t.started, t, id)?;
            }
        }
        Ok(())
    }

    /// Writes one end of an arrow: `s` where it leaves, `f` where it arrives.
    fn arrow(&mut self, phase: char, at: u64, t: &TaskRecord<'_>, id: u64) -> io::Result<()> {
        // Fastened to the slice around it, and not to the next.
        let more = if phase == 'f' { ",\"bp\":\"e\"" } else { "" };
        let Lane { pid, tid, .. } = self.lanes.all()[self.lanes.of_task(t)];
        write!(
            self.out,
            ",\n{{\"ph\":\"{phase}\",\"name\":\"input\",\"cat\":\"input\",\"id\":{id}{more},\
             \"pid\":{pid},\"tid\":{tid},\"ts\":"
        )?;
        micros(self.out, at)?;
        self.out.write_all(b"}")
    }

    fn other(&mut self, at: u64, other: Other) -> io::Result<()> {
        let run = self.lanes.run();
        match other {
            Other::Memory(i) => self.memory(i),
            Other::Death(i) => {
                let fact = &self.trace.workers()[i];
                let Lane { pid, tid, .. } = self.lanes.all()[self.lanes.at(fact.worker, at)];
                let args = format!("\"how\":{}", string(fact.death.as_deref().unwrap_or("")));
                self.instant(at, ("worker died", 'p'), (pid, tid), &args)
            }
            Other::Notice(i) => {
                let n: &Notice = &self.trace.notices()[i];
                let task = n.task.filter(|&t| (t as usize) < self.trace.len());
                let key = task.map_or(String::new(), |t| self.trace.name(t as usize));
                let args = format!("\"text\":{},\"task\":{}", string(&n.text), string(&key));
                self.instant(at, (notice(n.kind), 'g'), (run, run), &args)
            }
        }
    }

    fn instant(
        &mut self,
        at: u64,
        (name, scope): (&str, char),
        (pid, tid): (u64, u64),
        args: &str,
    ) -> io::Result<()> {
        write!(
            self.out,
            ",\n{{\"ph\":\"i\",\"name\":\"{name}\",\"cat\":\"notice\",\"s\":\"{scope}\",\
             \"pid\":{pid},\"tid\":{tid},\"ts\":"
        )?;
        micros(self.out, at)?;
        write!(self.out, ",\"args\":{{{args}}}}}")
    }

    fn memory(&mut self, i: usize) -> io::Result<()> {
        let samples = self.trace.memory();
        let m = &samples[i];
        self.counter(
            "memory",
            m.at,
            &format!("\"private\":{},\"results\":{}", m.anonymous, m.files),
        )?;
        let Some(before) = i.checked_sub(1).map(|b| &samples[b]) else { return Ok(()) };
        match hundredths_of_cores(before, m) {
            Some(c) => self.counter("CPU", m.at, &format!("\"cores\":{}.{:02}", c / 100, c % 100)),
            None => Ok(()),
        }
    }

    fn counter(&mut self, name: &str, at: u64, args: &str) -> io::Result<()> {
        let pid = self.lanes.run();
        write!(
            self.out,
            ",\n{{\"ph\":\"C\",\"name\":\"{name}\",\"pid\":{pid},\"tid\":{pid},\"ts\":"
        )?;
        micros(self.out, at)?;
        write!(self.out, ",\"args\":{{{args}}}}}")
    }
}

/// CPU time between two samples in hundredths of a core; `None` where a process has ended meanwhile.
fn hundredths_of_cores(before: &MemorySample, now: &MemorySample) -> Option<u64> {
    let (time, cpu) = (now.at.checked_sub(before.at)?, now.cpu.checked_sub(before.cpu)?);
    u64::try_from(u128::from(cpu) * 100 / u128::from(time.max(1))).ok()
}

fn notice(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::MemoryShort => "memory is short",
        NoticeKind::MemoryEnough => "memory is enough again",
        NoticeKind::Spilling => "results are moved to disk",
        NoticeKind::Stalled => "a task makes no progress",
        NoticeKind::SideEffect => "a side effect is lost",
        NoticeKind::Incomplete => "the recording is not whole",
        NoticeKind::AttemptFailed => "a job failed",
        NoticeKind::LastWords => "the end of its standard error",
    }
}

/// Whether an arrow can be drawn: viewers fasten its ends to slices that are longer than nothing, and
/// drop arrows that go back in time.
fn connects(from: &TaskRecord<'_>, to: &TaskRecord<'_>) -> bool {
    from.ran() && to.ran() && from.duration() > 0 && to.duration() > 0 && from.ended <= to.started
}

/// The beginnings of arrows, in the order of time.
struct Flows {
    /// When, from which task, and the number of the arrow.
    starts: Vec<(u64, u32, u64)>,
    next: usize,
    /// The number of the first arrow to each task.
    first: Vec<u64>,
}

impl Flows {
    fn of(trace: &Trace, wanted: bool) -> Flows {
        let (mut starts, mut first, mut id) = (Vec::new(), Vec::new(), 1);
        for t in trace.tasks().filter(|_| wanted) {
            first.push(id);
            for (&input, id) in t.inputs.iter().zip(id..) {
                let from = trace.task(input as usize);
                // The last nanosecond of a slice is in it, its end is not.
                if connects(&from, &t) {
                    starts.push((from.ended - 1, input, id));
                }
            }
            id += t.inputs.len() as u64;
        }
        starts.sort_unstable();
        Flows { starts, next: 0, first }
    }

    fn first_of(&self, rank: usize) -> Option<u64> {
        self.first.get(rank).copied()
    }

    fn next_before(&mut self, until: u64) -> Option<(u64, u32, u64)> {
        let start = self.starts.get(self.next).copied().filter(|s| s.0 < until)?;
        self.next += 1;
        Some(start)
    }
}
