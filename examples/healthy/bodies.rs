//! Ways to sleep from which a task wakes: by the clock, by a thread, a process, a timer, a signal.
//! It does not know who watches.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// A name, and what sleeps for about the time that it is given, then returns 1.
pub(crate) type Body = (&'static str, fn(Duration) -> u64);

/// All ways.
pub(crate) const ALL: &[Body] = &[
    ("by the clock", by_the_clock),
    ("for a process", for_a_process),
    ("for a pipe", for_a_pipe),
    ("in poll", in_poll),
    ("for a channel", for_a_channel),
    ("for a thread's end", for_a_thread),
    ("with a timeout", with_a_timeout),
    ("in a pool of its own", in_a_pool),
    ("in turns", in_turns),
    ("for an alarm", for_an_alarm),
    ("for a child's signal", for_a_child),
    ("for a timer", for_a_timer),
    ("for another process's futex", for_shared_memory),
];

/// Times that fall before, between and behind the looks of a supervisor.
pub(crate) fn time(round: usize) -> Duration {
    Duration::from_millis([2400, 1300, 1700, 2900, 2100][round % 5])
}

fn by_the_clock(time: Duration) -> u64 {
    thread::sleep(time);
    1
}

fn sleeper(time: Duration) -> Command {
    let mut command = Command::new("sleep");
    command.arg(format!("{}", time.as_secs_f64()));
    command
}

fn for_a_process(time: Duration) -> u64 {
    sleeper(time).status().expect("sleep(1) is there").success().into()
}

fn for_a_pipe(time: Duration) -> u64 {
    let mut child = sleeper(time).stdout(Stdio::piped()).spawn().expect("sleep(1) is there");
    let mut pipe = child.stdout.take().expect("a pipe");
    let n = pipe.read(&mut [0; 8]).expect("it can be read");
    child.wait().expect("a child");
    u64::from(n == 0)
}

fn in_poll(time: Duration) -> u64 {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let (read, mut write) = std::io::pipe().expect("a pipe");
    let writer = thread::spawn(move || {
        thread::sleep(time);
        write.write_all(b"x").expect("somebody reads");
    });
    let mut fds = [PollFd::new(read.as_fd(), PollFlags::POLLIN)];
    let n = poll(&mut fds, PollTimeout::NONE).expect("poll");
    writer.join().expect("no panic");
    n as u64
}

fn for_a_channel(time: Duration) -> u64 {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        thread::sleep(time);
        send.send(1).expect("somebody waits");
    });
    receive.recv().expect("somebody sends")
}

fn for_a_thread(time: Duration) -> u64 {
    thread::spawn(move || by_the_clock(time)).join().expect("no panic")
}

fn with_a_timeout(time: Duration) -> u64 {
    let (lock, signal) = (Mutex::new(()), Condvar::new());
    let guard = lock.lock().expect("no panic");
    let (_guard, result) = signal.wait_timeout(guard, time).expect("no panic");
    result.timed_out().into()
}

/// Most threads wait for work; one works.
fn in_a_pool(time: Duration) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
    pool.install(|| rayon::join(|| by_the_clock(time), || 0).0)
}

/// Two threads wake each other again and again: in most moments both sleep, one by the clock.
fn in_turns(time: Duration) -> u64 {
    let pair = Arc::new((Mutex::new(0u32), Condvar::new()));
    let rounds = 20;
    let play = move |pair: &(Mutex<u32>, Condvar), me: u32| {
        for turn in (0..rounds).filter(|t| t % 2 == me) {
            let guard = pair.0.lock().expect("no panic");
            let mut guard = pair.1.wait_while(guard, |t| *t != turn).expect("no panic");
            *guard += 1;
            drop(guard);
            thread::sleep(time / rounds);
            pair.1.notify_all();
        }
    };
    let other = {
        let pair = pair.clone();
        thread::spawn(move || play(&pair, 1))
    };
    play(&pair, 0);
    other.join().expect("no panic");
    1
}

static WOKEN: AtomicU32 = AtomicU32::new(0);

/// Wakes who sleeps on `WOKEN`, as signal handlers may.
extern "C" fn wake(_: libc::c_int) {
    WOKEN.store(1, Ordering::SeqCst);
    let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: waking reads no memory.
    unsafe { libc::syscall(libc::SYS_futex, WOKEN.as_ptr(), operation, i32::MAX) };
}

fn handle(signal: nix::sys::signal::Signal) {
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, sigaction};
    let action = SigAction::new(SigHandler::Handler(wake), SaFlags::SA_RESTART, SigSet::empty());
    WOKEN.store(0, Ordering::SeqCst);
    // SAFETY: the handler does what handlers may.
    unsafe { sigaction(signal, &action) }.expect("a valid signal");
}

/// Sleeps on a private futex, without a timeout.
fn sleep_until_woken() -> u64 {
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    let none: *const libc::timespec = std::ptr::null();
    while WOKEN.load(Ordering::SeqCst) == 0 {
        // SAFETY: the word is a static; the kernel only reads it.
        unsafe { libc::syscall(libc::SYS_futex, WOKEN.as_ptr(), operation, 0, none) };
    }
    1
}

fn for_an_alarm(time: Duration) -> u64 {
    handle(nix::sys::signal::Signal::SIGALRM);
    nix::unistd::alarm::set(time.as_secs() as u32 + 1);
    sleep_until_woken()
}

fn for_a_child(time: Duration) -> u64 {
    handle(nix::sys::signal::Signal::SIGCHLD);
    let mut child = sleeper(time).spawn().expect("sleep(1) is there");
    let woken = sleep_until_woken();
    child.wait().expect("a child");
    woken
}

/// A timer that sends a signal which only the user would send otherwise.
fn for_a_timer(time: Duration) -> u64 {
    use nix::sys::signal::{SigEvent, SigevNotify, Signal};
    use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
    handle(Signal::SIGHUP);
    let notify = SigevNotify::SigevSignal { signal: Signal::SIGHUP, si_value: 0 };
    let clock = nix::time::ClockId::CLOCK_MONOTONIC;
    let mut timer = Timer::new(clock, SigEvent::new(notify)).expect("a timer");
    let when = Expiration::OneShot(time.into());
    timer.set(when, TimerSetTimeFlags::empty()).expect("a time");
    sleep_until_woken()
}

/// A word in memory that another process shares, which wakes who sleeps there.
fn for_shared_memory(time: Duration) -> u64 {
    use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
    let len = std::num::NonZeroUsize::new(4096).expect("not 0");
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: the kernel chooses the place.
    let page = unsafe { mmap_anonymous(None, len, access, MapFlags::MAP_SHARED) };
    let word = page.expect("memory").cast::<AtomicI32>();
    // SAFETY: a page of zeroes, which stays mapped.
    let word = unsafe { word.as_ref() };
    // SAFETY: the child sleeps, stores, wakes, and leaves.
    match unsafe { nix::unistd::fork() }.expect("a process") {
        nix::unistd::ForkResult::Child => {
            thread::sleep(time);
            word.store(1, Ordering::SeqCst);
            // SAFETY: waking reads no memory.
            unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
            // SAFETY: does not return.
            unsafe { libc::_exit(0) }
        }
        nix::unistd::ForkResult::Parent { child } => {
            let none: *const libc::timespec = std::ptr::null();
            while word.load(Ordering::SeqCst) == 0 {
                // SAFETY: the word is mapped; the kernel only reads it.
                unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, 0, none) };
            }
            nix::sys::wait::waitpid(child, None).expect("a child");
            1
        }
    }
}
