//! More data than memory: what it costs to compute it all the same, and how much memory it takes.
//! It does not judge: it prints one JSON line.
//!
//! ```text
//! spill (flow | shuffle | all) [--memory SIZE] [--megabytes N] [--parts N] [--workers N]
//! ```
//!
//! `flow` makes arrays of 16 MB, N megabytes in all, adds to each, and sums them in a tree: they
//! pass through memory. `shuffle` cuts as much data into `parts` pieces, each piece into `parts`
//! slices, and joins the slices of equal number: no join can begin before the last cut has ended.
//! `all` is one task that reads every array. The results are compared with what one loop computes.
//!
//! Memory is polled from outside, 50 times a second: private memory of the process tree
//! (`Pss_Anon`), and what each distinct memfd holds. `disk_seconds` is how long a plain loop takes
//! to write as many bytes as there are data to the folder for temporary files, and to read them;
//! `disk_synced_seconds` with a wait for the disk in between.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tine::Processes;
use tine::scheduler::{Buffer, Graph, GraphBuilder, Inputs, get};

#[path = "common/ending.rs"]
mod ending;
#[path = "common/memory.rs"]
mod memory;

use memory::{Memory, tree};

const USAGE: &str = "usage: spill (flow | shuffle | all) [--memory SIZE] [--megabytes N] \
                     [--parts N] [--workers N]";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Numbers in one array of `flow` and `all`: 16 MB.
const LEN: usize = 2 << 20;

/// What was asked for on the command line.
#[derive(Clone, Debug)]
struct Settings {
    way: String,
    memory: String,
    megabytes: usize,
    parts: usize,
    workers: usize,
    /// Whether this process computes, for another that looks on.
    computes: bool,
}

fn settings() -> Result<Settings, String> {
    let mut args = std::env::args().skip(1);
    let way = args.next().ok_or(USAGE)?;
    let memory = "512MiB".to_owned();
    let mut s = Settings { way, memory, megabytes: 3000, parts: 200, workers: 2, computes: false };
    while let Some(flag) = args.next() {
        if flag == "--computes" {
            s.computes = true;
            continue;
        }
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        let number = || value.parse().map_err(|e| format!("{flag} {value}: {e}\n{USAGE}"));
        match flag.as_str() {
            "--memory" => s.memory = value,
            "--megabytes" => s.megabytes = number()?,
            "--parts" => s.parts = number()?,
            "--workers" => s.workers = number()?,
            _ => return Err(format!("unknown option {flag}\n{USAGE}")),
        }
    }
    if s.megabytes == 0 || s.parts == 0 { Err(USAGE.into()) } else { Ok(s) }
}

impl Settings {
    /// How many arrays of `LEN` numbers there are.
    fn arrays(&self) -> usize {
        (self.megabytes << 20).div_ceil(8 * LEN)
    }

    /// How many numbers a slice of the shuffle has.
    fn slice(&self) -> usize {
        (self.megabytes << 17) / (self.parts * self.parts)
    }
}

/// Number `k` of array `i`.
fn number(i: usize, k: usize) -> u64 {
    ((i as u64) << 32 | k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7
}

fn make(i: usize, len: usize) -> Buffer<u64> {
    Buffer::from_fn(len, |k| number(i, k))
}

fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |a, &b| a.wrapping_add(b))
}

fn total(parts: Inputs<'_, u64>) -> u64 {
    parts.fold(0, |a, b| a.wrapping_add(*b))
}

/// A position in a group.
fn at(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

/// Arrays that are made, changed, and summed two by two.
fn flow(s: &Settings, g: &mut GraphBuilder) {
    for i in 0..s.arrays() {
        g.task(("make", at(i)), [] as [&str; 0], move || make(i, LEN));
        g.task(("add", at(i)), [("make", at(i))], |x: &Buffer<u64>| {
            Buffer::from_fn(x.len(), |k| x[k].wrapping_add(1))
        });
        g.task(("sum", at(i)), [("add", at(i))], |x: &Buffer<u64>| sum(x));
    }
    g.gather("total", (0..s.arrays()).map(|i| ("sum", at(i))), total);
}

/// Pieces that are cut in slices, and joined the other way.
fn shuffle(s: &Settings, g: &mut GraphBuilder) {
    let (parts, slice) = (s.parts, s.slice());
    for i in 0..parts {
        g.task(("cut", at(i)), [] as [&str; 0], move || {
            let piece = make(i, parts * slice);
            (0..parts).map(|j| piece.slice(j * slice..(j + 1) * slice)).collect::<Vec<_>>()
        });
    }
    for j in 0..parts {
        let cuts = (0..parts).map(|i| ("cut", at(i)));
        g.gather(("join", at(j)), cuts, move |cuts: Inputs<'_, Vec<Buffer<u64>>>| {
            cuts.fold(0u64, |a, cut| a.wrapping_mul(3).wrapping_add(sum(&cut[j])))
        });
    }
    g.gather("total", (0..parts).map(|j| ("join", at(j))), total);
}

