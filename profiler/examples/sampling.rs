//! What sampling costs: the same work of some seconds, with a sampler and without, in turns.
//! It does not judge; `cargo run --release -p tine-profiler --example sampling -- 99 7 5`
//! takes the rate, the number of pairs, and the seconds that each run is to take.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tine_profiler::{Sampled, Sampler};
use tine_scheduler::{Graph, Observer, Probe, Processes, RunView, get, observe};

struct Look(Arc<Sampler>);

impl Observer for Look {
    fn probes(&self, _run: &RunView<'_>) -> Vec<Arc<dyn Probe>> {
        vec![self.0.clone()]
    }
}

/// Some arithmetic with calls in it, which the compiler cannot foresee.
#[inline(never)]
fn work(rounds: u64) -> u64 {
    let mut x = black_box(rounds) | 1;
    for _ in 0..rounds {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

/// CPU time that ended children of this process have used, in seconds.
fn children() -> nix::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let both = usage.user_time() + usage.system_time();
    Ok(both.num_microseconds() as f64 / 1e6)
}

/// Runs it, and returns what it cost in seconds of CPU time and how many samples there were.
fn run(hz: u32, rounds: u64) -> Result<(f64, Sampled), Box<dyn std::error::Error>> {
    let mut g = Graph::builder();
    let tasks = 64;
    for i in 0..tasks {
        g.task(format!("work-{i}"), [] as [&str; 0], move || work(rounds / tasks + i));
    }
    let graph = g.build()?;
    let names: Vec<String> = (0..tasks).map(|i| format!("work-{i}")).collect();
    let sampler = Sampler::new(hz, 2)?;
    let before = children()?;
    let processes = Processes::new().workers(2);
    observe(Arc::new(Look(sampler.clone())), || get(&graph, names, &processes))?;
    let cost = children()? - before;
    let mut sampled = Sampled::default();
    sampler.drain(&mut sampled);
    Ok((cost, sampled))
}

#[expect(clippy::print_stdout, reason = "its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<u32>().ok());
    let mut next = |default| args.next().flatten().unwrap_or(default);
    let (hz, pairs, seconds) = (next(99), next(7), next(5));
    let began = Instant::now();
    black_box(work(200_000_000));
    let rounds = 2e8 / began.elapsed().as_secs_f64() * f64::from(seconds);
    let mut ratios = Vec::new();
    for pair in 0..pairs {
        let order = if pair % 2 == 0 { [0, hz] } else { [hz, 0] };
        let mut costs = [0.0; 2];
        for rate in order {
            let (cost, sampled) = run(rate, rounds as u64)?;
            costs[usize::from(rate > 0)] = cost;
            let weight: u64 = sampled.cpu.iter().map(|s| s.weight).sum();
            println!(
                "{rate} Hz: {cost:.2} s of CPU time, {} samples of {:.2} s",
                sampled.cpu.len(),
                weight as f64 / 1e9
            );
            if pair == 0 && rate > 0 {
                let sample = sampled.cpu[sampled.cpu.len() / 2];
                for frame in sampled.stacks.frames(sample.stack) {
                    println!(
                        "    {} {}:{}",
                        frame.function,
                        frame.file.as_deref().unwrap_or("?"),
                        frame.line.unwrap_or(0)
                    );
                }
            }
        }
        ratios.push(costs[1] / costs[0]);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "with sampling / without: median {:.4}, from {:.4} to {:.4}",
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1]
    );
    Ok(())
}
