//! The only fork: a worker process, with what it must know and must not hold.
//! It does not know what the worker does.
//!
//! # Invariant
//! The child never returns into the code that forked: it ends in `_exit`, so that no destructor, no
//! buffer and no `atexit` handler of the parent runs twice. It closes only what tine opened. Between
//! fork and body it takes no lock that another thread of the parent may have held.

use std::ffi::{CString, c_char};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, gettid, pipe2};

use super::explain::Subject;
use super::zygote;
use crate::error::{Error, ErrorKind, Result};

/// A worker process, as its parent holds it.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: Pid,
    pub(super) pidfd: OwnedFd,
    /// What it writes to its standard output and error.
    pub(super) pipes: [OwnedFd; 2],
    /// Threads that its parent had besides the forking one, at the fork.
    pub(super) others: usize,
    /// Where the zygote tells how it ended, where that is its parent.
    pub(super) record: Option<OwnedFd>,
}

impl Child {
    /// Waits for a process that has ended, and returns how, where that can be known.
    pub(super) fn reap(&self) -> Option<WaitStatus> {
        match &self.record {
            Some(record) => zygote::read_record(self.pid, record),
            None => waitid(Id::PIDFd(self.pidfd.as_fd()), WaitPidFlag::WEXITED).ok(),
        }
    }

    /// What a text about the process needs.
    pub(super) fn subject(&self) -> Subject {
        Subject { pid: self.pid.as_raw(), others: self.others, zygote: self.record.is_some() }
    }

    /// Signals the process, and no other: its number may have gone to another one, where the
    /// program lets the kernel reap its children.
    pub(super) fn signal(&self, signal: Signal) {
        let none: *const libc::siginfo_t = std::ptr::null();
        let fd = self.pidfd.as_raw_fd();
        // SAFETY: a plain system call on an open descriptor, without a pointer to read.
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal as i32, none, 0) };
    }
}

/// What is prepared before the first fork of a run.
#[derive(Debug)]
pub(super) struct Nursery {
    /// The environment of workers, where it is not the parent's.
    environment: Option<Vec<*const c_char>>,
    _strings: Vec<CString>,
    /// Whether it is the one that `main` runs on.
    main: bool,
}

/// Thread pools inside of workers have one thread, unless the user says otherwise: the workers are
/// the parallelism.
const INNER_THREADS: [&str; 8] = [
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
];

