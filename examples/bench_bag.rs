//! What a Bag takes for the work that its peers are measured by: JSON accounts, counting words and lines.
//! It does not judge: it prints one JSON line a bench, with the names and results of the peers' program.
//!
//! ```text
//! bench_bag DATA [--only REGEX] [--runs 3] [--budget SECONDS] [--workers 2] [--memory SIZE]
//! ```
//!
//! `DATA` is a folder as `tine prep --scale full --only json,text` writes it. Each bench runs in a fresh
//! process, up to `--runs` times, and no more once `--budget` seconds (10) are used up; the median counts.

#[path = "common/ending.rs"]
mod ending;
#[path = "common/memory.rs"]
mod memory;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use memory::{Memory, tree};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tine::Processes;
use tine::prelude::*;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One kind of work: its name, and what does it.
struct Bench {
    name: &'static str,
    run: fn(&Path, &Processes) -> Outcome<Value>,
}

const BENCHES: [Bench; 8] = [
    Bench { name: "json_count_foldby", run: count_by_fold },
    Bench { name: "json_count_groupby", run: count_by_group },
    Bench { name: "json_alice_mean", run: alice_mean },
    Bench { name: "wordcount", run: word_count },
    Bench { name: "lines_plain", run: lines_plain },
    Bench { name: "lines_gzip", run: lines_gzip },
    Bench { name: "groupby_text", run: group_text },
    Bench { name: "groupby_text_right", run: keys_of_text },
];

/// What a count by name needs of a line: serde reads over the rest.
#[derive(Clone, Serialize, Deserialize)]
struct Named {
    name: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Account {
    name: String,
    transactions: Vec<Transaction>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Transaction {
    amount: i64,
}

fn named(data: &Path) -> bag::Bag<Named> {
    bag::read_text(data.join("accounts.*.json.gz"))
        .try_map_ref(|line| serde_json::from_str::<Named>(line))
}

/// What the peers compute of counts by name: each count times the rank of its name, from 1.
fn checksum(mut counts: Vec<(String, u64)>) -> Value {
    counts.sort();
    json!(counts.iter().zip(1..).map(|((_, n), rank)| n * rank).sum::<u64>())
}

fn count_by_fold(data: &Path, on: &Processes) -> Outcome<Value> {
    let counts = named(data).fold_by(|a| a.name.clone(), 0u64, |n, _| n + 1, |a, b| a + b);
    Ok(checksum(counts.compute_with(on)?))
}

fn count_by_group(data: &Path, on: &Processes) -> Outcome<Value> {
    let groups = named(data).group_by(|a| a.name.clone());
    let counts = groups.map(|(name, all)| (name, all.len() as u64));
    Ok(checksum(counts.compute_with(on)?))
}

fn alice_mean(data: &Path, on: &Processes) -> Outcome<Value> {
    let accounts = bag::read_text(data.join("accounts.*.json.gz"))
        .try_map_ref(|line| serde_json::from_str::<Account>(line));
    let amounts =
        accounts.filter(|a| a.name == "Alice").flat_map(|a| a.transactions).map(|t| t.amount);
    Ok(json!(amounts.mean().compute_with(on)?))
}

fn word_count(data: &Path, on: &Processes) -> Outcome<Value> {
    let counts = bag::read_text(data.join("text.*.txt")).words().frequencies();
    let top = counts.top_k_by(20, |(_, n)| *n).compute_with(on)?;
    Ok(json!(top.iter().map(|(_, n)| n).sum::<u64>()))
}

fn lines_plain(data: &Path, on: &Processes) -> Outcome<Value> {
    Ok(json!(bag::read_text(data.join("text.*.txt")).count().compute_with(on)?))
}

fn lines_gzip(data: &Path, on: &Processes) -> Outcome<Value> {
    Ok(json!(bag::read_text(data.join("accounts.*.json.gz")).count().compute_with(on)?))
}

/// The key of a line, as a user's number might be: ten thousand keys, none far more common than others.
/// (All elements of a group are in memory at once: a key that a tenth of 5 GB has cannot be grouped
/// within 1 GiB by anybody.)
fn key(line: &str) -> u64 {
    const KEYS: u64 = 10_000;
    // FNV-1a, which needs no seed.
    let hash = line.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % KEYS
}

/// All lines of a text, grouped: the sum of (key + 1) times the size of its group.
fn group_text(data: &Path, on: &Processes) -> Outcome<Value> {
    let groups = bag::read_text(data.join("text.*.txt")).group_by(|line| key(line));
    let sizes = groups.map(|(key, lines)| (key, lines.len() as u64)).compute_with(on)?;
    Ok(json!(sizes.iter().map(|(key, n)| (key + 1) * n).sum::<u64>()))
}

/// The same number without a group.
fn keys_of_text(data: &Path, on: &Processes) -> Outcome<Value> {
    let keys = bag::read_text(data.join("text.*.txt")).map_ref(|line| key(line) + 1);
    Ok(json!(keys.sum().compute_with(on)?))
}

/// What was asked for on the command line.
struct Settings {
    data: PathBuf,
    only: String,
    runs: usize,
    budget: f64,
    workers: usize,
    memory: Option<String>,
    /// The bench that this process is to run, having been started for it.
    child: Option<String>,
}

const USAGE: &str = "usage: bench_bag DATA [--only REGEX] [--runs 3] [--budget SECONDS] \
                     [--workers 2] [--memory SIZE]";

fn settings() -> Outcome<Settings> {
    let mut args = std::env::args().skip(1);
    let mut s = Settings {
        data: args.next().filter(|a| !a.starts_with("--")).ok_or(USAGE)?.into(),
        only: String::new(),
        runs: 3,
        budget: 10.0,
        workers: 2,
        memory: None,
        child: None,
    };
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        match flag.as_str() {
            "--only" => s.only = value,
            "--runs" => s.runs = value.parse::<usize>()?.max(1),
            "--budget" => s.budget = value.parse()?,
            "--workers" => s.workers = value.parse::<usize>()?.max(1),
            "--memory" => s.memory = Some(value),
            "--child" => s.child = Some(value),
            _ => return Err(format!("unknown option {flag}\n{USAGE}").into()),
        }
    }
    Ok(s)
}

/// Processor seconds of this process and of all that it has waited for.
fn cpu_seconds() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let of = |who| {
        getrusage(who)
            .map_or(0, |u| u.user_time().num_microseconds() + u.system_time().num_microseconds())
    };
    (of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)) as f64 / 1e6
}

