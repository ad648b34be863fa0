//! Tables of tasks: comma-separated values, and one JSON object a line.
//! It leaves nothing out that is known of a task, and judges nothing.

use std::io::{self, Write};

use tine_scheduler::{Key, TaskStatus};

use super::json;
use crate::trace::{Failure, TaskFacts, TaskRecord, Trace};

/// The columns, in their order.
const COLUMNS: [&str; 24] = [
    "rank",
    "key",
    "group",
    "position",
    "status",
    "attempt",
    "worker",
    "queued_ns",
    "started_ns",
    "ended_ns",
    "duration_ns",
    "cpu_us",
    "codec_ns",
    "input_bytes",
    "result_bytes",
    "spilled_bytes",
    "memory_before_bytes",
    "memory_peak_bytes",
    "memory_after_bytes",
    "minor_faults",
    "major_faults",
    "inputs",
    "error",
    "last_words",
];

/// What stands in a column.
enum Cell<'a> {
    Text(&'a str),
    /// Where it is known.
    Said(Option<&'a str>),
    Number(Option<u64>),
    List(&'a [u32]),
}

impl Trace {
    /// Writes the tasks as comma-separated values: a header, and one line a task, by rank.
    ///
    /// | column | meaning |
    /// |---|---|
    /// | `rank` | place in the static order, from 0 |
    /// | `key`, `group`, `position` | its name: `sum(1, 2)` is position `1 2` of group `sum`; of a job what it is called: `sim:lr=0.1` |
    /// | `status` | `done`, `failed`, `skipped`, `unfinished` |
    /// | `attempt` | which attempt the other columns are of, from 1 |
    /// | `worker` | the worker that ran it, from 0 |
    /// | `queued_ns` | when its last input was there, in nanoseconds from the start of the run |
    /// | `started_ns`, `ended_ns`, `duration_ns` | when its body began and its result was stored, and the time between |
    /// | `cpu_us` | CPU time in microseconds |
    /// | `codec_ns` | time in turning values to and from bytes |
    /// | `input_bytes`, `result_bytes` | bytes of the results that it took, and of its own |
    /// | `spilled_bytes` | bytes of its result that were moved to disk |
    /// | `memory_before_bytes`, `memory_peak_bytes`, `memory_after_bytes` | private memory of the worker |
    /// | `minor_faults`, `major_faults` | page faults without and with a disk |
    /// | `inputs` | ranks of the tasks whose results it took |
    /// | `error`, `last_words` | of a job that failed: why, and the end of its standard error |
    ///
    /// What was not measured is empty, as are the times of a task that never ran. Lists are divided
    /// by spaces. Fields are quoted as in RFC 4180 where they need it; lines end in a line feed.
    ///
    /// ```
    /// # use tine_profiler::Trace;
    /// let mut table = Vec::new();
    /// Trace::default().write_csv(&mut table)?;
    /// assert!(table.starts_with(b"rank,key,group,position,status,attempt,worker,queued_ns,"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", COLUMNS.join(","))?;
        self.rows(|_, cells| {
            for (i, cell) in cells.iter().enumerate() {
                if i > 0 {
                    out.write_all(b",")?;
                }
                match cell {
                    Cell::Text(text) | Cell::Said(Some(text)) => quoted(text, out)?,
                    Cell::Number(Some(n)) => write!(out, "{n}")?,
                    Cell::Number(None) | Cell::Said(None) => {}
                    Cell::List(list) => spaced(list, b" ", out)?,
                }
            }
            out.write_all(b"\n")
        })
    }

    /// Writes the tasks as one JSON object a line, by rank, with the names of
    /// [`write_csv`](Self::write_csv); `position` and `inputs` are arrays, and what was not measured
    /// is left out.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json_lines(&self, out: &mut impl Write) -> io::Result<()> {
        self.rows(|_, cells| {
            for (i, (name, cell)) in COLUMNS.iter().zip(cells).enumerate() {
                let sep = if i == 0 { "{" } else { "," };
                match cell {
                    Cell::Text(text) | Cell::Said(Some(text)) => {
                        write!(out, "{sep}\"{name}\":{}", json::string(text))?;
                    }
                    Cell::Number(Some(n)) => write!(out, "{sep}\"{name}\":{n}")?,
                    Cell::Number(None) | Cell::Said(None) => {}
                    Cell::List(list) => {
                        write!(out, "{sep}\"{name}\":[")?;
                        spaced(list, b",", out)?;
                        out.write_all(b"]")?;
                    }
                }
            }
            out.write_all(b"}\n")
        })
    }

    /// Calls `row` with the cells of each task, by rank.
    fn rows(
        &self,
        mut row: impl FnMut(usize, &[Cell<'_>; COLUMNS.len()]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut measured = self.all_facts().peekable();
        let mut failures = self.failures();
        failures.sort_by_key(|f| f.rank);
        let mut failures = failures.into_iter().peekable();
        for task in self.tasks() {
            let facts = measured.next_if(|(rank, _)| *rank == task.rank).map(|(_, facts)| facts);
            let key = self.key(&task);
            let failure = failures.next_if(|f| f.rank == task.rank);
            let known = (facts.unwrap_or_default(), failure);
            row(task.rank, &self.cells(&task, &known, &key, &self.name(task.rank)))?;
        }
        Ok(())
    }

    fn cells<'a>(
        &'a self,
        task: &TaskRecord<'a>,
        (facts, failure): &(TaskFacts, Option<Failure<'a>>),
        key: &'a Key,
        name: &'a str,
    ) -> [Cell<'a>; COLUMNS.len()] {
        let ran = |n: u64| Cell::Number(task.ran().then_some(n));
        [
            Cell::Number(Some(task.rank as u64)),
            Cell::Text(name),
            Cell::Text(&self.groups()[task.group].name),
            Cell::List(key.position()),
            Cell::Text(status(task.status)),
            ran(u64::from(task.attempt)),
            ran(u64::from(task.worker)),
            ran(task.queued),
            ran(task.started),
            ran(task.ended),
            ran(task.duration()),
            Cell::Number(task.cpu_us.filter(|_| task.ran()).map(u64::from)),
            ran(task.codec),
            Cell::Number(Some(self.input_bytes(task))),
            Cell::Number(Some(task.result_bytes)),
            Cell::Number(Some(facts.spilled)),
            Cell::Number(facts.memory_before),
            Cell::Number(facts.memory_peak),
            Cell::Number(facts.memory_after),
            Cell::Number(Some(facts.minor_faults)),
            Cell::Number(Some(facts.major_faults)),
            Cell::List(task.inputs),
            Cell::Said(failure.and_then(|f| f.why)),
            Cell::Said(failure.and_then(|f| f.last_words)),
        ]
    }
}

/// A status as one word.
pub(super) fn status(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Unfinished => "unfinished",
        TaskStatus::Done => "done",
        TaskStatus::Failed => "failed",
        TaskStatus::Skipped => "skipped",
    }
}

/// A field as RFC 4180 has it: in quotes where it has what divides fields or lines.
fn quoted(text: &str, out: &mut impl Write) -> io::Result<()> {
    if text.contains([',', '"', '\n', '\r']) {
        return write!(out, "\"{}\"", text.replace('"', "\"\""));
    }
    out.write_all(text.as_bytes())
}

fn spaced(list: &[u32], between: &[u8], out: &mut impl Write) -> io::Result<()> {
    for (i, n) in list.iter().enumerate() {
        if i > 0 {
            out.write_all(between)?;
        }
        write!(out, "{n}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tine_scheduler::{RareFact, RareKind, TaskTimes};

    use super::*;
    use crate::trace::TraceGroup;

    fn trace() -> Trace {
        let mut trace = Trace::default();
        let name = "say \"a, b\"\r\n".to_owned();
        trace.groups.push(TraceGroup { name, ..TraceGroup::default() });
        for i in 0..2 {
            trace.columns.group.push(0);
            trace.columns.positions.push([i, 7]);
            trace.columns.inputs.push(0..i);
        }
        trace.columns.push_times(TaskTimes {
            started: 10,
            ended: 25,
            cpu_us: Some(3),
            worker: 4,
            attempt: 2,
            status: TaskStatus::Done,
            result_bytes: 99,
            codec: 5,
        });
        trace.columns.push_times(TaskTimes { status: TaskStatus::Skipped, ..TaskTimes::default() });
        trace.rare.push(RareFact { task: 0, kind: RareKind::MemoryPeak, value: 4096 });
        trace
    }

    fn text(write: impl Fn(&Trace, &mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&trace(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let csv = text(|t, out| t.write_csv(out));
        let (header, rows) = csv.split_once('\n').unwrap();
        assert_eq!(header.split(',').count(), COLUMNS.len());
        let name = "\"say \"\"a, b\"\"\r\n\"";
        let key = |i| format!("\"say \"\"a, b\"\"\r\n({i}, 7)\"");
        let want = format!(
            "0,{},{name},0 7,done,2,4,0,10,25,15,3,5,0,99,0,,4096,,0,0,,,\n\
             1,{},{name},1 7,skipped,,,,,,,,,99,0,0,,,,0,0,0,,\n",
            key(0),
            key(1)
        );
        assert_eq!(rows, want);
    }

    #[test]
    fn json_lines_are_objects_without_what_is_not_known() {
        let lines = text(|t, out| t.write_json_lines(out));
        let all: Vec<serde_json::Value> =
            lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0]["key"], "say \"a, b\"\r\n(0, 7)");
        assert_eq!(all[0]["position"], serde_json::json!([0, 7]));
        assert_eq!(all[0]["memory_peak_bytes"], 4096);
        assert_eq!(all[1]["inputs"], serde_json::json!([0]));
        assert_eq!(all[1]["input_bytes"], 99);
        let missing = ["memory_before_bytes", "started_ns", "worker", "cpu_us"];
        assert!(missing.iter().all(|m| all[1].get(m).is_none()), "{}", all[1]);
    }
}