impl Nursery {
    pub(super) fn new() -> Self {
        let missing = INNER_THREADS.iter().filter(|v| std::env::var_os(v).is_none());
        let added: Vec<String> = missing.map(|v| format!("{v}=1")).collect();
        let inherited = std::env::vars_os().map(|(k, v)| {
            let mut pair = k.into_encoded_bytes();
            pair.push(b'=');
            pair.extend(v.into_encoded_bytes());
            pair
        });
        let all = inherited.chain(added.iter().map(|s| s.clone().into_bytes()));
        let strings: Vec<CString> = all.filter_map(|pair| CString::new(pair).ok()).collect();
        let ends = strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]);
        let environment = (!added.is_empty()).then(|| ends.collect());
        let main = gettid() == getpid();
        Nursery { environment, _strings: strings, main }
    }

    /// Forks a worker that closes `strangers`, runs `body`, and is gone.
    ///
    /// # Errors
    /// No process, no memory for one, or no descriptors.
    pub(super) fn fork(&self, strangers: &[RawFd], body: impl FnOnce()) -> Result<Child> {
        Lifeline::of_this_process()?;
        let (out, err) = (pipe()?, pipe()?);
        let output = [out.1.as_raw_fd(), err.1.as_raw_fd()];
        let strangers: Vec<RawFd> =
            strangers.iter().copied().chain([out.0.as_raw_fd(), err.0.as_raw_fd()]).collect();
        // Before every fork, not once a run: an observer may have started a thread meanwhile.
        let others = threads() - 1;
        let (pid, pidfd) = self.spawn(output, &strangers, others, body).map_err(refused)?;
        Ok(Child { pid, pidfd, pipes: [out.0, err.0], others, record: None })
    }

    /// Forks a worker that writes to `output`, closes `strangers`, runs `body`, and is gone; from a
    /// process with so many `others` beside the calling thread.
    pub(super) fn spawn(
        &self,
        output: [RawFd; 2],
        strangers: &[RawFd],
        others: usize,
        body: impl FnOnce(),
    ) -> nix::Result<(Pid, OwnedFd)> {
        let life = Lifeline::of_this_process().map_err(|_| nix::Error::EMFILE)?;
        if others == 0 {
            self.flush();
        }
        let parent = getpid();
        // SAFETY: the child keeps to the module's invariant.
        match unsafe { fork() } {
            Err(e) => Err(e),
            Ok(ForkResult::Child) => {
                self.become_worker(parent, life, output, others);
                strangers.iter().for_each(|fd| close(*fd));
                self.live(body)
            }
            Ok(ForkResult::Parent { child }) => Ok((child, pidfd_open(child)?)),
        }
    }

    /// Empties the buffers that the child would otherwise print a second time.
    fn flush(&self) {
        let _ = std::io::stdout().flush();
        // SAFETY: flushes all streams of the C library; nobody else is there to use them.
        unsafe { libc::fflush(std::ptr::null_mut()) };
    }

    fn become_worker(&self, parent: Pid, life: Lifeline, output: [RawFd; 2], others: usize) {
        let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
        if getppid() != parent {
            exit(0);
        }
        life.hold();
        // Ctrl-C and a closed terminal are for the parent to decide on. Not ignored but heard and
        // forgotten: a program that a task starts would inherit that it is to ignore them.
        let deaf =
            SigAction::new(SigHandler::Handler(forget_it), SaFlags::SA_RESTART, SigSet::empty());
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        let actions = [
            (Signal::SIGINT, &deaf),
            (Signal::SIGHUP, &deaf),
            (Signal::SIGTERM, &default),
            (Signal::SIGTSTP, &default),
        ];
        for (signal, action) in actions {
            // SAFETY: the only handler does nothing.
            let _ = unsafe { nix::sys::signal::sigaction(signal, action) };
        }
        let _ =
            nix::sys::signal::sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
        if others > 0 {
            inherited::forget();
        }
        for (fd, to) in output.into_iter().zip([1, 2]) {
            // SAFETY: both are open; the standard streams stay open for the process's life.
            unsafe { libc::dup2(fd, to) };
            close(fd);
        }
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: reads the limit, which lives through the call. A core dump would hold up the
        // news of the worker's death.
        unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) };
        if let Some(environment) = &self.environment {
            set_environment(environment);
        }
    }

    /// Runs the worker's life, which is this process's.
    fn live(&self, body: impl FnOnce()) -> ! {
        if self.main {
            run_to_exit(body);
        }
        // libtest captures `println!` by a thread-local of the thread that forked. A fresh thread
        // has none, so that what tasks print comes out of the pipe.
        on_fresh_thread(body)
    }
}

/// Forks the process that forks workers for a program that will have threads. It closes `stranger`,
/// runs `body`, and is gone.
///
/// # Errors
/// No process.
pub(super) fn fork_zygote(body: impl FnOnce(), stranger: RawFd) -> Result<Pid> {
    let parent = getpid();
    fork_helper(c"tine-zygote", stranger, || {
        let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
        if getppid() == parent {
            body();
        }
    })
}

/// Forks the process that starts programs. It outlives this one, for as long as it takes to end what
/// it has started; for the rest as [`fork_zygote`].
///
/// # Errors
/// No process, or a process that has threads: their locks would be dead in it.
pub(super) fn fork_spawner(body: impl FnOnce(), stranger: RawFd) -> Result<Pid> {
    if threads() > 1 {
        let message = "the process that starts programs must be forked before this one has threads: \
                       prepare first in `main`";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    fork_helper(c"tine-spawner", stranger, body)
}

/// Forks a process that closes `stranger`, says nothing, runs `body`, and is gone.
fn fork_helper(name: &std::ffi::CStr, stranger: RawFd, body: impl FnOnce()) -> Result<Pid> {
    let _ = std::io::stdout().flush();
    // SAFETY: the child keeps to the module's invariant.
    match unsafe { fork() }.map_err(refused)? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let _ = nix::sys::prctl::set_name(name);
            close(stranger);
            say_nothing();
            let survived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_ok();
            exit(if survived { 0 } else { 101 })
        }
    }
}

