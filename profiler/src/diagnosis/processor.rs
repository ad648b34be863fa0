//! Rules on processors: tasks that do not compute while they run, and tasks that compute on more
//! threads than their own. In which function that is they do not know.

use super::seen::{Seen, finding};
use super::words::{count, percent, several, time, times};
use super::{Finding, Rule};
use crate::memory::MemorySample;
use crate::stats::ran;
use crate::trace::NO_CPU;

/// Tasks that wait for less of their time than this share their processor, or read now and then. Five
/// other programs for each core would have to run for a task to get so little of it.
const WAITING: f64 = 0.8;
/// One task in so many may have computed for half of its time, or not have given its processor up.
/// A task from which other programs take the processor does not give it up: one that waits for a
/// disk or a network does.
const ONE_IN: usize = 10;
/// A group with less of the tasks' time is not why the run takes long.
const HEAVY: f64 = 0.2;
/// Where the processors were busier than this, tasks waited for them, and not for something else.
const BUSY: f64 = 0.5;
/// What more workers could save, below which it is not worth a try.
const GAIN: f64 = 0.15;

/// The share of all CPU time that other threads than those of the workers must take: below, they
/// are helpers that mostly sleep.
const INNER: f64 = 0.2;

/// Tasks that neither computed nor had to wait for a processor.
pub(super) fn waiting(seen: &Seen<'_>) -> Vec<Finding> {
    let cores = f64::from(seen.trace.about().host.cores.max(1)).min(f64::from(seen.workers));
    let cpu = cpu_of_processes(seen).map_or(seen.cpu, |all| all.max(seen.cpu));
    let computed = cpu > BUSY * cores * seen.elapsed || cpu > (1.0 - WAITING) * seen.busy;
    if computed || !inner_threads(seen).is_empty() {
        return Vec::new();
    }
    let idle = idle_groups(seen);
    let wait = |g: usize| {
        let stats = &seen.groups[g];
        let heavy = stats.cpu_of as f64 >= HEAVY * seen.busy && stats.cpu_of > 0;
        let share = 1.0 - stats.cpu_us as f64 * 1e3 / stats.cpu_of.max(1) as f64;
        if heavy && idle[g] && share >= WAITING { share } else { 0.0 }
    };
    let waited = |g: usize| wait(g) * seen.groups[g].cpu_of as f64;
    let Some(group) = seen.largest(waited) else { return Vec::new() };
    let stats = &seen.groups[group];
    // More workers help as far as there are tasks for them, and not beyond the longest chain.
    let room = 1.0 - f64::from(seen.workers) / stats.ran.max(1) as f64;
    let chain = 1.0 - seen.of_run(seen.critical as f64);
    let part = stats.time as f64 / seen.busy;
    let share = wait(group).min(room).min(chain) * part;
    if share < GAIN {
        return Vec::new();
    }
    let name = seen.group(group);
    let title = format!("Tasks of {name} wait instead of computing");
    let mut found = finding(Rule::Waiting, title, share);
    let disk = match stats.major_faults {
        0 => String::new(),
        n => format!(" They waited {} for pages from a disk.", times(n as f64)),
    };
    found.text = format!(
        "The {} of {name} ran for {} and used a processor for {}. For {} of their time they slept, or \
         waited for a disk, a network or a lock.{disk}",
        several(stats.ran, "task"),
        time(stats.time as f64),
        time(stats.cpu_us as f64 * 1e3),
        percent(wait(group)),
    );
    let useful = f64::from(seen.workers) / (1.0 - wait(group)).max(0.05);
    let workers = (useful as u64).min(stats.ran).max(u64::from(seen.workers) + 1);
    let take = match seen.trace.about().scheduler.as_str() {
        "serial" => "Take the scheduler `processes` or `threads`, and",
        _ => "Take",
    };
    found.advice = format!(
        "{take} more workers than cores, such as {} (`workers`, TINE_WORKERS={workers}): those that \
         wait need no processor. Or let one task ask for several things at once.",
        count(workers),
    );
    found.group = Some(group);
    found.tasks = seen.top_tasks(|t| {
        let slept = t.duration() as f64 - f64::from(t.cpu_us.unwrap_or(u32::MAX)) * 1e3;
        if t.group == group { slept } else { 0.0 }
    });
    vec![found]
}

