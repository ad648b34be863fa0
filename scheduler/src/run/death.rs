//! One death of a worker process: what it died of, who is to blame, and what becomes of the task.
//! It mends no queue and starts no process: see `supervisor`.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::fork::Child;
use super::memory::Excess;
use crate::cancel;
use crate::config::units::{format_bytes, format_time};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::procfs;
use crate::table::{Orphan, State};

/// Why the supervisor has ended a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Nobody needs what it was running.
    Unneeded,
    /// The attempt of a task that began at `since` was over its time.
    Timeout { task: u32, since: u64, limit: Duration, ran: Duration },
    /// The task was cancelled.
    Cancelled { task: u32 },
    /// Its worker held too much memory of its own.
    Excess { task: u32, excess: Excess },
    /// The task was given up: the post has the error.
    Sentenced { task: u32 },
}

/// How a worker's process ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Death {
    signal: Option<Signal>,
    /// The number of a signal, where `Signal` does not know it: a real-time one.
    number: i32,
    code: Option<i32>,
    /// The most memory it had beyond what it inherited.
    peak: Option<u64>,
    /// Whether the kernel's count of processes killed for lack of memory has moved.
    out_of_memory: bool,
    /// The last lines that its task wrote to its standard error.
    tail: String,
}

impl Death {
    /// Reaps a process whose pidfd is readable. One that the kernel has reaped already, because the
    /// program ignores SIGCHLD, is lost.
    pub(super) fn reap(child: &Child) -> Self {
        match &child.record {
            Some(_) => child.reap().map_or_else(Death::default, Death::recorded),
            None => Death::own(&child.pidfd),
        }
    }

    /// Of a child of the zygote, which has reaped it.
    fn recorded(status: WaitStatus) -> Self {
        match status {
            WaitStatus::Exited(_, code) => Death { code: Some(code), ..Death::default() },
            WaitStatus::Signaled(_, signal, _) => {
                Death { signal: Some(signal), number: signal as i32, ..Death::default() }
            }
            _ => Death::default(),
        }
    }

    fn own(pidfd: &OwnedFd) -> Self {
        let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        let (fd, info_at, usage_at) = (pidfd.as_raw_fd(), info.as_mut_ptr(), usage.as_mut_ptr());
        let wait = || {
            // SAFETY: the kernel writes two structs, which live through the call.
            unsafe {
                libc::syscall(libc::SYS_waitid, libc::P_PIDFD, fd, info_at, libc::WEXITED, usage_at)
            }
        };
        while wait() < 0 {
            if nix::errno::Errno::last() != nix::errno::Errno::EINTR {
                return Death::default();
            }
        }
        // SAFETY: zero is a value of it, and the kernel has written another.
        let info = unsafe { info.assume_init() };
        // SAFETY: as above.
        let usage = unsafe { usage.assume_init() };
        // SAFETY: of a child that has ended the kernel fills this field.
        let status = unsafe { info.si_status() };
        let peak = u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024;
        let peak = peak.checked_sub(procfs::private_bytes()).filter(|&p| p > 0);
        match info.si_code {
            libc::CLD_EXITED => Death { code: Some(status), peak, ..Death::default() },
            _ => {
                let signal = Signal::try_from(status).ok();
                Death { signal, number: status, peak, ..Death::default() }
            }
        }
    }

    /// Adds what stands outside of the process.
    pub(super) fn witnessed(mut self, tail: String, oom_kills: &mut limits::OomKills) -> Self {
        self.out_of_memory = self.signal == Some(Signal::SIGKILL) && oom_kills.moved();
        self.tail = tail;
        self
    }

    /// How it ended, in words.
    pub(super) fn text(&self) -> String {
        match (self.signal, self.number, self.code) {
            (Some(signal), ..) => format!("was ended by {signal} ({})", self.meaning(signal)),
            (None, _, Some(code)) => format!("left its process by exit({code})"),
            (None, 0, None) => "lost its process".into(),
            (None, number, None) => format!("was ended by signal {number} (a real-time signal)"),
        }
    }

    fn meaning(&self, signal: Signal) -> String {
        match signal {
            Signal::SIGSEGV => "segmentation fault: a bad memory access".into(),
            Signal::SIGBUS => "bus error: memory that is not there, or a full file system".into(),
            Signal::SIGILL => "illegal instruction".into(),
            Signal::SIGFPE => "arithmetic error".into(),
            Signal::SIGTRAP => "a breakpoint, or a failed check".into(),
            Signal::SIGSYS => "a system call that is not allowed here".into(),
            Signal::SIGABRT => self.meaning_of_abort(),
            Signal::SIGKILL if self.out_of_memory => {
                "killed by the kernel for lack of memory: take fewer workers, or smaller parts"
                    .into()
            }
            Signal::SIGKILL => "killed from outside, as by `kill -9`".into(),
            Signal::SIGTERM => "asked to end from outside".into(),
            Signal::SIGXCPU => {
                format!("over its limit of CPU time{}", rlimit(Resource::RLIMIT_CPU))
            }
            Signal::SIGXFSZ => {
                format!("over its limit of file size{}", rlimit(Resource::RLIMIT_FSIZE))
            }
            _ => "a signal that it does not handle".into(),
        }
    }

    /// What std and the C library say before they abort stands in the last lines of the task.
    fn meaning_of_abort(&self) -> String {
        if self.tail.contains("has overflowed its stack") {
            return "stack overflow: deep recursion, or large values on the stack".into();
        }
        let refused = self.tail.lines().find(|l| l.starts_with("memory allocation of "));
        if let Some(line) = refused {
            return format!("no memory, {line}: see `ulimit -d` and `ulimit -v`");
        }
        "abort: by abort(), or a failed check in a C library".into()
    }

