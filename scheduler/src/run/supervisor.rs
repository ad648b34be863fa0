//! Looks after the worker processes of one run: starts them, hears of their deaths, mends, replaces.
//! It runs no tasks, and sleeps in one `poll` over pidfds, pipes and an eventfd.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};

use super::fork::{Child, Nursery};
use super::output::Lines;
use super::memory::{Excess, Tally};
use super::{interrupt, watch::Watch};
use crate::arena::Heap;
use crate::engine::{Bell, Engine, Kept};
use crate::error::{Error, ErrorKind, Result};
use crate::results;
use crate::table::{Orphan, Phase, Ready, Recovery, State};
use crate::worker;

/// How long tasks whose results nobody needs any more may go on after a failure.
const GRACE: Duration = Duration::from_millis(200);
/// How long a worker whose run is over may take to flush its standard output.
const PARTING: Duration = Duration::from_secs(1);

/// More processes in a row that end before they have come to a task mean that none can live here.
const BARREN: u32 = 64;

/// More looks for lost hints between two ends of tasks mean that the table makes no sense.
const IN_VAIN: u32 = 1000;

/// One worker: its process, while there is one, and what it prints.
#[derive(Debug)]
struct Post {
    child: Option<Child>,
    lines: [Lines; 2],
    /// Whether `hurry` has ended the process: whatever task it had come to meanwhile is not to blame.
    hurried: bool,
    /// How much too much memory it held when it was ended for that.
    excess: Option<Excess>,
    /// How many processes in a row ended here before they had come to a task.
    barren: u32,
}

/// The process that started the run, as it watches over it.
pub(super) struct Supervisor<'a> {
    engine: &'a Engine<'a>,
    watch: Watch<'a>,
    posts: Vec<Post>,
    nursery: Nursery,
    /// When tasks that do not matter any more are ended.
    deadline: Option<Instant>,
    memory: Tally,
    /// How many tasks had ended at the last look for lost hints, and how often that was so.
    scans: (usize, u32),
}

/// What happened while the supervisor slept.
#[derive(Debug, Default)]
struct News {
    /// Posts and streams that can be read.
    printed: Vec<(usize, usize)>,
    /// Posts whose process has ended.
    dead: Vec<usize>,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(engine: &'a Engine<'a>, watch: Watch<'a>, memory: Tally) -> Self {
        let lines = || [Lines::new(false), Lines::new(true)];
        let post =
            || Post { child: None, lines: lines(), hurried: false, excess: None, barren: 0 };
        let posts = (0..engine.table.workers()).map(|_| post()).collect();
        Supervisor { engine, watch, posts, nursery: Nursery::new(), deadline: None, memory, scans: (0, 0) }
    }

    /// Sees the run through to its last task.
    ///
    /// Approach:
    /// - start a worker at every post;
    /// - sleep until a worker dies, prints, or rings, or until it is time to tick;
    /// - mend what the dead left half done, and put another in their place;
    /// - until the final task has been reached, or the user, or an error, ends it.
    ///
    /// # Errors
    /// No process, an interrupt, or impossible values in shared memory.
    pub(super) fn run(&mut self) -> Result<()> {
        self.watch.memory(&self.memory.budget().memory, false);
        for post in 0..self.posts.len() {
            // The first workers may have done it all before the last are forked.
            if !self.engine.table.is_finished() {
                self.start(post)?;
            }
        }
        while !self.engine.table.is_finished() {
            if interrupt::requested() {
                return Err(interrupt::error());
            }
            self.hurry();
            self.sleep()?;
            if self.engine.table.all_asleep() {
                self.rescan()?;
            }
            self.engine.table.check_corrupt()?;
            if self.engine.table.is_stopped() && !self.engine.table.is_finished() {
                return Err(self.engine.table.nonsense("the run was stopped by nobody"));
            }
        }
        Ok(())
    }

