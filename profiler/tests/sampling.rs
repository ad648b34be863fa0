//! What the sampler sees of tasks that do known things, under every scheduler.
//! It knows the public interface only; shares of time are told from some hundred samples.
#![cfg(all(
    target_os = "linux",
    not(tine_portable),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod sampled;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal};
use sampled::{Seen, Watchdog, run};
use tine_profiler::Sampler;
use tine_scheduler::{Graph, Processes, Scheduler, Serial, Threads, get};

/// As many samples a second as common kernels grant.
const HZ: u32 = 250;

/// Milliseconds of CPU time that the calling thread has used.
fn used() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("the kernel tells");
    let (user, system) = (usage.user_time(), usage.system_time());
    (user.tv_sec() + system.tv_sec()) * 1000 + (user.tv_usec() + system.tv_usec()) / 1000
}

/// Uses so many milliseconds of CPU time of the calling thread.
#[inline(never)]
fn burn(millis: i64) -> u64 {
    let end = used() + millis;
    let mut x = black_box(1u64);
    while used() < end {
        x = spin(x);
    }
    x
}

#[inline(never)]
fn spin(mut x: u64) -> u64 {
    for _ in 0..50_000 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x)
}

#[inline(never)]
fn three_parts() -> u64 {
    black_box(burn(600)) + 1
}

#[inline(never)]
fn one_part() -> u64 {
    black_box(burn(200)) + 1
}

fn two_tasks() -> Graph {
    let mut g = Graph::builder();
    g.task("long", [] as [&str; 0], three_parts);
    g.task("short", [] as [&str; 0], one_part);
    g.build().expect("nothing in the way")
}

fn one_task(body: impl Fn() -> u64 + Send + Sync + 'static) -> Graph {
    let mut g = Graph::builder();
    g.task("task", [] as [&str; 0], body);
    g.build().expect("nothing in the way")
}

fn look(graph: &Graph, sinks: &[&str], scheduler: &impl Scheduler) -> Seen {
    run(graph, sinks, scheduler, Sampler::new(HZ, 2).expect("nothing in the way"))
}

/// Two functions with three parts and one of the time, in the right tasks, with whole stacks.
fn sees_shares(scheduler: &impl Scheduler) {
    let _watchdog = Watchdog::new();
    let seen = look(&two_tasks(), &["long", "short"], scheduler);
    let cpu = &seen.sampled.cpu;
    let [three, one] = ["sampling::three_parts", "sampling::one_part"].map(|f| seen.weight(cpu, f));
    let share = three as f64 / (three + one) as f64;
    assert!((0.65..0.85).contains(&share), "{share}: {three} and {one}");
    let all = (three + one) as f64 / 1e9;
    assert!((0.7..1.0).contains(&all), "{all} s of 0.8 s");
    for sample in cpu.iter().filter(|s| s.task.is_some()) {
        let functions = seen.functions(sample);
        let (function, other) = match seen.task(sample) {
            Some("long") => ("sampling::three_parts", "sampling::one_part"),
            _ => ("sampling::one_part", "sampling::three_parts"),
        };
        assert!(!seen.has(sample, other), "{functions:?}");
        assert!(!functions.contains(&"[frames missing]"), "{functions:?}");
        if seen.has(sample, "sampling::burn") {
            assert!(seen.has(sample, function), "{functions:?}");
            assert!(functions[0].starts_with("sampling::"), "{functions:?}");
        }
    }
    let mut roots: BTreeMap<&str, u64> = BTreeMap::new();
    for sample in cpu.iter().filter(|s| s.task.is_some()) {
        *roots.entry(seen.functions(sample)[0]).or_default() += sample.weight;
    }
    let own: u64 = roots.iter().filter(|r| r.0.starts_with("sampling::")).map(|r| r.1).sum();
    assert!(own as f64 > 0.95 * roots.values().sum::<u64>() as f64, "{roots:?}");
}

#[test]
fn sees_shares_in_processes() {
    sees_shares(&Processes::new().workers(2));
}

#[test]
fn sees_shares_in_threads() {
    sees_shares(&Threads::new().workers(2));
}

#[test]
fn sees_shares_in_the_calling_thread() {
    sees_shares(&Serial::new());
}

#[test]
fn samples_have_places_in_the_code() {
    let graph = one_task(|| burn(200));
    let seen = look(&graph, &["task"], &Serial::new());
    let spin = seen.sampled.stacks.all_frames().iter().find(|f| f.function.ends_with("::spin"));
    let spin = spin.expect("most of the time is in it");
    assert!(spin.file.as_ref().unwrap().ends_with("tests/sampling.rs"), "{spin:?}");
    assert!(spin.line.unwrap() > 30, "{spin:?}");
    let at: Vec<u64> = seen.sampled.cpu.iter().map(|s| s.at).collect();
    assert!(at.is_sorted(), "{at:?}");
    assert!(at[at.len() - 1] < 100_000_000_000, "times count from the start of the run");
}

