//! What is seen of tasks that allocate known amounts, in a program with the allocator that says so.
//! It knows the public interface only; amounts are told from some hundred samples.
#![cfg(all(
    target_os = "linux",
    not(tine_portable),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod sampled;

use std::hint::black_box;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use sampled::{Seen, Watchdog, run, run_losing};
use tine_profiler::alloc::{self, Allocator};
use tine_profiler::{Sample, Sampler};
use tine_scheduler::{Graph, Processes, Scheduler, Serial, Threads, get};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator::new();

const MB: u64 = 1 << 20;

/// Bytes between samples: fewer than by default, so that some megabytes are told within a few per
/// cent.
const EVERY: u64 = 64 * 1024;

/// One run of a process is looked at at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn look(graph: &Graph, sinks: &[&str], scheduler: &impl Scheduler) -> Seen {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let sampler = Sampler::with_allocations(0, EVERY, 2).expect("memory is there");
    run(graph, sinks, scheduler, sampler)
}

fn one_task(body: impl Fn() -> u64 + Send + Sync + 'static) -> Graph {
    let mut g = Graph::builder();
    g.task("task", [] as [&str; 0], body);
    g.build().expect("a graph")
}

fn total(samples: &[Sample]) -> u64 {
    samples.iter().map(|s| s.weight).sum()
}

/// Blocks of a fifth of a megabyte, so many megabytes in all.
#[inline(never)]
fn hoard(megabytes: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::with_capacity(5 * megabytes);
    for i in 0..5 * megabytes {
        all.push(black_box(vec![i as u8; MB as usize / 5]));
    }
    all
}

/// As much, but each block is freed before the next.
#[inline(never)]
fn churn(megabytes: usize) -> u64 {
    (0..5 * megabytes).map(|i| black_box(vec![i as u8; MB as usize / 5]).len() as u64).sum()
}

fn two_tasks() -> Graph {
    let mut g = Graph::builder();
    g.task("hold", [] as [&str; 0], || {
        let before = churn(50);
        let held = hoard(100);
        let after = churn(50);
        held.len() as u64 + before + after
    });
    g.task("pass", ["hold"], |_: &u64| churn(100));
    g.build().expect("a graph")
}

#[track_caller]
fn about(bytes: u64, megabytes: u64) {
    let ratio = bytes as f64 / (megabytes * MB) as f64;
    assert!((0.8..1.25).contains(&ratio), "{} MB of {megabytes}", bytes / MB);
}

fn sees_amounts(scheduler: &impl Scheduler) {
    let _watchdog = Watchdog::new();
    let seen = look(&two_tasks(), &["pass"], scheduler);
    let all = &seen.sampled.allocations;
    about(seen.weight(all, "allocations::hoard"), 100);
    about(seen.weight(all, "allocations::churn"), 200);
    about(seen.of_task(all, "pass"), 100);
    about(seen.of_task(all, "hold"), 200);
    let live = &seen.sampled.live;
    about(seen.weight(live, "allocations::hoard"), 100);
    let freed = seen.weight(live, "allocations::churn");
    assert!(freed <= 8 * MB, "{} MB that were freed", freed / MB);
    assert!(total(live) < 150 * MB, "{}", total(live));
    for sample in live.iter().filter(|s| seen.has(s, "allocations::hoard")) {
        let functions = seen.functions(sample);
        assert_eq!(seen.task(sample), Some("hold"));
        assert!(functions[0].starts_with("allocations::two_tasks"), "{functions:?}");
        let inner = functions[functions.len() - 1];
        assert!(!inner.contains("tine_profiler") && !inner.contains("__rust"), "{functions:?}");
    }
}

#[test]
fn sees_amounts_in_processes() {
    sees_amounts(&Processes::new().workers(2));
}

#[test]
fn sees_amounts_in_threads() {
    sees_amounts(&Threads::new().workers(2));
}

#[test]
fn sees_amounts_in_the_calling_thread() {
    sees_amounts(&Serial::new());
}

#[test]
fn what_killed_workers_held_is_known() {
    let _watchdog = Watchdog::new();
    let graph = one_task(|| {
        let held = hoard(50);
        let pid = std::process::id().to_string();
        Command::new("sh").args(["-c", &format!("kill -9 {pid}; sleep 60")]).status().unwrap();
        held.len() as u64
    });
    let seen = look(&graph, &["task"], &Processes::new().workers(1));
    assert!(seen.failed);
    // One attempt at least. What was live may lack a tenth, and one sample.
    assert!(seen.weight(&seen.sampled.allocations, "allocations::hoard") > 30 * MB);
    let live = seen.weight(&seen.sampled.live, "allocations::hoard");
    assert!((30 * MB..70 * MB).contains(&live), "{} MB", live / MB);
}