/// Lets go of the program's output: whoever reads it waits for the last to let go.
fn say_nothing() {
    let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    let nowhere = nix::fcntl::open("/dev/null", flags, nix::sys::stat::Mode::empty());
    let Ok(nowhere) = nowhere else { return };
    for to in [1, 2] {
        // SAFETY: both are open; the standard streams stay open for the process's life.
        unsafe { libc::dup2(nowhere.as_raw_fd(), to) };
    }
}

fn run_to_exit(body: impl FnOnce()) -> ! {
    let survived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_ok();
    if !inherited::is_locked() {
        let _ = std::io::stdout().flush();
    }
    exit(if survived { 0 } else { 101 })
}

fn on_fresh_thread<F: FnOnce()>(body: F) -> ! {
    extern "C" fn start<F: FnOnce()>(body: *mut libc::c_void) -> *mut libc::c_void {
        // SAFETY: the box that was leaked below, taken back once.
        let body = unsafe { Box::from_raw(body.cast::<F>()) };
        run_to_exit(*body)
    }
    let leaked: *mut F = Box::into_raw(Box::new(body));
    let mut thread = 0;
    // SAFETY: `start` takes the box; whatever the body borrows lives on this stack, which is never
    // left: this thread waits below until the process ends.
    let refused =
        unsafe { libc::pthread_create(&mut thread, std::ptr::null(), start::<F>, leaked.cast()) };
    if refused != 0 {
        // SAFETY: nobody took the box.
        run_to_exit(*unsafe { Box::from_raw(leaked) });
    }
    rest()
}

/// Leaves this thread asleep, in a way that a proof of a dead-lock understands: nothing can wake it.
fn rest() -> ! {
    let never = AtomicU32::new(0);
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    let none: *const libc::timespec = std::ptr::null();
    loop {
        // SAFETY: the word lives on this stack, which is never left.
        unsafe { libc::syscall(libc::SYS_futex, never.as_ptr(), operation, 0, none) };
    }
}

/// How many threads this process has.
pub(super) fn threads() -> usize {
    // A folder has a link for itself, one from its parent, and one from each folder in it: here
    // one for each thread.
    let links = std::fs::metadata("/proc/self/task").map_or(3, |m| m.nlink());
    usize::try_from(links).unwrap_or(3).saturating_sub(2).max(1)
}

/// What other threads of the parent had begun to print. It was copied by the fork, and so was the
/// lock of the output, which one of them may have held: nobody will ever open it here.
mod inherited {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::ptr;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::time::{Duration, Instant};

    use nix::fcntl::OFlag;

    use crate::futex;

    /// Emptying a buffer takes microseconds; a lock that is held so long is held for ever.
    const PATIENCE: Duration = Duration::from_millis(50);

    static FORGOTTEN: AtomicU32 = AtomicU32::new(0);
    static LOCKED: AtomicBool = AtomicBool::new(false);

    /// Whether the output can never be used in this process.
    pub(super) fn is_locked() -> bool {
        LOCKED.load(Ordering::Relaxed)
    }

    /// Empties the buffer into nowhere, on a thread that may never come back from it.
    pub(super) fn forget() {
        let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let nowhere = nix::fcntl::open("/dev/null", flags, nix::sys::stat::Mode::empty());
        let Ok(nowhere) = nowhere else { return };
        // SAFETY: both are open; the standard stream stays open for the process's life.
        unsafe { libc::dup2(nowhere.as_raw_fd(), 1) };
        let mut thread = 0;
        // SAFETY: the thread gets no argument, and touches nothing but statics.
        let refused =
            unsafe { libc::pthread_create(&mut thread, ptr::null(), flush, ptr::null_mut()) };
        let deadline = Instant::now() + PATIENCE;
        while refused == 0 && FORGOTTEN.load(Ordering::SeqCst) == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                LOCKED.store(true, Ordering::Relaxed);
                return;
            }
            futex::wait(&FORGOTTEN, 0, Some(left));
        }
    }

    extern "C" fn flush(_: *mut libc::c_void) -> *mut libc::c_void {
        let _ = std::io::stdout().flush();
        FORGOTTEN.store(1, Ordering::SeqCst);
        futex::wake_all(&FORGOTTEN);
        ptr::null_mut()
    }
}

extern "C" fn forget_it(_: libc::c_int) {}

/// Ends this process at once: no destructors, no buffers, no handlers.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: `_exit` does not return.
    unsafe { libc::_exit(code) }
}

fn close(fd: RawFd) {
    // SAFETY: opened by tine in the parent; nobody in the child uses it.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
}

