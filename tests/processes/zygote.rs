//! Runs whose workers come from the zygote: what needs a lock or a pool works, in spite of threads.
//! It does not test what happens without: see `deadlocks`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use tine::prelude::*;
use tine_scheduler::{ErrorKind, Graph, Processes, Result, get, init};

use crate::helper::{Program, children, ends_within, handle, pid, wait_until};
use crate::runner::step;

static LOCK: Mutex<u64> = Mutex::new(7);
/// Changed after `init`: a worker from the zygote does not see that.
static AGE: AtomicU64 = AtomicU64::new(0);

/// As a program is that began with `init` and has had threads since, one of which holds a lock.
fn grown() {
    init().expect("first in main");
    AGE.store(1, Ordering::SeqCst);
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        std::mem::forget(LOCK.lock());
        tell.send(()).expect("somebody waits");
        loop {
            std::thread::park();
        }
    });
    told.recv().expect("the thread is there");
    assert_eq!(rayon::join(|| 1, || 2), (1, 2));
}

fn locked() -> u64 {
    *LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn two() -> Processes {
    Processes::new().workers(2)
}

/// A diamond of portable tasks.
fn run(body: impl Fn(&u64) -> u64 + Send + Sync + 'static) -> Result<u64> {
    let mut g = Graph::builder();
    g.value("given", vec![1u64, 2]);
    g.task("first", ["given"], |v: &Vec<u64>| v.iter().sum::<u64>());
    g.task(("part", 0), ["first"], body);
    g.portable(("part", 1), ["first"], 100u64, |n, task| Ok(n + *task.input::<u64>(0)?));
    g.try_task("all", [("part", 0), ("part", 1)], |a: &u64, b: &u64| Ok(a + b));
    get(&g.build()?, ["all"], &two())?.get(0)
}

pub(crate) fn serves_a_program_with_threads() {
    grown();
    let open = |of: u32| std::fs::read_dir(format!("/proc/{of}/fd")).expect("a child").count();
    let (me, zygote) = (std::process::id(), children(std::process::id())[0]);
    // It sets itself up while this process goes on.
    wait_until("the zygote waits for its first order", || {
        crate::helper::state(zygote) == Some('S')
    });
    let idle = open(zygote);
    assert_eq!(run(|x| x + locked()).map_err(|e| e.to_string()), Ok(3 + 7 + 103));
    let before = (open(me), tine_scheduler::memory_in_use());
    for _ in 0..20 {
        assert_eq!(run(|x| x + locked()).map_err(|e| e.to_string()), Ok(3 + 7 + 103));
        assert_eq!(run(|x| rayon::join(|| *x, || 1).0).map_err(|e| e.to_string()), Ok(106));
        let aged = run(|_| AGE.load(Ordering::SeqCst));
        assert_eq!(aged.map_err(|e| e.to_string()), Ok(103), "from the zygote");
    }
    assert_eq!((open(me), tine_scheduler::memory_in_use()), before);
    wait_until("the zygote has buried its workers", || children(zygote).is_empty());
    wait_until("it has closed what was theirs", || open(zygote) == idle);
    // A run off the main thread, and several at a time.
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| assert_eq!(run(|x| x + locked()).map_err(|e| e.to_string()), Ok(113)));
        }
    });
    step("done");
}

#[delayed]
fn needs_the_lock(x: i64, list: &[i64]) -> i64 {
    x + list.iter().sum::<i64>() + locked() as i64
}

#[delayed]
fn fails(text: &str) -> std::result::Result<i64, String> {
    Err(format!("no {text}"))
}

pub(crate) fn runs_what_delayed_makes() {
    grown();
    let parts: Vec<_> =
        (0..100i64).map(|i| tine::call(|i: i64| i + locked() as i64, (i,))).collect();
    let total = needs_the_lock(1, &parts) + 1;
    let squares = tine::map(0..10u64, |i| i * locked());
    let given = tine::delayed("text".to_owned()).map_ref(|t| t.len() + locked() as usize);
    let results = compute((&total, &squares, &given)).expect("no lock is held in a worker");
    let expected = 1 + (0..100).sum::<i64>() + 700 + 7 + 1;
    assert_eq!(results, (expected, (0..10).map(|i| i * 7).collect(), 11));
    let error = fails("luck").compute().expect_err("it fails");
    assert_eq!((error.message(), error.task()), ("no luck", Some("fails(0)")));
    let place = error.created_at().expect("a place");
    assert!(place.file.ends_with("zygote.rs") && place.line > 0, "{place}");
}