#[test]
fn samples_of_killed_workers_survive() {
    let _watchdog = Watchdog::new();
    let graph = one_task(|| {
        burn(150);
        let pid = std::process::id().to_string();
        Command::new("sh").args(["-c", &format!("kill -9 {pid}; sleep 60")]).status().unwrap();
        0
    });
    let seen = look(&graph, &["task"], &Processes::new().workers(2));
    assert!(seen.failed);
    let weight = seen.weight(&seen.sampled.cpu, "sampling::burn");
    // One attempt at least; those that replaced the dead go on in the same place.
    assert!(weight > 100_000_000, "{weight}");
    assert!(seen.sampled.cpu.iter().all(|s| seen.task(s) == Some("task") || s.task.is_none()));
}

#[test]
fn a_rate_of_zero_takes_none() {
    let graph = one_task(|| burn(50));
    let seen = run(&graph, &["task"], &Processes::new().workers(1), Sampler::new(0, 1).unwrap());
    assert!(seen.sampled.cpu.is_empty() && !seen.failed);
}

#[test]
fn more_than_the_kernel_grants_weighs_the_same() {
    let graph = one_task(|| burn(400));
    let seen = run(&graph, &["task"], &Serial::new(), Sampler::new(100_000, 1).unwrap());
    let weight = seen.sampled.cpu.iter().map(|s| s.weight).sum::<u64>() as f64 / 1e9;
    assert!((0.36..0.5).contains(&weight), "{weight} s of 0.4 s");
    assert!(seen.sampled.cpu.len() > 20);
}

#[test]
fn a_run_inside_of_a_task_counts_as_the_task() {
    let _watchdog = Watchdog::new();
    let graph = one_task(|| {
        let inner = two_tasks();
        let out = get(&inner, ["long", "short"], &Serial::new()).unwrap();
        out.get::<u64>(0).unwrap() + burn(100)
    });
    // The observer is in force inside too: the sampler is told of the inner run as well.
    for seen in [
        look(&graph, &["task"], &Serial::new()),
        look(&graph, &["task"], &Processes::new().workers(1)),
        look(&graph, &["task"], &Threads::new().workers(1)),
    ] {
        let cpu = &seen.sampled.cpu;
        let [three, one, all] =
            ["::three_parts", "::one_part", "sampling::burn"].map(|f| seen.weight(cpu, f));
        assert!(three > 400_000_000 && one > 100_000_000, "{three} and {one}");
        assert!((0.8e9..1.1e9).contains(&(all as f64)), "nothing is seen twice: {all}");
        for sample in cpu.iter().filter(|s| seen.has(s, "sampling::burn")) {
            assert_eq!(seen.task(sample), Some("task"));
            assert!(seen.functions(sample)[0].starts_with("sampling::a_run_inside"));
        }
    }
}

