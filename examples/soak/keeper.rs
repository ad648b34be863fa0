//! A second process that kills workers of the first, and ends it where a run takes too long.
//! It does not know what is run: it is told in words.

use std::io::{BufRead, Write};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::graphs::Random;

/// No run takes longer.
const LONGEST: Duration = Duration::from_secs(60);

/// The keeper as the program sees it.
pub(crate) struct Keeper {
    child: Child,
    words: ChildStdin,
}

impl Keeper {
    pub(crate) fn start(seed: u64) -> std::io::Result<Keeper> {
        let program = std::env::current_exe()?;
        let me = std::process::id().to_string();
        let mut child = Command::new(program)
            .args(["--keeper", &me, &seed.to_string()])
            .stdin(Stdio::piped())
            .spawn()?;
        let words = child.stdin.take().ok_or_else(|| std::io::Error::other("no pipe"))?;
        Ok(Keeper { child, words })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn say(&mut self, words: &str) {
        // Without a keeper nobody is killed, and a hang is one.
        let _ = writeln!(self.words, "{words}");
    }

    /// A run begins.
    pub(crate) fn begins(&mut self, what: &str) {
        self.say(&format!("run {what}"));
    }

    /// From now on workers are killed, one in about so many milliseconds.
    pub(crate) fn kill(&mut self, milliseconds: u64) {
        self.say(&format!("kill {milliseconds}"));
    }

    /// No more workers are killed, but for one that is being killed just now.
    pub(crate) fn calm(&mut self) {
        self.say("calm");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The keeper's own life, where this process is one.
pub(crate) fn main() -> Option<ExitCode> {
    let args: Vec<String> = std::env::args().collect();
    let ["--keeper", parent, seed] =
        args.get(1..)?.iter().map(String::as_str).collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let (Ok(parent), Ok(seed)) = (parent.parse(), seed.parse()) else {
        return Some(ExitCode::FAILURE);
    };
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines();
        lines.map_while(Result::ok).all(|line| tell.send(line).is_ok())
    });
    keep(parent, &mut Random(seed), &told);
    Some(ExitCode::SUCCESS)
}

/// Kills and watches until the program is gone.
fn keep(parent: i32, random: &mut Random, told: &Receiver<String>) {
    let (mut since, mut what) = (Instant::now(), String::new());
    let mut mean = None;
    loop {
        let patience = mean.map_or(Duration::from_secs(1), |mean| {
            Duration::from_micros(2000 * mean * random.below(1000) as u64 / 1000)
        });
        match told.recv_timeout(patience) {
            Ok(line) => match line.split_once(' ') {
                Some(("run", run)) => (since, what) = (Instant::now(), run.to_owned()),
                Some(("kill", every)) => mean = every.parse::<u64>().ok(),
                _ => mean = None,
            },
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if since.elapsed() > LONGEST {
                    return give_up(parent, &what);
                }
                if mean.is_some() {
                    kill_one(parent, random);
                }
            }
        }
    }
}

fn children(parent: i32) -> Vec<i32> {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let texts = threads.filter_map(|t| std::fs::read_to_string(t.path().join("children")).ok());
    let me = std::process::id() as i32;
    let pids: Vec<i32> = texts
        .flat_map(|t| t.split_whitespace().filter_map(|p| p.parse().ok()).collect::<Vec<i32>>())
        .collect();
    pids.into_iter().filter(|&p| p != me).collect()
}

fn kill_one(parent: i32, random: &mut Random) {
    let workers = children(parent);
    if !workers.is_empty() {
        let _ = kill(Pid::from_raw(workers[random.below(workers.len())]), Signal::SIGKILL);
    }
}

/// Says who waits for what, and ends it all.
#[expect(clippy::print_stderr, reason = "the last words of a program that hangs")]
fn give_up(parent: i32, what: &str) {
    eprintln!("soak: hangs: {what}");
    for pid in [parent].into_iter().chain(children(parent)) {
        let read = |file: &str| {
            let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
            text.trim().to_owned()
        };
        let status = read("status");
        let state = status.lines().find(|l| l.starts_with("State")).unwrap_or_default();
        eprintln!("  {pid}: {state}, in {} ({})", read("wchan"), read("syscall"));
    }
    for pid in children(parent).into_iter().chain([parent]) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGABRT);
    }
}