/// Replaces the environment: `setenv` would take a lock that may never be released in the child.
fn set_environment(environment: &[*const c_char]) {
    unsafe extern "C" {
        static mut environ: *const *const c_char;
    }
    // SAFETY: the strings were made before the fork and live as long as the child; it has one
    // thread, which is here.
    unsafe { environ = environment.as_ptr() };
}

pub(super) fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(|e| descriptors("a pipe", e))?;
    fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|e| descriptors("a pipe", e))?;
    Ok((read, write))
}

fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: a plain system call; the result is checked.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    match RawFd::try_from(fd) {
        // SAFETY: a new descriptor that nobody else has.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => match nix::errno::Errno::last() {
            nix::errno::Errno::ESRCH => gone(),
            refused => {
                let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
                let _ = nix::sys::wait::waitpid(pid, None);
                Err(refused)
            }
        },
    }
}

/// Stands for the pidfd of a child that has ended and is reaped, which happens at once where the
/// parent ignores SIGCHLD: it can be read, as that of every child that has ended.
fn gone() -> nix::Result<OwnedFd> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    Ok(EventFd::from_value_and_flags(1, flags)?.into())
}

fn descriptors(what: &str, e: nix::Error) -> Error {
    Error::new(
        ErrorKind::Os,
        format!(
            "cannot open {what} for a worker: {e}; a worker needs 3 descriptors: see `ulimit -n`"
        ),
    )
}

pub(super) fn refused(e: nix::Error) -> Error {
    let hint = match e {
        nix::Error::EMFILE | nix::Error::ENFILE => "a worker needs 3 descriptors: see `ulimit -n`",
        nix::Error::ENOMEM => {
            "the kernel will not promise memory for a copy of this process: \
             see /proc/sys/vm/overcommit_memory, or call compute() before the process grows"
        }
        nix::Error::EAGAIN => "too many processes: see `ulimit -u` and the cgroup's pids.max",
        _ => "the system refused",
    };
    Error::new(ErrorKind::Os, format!("cannot fork a worker: {e}; {hint}"))
}

/// A pipe whose write end only this process holds: when it is gone, workers are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifeline {
    read: RawFd,
    /// The zygote has none: its workers are to end with the program, not with it.
    write: Option<RawFd>,
    owner: Pid,
}

static PIPE: Mutex<Option<Lifeline>> = Mutex::new(None);

impl Lifeline {
    /// In the zygote: makes the pipe of the program that of this process.
    pub(super) fn belong_to_zygote(self) {
        self.write.into_iter().for_each(close);
        let life = Lifeline { write: None, owner: getpid(), ..self };
        *PIPE.lock().unwrap_or_else(PoisonError::into_inner) = Some(life);
    }

    /// The pipe of this process, made at the first call.
    pub(super) fn of_this_process() -> Result<Lifeline> {
        let mut pipe = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
        match *pipe {
            Some(life) if life.owner == getpid() => Ok(life),
            _ => {
                let (read, write) =
                    pipe2(OFlag::O_CLOEXEC).map_err(|e| descriptors("a pipe", e))?;
                use std::os::fd::IntoRawFd;
                let life = Lifeline {
                    read: read.into_raw_fd(),
                    write: Some(write.into_raw_fd()),
                    owner: getpid(),
                };
                *pipe = Some(life);
                Ok(life)
            }
        }
    }

    /// In a worker: ends this process when the other end of the pipe is gone. The signal that says
    /// when its parent's *thread* ends is the fast way; this is the sure one.
    fn hold(self) {
        self.write.into_iter().for_each(close);
        // A description of its own: who is told is a property of the open file.
        let path = format!("/proc/self/fd/{}", self.read);
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let Ok(fd) = nix::fcntl::open(path.as_str(), flags, nix::sys::stat::Mode::empty()) else {
            return;
        };
        let raw = fd.as_raw_fd();
        // SAFETY: a plain call on an open descriptor. SIGIO ends a process that does not handle it.
        unsafe { libc::fcntl(raw, libc::F_SETOWN, getpid().as_raw()) };
        let asynchronous = OFlag::O_NONBLOCK | OFlag::O_ASYNC;
        let _ = fcntl(&fd, FcntlArg::F_SETFL(asynchronous));
        std::mem::forget(fd);
        close(self.read);
    }
}
