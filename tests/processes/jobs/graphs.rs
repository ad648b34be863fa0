//! Jobs that need each other, fail and are tried again, against an evaluation of its own.
//! It does not test what jobs are.

use std::collections::BTreeMap;

use tine_scheduler::TaskStatus;
use tine_scheduler::jobs::{Needs, Tally};

use super::book::{Book, Entry, Spec, bash, program};
use crate::runner::step;

/// Numbers without a pattern (xorshift64*), the same in every run.
pub(crate) fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    seed.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
}

/// Whether it is one of so many, by chance.
pub(crate) fn one_in(many: u64, seed: &mut u64) -> bool {
    random(seed).is_multiple_of(many)
}

/// A job that fails this often before it does not, by a folder in which it counts.
struct Plan {
    failures: u64,
    retries: u64,
    after: Vec<usize>,
}

fn plans(seed: &mut u64, count: usize) -> Vec<Plan> {
    let plan = |i: usize| {
        let failures = if one_in(4, seed) { random(seed) % 4 } else { 0 };
        let retries = random(seed) % 4;
        let needs = if i == 0 { 0 } else { random(seed) % 4 };
        let near = |seed: &mut u64| i - 1 - (random(seed) as usize % i.min(40));
        let after = (0..needs).map(|_| near(seed)).collect();
        Plan { failures, retries, after }
    };
    (0..count).map(plan).collect()
}

/// Who is done, failed and skipped, and after how many attempts.
fn evaluate(plans: &[Plan]) -> Vec<(TaskStatus, u64)> {
    let mut all: Vec<(TaskStatus, u64)> = Vec::new();
    for plan in plans {
        all.push(if plan.after.iter().any(|&j| all[j].0 != TaskStatus::Done) {
            (TaskStatus::Skipped, 0)
        } else if plan.failures > plan.retries {
            (TaskStatus::Failed, plan.retries + 1)
        } else {
            (TaskStatus::Done, plan.failures + 1)
        });
    }
    all
}

pub(crate) fn are_evaluated_as_they_should() {
    let mut seed = 42;
    for round in 0..4 {
        let plans = plans(&mut seed, 300);
        let expected = evaluate(&plans);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("text");
        let spec = |(i, plan): (usize, &Plan)| {
            // One byte an attempt.
            let script = r#"echo -n x >> "$1"; read -r all < "$1"; [ ${#all} -gt $2 ]"#;
            let file = format!("{path}/{i}");
            let mut job = program(["true"]);
            if plan.failures > 0 {
                job = bash(script, &[&file, &plan.failures.to_string()]);
            }
            job.tags.push(("retries", plan.retries.to_string()));
            if i % 3 == 0 {
                job.tags.push(("backoff", "3ms".into()));
            }
            job.after.clone_from(&plan.after);
            job
        };
        let mut book = Book::of(plans.iter().enumerate().map(spec).collect());
        let tally = book.run(1 + 3 * round);
        check(&book, &plans, &expected, tally);
        step(format_args!("round {round}: {tally:?}"));
    }
}

fn check(book: &Book<'_>, plans: &[Plan], expected: &[(TaskStatus, u64)], tally: Tally) {
    let mut closed: BTreeMap<usize, TaskStatus> = BTreeMap::new();
    let mut attempts = vec![0; plans.len()];
    for entry in &book.entries {
        match entry {
            Entry::Ordered { job, attempt, .. } => {
                for need in &plans[*job].after {
                    assert_eq!(closed.get(need), Some(&TaskStatus::Done), "{job} needs {need}");
                }
                attempts[*job] += 1;
                assert_eq!(u64::from(*attempt), attempts[*job]);
                assert!(!closed.contains_key(job), "{job} was over");
            }
            Entry::Closed { job, status } => {
                assert_eq!(closed.insert(*job, *status), None, "{job} is closed once");
            }
            _ => {}
        }
    }
    let got: Vec<_> = closed.into_values().zip(attempts).collect();
    assert_eq!(got, expected);
    let count = |of| expected.iter().filter(|(status, _)| *status == of).count();
    let counts = (count(TaskStatus::Done), count(TaskStatus::Failed), count(TaskStatus::Skipped));
    assert_eq!((tally.done, tally.failed, tally.skipped), counts);
    assert_eq!(tally.unstarted, 0);
}