    /// All sleep: looks for tasks whose hints were lost. That is rare, and a task ends soon after.
    fn rescan(&mut self) -> Result<()> {
        let engine = self.engine;
        super::sound(engine, || super::rehint(engine))?;
        let ended = super::sound(engine, || engine.table.count_ended())?;
        let (before, in_vain) = self.scans;
        self.scans = if ended == before { (before, in_vain + 1) } else { (ended, 0) };
        if self.scans.1 > IN_VAIN {
            let what = "tasks are ready, and nobody comes to them";
            return Err(engine.table.nonsense(what));
        }
        Ok(())
    }

    /// Forks a worker for a post.
    fn start(&mut self, post: usize) -> Result<()> {
        let strangers: Vec<RawFd> = self.posts.iter().flat_map(Post::descriptors).collect();
        let engine = self.engine;
        let id = post as u16;
        let child = self.nursery.fork(&strangers, || worker::live(engine, id))?;
        self.watch.worker(id, child.pid.as_raw() as u32, None);
        let post = &mut self.posts[post];
        post.child = Some(child);
        post.lines.iter_mut().for_each(Lines::begin);
        post.hurried = false;
        post.excess = None;
        Ok(())
    }

    /// Sleeps until something happens, then sees to it.
    fn sleep(&mut self) -> Result<()> {
        let News { printed, dead } = self.poll()?;
        for (post, stream) in printed {
            self.posts[post].drain(stream);
        }
        for post in dead {
            self.bury(post)?;
        }
        let posts = &self.posts;
        self.watch.tick(|| pids(posts));
        self.limit_memory();
        self.watch.memory(&self.memory.budget().memory, false);
        Ok(())
    }

    /// Ends a worker that holds too much memory of its own.
    fn limit_memory(&mut self) {
        let pids = self.posts.iter().map(|p| p.child.as_ref().map(|c| c.pid.as_raw() as u32));
        if let Some((post, excess)) = self.memory.look(self.engine, pids) {
            self.posts[post].excess = Some(excess);
            self.posts[post].signal(Signal::SIGKILL);
        }
    }

    /// Waits; returns which streams can be read, and which posts' processes have ended.
    fn poll(&self) -> Result<News> {
        let Bell::Event(event) = &self.engine.bell else { return Ok(News::default()) };
        let mut fds = vec![PollFd::new(event.as_fd(), PollFlags::POLLIN)];
        let mut who = Vec::new();
        for (post, p) in self.posts.iter().enumerate() {
            let Some(child) = &p.child else { continue };
            let streams: [BorrowedFd<'_>; 3] =
                [child.pipes[0].as_fd(), child.pipes[1].as_fd(), child.pidfd.as_fd()];
            for (stream, fd) in streams.into_iter().enumerate() {
                if p.lines.get(stream).is_some_and(|lines| !lines.is_open()) {
                    continue;
                }
                fds.push(PollFd::new(fd, PollFlags::POLLIN));
                who.push((post, stream));
            }
        }
        match poll(&mut fds, self.patience()) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => {
                return Err(Error::new(ErrorKind::Os, format!("cannot wait for workers: {e}")));
            }
        }
        let _ = event.read();
        let happened = |fd: &PollFd<'_>| fd.revents().is_some_and(|r| !r.is_empty());
        let events: Vec<_> =
            fds[1..].iter().zip(who).filter(|(fd, _)| happened(fd)).map(|(_, w)| w).collect();
        let dead = events.iter().filter(|(_, s)| *s == 2).map(|(p, _)| *p).collect();
        Ok(News { printed: events.into_iter().filter(|(_, s)| *s < 2).collect(), dead })
    }