/// One task over all arrays.
fn all(s: &Settings, g: &mut GraphBuilder) {
    for i in 0..s.arrays() {
        g.task(("make", at(i)), [] as [&str; 0], move || make(i, LEN));
    }
    let arrays = (0..s.arrays()).map(|i| ("make", at(i)));
    g.gather("total", arrays, |arrays: Inputs<'_, Buffer<u64>>| {
        arrays.fold(0u64, |a, x| a.wrapping_add(sum(&x)))
    });
}

/// The same, in one loop.
fn expected(s: &Settings) -> u64 {
    let array = |i: usize| (0..LEN).fold(0u64, |a, k| a.wrapping_add(number(i, k)));
    match s.way.as_str() {
        "shuffle" => (0..s.parts).fold(0, |a, j| {
            let joined = (0..s.parts).fold(0u64, |a, i| {
                let slice = j * s.slice()..(j + 1) * s.slice();
                let sum = slice.fold(0u64, |a, k| a.wrapping_add(number(i, k)));
                a.wrapping_mul(3).wrapping_add(sum)
            });
            a.wrapping_add(joined)
        }),
        way => {
            let more = if way == "flow" { (s.arrays() * LEN) as u64 } else { 0 };
            (0..s.arrays()).fold(more, |a, i| a.wrapping_add(array(i)))
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Report {
    result: u64,
    seconds: f64,
}

fn compute(s: &Settings) -> Outcome<Report> {
    let mut g = Graph::builder();
    match s.way.as_str() {
        "flow" => flow(s, &mut g),
        "shuffle" => shuffle(s, &mut g),
        "all" => all(s, &mut g),
        _ => return Err(USAGE.into()),
    }
    let graph = g.build()?;
    let began = Instant::now();
    let processes = Processes::new().workers(s.workers).memory(&s.memory);
    let result = get(&graph, ["total"], &processes)?.get(0)?;
    Ok(Report { result, seconds: began.elapsed().as_secs_f64() })
}

/// Starts this program again to compute, and looks on; returns what it says, and its peak.
fn look_on(s: &Settings) -> Outcome<(Report, u64)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([&s.way, "--computes", "--memory", &s.memory])
        .args(["--megabytes", &s.megabytes.to_string(), "--parts", &s.parts.to_string()])
        .args(["--workers", &s.workers.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = peak.max(tree(child.id()).into_iter().collect::<Memory>().bytes);
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut text = String::new();
    child.stdout.take().ok_or("no output")?.read_to_string(&mut text)?;
    Ok((serde_json::from_str(&text).map_err(|e| format!("{text:?}: {e}"))?, peak))
}

/// Seconds to write the data to a file and read them again.
fn disk(s: &Settings, synced: bool) -> Outcome<f64> {
    let path = std::env::temp_dir().join(format!("spill-{}", std::process::id()));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    let began = Instant::now();
    let mut block = vec![7u8; 1 << 20];
    for _ in 0..s.megabytes {
        file.write_all(&block)?;
    }
    if synced {
        file.sync_data()?;
    }
    file.rewind()?;
    for _ in 0..s.megabytes {
        file.read_exact(&mut block)?;
    }
    Ok(began.elapsed().as_secs_f64())
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn run() -> Outcome<()> {
    let s = settings()?;
    if s.computes {
        println!("{}", serde_json::to_string(&compute(&s)?)?);
        return Ok(());
    }
    let (report, peak) = look_on(&s)?;
    println!(
        "{{\"bench\":\"spill {}\",\"megabytes\":{},\"memory\":\"{}\",\"right\":{},\
         \"seconds\":{:.3},\"peak_mib\":{:.1},\"disk_seconds\":{:.3},\
         \"disk_synced_seconds\":{:.3}}}",
        s.way,
        s.megabytes,
        s.memory,
        report.result == expected(&s),
        report.seconds,
        peak as f64 / f64::from(1 << 20),
        disk(&s, false)?,
        disk(&s, true)?,
    );
    Ok(())
}

fn main() -> ExitCode {
    ending::end("spill", run())
}