/// Times are recorded, on the clock of the program.
pub(crate) fn measures_what_it_runs() {
    grown();
    let recorded = tine::profile(|| run(|x| x + locked()));
    assert_eq!(recorded.output.map_err(|e| e.to_string()), Ok(113));
    let trace = recorded.run.traces().iter().next().expect("a run");
    let elapsed = trace.about().elapsed;
    assert_eq!(trace.len(), 4);
    for task in 0..4 {
        let times = trace.task(task);
        let (started, ended) = (times.started, times.ended);
        assert!(0 < started && started <= ended && ended <= elapsed, "{task}: {started} {ended}");
    }
}

/// A closure that captures something is inherited, or not run: then the proof stands behind it.
pub(crate) fn is_left_aside_by_captures() {
    grown();
    let n = std::hint::black_box(5);
    let aged = run(move |_| AGE.load(Ordering::SeqCst) + n);
    assert_eq!(aged.map_err(|e| e.to_string()), Ok(109), "forked from the program");
    let error = run(move |_| locked() + n).expect_err("the lock is held for good");
    assert_eq!((error.kind(), error.task()), (ErrorKind::Deadlock, Some("part(0)")), "{error}");
}

/// Workers die in the middle of their tasks, and the zygote forks others.
pub(crate) fn replaces_the_dead() {
    grown();
    let mut g = Graph::builder();
    for i in 0..30u64 {
        g.portable(("part", i as u32), [] as [&str; 0], i, |i, _| {
            // Before any second attempt is made, somebody has died here: a third of the workers do.
            let marked = std::env::temp_dir().join(format!("tine-{}-{i}", nix::unistd::getpgrp()));
            if i % 3 == 0 && std::fs::File::create_new(&marked).is_ok() {
                kill(nix::unistd::getpid(), Signal::SIGKILL).expect("itself");
            }
            let _ = std::fs::remove_file(marked);
            Ok(*i)
        });
    }
    let graph = g.build().expect("a graph");
    let keys: Vec<tine_scheduler::Key> = (0..30).map(|i| ("part", i).into()).collect();
    let out = get(&graph, keys, &two()).expect("each is tried again");
    (0..30).for_each(|i| assert_eq!(out.get::<u64>(i).expect("a number"), i as u64));
}

pub(crate) fn tells_how_a_worker_ended() {
    grown();
    let ends = [
        (run(|_| std::process::exit(3)), ErrorKind::Exited, None),
        (run(|_| std::process::abort()), ErrorKind::Died, Some(libc::SIGABRT)),
        (run(|_| panic!("on purpose")), ErrorKind::Panic, None),
    ];
    for (failed, kind, signal) in ends {
        let error = failed.expect_err("it ends its process");
        step(&error);
        assert_eq!((error.kind(), error.signal()), (kind, signal), "{error}");
        assert_eq!(error.task(), Some("part(0)"));
    }
}

extern "C" fn hear(_: libc::c_int) {}

/// A profiler, or a timer of the program's, signals it all the time.
pub(crate) fn is_asked_through_signals() {
    grown();
    let heard = SigAction::new(SigHandler::Handler(hear), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGALRM, &heard) }.expect("a handler");
    let often = libc::timeval { tv_sec: 0, tv_usec: 50 };
    let every = libc::itimerval { it_interval: often, it_value: often };
    // SAFETY: reads a struct that lives through the call.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &every, std::ptr::null_mut()) };
    assert_eq!(set, 0);
    for _ in 0..20 {
        assert_eq!(run(|x| x + locked()).map_err(|e| e.to_string()), Ok(113));
        let error = run(|_| std::process::exit(3)).expect_err("it ends its process");
        assert_eq!(error.kind(), ErrorKind::Exited, "{error}");
    }
}

/// The program has grown since; its workers have nothing of that.
pub(crate) fn limits_the_memory_of_its_workers() {
    grown();
    let large = std::hint::black_box(vec![1u8; 192 << 20]);
    let mut g = Graph::builder();
    g.task("held", [] as [&str; 0], || -> u64 {
        let held = std::hint::black_box(vec![1u8; 96 << 20]);
        loop {
            nix::unistd::pause();
            std::hint::black_box(&held);
        }
    });
    let graph = g.build().expect("a graph");
    let error = get(&graph, ["held"], &two().worker_memory("32MiB")).expect_err("it is too much");
    assert_eq!((error.kind(), error.task()), (ErrorKind::MemoryLimit, Some("held")), "{error}");
    drop(large);
}