    fn is_abort(&self) -> bool {
        self.signal == Some(Signal::SIGABRT)
    }

    fn is_kill(&self) -> bool {
        self.signal == Some(Signal::SIGKILL)
    }

    fn error(&self) -> Error {
        let error = match (self.signal, self.number) {
            (None, 0) => Error::new(ErrorKind::Exited, self.text()),
            (_, number) => Error::new(ErrorKind::Died, self.text()).by_signal(number),
        };
        error.with_peak(self.peak).with_limit(self.limit()).with_stderr(self.tail.clone())
    }

    /// The limit that it died of.
    fn limit(&self) -> Option<String> {
        let limit = self.out_of_memory.then(limits::memory).flatten()?;
        Some(format!("{} ({})", format_bytes(limit.value), limit.source))
    }
}

/// A soft limit that this process, and so its workers, began with.
fn rlimit(resource: Resource) -> String {
    match (getrlimit(resource), resource) {
        (Ok((soft, _)), _) if soft == libc::RLIM_INFINITY => String::new(),
        (Ok((soft, _)), Resource::RLIMIT_CPU) => {
            format!(", {}", format_time(Duration::from_secs(soft)))
        }
        (Ok((soft, _)), _) => format!(", {}", format_bytes(soft)),
        (Err(_), _) => String::new(),
    }
}

/// What becomes of the task of a dead worker.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is run again.
    Again(State),
    /// It is run again when its time has come.
    Later(State),
    /// It has failed.
    Failed(State, Error),
}

/// A task whose worker died while it had it.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) engine: &'a Engine<'a>,
    pub(super) orphan: Orphan,
    pub(super) worker: u16,
    pub(super) death: &'a Death,
    /// Why the supervisor has ended the process, where it has.
    pub(super) reason: Option<Reason>,
    /// The error of a task that was given up.
    pub(super) sentence: Option<Error>,
}

impl Case<'_> {
    /// Decides. Only the task that ran is blamed, and only where it ran.
    pub(super) fn judge(&self) -> Verdict {
        let slot = self.engine.table.slot(self.worker.into());
        let Orphan { task, state, in_body } = self.orphan;
        match self.reason.filter(|_| self.death.is_kill()) {
            Some(Reason::Cancelled { task: t }) if t == task => {
                let number = self.number(state);
                self.failed(state, cancel::task_error(), (number, number))
            }
            Some(Reason::Timeout { task: t, since, limit, ran })
                if in_body && (t, since) == (task, slot.since()) =>
            {
                let tail = self.death.tail.clone();
                let error = Error::timeout(limit, ran).with_stderr(tail);
                self.retried(state, error)
            }
            Some(Reason::Sentenced { task: t }) if t == task && self.sentence.is_some() => {
                let number = self.number(state);
                let unknown = || Error::new(ErrorKind::Died, "was given up");
                let error = self.sentence.clone().unwrap_or_else(unknown);
                let error = match slot.last_words() {
                    Some(words) => {
                        let message =
                            format!("{}. It had panicked before: {words}", error.message());
                        Error::new(error.kind(), message)
                    }
                    None => error,
                };
                self.failed(state, error, (number, number))
            }
            Some(Reason::Excess { task: t, excess }) if in_body && t == task => {
                self.took_too_much(state, excess)
            }
            // The process had come to something else meanwhile, which is not to blame.
            Some(_) => Verdict::Again(state),
            // It has ended itself, so that another might have its memory.
            None if slot.gave_way() => Verdict::Again(state),
            None if !in_body || self.engine.table.is_doomed(task) => Verdict::Again(state),
            None => match slot.last_words().filter(|_| self.death.is_abort()) {
                Some(words) => self.retried(state, Error::new(ErrorKind::Panic, words)),
                None => self.died(state),
            },
        }
    }

    /// Which attempt it was.
    fn number(&self, state: State) -> u32 {
        u32::from(state.deaths) + self.engine.failed(self.orphan.task) + 1
    }

    /// Its worker held too much memory. It is run once more, alone.
    fn took_too_much(&self, state: State, excess: Excess) -> Verdict {
        let task = self.orphan.task;
        if self.engine.table.alone() != Some(task) {
            self.engine.table.let_run_alone(task);
            return Verdict::Again(state);
        }
        let number = self.number(state);
        let error = excess.error().with_stderr(self.death.tail.clone());
        self.failed(state, error, (number, number))
    }

    /// The task failed, as far as it can still be said; it may be tried again.
    fn retried(&self, state: State, error: Error) -> Verdict {
        let number = self.number(state);
        match self.engine.try_again(self.orphan.task) {
            Some(Duration::ZERO) => Verdict::Again(state),
            Some(_) => Verdict::Later(state),
            None => self.failed(state, error, (number, number)),
        }
    }

    /// The worker died of the task.
    fn died(&self, state: State) -> Verdict {
        let number = self.number(state);
        let allowed = self.engine.policy(self.orphan.task).allowed_failures;
        let state = State { deaths: state.deaths.saturating_add(1), ..state };
        if state.deaths <= allowed {
            return Verdict::Again(state);
        }
        let of = u32::from(allowed) + 1 + self.engine.failed(self.orphan.task);
        self.failed(state, self.death.error(), (number, of))
    }

    fn failed(&self, state: State, error: Error, (number, of): (u32, u32)) -> Verdict {
        Verdict::Failed(state, self.engine.blame(error, self.orphan.task, number, of))
    }
}
