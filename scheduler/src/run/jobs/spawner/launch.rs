//! Starts one program: a clone that shares memory until it execs, so that nothing is copied.
//! It does not know what is started, or why.
//!
//! # Invariant
//! Between `clone` and `execve` the child runs [`become_program`] alone, on a stack of its own, in
//! this process's memory, while the calling thread, the only one that there is, waits. It calls
//! nothing but system calls, allocates nothing, and writes to nothing but that stack, `errno` and the
//! cell for the error. All that it reads was made before, and lives until it is gone.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString, c_char, c_int, c_void};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::jobs::Command;

/// Descriptors that a program may have beside its three streams.
const MOST_FURTHER: usize = 2;
/// Enough for a few calls into the C library.
const STACK: usize = 64 << 10;

/// Starts programs, one after the other.
pub(super) struct Launcher {
    stack: Vec<u8>,
    /// What programs inherit: names, and lines as `NAME=value`.
    environment: Vec<(OsString, CString)>,
    /// Where programs are looked for.
    path: OsString,
    me: Pid,
}

/// What the child reads.
struct Plan<'a> {
    /// Places where the program may be, in the order in which they are tried.
    programs: &'a [CString],
    argv: *const *const c_char,
    environment: *const *const c_char,
    /// Null for the current directory.
    cwd: *const c_char,
    streams: [RawFd; 3],
    /// What it has as 3, 4 and so on.
    further: &'a [RawFd],
    nice: c_int,
    parent: libc::pid_t,
    /// Why it is no program: the number of the error.
    error: AtomicI32,
}

impl Launcher {
    pub(super) fn new() -> Launcher {
        let line = |(name, value): (OsString, OsString)| {
            let line = assignment(&name, &value).ok()?;
            Some((name, line))
        };
        Launcher {
            stack: vec![0; STACK],
            environment: std::env::vars_os().filter_map(line).collect(),
            path: std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()),
            me: Pid::this(),
        }
    }

    /// Starts a program with these three standard streams and further descriptors, in a session of
    /// its own.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub(super) fn launch(
        &mut self,
        command: &Command,
        streams: [BorrowedFd<'_>; 3],
        further: &[OwnedFd],
    ) -> nix::Result<Pid> {
        let argv = command.argv.iter().map(|a| text(a)).collect::<nix::Result<Vec<_>>>()?;
        let programs = self.places(command)?;
        let changes: BTreeMap<&OsString, &Option<OsString>> =
            command.env.iter().map(|(name, value)| (name, value)).collect();
        let set = changes.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?)));
        let set =
            set.map(|(name, value)| assignment(name, value)).collect::<nix::Result<Vec<_>>>()?;
        let cwd = command.cwd.as_ref().map(|cwd| text(cwd.as_os_str())).transpose()?;
        let inherited =
            self.environment.iter().filter(|(name, _)| !changes.contains_key(name)).map(|(_, l)| l);
        let environment = pointers(inherited.chain(&set));
        let argv = pointers(&argv);
        let further: Vec<RawFd> =
            further.iter().take(MOST_FURTHER).map(AsRawFd::as_raw_fd).collect();
        let plan = Plan {
            programs: &programs,
            argv: argv.as_ptr(),
            environment: environment.as_ptr(),
            cwd: cwd.as_ref().map_or(ptr::null(), |cwd| cwd.as_ptr()),
            streams: streams.map(|s| s.as_raw_fd()),
            further: &further,
            nice: command.nice,
            parent: self.me.as_raw(),
            error: AtomicI32::new(0),
        };
        let pid = clone_into(&mut self.stack, &plan)?;
        match plan.error.load(Ordering::SeqCst) {
            0 => Ok(pid),
            error => {
                // It has left already, with nothing done.
                let _ = nix::sys::wait::waitpid(pid, None);
                Err(Errno::from_raw(error))
            }
        }
    }

    /// Where the program may be. A name without a slash is looked for along `PATH`.
    fn places(&self, command: &Command) -> nix::Result<Vec<CString>> {
        let program = command.argv.first().filter(|p| !p.is_empty()).ok_or(Errno::ENOENT)?;
        if program.as_bytes().contains(&b'/') {
            return Ok(vec![text(program)?]);
        }
        let own = command.env.iter().rev().find(|(name, _)| name == "PATH");
        let path = own.and_then(|(_, path)| path.as_ref()).unwrap_or(&self.path);
        let place = |folder: &[u8]| {
            let folder = if folder.is_empty() { b"." } else { folder };
            CString::new([folder, b"/", program.as_bytes()].concat()).map_err(|_| Errno::EINVAL)
        };
        path.as_bytes().split(|&b| b == b':').map(place).collect()
    }
}