    fn patience(&self) -> PollTimeout {
        let deadline = self.deadline.map(|d| d.saturating_duration_since(Instant::now()));
        let timers = [deadline, self.watch.patience(), self.memory.patience(self.engine)];
        let shortest = timers.into_iter().flatten().min();
        match shortest {
            None => PollTimeout::NONE,
            // Rounded up: a poll that ends early would only poll again.
            Some(t) => {
                PollTimeout::try_from(t + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
            }
        }
    }

    /// Sees to a process that has ended.
    fn bury(&mut self, post: usize) -> Result<()> {
        let Some(child) = self.posts[post].child.take() else { return Ok(()) };
        let status = waitid(Id::PIDFd(child.pidfd.as_fd()), WaitPidFlag::WEXITED);
        self.posts[post].finish(&child);
        let slot = self.engine.table.slot(post);
        if slot.is_leaving() {
            self.engine.table.check_corrupt()?;
            if self.engine.table.is_finished() || self.engine.table.is_stopped() {
                return Ok(());
            }
        }
        let death = Death::of(status.ok());
        self.count_barren(post, &death)?;
        self.watch.worker(post as u16, child.pid.as_raw() as u32, Some(death.text.clone()));
        super::sound(self.engine, || self.mend(post as u16, &death))?;
        if self.engine.table.is_finished() || self.engine.table.is_stopped() {
            return Ok(());
        }
        self.start(post)
    }

    /// Ends the run where one worker after the other dies before it has done anything.
    fn count_barren(&mut self, post: usize, death: &Death) -> Result<()> {
        let idle = self.engine.table.slot(post).current().is_none();
        let barren = &mut self.posts[post].barren;
        *barren = if idle { *barren + 1 } else { 0 };
        if *barren <= BARREN {
            return Ok(());
        }
        let message = format!(
            "no worker can live here: {barren} in a row ended before they came to a task; the last \
             one {}",
            death.text
        );
        Err(Error::new(ErrorKind::Died, message))
    }

    /// Ends what a dead worker had begun, and queues what it had claimed.
    fn mend(&mut self, worker: u16, death: &Death) -> Result<()> {
        let table = &self.engine.table;
        let found: Recovery = table.autopsy(worker)?;
        if let Some(task) = found.freeing.filter(|&t| t < table.last()) {
            table.resume_free(task, worker, self.engine.arena);
        }
        let mut ready = Ready { again: true, tasks: found.ready, ..Ready::default() };
        for (task, held) in found.releasing {
            self.engine.settle(task, held, &Kept::new(), &mut ready)?;
            self.engine.close(task, held);
        }
        for (task, held) in found.lingering {
            self.engine.let_go_again(task, held);
        }
        if let Some(arena) = self.engine.arena {
            table.resume_spill(worker, arena);
            if table.slot(worker.into()).is_starved() {
                arena.end_waiting();
            }
            arena.reclaim(table.epoch(), worker, found.orphan.map(|o| o.task));
        }
        if let Some(orphan) = found.orphan {
            self.give_back(orphan, worker, death, &mut ready)?;
        }
        table.slot(worker.into()).clear();
        if let Some(arena) = self.engine.arena {
            arena.ring();
        }
        if ready.finished {
            table.finish();
        }
        super::hint(self.engine, &ready.tasks);
        // Also where nothing was found: the dead may have taken somebody's mark of sleep away and
        // not rung, or been picked to be woken in place of somebody else.
        table.wake_all();
        Ok(())
    }

    /// Queues a task whose worker died in it, or gives it up.
    fn give_back(
        &self,
        orphan: Orphan,
        worker: u16,
        death: &Death,
        ready: &mut Ready,
    ) -> Result<()> {
        let table = &self.engine.table;
        let cell = table.cell(orphan.task);
        results::forget(cell);
        let allowed = self.engine.rules.allowed_failures;
        let last_words = table.slot(worker.into()).last_words();
        // A process that was ended on purpose, by `hurry`, is nobody's failure.
        let hurried = self.posts[usize::from(worker)].hurried;
        let gave_way = table.slot(worker.into()).gave_way();
        let excess = self.posts[usize::from(worker)].excess.filter(|_| orphan.in_body);
        if let Some(excess) = excess {
            if table.alone() == Some(orphan.task) {
                let error = excess.error(self.memory.budget());
                let attempt = u32::from(orphan.state.deaths) + 1;
                let error = self.engine.blame(error, orphan.task, attempt, attempt);
                return self.give_up(orphan.task, orphan.state, error, ready);
            }
            table.let_run_alone(orphan.task);
        }
        let on_purpose = hurried || gave_way || excess.is_some();
        let counts = orphan.in_body && !on_purpose && !table.is_doomed(orphan.task);
        let deaths = orphan.state.deaths.saturating_add(u8::from(counts));
        let panicked = last_words.filter(|_| counts && death.is_abort());
        let state = State { deaths, ..orphan.state };
        if panicked.is_none() && deaths <= allowed {
            cell.state.store(state.to(Phase::Ready));
            ready.tasks.push(orphan.task);
            return Ok(());
        }
        let error = match panicked {
            Some(words) => Error::new(ErrorKind::Panic, words),
            None => death.error(),
        };
        let of = if error.kind() == ErrorKind::Panic { deaths } else { allowed + 1 };
        let error = self.engine.blame(error, orphan.task, u32::from(deaths), u32::from(of));
        self.give_up(orphan.task, state, error, ready)
    }

    /// Fails a task on behalf of its dead workers.
    fn give_up(&self, task: u32, state: State, error: Error, ready: &mut Ready) -> Result<()> {
        let table = &self.engine.table;
        let me = table.workers() as u16;
        if let Some(arena) = self.engine.arena {
            Heap::new(arena, table.epoch(), me).install();
        }
        Heap::run_task(Some(task));
        results::store_error(table.cell(task), error, true);
        Heap::run_task(None);
        let claimed = state.held(me, Phase::Claimed);
        self.engine.publish(task, claimed, Phase::ReleasingFailed);
        let held = claimed.to(Phase::ReleasingFailed);
        self.engine.settle(task, held, &Kept::new(), ready)?;
        self.engine.close(task, held);
        table.end_alone(task);
        Ok(())
    }

    /// After a failure: ends the tasks that nobody needs any more, when their grace is over.
    fn hurry(&mut self) {
        if self.engine.table.first_failure().is_none() {
            return;
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + GRACE);
        if Instant::now() < deadline {
            return;
        }
        self.deadline = Some(Instant::now() + GRACE);
        let table = &self.engine.table;
        for (post, p) in self.posts.iter_mut().enumerate() {
            // One that sleeps, or is between tasks, still has the last one's number in its slot.
            let slot = table.slot(post);
            let running = slot.current().filter(|_| slot.in_body());
            if running.is_some_and(|t| t < table.last() && table.is_doomed(t)) {
                p.hurried = true;
                p.signal(Signal::SIGKILL);
            }
        }
    }

    /// Ends all workers: at once after an error, and when their tasks are done otherwise.
    pub(super) fn end(mut self, failed: bool) -> Watch<'a> {
        self.engine.table.stop();
        self.engine.table.wake_all();
        self.deadline = None;
        let interrupted = interrupt::requested();
        if failed && !interrupted {
            self.signal(Signal::SIGKILL);
        }
        // What the first signal asks for has been done; the second may be there already.
        let mut told = 1;
        while self.posts.iter().any(|p| p.child.is_some()) {
            let level = interrupt::level();
            if interrupted && level > told {
                told = level;
                self.signal(if level > 2 { Signal::SIGKILL } else { Signal::SIGTERM });
            }
            self.evict();
            if self.sleep().is_err() {
                self.kill_and_bury();
            }
        }
        self.watch.memory(&self.memory.budget().memory, true);
        self.watch
    }