/// A terminal that is closed is for the program to decide on.
pub(crate) fn is_deaf_to_a_closed_terminal() {
    grown();
    let ran = run(|x| {
        for signal in [Signal::SIGHUP, Signal::SIGINT] {
            kill(nix::unistd::getpid(), signal).expect("itself");
        }
        x + locked()
    });
    assert_eq!(ran.map_err(|e| e.to_string()), Ok(113));
}

pub(crate) fn knows_persisted_values() {
    grown();
    let long = tine::call(|| (0..10_000).collect::<Vec<u64>>(), ()).persist().expect("it runs");
    let sum = long.map_ref(|v| v.iter().sum::<u64>() + locked());
    assert_eq!(sum.compute().expect("it is in the arena"), 9_999 * 5_000 + 7);
}

/// The program of a role.
#[expect(clippy::print_stdout, reason = "the case reads it")]
pub(crate) fn program(role: &str) -> ExitCode {
    grown();
    let zygote = children(std::process::id());
    assert_eq!(zygote.len(), 1, "{zygote:?}");
    println!("zygote {}", zygote[0]);
    match role {
        "zygote: interrupted" => {
            let error = run(|_| {
                println!("started {}", std::process::id());
                loop {
                    nix::unistd::pause();
                }
            });
            println!("{:?}", error.expect_err("it is interrupted").kind());
            println!("{:?}", run(|x| x + locked()).map_err(|e| e.to_string()));
        }
        _ => {
            let _ = run(|_| {
                println!("started {}", std::process::id());
                loop {
                    nix::unistd::pause();
                }
            });
        }
    }
    ExitCode::SUCCESS
}

fn number(line: &str) -> u32 {
    line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number at the end")
}

/// Ctrl-C goes to the whole group: the zygote is there for the next run.
pub(crate) fn outlives_an_interrupt() {
    let mut program = Program::start("zygote: interrupted");
    program.until("started");
    program.interrupt();
    program.interrupt();
    let (lines, code) = program.rest();
    assert_eq!((lines, code), (vec!["Interrupted".to_owned(), "Ok(113)".to_owned()], Some(0)));
}

/// Neither the zygote nor its workers outlive the program, however that ends.
pub(crate) fn ends_with_the_program() {
    let mut program = Program::start("zygote: for ever");
    let zygote = handle(number(&program.until("zygote")));
    let worker = handle(number(&program.until("started")));
    kill(pid(program.pid()), Signal::SIGKILL).expect("it lives");
    let soon = std::time::Duration::from_secs(10);
    assert!(ends_within(&zygote, soon) && ends_within(&worker, soon));
    let _ = program.rest();
}

pub(crate) fn that_is_killed_is_an_error() {
    grown();
    let zygote = children(std::process::id())[0];
    kill(pid(zygote), Signal::SIGKILL).expect("it lives");
    wait_until("it is gone", || crate::helper::state(zygote) == Some('Z'));
    let error = run(|x| x + locked()).expect_err("there is nobody to fork");
    assert_eq!(error.kind(), ErrorKind::Os, "{error}");
    assert!(error.message().contains("tine::init()"), "{error}");
}

pub(crate) fn is_wanted_first_in_main() {
    let refused = |expected: &str| {
        let error = init().expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let message = format!("tine::init() {expected}: call it once, first in `main`");
        assert_eq!(error.message(), message);
    };
    std::thread::scope(|s| {
        s.spawn(|| refused("was called off the main thread")).join().expect("no panic");
        s.spawn(std::thread::park);
        refused("was called when the process had other threads already");
        // The one that was joined may still be listed for a moment.
        let threads = || std::fs::read_dir("/proc/self/task").expect("mounted").count();
        wait_until("two threads are left", || threads() == 2);
        let mut g = Graph::builder();
        g.task("x", [] as [&str; 0], || init().is_err());
        let out = get(&g.build().expect("a graph"), ["x"], &two()).expect("it runs");
        assert!(out.get::<bool>(0).expect("a bool"), "not in a task");
        std::process::exit(0);
    });
}