/// Whether next to all tasks of a group that were measured gave their processor up by themselves and
/// computed for less than half of their time, and most were measured: short ones are not, but for
/// those that had to wait.
fn idle_groups(seen: &Seen<'_>) -> Vec<bool> {
    let mut counts = vec![(0, 0, 0); seen.groups.len()];
    for task in ran(seen.trace) {
        let (ran, measured, active) = &mut counts[task.group];
        let cpu = Some(seen.trace.columns.cpu_us[task.rank]).filter(|&us| us != NO_CPU);
        let half = cpu.is_some_and(|us| u64::from(us) * 2_000 >= task.duration());
        let gave_up = || seen.trace.facts(task.rank).waits > 0;
        *ran += 1;
        *measured += usize::from(cpu.is_some());
        *active += usize::from(cpu.is_some() && (half || !gave_up()));
    }
    let idle = |&(ran, measured, active): &(usize, usize, usize)| {
        2 * measured >= ran && ONE_IN * active <= measured
    };
    counts.iter().map(idle).collect()
}

/// Threads of tasks that compute, more of them than there are cores.
pub(super) fn inner_threads(seen: &Seen<'_>) -> Vec<Finding> {
    let samples = seen.trace.memory();
    let most = samples.iter().map(|m| m.threads).max().unwrap_or(0);
    if seen.trace.is_of_jobs() {
        // How many threads a program has is its own affair: it says how many cores it needs.
        return Vec::new();
    }
    // What the program had when the run began goes on beside it.
    let before = samples.first().map_or(0, |m| m.threads);
    let (workers, cores) = (seen.trace.about().workers, seen.trace.about().host.cores);
    let threads = most.saturating_sub(before);
    if before == 0 || threads < 2 * workers.max(1) || threads <= cores {
        return Vec::new();
    }
    let Some(all) = cpu_of_processes(seen) else { return Vec::new() };
    let inner = (all - seen.cpu).max(0.0);
    if inner < INNER * all {
        return Vec::new();
    }
    let title = "Tasks start threads of their own".to_owned();
    // What threads cost that wait for each other's processor cannot be told from a trace.
    let mut found = finding(Rule::InnerThreads, title, 0.0);
    let beyond = several(u64::from(threads - workers), "thread");
    found.text = format!(
        "{} had {beyond} besides their own on {}, and these took {} of the CPU time. Threads in excess \
         of cores wait for each other, and each has its own memory.",
        several(u64::from(workers), "worker"),
        several(u64::from(cores), "core"),
        percent(inner / all),
    );
    found.advice = "The workers are the parallelism: give pools inside of tasks one thread \
                    (RAYON_NUM_THREADS=1, OMP_NUM_THREADS=1; tine sets these in workers unless the \
                    environment says otherwise), or take as many `workers` as cores divided by the \
                    threads of a pool."
        .to_owned();
    found.group = seen.largest(|g| seen.groups[g].time as f64);
    vec![found]
}

/// CPU time of the run's processes in nanoseconds, as it would be for the whole run: workers are gone
/// at the last sample, so that what they used is known for a part of it. `None` where it was not
/// measured.
fn cpu_of_processes(seen: &Seen<'_>) -> Option<f64> {
    let steps = seen.trace.memory().windows(2).filter(|pair| pair[1].cpu > pair[0].cpu);
    let sum = |(cpu, time): (u64, u64), pair: &[MemorySample]| {
        (cpu + pair[1].cpu - pair[0].cpu, time + pair[1].at.saturating_sub(pair[0].at))
    };
    let (cpu, time) = steps.fold((0, 0), sum);
    (time > 0).then(|| cpu as f64 / time as f64 * seen.elapsed)
}
