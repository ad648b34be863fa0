//! A thousand runs of slow but healthy tasks: none may be proved to be locked for ever.
//! It does not test tasks that are: see `tests/processes/deadlocks.rs`.
//!
//! ```sh
//! cargo run --example healthy -- [RUNS] [AT ONCE]
//! ```

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "futexes, signals and forks of tasks that are hard to judge")]
mod bodies;

#[cfg(target_os = "linux")]
#[expect(clippy::print_stdout, reason = "a program")]
fn main() -> std::process::ExitCode {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    let mut numbers = std::env::args().skip(1).map_while(|a| a.parse::<usize>().ok());
    let (runs, at_once) = (numbers.next().unwrap_or(1000), numbers.next().unwrap_or(16));
    let (next, wrong, start) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(round) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|r| *r < runs)
                {
                    if let Err(why) = run(round) {
                        wrong.fetch_add(1, Ordering::Relaxed);
                        println!("run {round}: {why}");
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner();
    let tasks = bodies::ALL.len();
    println!(
        "{runs} runs of {tasks} slow tasks, {at_once} at once: {wrong} wrong, {:.0} s",
        start.elapsed().as_secs_f64()
    );
    std::process::ExitCode::from(u8::from(wrong > 0))
}

/// Runs all bodies at once, each in a process of its own.
#[cfg(target_os = "linux")]
fn run(round: usize) -> tine::Result<()> {
    use tine_scheduler::{Graph, Key, Processes, get};
    let mut g = Graph::builder();
    let keys: Vec<Key> = bodies::ALL.iter().map(|(name, _)| Key::from(*name)).collect();
    for (name, body) in bodies::ALL {
        let (body, time) = (*body, bodies::time(round));
        g.task(*name, [] as [&str; 0], move || body(time));
    }
    let scheduler = Processes::new().workers(bodies::ALL.len());
    let out = get(&g.build()?, keys, &scheduler)?;
    (0..out.len()).try_for_each(|i| match out.get::<u64>(i)? {
        1 => Ok(()),
        n => Err(tine::Error::new(tine::ErrorKind::Task, format!("{} is {n}", bodies::ALL[i].0))),
    })
}

#[cfg(not(target_os = "linux"))]
fn main() {}
