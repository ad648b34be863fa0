//! Programs that cases start, watch and kill, and how they do it.
//! It does not judge what comes of it.

use std::io::{BufRead, BufReader};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// Names the program that this process is to be.
const ROLE: &str = "TINE_PROCESSES_ROLE";

/// No event that a case waits for takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the program that the environment names, if any.
pub(crate) fn main() -> Option<ExitCode> {
    let role = std::env::var(ROLE).ok()?;
    Some(match role.as_str() {
        "killer" => crate::kills::killer(),
        "recording" => crate::recordings::program(),
        role if role.starts_with("stall: ") => crate::stalls::program(role),
        role if role.starts_with("jobs: ") => crate::jobs::program(role),
        role if role.starts_with("zygote: ") => crate::zygote::program(role),
        role => crate::bodies::program(role),
    })
}

/// A program that a case started, in a process group of its own.
pub(crate) struct Program {
    pub(crate) child: Child,
    lines: BufReader<ChildStdout>,
}

/// A command that runs this binary in a role.
pub(crate) fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.env(ROLE, role).stdin(Stdio::null()).process_group(0);
    command
}

impl Program {
    pub(crate) fn start(role: &str) -> Self {
        Program::spawn(&mut command(role))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("this binary runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Program { child, lines }
    }

    /// The next line that it prints; `None` at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let n = self.lines.read_line(&mut line).expect("text");
        (n > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    /// Reads until a line begins like this, and returns it.
    pub(crate) fn until(&mut self, begin: &str) -> String {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("no line begins with {begin}"));
            if line.starts_with(begin) {
                return line;
            }
        }
    }

    /// All lines that it still prints, and its exit code.
    pub(crate) fn rest(mut self) -> (Vec<String>, Option<i32>) {
        let lines = std::iter::from_fn(|| self.line()).collect();
        (lines, self.child.wait().expect("a child").code())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the whole group, as a terminal does, and waits until the program has it.
    pub(crate) fn interrupt(&self) {
        killpg(pid(self.pid()), Signal::SIGINT).expect("it lives");
        wait_until("the signal is handled", || !has_pending(self.pid()));
    }
}

pub(crate) fn pid(of: u32) -> Pid {
    Pid::from_raw(i32::try_from(of).expect("a pid"))
}

/// Whether a signal waits to be handled.
fn has_pending(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let pending =
        status.lines().filter_map(|l| l.strip_prefix("SigPnd:").or(l.strip_prefix("ShdPnd:")));
    pending.map(str::trim).any(|mask| !mask.trim_matches('0').is_empty())
}

/// Looks again and again, until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, so: impl Fn() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// The living children of a process; dead ones that nobody has reaped count.
pub(crate) fn children(of: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|t| std::fs::read_to_string(t.path().join("children")).ok());
    lists
        .flat_map(|l| l.split_whitespace().filter_map(|p| p.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// The state letter of a process; `None` where there is none.
pub(crate) fn state(of: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{of}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// A handle on a process that no later one of the same number can be mistaken for.
pub(crate) fn handle(of: u32) -> OwnedFd {
    // SAFETY: a plain system call; the result is checked.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid(of).as_raw(), 0) };
    let fd = i32::try_from(fd).ok().filter(|&fd| fd >= 0).expect("the process is there");
    // SAFETY: a new descriptor that nobody else has.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Whether a process has ended, within this time.
pub(crate) fn ends_within(handle: &OwnedFd, time: Duration) -> bool {
    let mut fds = [PollFd::new(handle.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::try_from(time).expect("short")).expect("poll") > 0
}

/// Ends a process, whatever it does.
pub(crate) fn end(of: u32) {
    let _ = kill(pid(of), Signal::SIGKILL);
}
