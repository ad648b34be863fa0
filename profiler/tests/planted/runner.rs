//! Runs each case in a process of its own, and kills one that does not end.
//! It does not know what a case plants.

use std::io::Read;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tine_profiler::{Finding, Rule, diagnose, profile};

/// A name, what must be found first (nothing in a clean run), and what runs.
pub(crate) type Case = (&'static str, Option<Rule>, fn() -> tine_scheduler::Result<()>);

/// Names the case that this process is to run.
const CASE: &str = "TINE_PLANTED_CASE";
/// No case takes a tenth of this.
const PATIENCE: Duration = Duration::from_secs(60);
/// A machine that has other things to do can make any run look odd, but not each time.
const TRIES: usize = 3;

/// Runs the case that the environment names, or all whose name contains one of the arguments.
#[expect(clippy::print_stdout, reason = "this is the test's harness")]
pub(crate) fn main(cases: &[Case]) -> ExitCode {
    if let Ok(name) = std::env::var(CASE) {
        let case = cases.iter().find(|c| c.0 == name).expect("the runner knows its cases");
        return judge(case);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<_> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let wanted = |c: &&Case| filters.is_empty() || filters.iter().any(|f| c.0.contains(f.as_str()));
    let chosen: Vec<_> = cases.iter().filter(wanted).collect();
    if arguments.iter().any(|a| a == "--list") {
        chosen.iter().for_each(|c| println!("{}: test", c.0));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    let mut failed = 0;
    for (name, ..) in chosen {
        let verdict = run(name);
        println!("test {name} ... {}", if verdict.is_ok() { "ok" } else { "FAILED" });
        if let Err(why) = verdict {
            failed += 1;
            println!("{why}");
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(name: &str) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut child = Command::new(program)
        .env(CASE, name)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut out = child.stdout.take().ok_or("the output is piped")?;
    let (tell, told) = mpsc::channel();
    // The end of its output is the end of the process.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = out.read_to_string(&mut text);
        tell.send(read.map(|_| text))
    });
    let text = match told.recv_timeout(PATIENCE) {
        Ok(text) => text.map_err(|e| e.to_string())?,
        Err(_) => {
            child.kill().map_err(|e| e.to_string())?;
            child.wait().map_err(|e| e.to_string())?;
            return Err(format!("it did not end within {PATIENCE:?}"));
        }
    };
    let status = child.wait().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{status}\n{text}")) }
}

/// Whether the case's fault is found first, in one try of several.
#[expect(clippy::print_stdout, reason = "the runner shows it")]
fn judge((_, rule, case): &Case) -> ExitCode {
    for _ in 0..TRIES {
        let recorded = profile(case);
        if let Err(error) = recorded.output {
            println!("{error}");
            return ExitCode::FAILURE;
        }
        let found = recorded.run.longest().map(diagnose).unwrap_or_default();
        if found.first().map(|f| f.rule) == *rule {
            return ExitCode::SUCCESS;
        }
        found.iter().for_each(|f| println!("{}", told(f)));
        if let Some(trace) = recorded.run.longest() {
            println!("of {} ms; wanted {rule:?}\n", trace.about().elapsed / 1_000_000);
        }
    }
    ExitCode::FAILURE
}

fn told(f: &Finding) -> String {
    format!("{:?} {:.2}: {} {}", f.rule, f.share, f.title, f.text)
}