#[test]
fn sixty_four_workers_are_seen() {
    let _watchdog = Watchdog::new();
    let mut g = Graph::builder();
    let names: Vec<String> = (0..64).map(|i| format!("t{i}")).collect();
    for name in &names {
        g.task(name.as_str(), [] as [&str; 0], || burn(40));
    }
    let graph = g.build().unwrap();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sampler = Sampler::new(HZ, 64).unwrap();
    let seen = run(&graph, &names, &Processes::new().workers(64), sampler);
    let weight = seen.weight(&seen.sampled.cpu, "sampling::burn") as f64 / 1e9;
    assert!((2.0..3.5).contains(&weight), "{weight} s of 2.56 s");
    let mut tasks: Vec<u32> = seen.sampled.cpu.iter().filter_map(|s| s.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    assert_eq!(tasks.len(), 64);
}

#[test]
fn a_worker_too_many_is_not_seen() {
    let sampler = Sampler::new(HZ, 0).unwrap();
    let seen = run(&one_task(|| burn(50)), &["task"], &Processes::new().workers(1), sampler);
    assert!(seen.sampled.cpu.is_empty() && !seen.failed);
}

/// Writes, reads, waits and starts programs, with time used in between.
fn calls_of_the_system() -> u64 {
    for _ in 0..20 {
        burn(5);
        let (read, write) = nix::unistd::pipe().expect("not interrupted");
        let (mut read, mut write) = (std::fs::File::from(read), std::fs::File::from(write));
        let writer = std::thread::spawn(move || {
            burn(3);
            write.write_all(&[7; 100_000]).expect("not interrupted");
        });
        let mut polled = [PollFd::new(read.as_fd(), PollFlags::POLLIN)];
        assert_eq!(nix::poll::poll(&mut polled, PollTimeout::NONE), Ok(1));
        let mut all = Vec::new();
        assert_eq!(read.read_to_end(&mut all).expect("not interrupted"), 100_000);
        writer.join().expect("not interrupted");
        nix::time::clock_nanosleep(
            nix::time::ClockId::CLOCK_MONOTONIC,
            nix::time::ClockNanosleepFlags::empty(),
            &nix::sys::time::TimeSpec::from(Duration::from_millis(2)),
        )
        .expect("not interrupted");
        let out = Command::new("sh").args(["-c", "printf here"]).output().expect("not interrupted");
        assert_eq!(out.stdout, b"here");
    }
    1
}

#[test]
fn calls_of_the_system_are_not_interrupted() {
    let _watchdog = Watchdog::new();
    let graph = one_task(calls_of_the_system);
    for seen in [
        look(&graph, &["task"], &Processes::new().workers(1)),
        look(&graph, &["task"], &Threads::new().workers(1)),
    ] {
        assert!(!seen.failed);
        assert!(seen.weight(&seen.sampled.cpu, "calls_of_the_system") > 60_000_000);
    }
}

#[test]
fn a_task_may_block_signals_and_leave_them_so() {
    let _watchdog = Watchdog::new();
    let mut g = Graph::builder();
    g.task("blocks", [] as [&str; 0], || {
        SigSet::all().thread_block().unwrap();
        burn(100)
    });
    g.task("unblocks", ["blocks"], |_: &u64| {
        let mut set = SigSet::empty();
        set.add(Signal::SIGPROF);
        let was = SigSet::thread_get_mask().unwrap().contains(Signal::SIGPROF);
        set.thread_unblock().unwrap();
        burn(100);
        set.thread_block().unwrap();
        burn(50);
        u64::from(was)
    });
    let graph = g.build().unwrap();
    for seen in [
        look(&graph, &["unblocks"], &Processes::new().workers(1)),
        look(&graph, &["unblocks"], &Threads::new().workers(1)),
    ] {
        assert!(!seen.failed);
        assert!(seen.of_task(&seen.sampled.cpu, "unblocks") > 60_000_000);
    }
    // The signals that waited in this process are gone with the timers: nothing kills it.
    SigSet::all().thread_unblock().unwrap();
}

#[test]
fn a_task_may_become_another_program() {
    use std::os::unix::process::CommandExt;
    let _watchdog = Watchdog::new();
    let graph = one_task(|| {
        burn(100);
        let failed = Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 99999 ]; do i=$((i+1)); done"])
            .exec();
        panic!("{failed}");
    });
    let seen = look(&graph, &["task"], &Processes::new().workers(1));
    assert!(seen.failed, "the worker is gone");
    assert!(seen.weight(&seen.sampled.cpu, "sampling::burn") > 60_000_000);
}

#[inline(never)]
fn deep(levels: u32) -> u64 {
    if levels == 0 { burn(150) } else { black_box(deep(levels - 1)) + 1 }
}

#[test]
fn deep_stacks_keep_both_ends() {
    let seen = look(&one_task(|| deep(2_000)), &["task"], &Serial::new());
    let sample = seen.sampled.cpu.iter().find(|s| seen.has(s, "sampling::burn")).unwrap();
    let functions = seen.functions(sample);
    assert!(functions[0].starts_with("sampling::deep_stacks"), "{functions:?}");
    assert_eq!(functions.iter().filter(|&&f| f == "[frames missing]").count(), 1);
    assert!((230..280).contains(&functions.len()), "{}", functions.len());
}

#[inline(never)]
fn copies() -> u64 {
    let from = vec![1u8; 1 << 20];
    let mut to = vec![0u8; 1 << 20];
    let end = used() + 200;
    while used() < end {
        for _ in 0..20 {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
    }
    u64::from(to[7])
}

#[test]
fn who_calls_code_without_frames_is_known() {
    // The C library's `memcpy` has no frame: its caller stands at the end of the stack alone.
    let seen = look(&one_task(|| copies() + 1), &["task"], &Serial::new());
    let cpu = &seen.sampled.cpu;
    let (all, with) = (seen.of_task(cpu, "task"), seen.weight(cpu, "sampling::copies"));
    assert!(all > 150_000_000, "{all}");
    assert!(with as f64 > 0.9 * all as f64, "{with} of {all}");
}
