//! Rules on processors: tasks that do not compute while they run, and tasks that compute on more
//! threads than their own. In which function that is they do not know.

use super::seen::{Seen, finding};
use super::words::{count, percent, several, time, times};
use super::{Finding, Rule};
use crate::memory::MemorySample;

/// Tasks that wait for less of their time than this share their processor, or read now and then.
const WAITING: f64 = 0.7;
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
    let cpu = cpu_of_processes(seen.trace.memory()).map_or(seen.cpu, |all| all.max(seen.cpu));
    if cpu > BUSY * cores * seen.elapsed {
        return Vec::new();
    }
    let wait = |g: usize| {
        let stats = &seen.groups[g];
        let computed = stats.cpu_us as f64 * 1e3;
        let heavy = stats.cpu_of as f64 >= HEAVY * seen.busy && stats.cpu_of > 0;
        let share = 1.0 - computed / stats.cpu_of.max(1) as f64;
        if heavy && share >= WAITING { share } else { 0.0 }
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
        n => format!(" They waited {} for pages from the disk.", times(n as f64)),
    };
    found.text = format!(
        "The {} of {name} ran for {} and used a processor for {}. For {} of their time they slept, or \
         waited for a disk, a network or a lock, while processors had nothing to do.{disk}",
        several(stats.ran, "task"),
        time(stats.time as f64),
        time(stats.cpu_us as f64 * 1e3),
        percent(wait(group)),
    );
    let useful = f64::from(seen.workers) / (1.0 - wait(group)).max(0.05);
    let workers = (useful as u64).min(stats.ran).max(u64::from(seen.workers) + 1);
    found.advice = format!(
        "Take more workers than cores, such as {} (`workers`, TINE_WORKERS={workers}): those that wait \
         need no processor. Or let one task ask for several things at once.",
        count(workers),
    );
    found.group = Some(group);
    found.tasks = seen.top_tasks(|t| {
        let slept = t.duration() as f64 - f64::from(t.cpu_us.unwrap_or(u32::MAX)) * 1e3;
        if t.group == group { slept } else { 0.0 }
    });
    vec![found]
}

/// Threads of tasks that compute, more of them than there are cores.
pub(super) fn inner_threads(seen: &Seen<'_>) -> Vec<Finding> {
    let samples = seen.trace.memory();
    let most = samples.iter().map(|m| m.threads).max().unwrap_or(0);
    // What the program had when the run began goes on beside it.
    let before = samples.first().map_or(0, |m| m.threads);
    let (workers, cores) = (seen.trace.about().workers, seen.trace.about().host.cores);
    let threads = most.saturating_sub(before);
    if before == 0 || threads < 2 * workers.max(1) || threads <= cores {
        return Vec::new();
    }
    let Some(all) = cpu_of_processes(samples).filter(|&all| all > 0.0) else { return Vec::new() };
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

/// CPU time of the run's processes in nanoseconds, from the first sample to the last; `None` where
/// it was not measured. What a process used that died between two samples is not in it.
fn cpu_of_processes(samples: &[MemorySample]) -> Option<f64> {
    let measured = samples.iter().any(|m| m.cpu > 0);
    let steps = samples.windows(2).map(|pair| pair[1].cpu.saturating_sub(pair[0].cpu));
    measured.then(|| steps.sum::<u64>() as f64)
}
