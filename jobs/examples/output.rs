//! Measures how output is put in order: jobs that print side by side, through `Output` to standard
//! output. How many jobs, how many bytes each, how many at a time, and the mode: `20 1e8 4 order`.
//! It starts no programs: chunks are made here, at most as large as pipes hand them over.

use std::io::{self, Write};
use std::time::Instant;

use tine_jobs::output::{Begin, Bounds, Mode, Output, Streams};
use tine_scheduler::OutputStream::Stdout;

/// As much as a pipe holds.
const CHUNK: usize = 64 << 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [jobs, bytes, slots, mode] = args.as_slice() else {
        return Err("usage: output JOBS BYTES SLOTS whole|order|lines|raw".into());
    };
    let mode = match mode.as_str() {
        "whole" => Mode::Whole { in_order: false },
        "order" => Mode::Whole { in_order: true },
        "lines" => Mode::Lines { in_order: false },
        _ => Mode::Raw,
    };
    let (jobs, slots, bytes) = (jobs.parse()?, slots.parse()?, bytes.parse::<f64>()? as usize);
    let start = Instant::now();
    let mut output = Output::new(Streams::new()?, mode, Bounds::default());
    let mut running: Vec<(u64, usize)> = Vec::new();
    let mut next = 1;
    for turn in 0_usize.. {
        while running.len() < slots && next <= jobs {
            output.begin(next, &Begin::default())?;
            running.push((next, 0));
            next += 1;
        }
        if running.is_empty() {
            break;
        }
        // One of them is slow, so that in order the others have to wait.
        let at = if running.len() > 1 && turn % 8 > 0 { 1 + turn % (running.len() - 1) } else { 0 };
        let (seq, printed) = &mut running[at];
        let chunk = chunk(*seq, *printed, CHUNK.min(bytes - *printed));
        output.output(*seq, Stdout, &chunk)?;
        *printed += chunk.len();
        if *printed == bytes {
            output.end(*seq)?;
            running.swap_remove(at);
        }
    }
    output.finish()?;
    let taken = start.elapsed();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    writeln!(io::stderr(), "{taken:.2?}  {peak}")?;
    Ok(())
}

/// A line that says which job it is of and where in its output it stands, and is as long as asked.
fn chunk(seq: u64, at: usize, len: usize) -> Vec<u8> {
    let mut bytes = format!("job {seq} at {at} ").into_bytes();
    bytes.resize(len.saturating_sub(1), b'.');
    bytes.push(b'\n');
    bytes
}