    /// Ends workers that are leaving but do not get away: the last thing that they do is to flush
    /// their standard output, whose lock another thread of the parent may have held at the fork.
    fn evict(&mut self) {
        let leaving = |post: usize| self.engine.table.slot(post).is_leaving();
        let stuck =
            || self.posts.iter().enumerate().filter(|(p, post)| post.is_alive() && leaving(*p));
        if stuck().next().is_none() {
            return;
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + PARTING);
        if Instant::now() >= deadline {
            stuck().for_each(|(_, post)| post.signal(Signal::SIGKILL));
            self.deadline = None;
        }
    }

    /// Where there is no way to wait for news.
    fn kill_and_bury(&mut self) {
        self.signal(Signal::SIGKILL);
        for post in 0..self.posts.len() {
            // What cannot be mended has been reported; the run is over.
            let _ = self.bury(post);
        }
    }

    fn signal(&self, signal: Signal) {
        self.posts.iter().for_each(|post| post.signal(signal));
    }
}

/// The processes at work, the calling one first.
fn pids(posts: &[Post]) -> Vec<u32> {
    let workers = posts.iter().filter_map(|p| p.child.as_ref());
    [std::process::id()].into_iter().chain(workers.map(|c| c.pid.as_raw() as u32)).collect()
}