/// Processor seconds of all processes of the machine, the idle one excepted.
fn busy_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<f64> = fields.filter_map(|f| f.parse().ok()).collect();
    // user, nice, system; then, behind idle and waiting, what interrupts took.
    [0, 1, 2, 5, 6].iter().filter_map(|&i| ticks.get(i)).sum::<f64>() / 100.0
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// Runs a bench in this process, and returns what there is to say of it from inside.
fn run_here(s: &Settings, name: &str) -> Outcome<Value> {
    let bench = BENCHES.iter().find(|b| b.name == name).ok_or("no such bench")?;
    let mut on = Processes::new().workers(s.workers);
    if let Some(memory) = &s.memory {
        on = on.memory(memory);
    }
    let (mut seconds, mut cpu, mut result) = (Vec::new(), Vec::new(), Value::Null);
    while seconds.len() < s.runs && seconds.iter().sum::<f64>() <= s.budget {
        let (before, began) = (cpu_seconds(), Instant::now());
        result = (bench.run)(&s.data, &on)?;
        seconds.push(began.elapsed().as_secs_f64());
        cpu.push(cpu_seconds() - before);
    }
    Ok(json!({
        "seconds": median(&seconds),
        "first": seconds[0],
        "min": seconds.iter().copied().fold(f64::INFINITY, f64::min),
        "cpu": median(&cpu),
        "runs": seconds.len(),
        "result": result,
    }))
}

/// Runs a bench in a fresh process, and adds what is seen of it from outside.
fn run_apart(s: &Settings, name: &str) -> Outcome<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(&s.data).args(["--child", name]);
    command.args(["--runs", &s.runs.to_string(), "--budget", &s.budget.to_string()]);
    command.args(["--workers", &s.workers.to_string()]);
    if let Some(memory) = &s.memory {
        command.args(["--memory", memory]);
    }
    let (cpu, busy, began) = (cpu_seconds(), busy_seconds(), Instant::now());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut peak = 0;
    // As often as the peers' program looks at them: what it costs is some milliseconds a look.
    while child.try_wait()?.is_none() {
        peak = peak.max(tree(child.id()).into_iter().collect::<Memory>().bytes);
        std::thread::sleep(Duration::from_millis(100));
    }
    let output = child.wait_with_output()?;
    let (own, wall) = (cpu_seconds() - cpu, began.elapsed().as_secs_f64().max(0.3));
    let others = (busy_seconds() - busy - own).max(0.0) / wall;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut line = json!({ "bench": name, "system": "tine" });
    let about = match serde_json::from_str(said.trim()) {
        Ok(about) if output.status.success() => about,
        _ => json!({
            "seconds": null,
            "error": format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()),
        }),
    };
    let outside = json!({
        "own_cpu_s": (own * 10.0).round() / 10.0,
        "other_load": (others * 100.0).round() / 100.0,
        "peak_mb": peak as f64 / f64::from(1 << 20),
    });
    for more in [about, outside] {
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
    }
    Ok(line)
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn run() -> Outcome<()> {
    let s = settings()?;
    if let Some(name) = &s.child {
        println!("{}", run_here(&s, name)?);
        return Ok(());
    }
    // As for the peers, the expression is looked for in `bench/system`.
    let only = Regex::new(&s.only)?;
    let wanted = |name: &&str| only.is_match(&format!("{name}/tine"));
    let names: Vec<&str> = BENCHES.iter().map(|b| b.name).filter(wanted).collect();
    if names.is_empty() {
        return Err(format!("--only {} fits no bench", s.only).into());
    }
    for name in names {
        println!("{}", run_apart(&s, name)?);
    }
    Ok(())
}

fn main() -> ExitCode {
    ending::end("bench_bag", run())
}