/// Jobs start by priority, then in their order.
pub(crate) fn go_by_priority() {
    let mut seed = 7;
    let job = |_| Spec {
        needs: Needs { priority: random(&mut seed) as i32 % 5 - 2, ..Needs::default() },
        ..program(["true"])
    };
    let jobs: Vec<Spec> = (0..60).map(job).collect();
    let mut expected: Vec<usize> = (0..60).collect();
    expected.sort_by_key(|&i| std::cmp::Reverse(jobs[i].needs.priority));
    let mut book = Book::of(jobs);
    assert_eq!(book.run(1).done, 60);
    let order: Vec<usize> = book
        .entries
        .iter()
        .filter_map(|e| if let Entry::Ordered { job, .. } = e { Some(*job) } else { None })
        .collect();
    // Independent jobs are in static order as they are in the graph.
    assert_eq!(order, expected);
}

/// At no moment do jobs take more than there is, and each has slots of its own.
pub(crate) fn take_no_more_than_there_is() {
    let mut seed = 3;
    const SLOTS: u32 = 7;
    const MEMORY: u64 = 1000 << 20;
    let job = |_| {
        let cores = random(&mut seed) as u32 % SLOTS + 1;
        let memory = Some((random(&mut seed) % 1000) << 20);
        Spec { needs: Needs { cores, memory, ..Needs::default() }, ..program(["sleep", "0.003"]) }
    };
    let mut specs: Vec<Spec> = (0..200).map(job).collect();
    // More than there is.
    specs.push(Spec { needs: Needs { cores: 8, ..Needs::default() }, ..program(["true"]) });
    let memory = Some(1001 << 20);
    specs.push(Spec { needs: Needs { memory, ..Needs::default() }, ..program(["true"]) });
    let needs: Vec<Needs> = specs.iter().map(|job| job.needs).collect();
    let mut book = Book::of(specs);
    let mut jobs = tine_scheduler::Jobs::prepare().expect("one thread").slots(SLOTS as usize);
    jobs = jobs.memory(MEMORY);
    let tally = jobs.run(&mut book, &[]).expect("no error of the run");
    assert_eq!((tally.done, tally.failed), (200, 2));
    let (mut cores, mut memory, mut most, mut used) = (0, 0, 0, BTreeMap::new());
    for entry in &book.entries {
        match entry {
            Entry::Ordered { job, slot, .. } => {
                cores += needs[*job].cores;
                memory += needs[*job].memory.unwrap_or(0);
                assert_eq!(used.insert(*slot, *job), None, "slot {slot} is in use");
                assert!((1..=SLOTS as usize).contains(slot));
            }
            Entry::Ended { job, .. } => {
                cores -= needs[*job].cores;
                memory -= needs[*job].memory.unwrap_or(0);
                used.retain(|_, user| user != job);
            }
            _ => {}
        }
        most = most.max(cores);
        assert!(cores <= SLOTS && memory <= MEMORY, "{cores} cores, {memory} bytes");
    }
    assert_eq!(most, SLOTS, "slots are used");
}

/// The user ends a run while a job waits for its next attempt: it has failed, and is told so.
pub(crate) fn that_wait_are_closed() {
    let mut job = bash("exit 1", &[]);
    job.tags.extend([("retries", "3".into()), ("backoff", "1000s".into())]);
    let mut heir = bash("exit 0", &[]);
    heir.after.push(0);
    let long = bash("sleep 1000", &[]);
    let mut book = Book::of(vec![job, heir, long, bash("exit 0", &[])]);
    let me = nix::unistd::getpid();
    let raise =
        move || nix::sys::signal::kill(me, nix::sys::signal::Signal::SIGINT).expect("ourselves");
    book.listener = Some(Box::new(move |entry| {
        match entry {
            Entry::Ended { job: 0, .. } => raise(),
            Entry::Interrupted { level: 1 } => raise(),
            _ => {}
        }
        Ok(())
    }));
    let tally = book.run(2);
    let closed =
        |of| book.entries.iter().find(|e| matches!(e, Entry::Closed { job, .. } if *job == of));
    assert_eq!(closed(0), Some(&Entry::Closed { job: 0, status: TaskStatus::Failed }));
    assert_eq!(closed(1), Some(&Entry::Closed { job: 1, status: TaskStatus::Skipped }));
    assert_eq!((tally.failed, tally.skipped, tally.unstarted), (2, 1, 1), "{:?}", book.entries);
    assert!(book.ticks > 0);
}
