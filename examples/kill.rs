//! Kills worker processes at random while `overhead` runs, and compares the result and the time
//! with runs that are left alone. It does not know what `overhead` computes.
//!
//! ```text
//! kill [--kills K] [--tasks N] [--task-us U] [--pairs P] [--seed S]
//! ```
//!
//! Prints one JSON line a pair of runs, alone and with K kills, and one for all of them. The
//! example `overhead` must have been built beside this one: `cargo build --release --examples`.

#[path = "common/ending.rs"]
mod ending;

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const USAGE: &str = "usage: kill [--kills K] [--tasks N] [--task-us U] [--pairs P] [--seed S], \
                     N at least 10, P at least 1";

/// What was asked for on the command line.
struct Settings {
    kills: u64,
    tasks: u64,
    task_us: u64,
    pairs: u64,
    seed: u64,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn settings() -> Result<Settings, String> {
    let mut s = Settings { kills: 200, tasks: 100_000, task_us: 50, pairs: 1, seed: 42 };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        let number: u64 = value.parse().map_err(|e| format!("{flag} {value}: {e}\n{USAGE}"))?;
        let place = match flag.as_str() {
            "--kills" => &mut s.kills,
            "--tasks" => &mut s.tasks,
            "--task-us" => &mut s.task_us,
            "--pairs" => &mut s.pairs,
            "--seed" => &mut s.seed,
            _ => return Err(format!("unknown option {flag}\n{USAGE}")),
        };
        *place = number;
    }
    if s.tasks < 10 || s.pairs == 0 { Err(USAGE.into()) } else { Ok(s) }
}

/// The program that is disturbed.
fn overhead() -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("overhead");
    if path.exists() {
        return Ok(path);
    }
    Err(format!("there is no {}: build it with `cargo build --examples`", path.display()).into())
}

fn start(s: &Settings) -> Outcome<Child> {
    let (tasks, us) = (s.tasks.to_string(), s.task_us.to_string());
    let args = ["random", "--workers", "2", "--record", "--tasks", &tasks, "--task-us", &us];
    Ok(Command::new(overhead()?).args(args).stdout(Stdio::piped()).spawn()?)
}

/// One run of `overhead`, as it reports it.
struct Run {
    seconds: f64,
    cpu: f64,
    result: String,
    tasks: u64,
    done: u64,
    retries: u64,
    kills: u64,
}

impl Run {
    fn read(mut child: Child, kills: u64) -> Outcome<Run> {
        let mut text = String::new();
        let mut output = child.stdout.take().ok_or("overhead has no output")?;
        output.read_to_string(&mut text)?;
        let status = child.wait()?;
        let line: serde_json::Value = serde_json::from_str(&text)
            .map_err(|e| format!("overhead ended with {status} and printed {text:?}: {e}"))?;
        let count = |field: &str| line[field].as_u64().ok_or(format!("no field {field}"));
        let number = |field: &str| line[field].as_f64().ok_or(format!("no field {field}"));
        Ok(Run {
            seconds: number("seconds")?,
            cpu: number("cpu_seconds")?,
            result: line["result"].to_string(),
            tasks: count("tasks")?,
            done: count("recorded_done")?,
            retries: count("recorded_retries")?,
            kills,
        })
    }
}

fn alone(s: &Settings) -> Outcome<Run> {
    Run::read(start(s)?, 0)
}

/// SplitMix64 (Steele et al., 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The processes that this one has forked.
fn children(pid: u32) -> Vec<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    text.unwrap_or_default().split_whitespace().filter_map(|p| p.parse().ok()).collect()
}

/// A run whose workers are killed, at moments spread over the time that one run alone took.
fn disturbed(s: &Settings, seconds: f64, random: &mut Random) -> Outcome<Run> {
    let mut child = start(s)?;
    let pid = child.id();
    while children(pid).is_empty() && child.try_wait()?.is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (began, mut killed) = (Instant::now(), 0);
    // Each interval is uniform up to twice the mean, and the last kill well before the end.
    let mean = 0.9 * seconds / s.kills.max(1) as f64;
    let mut due = 0.0;
    while killed < s.kills && child.try_wait()?.is_none() {
        due += 2.0 * mean * random.share();
        std::thread::sleep(Duration::from_secs_f64(due).saturating_sub(began.elapsed()));
        let workers = children(pid);
        let chosen = workers.get(random.next() as usize % workers.len().max(1));
        let hit = chosen.is_some_and(|&w| kill(Pid::from_raw(w), Signal::SIGKILL).is_ok());
        killed += u64::from(hit);
    }
    Run::read(child, killed)
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn run() -> Outcome<()> {
    let s = settings()?;
    let mut random = Random(s.seed);
    let (mut right, mut ratios, mut kills) = (true, Vec::new(), 0);
    for _ in 0..s.pairs {
        let quiet = alone(&s)?;
        let loud = disturbed(&s, quiet.seconds, &mut random)?;
        let same = loud.result == quiet.result && loud.done == loud.tasks;
        // Only the deaths within a body count as attempts: no task was run again but for a kill.
        let explained = loud.retries <= loud.kills;
        right &= same && explained;
        ratios.push(loud.seconds / quiet.seconds);
        kills += loud.kills;
        println!(
            "{{\"bench\":\"kill\",\"kills\":{},\"right\":{},\"seconds_alone\":{:.4},\
             \"seconds\":{:.4},\"ratio\":{:.3},\"cpu_alone\":{:.4},\"cpu\":{:.4},\"tasks\":{},\
             \"tasks_done\":{},\"retries\":{}}}",
            loud.kills,
            same && explained,
            quiet.seconds,
            loud.seconds,
            loud.seconds / quiet.seconds,
            quiet.cpu,
            loud.cpu,
            loud.tasks,
            loud.done,
            loud.retries,
        );
    }
    ratios.sort_unstable_by(f64::total_cmp);
    println!(
        "{{\"bench\":\"kill\",\"pairs\":{},\"kills\":{kills},\"right\":{right},\
         \"ratio\":{:.3}}}",
        s.pairs,
        ratios[ratios.len() / 2],
    );
    if right { Ok(()) } else { Err("a result is wrong, or a task was lost or done twice".into()) }
}

fn main() -> ExitCode {
    ending::end("kill", run())
}