#[test]
fn threads_of_a_task_count_in_processes() {
    let _watchdog = Watchdog::new();
    let graph = one_task(|| {
        let threads: Vec<_> = (0..2).map(|_| std::thread::spawn(|| hoard(50))).collect();
        let held: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        // Freed by another thread than the one that allocated it.
        drop(held);
        churn(20)
    });
    // Threads of one process that sample at the same moment do not wait for each other.
    let sampler = Sampler::with_allocations(0, EVERY, 2).expect("memory is there");
    let seen = {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        run_losing(&graph, &["task"], &Processes::new().workers(1), (sampler, 20))
    };
    about(seen.weight(&seen.sampled.allocations, "allocations::hoard"), 100);
    about(seen.weight(&seen.sampled.live, "allocations::hoard"), 100);
    assert!(seen.weight(&seen.sampled.live, "allocations::churn") < 4 * MB);
    assert!(seen.sampled.allocations.iter().all(|s| seen.task(s) == Some("task")));
}

#[test]
fn what_one_thread_frees_for_another_is_not_live() {
    let _watchdog = Watchdog::new();
    let held: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let mut g = Graph::builder();
    let place = held.clone();
    g.task("give", [] as [&str; 0], move || {
        *place.lock().unwrap() = hoard(60);
        1u64
    });
    g.task("take", ["give"], move |_: &u64| {
        let held = std::mem::take(&mut *held.lock().unwrap());
        std::thread::spawn(move || drop(held)).join().unwrap();
        hoard(80).len() as u64
    });
    let graph = g.build().unwrap();
    let seen = look(&graph, &["take"], &Threads::new().workers(2));
    let live = &seen.sampled.live;
    about(seen.of_task(live, "take"), 80);
    assert!(seen.of_task(live, "give") < 4 * MB);
}

#[repr(align(4096))]
struct Page([u8; 4096]);

#[test]
fn growth_alignment_and_nothing_are_as_they_are() {
    let _watchdog = Watchdog::new();
    let graph = one_task(|| {
        let mut grown: Vec<u64> = Vec::new();
        let mut expected = 0u64;
        for i in 0..3_000_000u64 {
            grown.push(i);
            expected = expected.wrapping_add(i);
        }
        grown.shrink_to_fit();
        assert_eq!(grown.iter().fold(0, |a: u64, b| a.wrapping_add(*b)), expected);
        let pages: Vec<Box<Page>> = (0..2_000).map(|i| Box::new(Page([i as u8; 4096]))).collect();
        for (i, page) in pages.iter().enumerate() {
            assert_eq!((std::ptr::from_ref(&**page).addr() % 4096, page.0[7]), (0, i as u8));
        }
        let nothing: Vec<Vec<u8>> = (0..1000).map(|_| black_box(Vec::new())).collect();
        let zeroed = black_box(vec![0u8; 10 * MB as usize]);
        assert!(zeroed.iter().all(|&z| z == 0));
        (nothing.len() + pages.len()) as u64
    });
    for seen in [
        look(&graph, &["task"], &Processes::new().workers(1)),
        look(&graph, &["task"], &Serial::new()),
    ] {
        assert!(!seen.failed);
        // Twice the vector for its growth, and itself; the pages; the zeroes.
        let all = total(&seen.sampled.allocations) / MB;
        assert!((40..140).contains(&all), "{all} MB");
        let live = total(&seen.sampled.live) / MB;
        assert!((25..90).contains(&live), "{live} MB");
    }
}

#[test]
fn a_run_inside_of_a_task_counts_as_the_task() {
    let _watchdog = Watchdog::new();
    let graph = one_task(|| {
        let out = get(&two_tasks(), ["pass"], &Serial::new()).unwrap();
        out.get::<u64>(0).unwrap() + hoard(20).len() as u64
    });
    for seen in [
        look(&graph, &["task"], &Serial::new()),
        look(&graph, &["task"], &Processes::new().workers(1)),
    ] {
        about(seen.weight(&seen.sampled.allocations, "allocations::hoard"), 120);
        assert!(seen.sampled.allocations.iter().all(|s| seen.task(s) != Some("pass")));
        about(seen.weight(&seen.sampled.live, "allocations::hoard"), 100);
    }
}

#[test]
fn only_who_asks_is_told() {
    assert!(alloc::is_installed());
    let sampler = Sampler::new(0, 1).unwrap();
    let seen = run(&one_task(|| churn(20)), &["task"], &Serial::new(), sampler);
    assert!(seen.sampled.allocations.is_empty() && seen.sampled.live.is_empty());
}

#[test]
fn a_second_run_of_the_process_is_told_that_it_is_not_seen() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let other = Sampler::with_allocations(0, EVERY, 1).unwrap();
    let problem = Arc::new(Mutex::new(None));
    let said = problem.clone();
    let graph = one_task(move || {
        // A thread of its own is in no task: its run is one beside this.
        let (other, said) = (other.clone(), said.clone());
        let beside = move || {
            let look = sampled::Look::new(other.clone());
            let graph = one_task(|| churn(5));
            let ran = || get(&graph, ["task"], &Serial::new()).unwrap().get::<u64>(0).unwrap();
            let bytes = tine_scheduler::observe(look, ran);
            *said.lock().unwrap() = other.problem();
            bytes
        };
        std::thread::spawn(beside).join().unwrap() + churn(20)
    });
    let sampler = Sampler::with_allocations(0, EVERY, 1).unwrap();
    let seen = run(&graph, &["task"], &Serial::new(), sampler);
    about(total(&seen.sampled.allocations), 20);
    let problem = problem.lock().unwrap().clone().unwrap();
    assert!(problem.starts_with("1 workers were not sampled: another run"), "{problem}");
}
