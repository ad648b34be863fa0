//! The spawner's life: it starts what it is asked to, and tells how that ended.
//! It decides nothing, and has one thread.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::launch::Launcher;
use super::trees::{TOKEN, Trees};
use super::wire::{End, Received, Report, Request, next_request};
use crate::jobs::Exit;

/// How long what a program leaves behind has to end by itself, once it is asked to.
const GRACE: Duration = Duration::from_millis(500);
/// Whoever was killed and is still there is killed again after this time, or a little more.
const AGAIN: Duration = Duration::from_millis(20);
/// How long it is tried to end everything, when the program that all is for has gone.
const LAST: Duration = Duration::from_secs(5);

/// A program whose leader has ended.
struct Leaving {
    end: End,
    /// When what is left of its tree is killed; `None` where the program says so.
    deadline: Option<Instant>,
}

struct Spawner {
    socket: OwnedFd,
    launcher: Launcher,
    trees: Trees,
    leaving: BTreeMap<u64, Leaving>,
    /// Reports for which there was no room.
    outbox: VecDeque<Report>,
}

/// Serves the program at the other end of `socket`, until there is none; then ends all that it has
/// started.
pub(super) fn live(socket: OwnedFd, nonce: u64) {
    let Ok(children) = listen() else { return };
    let mut spawner = Spawner {
        socket,
        launcher: Launcher::new(),
        trees: Trees::new(nonce),
        leaving: BTreeMap::new(),
        outbox: VecDeque::new(),
    };
    let mut buffer = Vec::new();
    while spawner.serve(&children, &mut buffer) {}
    spawner.end_all(&children);
}