fn assignment(name: &OsStr, value: &OsStr) -> nix::Result<CString> {
    CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).map_err(|_| Errno::EINVAL)
}

fn text(s: &OsStr) -> nix::Result<CString> {
    CString::new(s.as_bytes()).map_err(|_| Errno::EINVAL)
}

/// A list as C has it, with a null at its end.
fn pointers<'a>(all: impl IntoIterator<Item = &'a CString>) -> Vec<*const c_char> {
    all.into_iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect()
}

fn clone_into(stack: &mut [u8], plan: &Plan<'_>) -> nix::Result<Pid> {
    let top = stack.as_mut_ptr_range().end;
    // The ABI wants it aligned.
    let top = top.wrapping_sub(top.addr() % 16);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let plan: *const Plan<'_> = plan;
    // SAFETY: the module's invariant: CLONE_VFORK keeps this thread, and with it the stack and the
    // plan, until the child has become a program or has left.
    let pid = unsafe { libc::clone(become_program, top.cast(), flags, plan.cast_mut().cast()) };
    if pid < 0 { Err(Errno::last()) } else { Ok(Pid::from_raw(pid)) }
}

/// The child: makes itself what the plan says, and execs.
extern "C" fn become_program(plan: *mut c_void) -> c_int {
    // SAFETY: the plan that `clone_into` was given, which lives as long as this runs.
    let plan = unsafe { &*plan.cast::<Plan<'_>>() };
    let Err(error) = prepare(plan).and_then(|()| exec(plan));
    plan.error.store(error as i32, Ordering::SeqCst);
    // SAFETY: leaves this process, and nothing else.
    unsafe { libc::_exit(127) }
}

/// Nothing that can be returned.
enum Never {}

fn prepare(plan: &Plan<'_>) -> nix::Result<()> {
    // SAFETY: a plain system call. It fails for leaders of groups, which a fresh process is not.
    unsafe { libc::setsid() };
    // SAFETY: a plain system call.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // The spawner may have ended before that call.
    // SAFETY: a plain system call.
    if unsafe { libc::getppid() } != plan.parent {
        return Err(Errno::ECANCELED);
    }
    for (to, &from) in (0..).zip(&plan.streams) {
        // SAFETY: both are open; the descriptor table is this process's own. The spawner holds
        // nothing of a job below 3, so that no stream is written over before it is used.
        check(unsafe { libc::dup2(from, to) })?;
    }
    inherit(plan.further)?;
    if !plan.cwd.is_null() {
        // SAFETY: a string of the plan.
        check(unsafe { libc::chdir(plan.cwd) })?;
    }
    if plan.nice != 0 {
        // SAFETY: a plain system call. Whoever may not have more gets what it may.
        let _ = unsafe { libc::nice(plan.nice) };
    }
    // No signal is ignored or handled: the spawner has seen to that. It has blocked all of them, so
    // that none could come before this.
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: writes a set that lives here.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: the set was written.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) })
}

/// Lets the program have descriptors as 3, 4 and so on. Each is copied out of the way first, because
/// another of them may have its number; whatever else has one is closed by the exec.
fn inherit(further: &[RawFd]) -> nix::Result<()> {
    let mut copies = [0; MOST_FURTHER];
    let above = 3 + MOST_FURTHER as c_int;
    for (copy, &from) in copies.iter_mut().zip(further) {
        // SAFETY: open; the copy is this process's own, and closed by the exec.
        *copy = unsafe { libc::fcntl(from, libc::F_DUPFD_CLOEXEC, above) };
        check(*copy)?;
    }
    for (to, copy) in (3..).zip(copies).take(further.len()) {
        // SAFETY: both were open before; the descriptor table is this process's own.
        check(unsafe { libc::dup2(copy, to) })?;
    }
    Ok(())
}

/// Tries one place after the other, as a shell does: a program that may not be run is what is told,
/// even where others are not there at all.
fn exec(plan: &Plan<'_>) -> nix::Result<Never> {
    let mut told = Errno::ENOENT;
    for program in plan.programs {
        // SAFETY: strings and lists of the plan.
        unsafe { libc::execve(program.as_ptr(), plan.argv, plan.environment) };
        match Errno::last() {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => told = Errno::EACCES,
            other => return Err(other),
        }
    }
    Err(told)
}

fn check(result: c_int) -> nix::Result<()> {
    if result < 0 { Err(Errno::last()) } else { Ok(()) }
}
