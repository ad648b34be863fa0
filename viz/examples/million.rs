//! Measures what becomes of a trace of many tasks: `million [TASKS]`, 1,000,000 by default.
//! It prints seconds and bytes, a line a step; pictures and exports go nowhere.

#[path = "../tests/recorded/mod.rs"]
mod recorded;

use std::io::{self, Write};
use std::time::Instant;

use tine_profiler::{Fold, Recording, Trace};
use tine_viz::{curves, flame, timeline};

/// Counts bytes and keeps none.
#[derive(Default)]
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() -> io::Result<()> {
    let tasks: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let mut file = Vec::new();
    let sampled = recorded::sampled(30, 4, 1);
    recorded::run(tasks / 3, 64, 900).write(&mut file)?;
    let begun = Instant::now();
    let recording = Recording::read_from(&mut &file[..]).map_err(io::Error::other)?;
    let trace = &recording.traces()[0];
    say("open", begun, file.len() as u64)?;
    let step = |name: &str, write: &dyn Fn(&Trace, &mut Count) -> io::Result<()>| {
        let (begun, mut count) = (Instant::now(), Count::default());
        write(trace, &mut count)?;
        say(name, begun, count.0)
    };
    step("timeline", &|t, out| timeline::svg(t, &timeline::Options::default(), out))?;
    step("curves", &|t, out| curves::svg(t, &curves::Options::default(), out))?;
    step("flamegraph", &|t, out| flame::svg(t, &flame::Options::default(), out))?;
    step("flame, cpu", &|_, out| flame::svg(&sampled, &flame::Options::default(), out))?;
    step("chrome", &|t, out| t.write_chrome(out))?;
    step("csv", &|t, out| t.write_csv(out))?;
    step("jsonl", &|t, out| t.write_json_lines(out))?;
    step("folded", &|t, out| t.write_folded(&Fold::default(), out))
}

fn say(step: &str, begun: Instant, bytes: u64) -> io::Result<()> {
    let seconds = begun.elapsed().as_secs_f64();
    writeln!(io::stdout(), "{step:<12} {seconds:6.2} s  {bytes:>12} bytes")
}
