//! The order of the entries, and jobs that wait for each other, with the whole path.
//! It does not know why one job waits for another: the names are said by `Jobs`.

use super::super::Mistake;
use super::{JobId, Jobs};

/// The entries so that each comes after those that it waits for, or, where jobs of some entries
/// wait for each other crosswise and yet for none of them in a circle, as they stand in the file.
pub(super) fn order(jobs: &Jobs<'_>) -> Result<Vec<usize>, Mistake> {
    let before = entries_before(jobs);
    let mut order = Vec::with_capacity(before.len());
    let mut state = vec![0u8; before.len()];
    let is_sorted = (0..before.len()).all(|g| visit(g, &before, &mut state, &mut order));
    if is_sorted {
        return Ok(order);
    }
    match find(jobs) {
        Some(path) => Err(explain(jobs, &path)),
        None => Ok((0..before.len()).collect()),
    }
}

/// The entries that each waits for.
fn entries_before(jobs: &Jobs<'_>) -> Vec<Vec<usize>> {
    let of = |g: usize| {
        let mut before: Vec<usize> = jobs.pairings[g].iter().map(|p| p.group()).collect();
        for reading in &jobs.readings[g] {
            for maker in reading.makers() {
                let group = jobs.place(maker).0;
                if before.last() != Some(&group) {
                    before.push(group);
                }
            }
        }
        before.sort_unstable();
        before.dedup();
        before
    };
    (0..jobs.file.groups().len()).map(of).collect()
}

const OPEN: u8 = 1;
const CLOSED: u8 = 2;

/// Appends `start` after all that it waits for; `false` where there is a circle. On a stack of its
/// own: chains of entries may be long.
fn visit(start: usize, before: &[Vec<usize>], state: &mut [u8], order: &mut Vec<usize>) -> bool {
    if state[start] != 0 {
        return true;
    }
    let mut stack = vec![(start, 0)];
    state[start] = OPEN;
    while let Some((entry, next)) = stack.last_mut() {
        let Some(&other) = before[*entry].get(*next) else {
            state[*entry] = CLOSED;
            order.push(*entry);
            stack.pop();
            continue;
        };
        *next += 1;
        match state[other] {
            OPEN => return false,
            CLOSED => {}
            _ => {
                state[other] = OPEN;
                stack.push((other, 0));
            }
        }
    }
    true
}

/// Jobs each of which waits for the next, and the last for the first.
fn find(jobs: &Jobs<'_>) -> Option<Vec<JobId>> {
    let mut state = vec![0u8; jobs.len()];
    for start in 0..jobs.len() {
        if state[start] != 0 {
            continue;
        }
        state[start] = OPEN;
        let mut stack = vec![(JobId::from_index(start), jobs.before(JobId::from_index(start)))];
        while let Some((job, left)) = stack.last_mut() {
            let Some(other) = left.pop() else {
                state[job.index()] = CLOSED;
                stack.pop();
                continue;
            };
            match state[other.index()] {
                OPEN => {
                    let from = stack.iter().position(|(j, _)| *j == other)?;
                    return Some(stack[from..].iter().map(|(j, _)| *j).collect());
                }
                CLOSED => {}
                _ => {
                    state[other.index()] = OPEN;
                    let before = jobs.before(other);
                    stack.push((other, before));
                }
            }
        }
    }
    None
}

/// The error of a circle: it begins with the job that stands first in the file, so that it is always
/// the same.
fn explain(jobs: &Jobs<'_>, path: &[JobId]) -> Mistake {
    let first = (0..path.len()).min_by_key(|&i| path[i]).unwrap_or(0);
    let path: Vec<JobId> = path[first..].iter().chain(&path[..=first]).copied().collect();
    let names: Vec<String> = path.iter().map(|&j| jobs.name(j)).collect();
    let steps: Vec<String> = path.windows(2).map(|w| step(jobs, w[0], w[1])).collect();
    let group = jobs.group(path[0]);
    let span = group.needs.first().map_or(&group.name.span, |n| &n.span);
    let message = format!("jobs wait for each other: {}", names.join(" -> "));
    jobs.file.mistake(span, message).help(format!("{}; take one of it out", steps.join(", ")))
}

/// Why one waits for the other.
fn step(jobs: &Jobs<'_>, job: JobId, other: JobId) -> String {
    let (a, b) = (jobs.name(job), jobs.name(other));
    let (group, position) = jobs.place(job);
    let entry = &jobs.file.groups()[group];
    let mut needed = false;
    jobs.needed(job, &mut |j| needed |= j == other);
    if needed {
        return format!("{a} needs {b}");
    }
    let reads = |(_, r): &(_, &super::Reading)| r.maker(entry, position) == Some(other);
    match entry.inputs.iter().zip(&jobs.readings[group]).find(reads) {
        Some((input, _)) => {
            format!("{a} reads {}, which {b} makes", input.what.plain(&jobs.values(job)))
        }
        None => format!("{a} waits for {b}"),
    }
}
