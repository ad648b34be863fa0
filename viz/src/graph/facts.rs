//! What is said of a task under the pointer.
//! It knows no picture.

use tine_profiler::{TaskFacts, TaskRecord};
use tine_scheduler::TaskStatus;

use super::Shape;
use super::colour::bytes;
use super::run::Run;
use crate::text;

/// Inputs that are named.
const MOST_INPUTS: usize = 8;

/// A task in a few lines: its name first.
pub(super) fn title(shape: &Shape, run: Option<&Run<'_>>, task: usize) -> String {
    let mut lines = vec![text::shorten(&shape.name(task), text::MOST_OF_A_NAME)];
    let group = &shape.groups()[shape.group_of(task)];
    if *group != lines[0] {
        lines.push(format!("group {group}"));
    }
    let inputs = shape.inputs(task);
    if !inputs.is_empty() {
        let named = inputs.iter().take(MOST_INPUTS).map(|&i| shape.name(i as usize));
        let more = inputs.len().saturating_sub(MOST_INPUTS);
        let more = (more > 0).then(|| format!("{} more", text::count(more as u64)));
        let all: Vec<String> = named.chain(more).collect();
        lines.push(format!("inputs: {}", all.join(", ")));
    }
    lines.extend(shape.created_at(task).map(|place| format!("created at {place}")));
    lines.extend(shape.tags(task).iter().map(|(name, value)| format!("{name}: {value}")));
    if let Some((run, record)) = run.and_then(|r| Some((r, r.record(task)?))) {
        times(&record, &mut lines);
        memory(&run.facts(task), &mut lines);
    }
    lines.join("\n")
}

fn times(record: &TaskRecord<'_>, lines: &mut Vec<String>) {
    if !record.ran() {
        lines.push(match record.status {
            TaskStatus::Skipped => "skipped, because a task before it failed".to_owned(),
            _ => "did not run".to_owned(),
        });
        return;
    }
    let (took, at) = (text::duration(record.duration()), text::duration(record.started));
    lines.push(format!("took {took}, from {at}, on worker {}", record.worker));
    let waited = record.started.saturating_sub(record.queued);
    if waited > 0 {
        lines.push(format!("waited {} when its inputs were there", text::duration(waited)));
    }
    if let Some(us) = record.cpu_us {
        lines.push(format!("CPU time {}", text::duration(u64::from(us) * 1000)));
    }
    if record.codec > 0 {
        lines.push(format!("encoding and decoding {}", text::duration(record.codec)));
    }
    if record.result_bytes > 0 {
        lines.push(format!("result {}", bytes(record.result_bytes)));
    }
    if record.attempt > 1 {
        lines.push(format!("attempt {}", record.attempt));
    }
    match record.status {
        TaskStatus::Failed => lines.push("failed".to_owned()),
        TaskStatus::Unfinished => lines.push("not finished".to_owned()),
        _ => {}
    }
}

fn memory(facts: &TaskFacts, lines: &mut Vec<String>) {
    if let (Some(growth), Some(before)) = (facts.growth(), facts.memory_before) {
        lines.push(format!("memory grew by {} from {}", bytes(growth), bytes(before)));
    }
    if facts.major_faults > 0 {
        lines.push(format!(
            "{} that waited for a disk",
            text::plural(facts.major_faults, "page fault")
        ));
    }
    if facts.spilled > 0 {
        lines.push(format!("{} of its result went to disk", bytes(facts.spilled)));
    }
}
