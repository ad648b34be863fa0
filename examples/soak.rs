//! Everything at once, for as long as it is told to: random graphs on forked workers that are
//! killed from outside and ill-treated from inside, under budgets that are too small, side by side,
//! interrupted, with results that outlive their runs. Each answer is compared with one that no
//! engine has made.
//! It does not measure how fast that is.
//!
//! ```text
//! soak [--minutes N] [--seed S] [--workers W] [--only WHAT]
//! ```
//!
//! WHAT, for somebody who looks for the reason of a fault, is `quiet`, `killed`, `short`, `ill`,
//! `interrupted`, `side` or `persisted`.
//!
//! Says on stderr how it gets on, and on stdout, at the end, one JSON line. It ends with 1 where an
//! answer was wrong, an error was none of those that could be, or something was left behind: memory,
//! descriptors, processes, threads, files. A second process, the keeper, kills workers, and ends all
//! of it where a run takes more than a minute.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tine::scheduler::{
    ErrorKind, MemoryUse, Observer, Plan, RunEnd, RunView, Scheduler, TaskId, TaskStatus, Wanted,
};
use tine::{Processes, Threads};

#[path = "soak/checks.rs"]
mod checks;
#[path = "soak/graphs.rs"]
mod graphs;
#[path = "soak/keeper.rs"]
mod keeper;
#[path = "soak/misdeeds.rs"]
mod misdeeds;
#[expect(dead_code, reason = "the same specs as in the engine's tests, which use all of them")]
#[path = "../scheduler/tests/engine/spec.rs"]
mod spec;

use checks::Checks;
use graphs::{Random, any_spec};
use keeper::Keeper;
use misdeeds::Misdeed;
use spec::{Outcome, Spec, Val, known};

const USAGE: &str =
    "usage: soak [--minutes N] [--seed S] [--workers W] [--only WHAT], W at least 1";

struct Settings {
    minutes: f64,
    seed: u64,
    workers: usize,
    only: Option<String>,
}

fn settings() -> Result<Settings, String> {
    let mut s = Settings { minutes: 1.0, seed: 1, workers: 4, only: None };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
        let wrong = |e: &dyn std::fmt::Display| format!("{flag} {value}: {e}\n{USAGE}");
        match flag.as_str() {
            "--minutes" => s.minutes = value.parse().map_err(|e| wrong(&e))?,
            "--seed" => s.seed = value.parse().map_err(|e| wrong(&e))?,
            "--workers" => s.workers = value.parse().map_err(|e| wrong(&e))?,
            "--only" => s.only = Some(value),
            _ => return Err(format!("unknown option {flag}\n{USAGE}")),
        }
    }
    if s.workers == 0 { Err(USAGE.into()) } else { Ok(s) }
}

/// What all runs came to, as observers are told it.
#[derive(Default)]
struct Sums {
    runs: AtomicU64,
    tasks: AtomicU64,
    deaths: AtomicU64,
    spilled: AtomicU64,
}

impl Observer for Sums {
    fn wanted(&self) -> Wanted {
        Wanted { times: true, ..Wanted::NOTHING }
    }

    fn memory_changed(&self, _: &RunView<'_>, memory: &MemoryUse) {
        self.spilled.fetch_max(memory.spilled, Ordering::Relaxed);
    }

    fn run_finished(&self, _: &RunView<'_>, end: &RunEnd<'_>) {
        let done = end.times.iter().filter(|t| t.status == TaskStatus::Done).count();
        let deaths = end.workers.iter().filter(|w| w.death.is_some()).count();
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.tasks.fetch_add(done as u64, Ordering::Relaxed);
        self.deaths.fetch_add(deaths as u64, Ordering::Relaxed);
    }
}

/// What one run came to, added to the sums when it is over.
struct Adds<'a> {
    sums: &'a Sums,
    run: Arc<Sums>,
}

