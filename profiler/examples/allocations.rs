//! What the sample of allocations costs: the same work, looked at and not, in turns.
//! It does not judge; `cargo run --release -p tine-profiler --example allocations -- 9`
//! takes the number of pairs. The work is `mixed`: rows of short strings that are sorted and joined;
//! and `bare`: blocks of 64 bytes that are allocated and freed, and nothing else.

use std::hint::black_box;
use std::sync::Arc;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tine_profiler::alloc::{Allocator, SAMPLE_EVERY};
use tine_profiler::{Sampled, Sampler};
use tine_scheduler::{Graph, Observer, Probe, RunView, Serial, get, observe};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator::new();

struct Look(Arc<Sampler>);

impl Observer for Look {
    fn probes(&self, _run: &RunView<'_>) -> Vec<Arc<dyn Probe>> {
        vec![self.0.clone()]
    }
}

const BLOCKS: u64 = 20_000_000;

fn bare() -> u64 {
    (0..BLOCKS).map(|i| black_box(Box::new([i; 8]))[0] & 1).sum()
}

fn mixed() -> u64 {
    let mut sum = 0;
    for round in 0..300u64 {
        let mut rows: Vec<String> = (0..20_000u64)
            .map(|i| format!("{:x}", (i + round).wrapping_mul(0x9E37_79B9)))
            .collect();
        rows.sort_unstable();
        sum += rows.concat().len() as u64;
    }
    sum
}

/// Seconds of CPU time that this thread has used.
fn used() -> nix::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let both = usage.user_time() + usage.system_time();
    Ok(both.num_microseconds() as f64 / 1e6)
}

/// Runs it, and returns the seconds of CPU time that it took and the megabytes that were seen.
fn run(work: fn() -> u64, bytes: u64) -> Result<(f64, u64), Box<dyn std::error::Error>> {
    let mut g = Graph::builder();
    g.task("work", [] as [&str; 0], work);
    let graph = g.build()?;
    let sampler = Sampler::with_allocations(0, bytes, 1)?;
    let began = used()?;
    observe(Arc::new(Look(sampler.clone())), || get(&graph, ["work"], &Serial::new()))?;
    let took = used()? - began;
    let mut sampled = Sampled::default();
    sampler.drain(&mut sampled);
    Ok((took, sampled.allocations.iter().map(|s| s.weight).sum::<u64>() >> 20))
}

#[expect(clippy::print_stdout, reason = "its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pairs = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(9);
    for (name, work) in [("mixed", mixed as fn() -> u64), ("bare", bare)] {
        let (mut ratios, mut seen, mut without) = (Vec::new(), 0, Vec::new());
        for pair in 0..pairs {
            let order = if pair % 2 == 0 { [0, SAMPLE_EVERY] } else { [SAMPLE_EVERY, 0] };
            let mut took = [0.0; 2];
            for bytes in order {
                let (time, megabytes) = run(work, bytes)?;
                took[usize::from(bytes > 0)] = time;
                seen = seen.max(megabytes);
            }
            ratios.push(took[1] / took[0]);
            without.push(took[0]);
        }
        ratios.sort_by(f64::total_cmp);
        without.sort_by(f64::total_cmp);
        let (median, base) = (ratios[pairs / 2], without[pairs / 2]);
        println!(
            "{name}: {base:.3} s without, times {median:.4} with ({:.4} to {:.4}), {seen} MB",
            ratios[0],
            ratios[pairs - 1]
        );
        if name == "bare" {
            println!("    {:.1} ns a block more", (median - 1.0) * base * 1e9 / BLOCKS as f64);
        }
    }
    Ok(())
}