/// Takes no signal but by a descriptor, and becomes the parent of all that lose theirs.
fn listen() -> nix::Result<SignalFd> {
    // Whoever ends the program's group by force does not end this: somebody must see to the jobs.
    let _ = nix::unistd::setsid();
    // What a program ignores its children do too: jobs ignore nothing, and the kernel reaps nobody.
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: the default is no handler. It is refused where it cannot be changed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let nowhere = nix::fcntl::open("/dev/null", OFlag::O_RDWR, nix::sys::stat::Mode::empty())?;
    for standard in 0..3 {
        // SAFETY: open; the standard streams stay open for the process's life. What it holds for
        // jobs is therefore never one of these.
        unsafe { libc::dup2(nowhere.as_raw_fd(), standard) };
    }
    if nowhere.as_raw_fd() < 3 {
        std::mem::forget(nowhere);
    }
    SigSet::all().thread_set_mask()?;
    nix::sys::prctl::set_child_subreaper(true)?;
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    SignalFd::with_flags(&children, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

impl Spawner {
    /// Waits for something to happen, and sees to it; false where nobody wants anything any more.
    fn serve(&mut self, children: &SignalFd, buffer: &mut Vec<u8>) -> bool {
        let due = self.leaving.values().filter_map(|l| l.deadline).chain(self.trees.due()).min();
        let room = if self.outbox.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
        let mut fds = [
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN | room),
            PollFd::new(children.as_fd(), PollFlags::POLLIN),
        ];
        let patience = due.map_or(PollTimeout::NONE, |at| {
            let left = at.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, patience) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return false,
        }
        let [asked, ended] = fds.map(|fd| fd.any().unwrap_or(false));
        if ended {
            self.reap(children);
        }
        self.trees.look_around();
        let now = Instant::now();
        let late = self.leaving.values().any(|l| l.deadline.is_some_and(|at| at <= now));
        if ended || late {
            self.see_off();
        }
        self.post() && (!asked || self.answer(buffer))
    }

    /// Carries out what is asked for, as long as there is something.
    fn answer(&mut self, buffer: &mut Vec<u8>) -> bool {
        loop {
            match next_request(self.socket.as_fd(), buffer) {
                Received::Message(request, fds) => self.carry_out(request, fds),
                Received::Nothing => return self.post(),
                Received::Gone => return false,
            }
        }
    }

    /// Tells the program something, now or as soon as there is room: it is never waited for, because
    /// jobs must be looked after meanwhile.
    fn tell(&mut self, report: Report) {
        self.outbox.push_back(report);
    }

    /// Sends what is to be told; false where nobody listens any more.
    fn post(&mut self) -> bool {
        while let Some(report) = self.outbox.front() {
            match report.send(self.socket.as_fd()) {
                Ok(()) => drop(self.outbox.pop_front()),
                Err(Errno::EAGAIN | Errno::ENOBUFS) => return true,
                Err(_) => return false,
            }
        }
        true
    }

    fn carry_out(&mut self, request: Request, fds: Vec<OwnedFd>) {
        match request {
            Request::Start { id, limit, mut command } => {
                command.env.push((TOKEN.into(), Some(self.trees.token(id).into())));
                let launched = match &fds[..] {
                    [a, b, c, further @ ..] => {
                        let streams: [BorrowedFd<'_>; 3] = [a.as_fd(), b.as_fd(), c.as_fd()];
                        self.launcher.launch(&command, streams, further)
                    }
                    // This process may have no more of them.
                    _ => Err(Errno::EMFILE),
                };
                match launched {
                    Ok(leader) => {
                        self.trees.add(id, leader, limit);
                        self.tell(Report::Started { id, pid: leader.as_raw() as u32 });
                    }
                    Err(errno) => {
                        let exit = Exit::NotStarted(errno as i32);
                        self.tell(Report::Ended { id, end: End::of(exit) });
                    }
                }
            }
            Request::Signal { ids, signal } => {
                let Ok(signal) = Signal::try_from(signal) else { return };
                self.trees.signal(&ids, signal);
                if signal == Signal::SIGKILL {
                    let again = Some(self.again());
                    for (_, leaving) in self.leaving.iter_mut().filter(|(id, _)| ids.contains(id)) {
                        leaving.deadline = again;
                    }
                }
            }
        }
    }

    fn again(&self) -> Instant {
        Instant::now() + AGAIN.max(self.trees.cost() * 20)
    }

    /// Takes the news of all that have ended.
    fn reap(&mut self, children: &SignalFd) {
        // One signal may stand for many.
        while let Ok(Some(_)) = children.read_signal() {}
        let mut all = Vec::new();
        while let Some((pid, end)) = reap_one() {
            all.extend(self.trees.reaped(pid).map(|id| (id, end)));
        }
        self.trees.forget();
        for (id, end) in all {
            let left = self.trees.left_behind(id);
            if left == 0 {
                self.close(id, end);
                continue;
            }
            let tree = self.trees.get(id);
            let deadline = if tree.is_some_and(|t| t.condemned) {
                self.trees.signal(&[id], Signal::SIGKILL);
                Some(self.again())
            } else if tree.is_some_and(|t| t.asked) {
                None
            } else {
                self.trees.signal(&[id], Signal::SIGTERM);
                Some(Instant::now() + GRACE)
            };
            let end = End { leftovers: left as u64, ..end };
            self.leaving.insert(id, Leaving { end, deadline });
        }
    }

    /// Sees to programs that are leaving: tells of those of which nothing is left, and kills those
    /// that do not go.
    fn see_off(&mut self) {
        let all: Vec<u64> = self.leaving.keys().copied().collect();
        let (now, mut late) = (Instant::now(), Vec::new());
        self.trees.forget();
        for id in all {
            if self.trees.left_behind(id) == 0 {
                let Some(leaving) = self.leaving.remove(&id) else { continue };
                self.close(id, leaving.end);
            } else if self.leaving[&id].deadline.is_some_and(|at| at <= now) {
                late.push(id);
            }
        }
        if late.is_empty() {
            return;
        }
        self.trees.signal(&late, Signal::SIGKILL);
        let again = Some(self.again());
        for id in late {
            if let Some(leaving) = self.leaving.get_mut(&id) {
                leaving.deadline = again;
            }
        }
    }

    /// Nothing is left of a program.
    fn close(&mut self, id: u64, end: End) {
        let Some(tree) = self.trees.remove(id) else { return };
        let end = End { peak: end.peak.max(tree.peak), excess: tree.excess, ..end };
        self.tell(Report::Ended { id, end });
    }

    /// The last thing that a spawner does.
    fn end_all(&mut self, children: &SignalFd) {
        let until = Instant::now() + LAST;
        while self.trees.end_all() && Instant::now() < until {
            let mut fds = [PollFd::new(children.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut fds, PollTimeout::from(50u8));
            while let Ok(Some(_)) = children.read_signal() {}
            while let Some((pid, _)) = reap_one() {
                self.trees.reaped(pid);
            }
        }
    }
}

impl End {
    fn of(exit: Exit) -> End {
        let none = 0;
        End {
            exit,
            user_us: none,
            system_us: none,
            peak: none,
            read: none,
            written: none,
            leftovers: none,
            excess: false,
        }
    }
}

/// Reaps one child that has ended, whoever it was: this process has no children but those of the
/// programs it started.
fn reap_one() -> Option<(i32, End)> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the kernel writes a number and a struct, which live through the call.
    let pid = unsafe { libc::wait4(-1, &mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    if pid <= 0 {
        return None;
    }
    // SAFETY: zero is a value of it, and the kernel has written another.
    let usage = unsafe { usage.assume_init() };
    let exit = if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Code(libc::WEXITSTATUS(status))
    };
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let micros = |t: libc::timeval| count(t.tv_sec) * 1_000_000 + count(t.tv_usec);
    let end = End {
        user_us: micros(usage.ru_utime),
        system_us: micros(usage.ru_stime),
        peak: count(usage.ru_maxrss) * 1024,
        read: count(usage.ru_inblock) * 512,
        written: count(usage.ru_oublock) * 512,
        ..End::of(exit)
    };
    Some((pid, end))
}