impl Drop for Adds<'_> {
    fn drop(&mut self) {
        let (all, run) = (self.sums, &self.run);
        let pairs = [
            (&all.runs, &run.runs),
            (&all.tasks, &run.tasks),
            (&all.deaths, &run.deaths),
            (&all.spilled, &run.spilled),
        ];
        for (all, run) in pairs {
            all.fetch_add(run.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

/// A result that outlives its run, and what must be in it.
struct Held {
    value: tine::scheduler::Datum,
    digest: u64,
}

/// What goes on.
struct Soak {
    random: Random,
    workers: usize,
    keeper: Keeper,
    checks: Checks,
    sums: Sums,
    held: Vec<Held>,
    /// The only thing to do.
    only: Option<String>,
}

/// Errors that kills from outside excuse.
fn is_killed(outcome: &Outcome) -> bool {
    matches!(outcome, Err((ErrorKind::Died, ..)))
}

fn is_out_of_budget(outcome: &Outcome) -> bool {
    matches!(outcome, Err((ErrorKind::MemoryBudget, ..)))
}

impl Soak {
    /// Runs a spec; `before` is called by each task.
    fn run(
        sums: &Sums,
        spec: &Spec,
        before: Option<Arc<dyn Fn(usize) + Send + Sync>>,
        scheduler: &dyn Scheduler,
    ) -> (Outcome, Outcome) {
        let observer = Arc::new(Sums::default());
        let _adds = Adds { sums, run: observer.clone() };
        let graph = match spec.build(before) {
            Ok(graph) => graph,
            Err(e) => return (Err(known(&e)), Ok(Vec::new())),
        };
        let expected = spec.expected(&graph);
        let got = Plan::new(&graph, &spec.output_ids())
            .and_then(|plan| scheduler.run(&plan, &[observer]))
            .and_then(|out| {
                (0..out.len()).map(|i| out.get::<Val>(i).map(|v| v.digest())).collect()
            });
        (got.map_err(|e| known(&e)), expected)
    }

    fn processes(&mut self) -> Processes {
        Processes::new().workers(1 + self.random.below(self.workers)).memory("2GiB")
    }

    /// Nobody disturbs it.
    fn quiet(&mut self) {
        let spec = any_spec(&mut self.random, 80, true, false);
        let threads = self.random.below(4) == 0;
        let scheduler: Box<dyn Scheduler> = match threads {
            true => Box::new(Threads::new().workers(1 + self.random.below(self.workers))),
            false => Box::new(self.processes()),
        };
        let what = format!("quiet, {scheduler:?}");
        self.keeper.begins(&what);
        let (got, expected) = Soak::run(&self.sums, &spec, None, &*scheduler);
        self.checks.answer(&what, &got, &expected, false);
    }

    /// Workers are killed from outside, under a large budget or a small one.
    fn killed(&mut self) {
        let small = self.random.below(2) == 0;
        let spec = any_spec(&mut self.random, 120, !small, small);
        let scheduler = self.processes();
        let scheduler = if small { scheduler.memory("48MiB") } else { scheduler };
        let what = format!("killed, {scheduler:?}");
        self.keeper.begins(&what);
        self.keeper.kill(1 + self.random.below(20) as u64);
        let (got, expected) = Soak::run(&self.sums, &spec, None, &scheduler);
        self.keeper.calm();
        let excused = is_killed(&got) || (small && is_out_of_budget(&got));
        self.checks.answer(&what, &got, &expected, excused);
    }

    /// More results than memory.
    fn short(&mut self) {
        let spec = any_spec(&mut self.random, 150, false, true);
        let memory = ["16MiB", "24MiB", "64MiB"][self.random.below(3)];
        let scheduler = self.processes().memory(memory);
        let what = format!("short, {scheduler:?}");
        self.keeper.begins(&what);
        let (got, expected) = Soak::run(&self.sums, &spec, None, &scheduler);
        let excused = is_out_of_budget(&got);
        self.checks.answer(&what, &got, &expected, excused);
    }

    /// One task ends its process, or panics: the first time, or each time.
    fn ill_treated(&mut self) {
        let spec = any_spec(&mut self.random, 60, false, false);
        let bad = self.random.below(spec.nodes.len());
        let always = self.random.below(2) == 0;
        let misdeed = Misdeed::any(&mut self.random);
        let scheduler = self.processes();
        let what = format!("{misdeed:?} in n({bad}), always: {always}, {scheduler:?}");
        self.keeper.begins(&what);
        let runs = spec.build(None).and_then(|graph| {
            let plan = Plan::new(&graph, &spec.output_ids())?;
            Ok(plan.rank(TaskId::from_index(bad)).is_some())
        });
        let before = match misdeeds::hook(misdeed, bad, always) {
            Ok(hook) => hook,
            Err(e) => return self.checks.fault(&what, &e.to_string()),
        };
        let (got, expected) = Soak::run(&self.sums, &spec, Some(before), &scheduler);
        let ends = always || misdeed == Misdeed::Panic;
        let excused = ends
            && runs.unwrap_or(false)
            && got.as_ref().is_err_and(|(kind, task, _)| {
                *kind == misdeed.kind() && *task == Some(format!("n({bad})"))
            });
        self.checks.answer(&what, &got, &expected, excused);
    }

    /// A task interrupts the program.
    fn interrupted(&mut self) {
        let spec = any_spec(&mut self.random, 60, false, false);
        let at = self.random.below(spec.nodes.len());
        let scheduler = self.processes();
        let what = format!("interrupted in n({at}), {scheduler:?}");
        self.keeper.begins(&what);
        let before = misdeeds::interrupting(at);
        let (got, expected) = Soak::run(&self.sums, &spec, Some(before), &scheduler);
        let excused = matches!(got, Err((ErrorKind::Interrupted, ..)));
        self.checks.answer(&what, &got, &expected, excused);
    }

    /// Several callers at a time, each with a supervisor of its own.
    fn side_by_side(&mut self) {
        let callers: Vec<_> = (0..2 + self.random.below(2))
            .map(|_| (any_spec(&mut self.random, 60, true, false), self.processes()))
            .collect();
        let what = format!("{} callers side by side", callers.len());
        self.keeper.begins(&what);
        let kills = self.random.below(3) == 0;
        if kills {
            self.keeper.kill(10);
        }
        let sums = &self.sums;
        let ran: Vec<_> = std::thread::scope(|scope| {
            let one =
                |(spec, scheduler)| scope.spawn(move || Soak::run(sums, spec, None, scheduler));
            let threads: Vec<_> = callers.iter().map(|(spec, s)| one((spec, s))).collect();
            threads.into_iter().map(|t| t.join()).collect()
        });
        self.keeper.calm();
        for ran in ran {
            match ran {
                Ok((got, expected)) => {
                    let excused = kills && is_killed(&got);
                    self.checks.answer(&what, &got, &expected, excused);
                }
                Err(_) => self.checks.fault(&what, "a caller panicked"),
            }
        }
    }

    /// Results that outlive their runs: looked at, given to further graphs, let go.
    fn persisted(&mut self) {
        let spec = any_spec(&mut self.random, 40, false, false);
        let small = self.random.below(3) == 0;
        let scheduler = self.processes();
        let scheduler = if small { scheduler.memory("32MiB") } else { scheduler };
        let what = format!("persisted, {} kept, {scheduler:?}", self.held.len());
        self.keeper.begins(&what);
        let kept = graphs::persist(&spec, &self.held_values(), &scheduler);
        match kept {
            Ok(new) => {
                for (value, digest, expected) in new {
                    if digest != expected {
                        self.checks.fault(&what, "another value than expected");
                    }
                    self.held.push(Held { value, digest });
                }
            }
            Err(e) if small && e.kind() == ErrorKind::MemoryBudget => {}
            Err(e) => self.checks.fault(&what, &e.to_string()),
        }
        let most = self.random.below(6);
        while self.held.len() > most {
            let at = self.random.below(self.held.len());
            self.held.swap_remove(at);
        }
    }

    fn held_values(&self) -> Vec<(tine::scheduler::Datum, u64)> {
        self.held.iter().map(|h| (h.value.clone(), h.digest)).collect()
    }

    fn step(&mut self) {
        const USUAL: [&str; 12] = [
            "quiet",
            "quiet",
            "killed",
            "killed",
            "short",
            "short",
            "ill",
            "ill",
            "interrupted",
            "side",
            "persisted",
            "persisted",
        ];
        let any = USUAL[self.random.below(USUAL.len())];
        match self.only.as_deref().unwrap_or(any) {
            "quiet" => self.quiet(),
            "killed" => self.killed(),
            "short" => self.short(),
            "ill" => self.ill_treated(),
            "interrupted" => self.interrupted(),
            "side" => self.side_by_side(),
            _ => self.persisted(),
        }
        self.checks.leftovers(self.held.is_empty(), self.keeper.pid());
    }
}

/// How often it says how it gets on.
const NEWS: Duration = Duration::from_secs(10);

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "the program's output")]
fn soak(s: &Settings) -> Result<bool, Box<dyn std::error::Error>> {
    let length = Duration::from_secs_f64(60.0 * s.minutes);
    let (random, keeper) = (Random(s.seed), Keeper::start(s.seed)?);
    let (checks, sums, held) = (Checks::begin(length), Sums::default(), Vec::new());
    let mut soak =
        Soak { random, workers: s.workers, keeper, checks, sums, held, only: s.only.clone() };
    let (began, mut said) = (Instant::now(), Instant::now());
    while began.elapsed() < length {
        soak.step();
        if said.elapsed() > NEWS {
            said = Instant::now();
            let runs = soak.sums.runs.load(Ordering::Relaxed);
            let deaths = soak.sums.deaths.load(Ordering::Relaxed);
            let seconds = began.elapsed().as_secs();
            eprintln!("{seconds} s: {runs} runs, {deaths} deaths, {}", soak.checks.news());
        }
    }
    soak.held.clear();
    soak.checks.leftovers(true, soak.keeper.pid());
    soak.checks.end();
    let sum = |n: &AtomicU64| n.load(Ordering::Relaxed);
    println!(
        "{{\"soak\":{:.1},\"seed\":{},\"runs\":{},\"tasks\":{},\"deaths\":{},\"spilled_bytes\":{},{}}}",
        began.elapsed().as_secs_f64() / 60.0,
        s.seed,
        sum(&soak.sums.runs),
        sum(&soak.sums.tasks),
        sum(&soak.sums.deaths),
        sum(&soak.sums.spilled),
        soak.checks.json(),
    );
    Ok(soak.checks.is_clean())
}

/// Says what went wrong, and on misuse how it is meant.
#[expect(clippy::print_stderr, reason = "the program's output")]
fn main() -> ExitCode {
    if let Some(code) = keeper::main() {
        return code;
    }
    match settings().map_err(Into::into).and_then(|s| soak(&s)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}
