//! Programs with tasks that misbehave, for cases that need a parent to watch or to kill.
//! It does not know what the case makes of it.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tine_scheduler::{ErrorKind, Graph, Plan, Processes, Result, Scheduler, TaskId};

/// Runs `body` as tasks 0 to `n` on `workers` processes.
pub(crate) fn run(
    n: u32,
    workers: usize,
    body: impl Fn(u32) -> u64 + Clone + Send + Sync + 'static,
) -> Result<Vec<u64>> {
    let mut g = Graph::builder();
    let tasks: Vec<TaskId> = (0..n)
        .map(|i| {
            let body = body.clone();
            g.task(("task", i), [] as [&str; 0], move || body(i))
        })
        .collect();
    let graph = g.build()?;
    let out = Processes::new().workers(workers).run(&Plan::new(&graph, &tasks)?, &[])?;
    (0..tasks.len()).map(|i| out.get(i)).collect()
}

/// Uses a processor for this long.
pub(crate) fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Waits for a signal that ends the process, for ever.
fn wait_for_the_end() -> ! {
    loop {
        nix::unistd::pause();
    }
}

/// Goes on until more time has passed than a task has, of which the process is to be stopped for most.
fn for_long(i: u32) -> u64 {
    let start = Instant::now();
    say(format!("start {i}"));
    while start.elapsed() < Duration::from_millis(4100) {
        std::hint::spin_loop();
    }
    1
}

/// A task under a limit of memory that wants more.
fn take_too_much() -> Result<Vec<u64>> {
    let mut g = Graph::builder();
    g.task(("task", 0), [] as [&str; 0], || 1u64);
    g.task(("task", 1), [("task", 0)], |_: &u64| vec![1u8; 1 << 30].len() as u64);
    // More than there is: tine is not to end it first.
    let run = Processes::new().workers(2).allowed_failures(1).memory("8GiB");
    tine_scheduler::get(&g.build()?, [("task", 1)], &run)?.get(0).map(|n| vec![n])
}

/// The program of a role.
pub(crate) fn program(role: &str) -> ExitCode {
    match role {
        "for ever" => report(run(8, 2, |i| {
            say(format!("start {i} {}", std::process::id()));
            wait_for_the_end()
        })),
        "for ever, in spite of SIGTERM" => report(run(8, 2, |i| {
            ignore_termination();
            say(format!("start {i} {}", std::process::id()));
            wait_for_the_end()
        })),
        "for a while" => report(run(500, 2, |i| {
            say(format!("start {i}"));
            spin(Duration::from_millis(20));
            say(format!("end {i}"));
            1
        })),
        "many lines" => report(run(1000, 3, |i| {
            say(format!("line {i} {}", "x".repeat(300)));
            i.into()
        })),
        "for long, then well" => report(run(2, 2, for_long)),
        "takes too much" => report(take_too_much()),
        "endless lines" => report(run(1, 1, |_| {
            let line = "x".repeat(200);
            loop {
                say(line.clone());
            }
        })),
        "many lines, into nowhere" => {
            let ran = run(100_000, 3, |i| {
                say(format!("line {i} {}", "x".repeat(300)));
                i.into()
            });
            complain(ran)
        }
        "environment" => report(run(2, 2, |_| {
            std::env::var("RAYON_NUM_THREADS").ok().and_then(|v| v.parse().ok()).unwrap_or(0)
        })),
        role => parent_with_output(role),
    }
}

#[expect(clippy::print_stdout, reason = "what these programs are about")]
fn parent_with_output(role: &str) -> ExitCode {
    print!("half a line, ");
    match role {
        "half a line" => {}
        "half a line, and a thread" => idle_thread(),
        "locked output" => lock_output(),
        role => panic!("no role {role}"),
    }
    let speaks = role != "locked output";
    let ran = run(20, 2, move |i| {
        if i == 5 && speaks {
            say("said by a task".to_owned());
        }
        i.into()
    });
    if !speaks {
        // The other thread has the output, for good: leave without it.
        // SAFETY: does not return.
        unsafe { libc::_exit(i32::from(ran.is_err())) };
    }
    report(ran)
}

/// A thread that is there and does nothing.
fn idle_thread() {
    std::thread::spawn(|| {
        loop {
            std::thread::park();
        }
    });
}

/// A thread that has the lock of the standard output, and keeps it.
fn lock_output() {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _lock = std::io::stdout().lock();
        tell.send(()).expect("somebody waits");
        loop {
            std::thread::park();
        }
    });
    told.recv().expect("the thread is there");
}

#[expect(clippy::print_stdout, reason = "tasks print as users' do")]
fn say(line: String) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "the case reads it")]
fn complain(ran: Result<Vec<u64>>) -> ExitCode {
    let Err(e) = ran else { return ExitCode::SUCCESS };
    eprintln!("{:?} {e}", e.kind());
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "the case reads it")]
fn report(ran: Result<Vec<u64>>) -> ExitCode {
    match &ran {
        Ok(values) => println!("done {}", values.iter().sum::<u64>()),
        Err(e) => println!("{:?} {e}", e.kind()),
    }
    let _ = std::io::stdout().flush();
    match ran {
        Ok(_) => ExitCode::SUCCESS,
        Err(e) if e.kind() == ErrorKind::Interrupted => ExitCode::from(7),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Makes this process deaf to SIGTERM.
pub(crate) fn ignore_termination() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed.
    unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.expect("a valid signal");
}