/// A process that is left when its post goes, by a panic of an observer, has nobody to end it.
impl Drop for Post {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            child.signal(Signal::SIGKILL);
            let _ = waitid(Id::PIDFd(child.pidfd.as_fd()), WaitPidFlag::WEXITED);
        }
    }
}

impl Post {
    fn is_alive(&self) -> bool {
        self.child.is_some()
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            child.signal(signal);
        }
    }

    /// What the parent holds of this post's process, and no other worker may.
    fn descriptors(&self) -> impl Iterator<Item = RawFd> + use<> {
        let fds = self
            .child
            .as_ref()
            .map(|c| [c.pidfd.as_raw_fd(), c.pipes[0].as_raw_fd(), c.pipes[1].as_raw_fd()]);
        fds.into_iter().flatten()
    }

    fn drain(&mut self, stream: usize) {
        if let Some(child) = &self.child {
            self.lines[stream].drain(&child.pipes[stream]);
        }
    }

    fn finish(&mut self, child: &Child) {
        for (lines, pipe) in self.lines.iter_mut().zip(&child.pipes) {
            lines.drain(pipe);
            lines.finish();
        }
    }
}

/// How a worker's process ended.
#[derive(Clone, Debug)]
struct Death {
    text: String,
    signal: Option<Signal>,
}

impl Death {
    fn of(status: Option<WaitStatus>) -> Self {
        match status {
            Some(WaitStatus::Signaled(_, signal, _)) => {
                let text = format!("was ended by {signal} ({})", meaning(signal));
                Death { text, signal: Some(signal) }
            }
            Some(WaitStatus::Exited(_, code)) => {
                let text = format!("left its process by exit({code})");
                Death { text, signal: None }
            }
            _ => Death { text: "lost its process".into(), signal: None },
        }
    }

    fn is_abort(&self) -> bool {
        self.signal == Some(Signal::SIGABRT)
    }

    fn error(&self) -> Error {
        match self.signal {
            Some(signal) => Error::new(ErrorKind::Died, self.text.clone()).by_signal(signal as i32),
            None => Error::new(ErrorKind::Exited, self.text.clone()),
        }
    }
}

fn meaning(signal: Signal) -> &'static str {
    match signal {
        Signal::SIGSEGV => "segmentation fault: a bad memory access, or a stack overflow",
        Signal::SIGBUS => "bus error: memory that is not there",
        Signal::SIGILL => "illegal instruction",
        Signal::SIGFPE => "arithmetic error",
        Signal::SIGABRT => "abort: by abort(), a failed check in a C library, or a stack overflow",
        Signal::SIGKILL => "killed from outside: by `kill -9`, or by the kernel for lack of memory",
        Signal::SIGTERM => "asked to end from outside",
        Signal::SIGXCPU => "its limit of CPU time",
        Signal::SIGXFSZ => "its limit of file size",
        _ => "a signal",
    }
}
