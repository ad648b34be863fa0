//! Tasks that wait for what the fork has left behind: the run ends soon, with a proof.
//! It does not test what cannot be proved: see `stalls` and `healthy`.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use tine_scheduler::{Error, ErrorKind, Graph, Processes, Result, get};

use crate::helper::children;
use crate::runner::step;

static LOCK: Mutex<u64> = Mutex::new(7);

fn locked() -> u64 {
    *LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `body` as the task `bad` between good ones.
fn run(body: impl Fn() -> u64 + Send + Sync + 'static) -> Result<u64> {
    let mut g = Graph::builder();
    g.task("good", [] as [&str; 0], || 1u64);
    g.task("bad", ["good"], move |_: &u64| body());
    g.task("after", ["bad", "good"], |a: &u64, b: &u64| a + b);
    get(&g.build()?, ["after"], &Processes::new().workers(2))?.get(0)
}

/// The error of a run whose task `bad` does this. That it was proved is what its kind says: what was
/// only not seen to get on is called stalled.
fn proof(body: impl Fn() -> u64 + Send + Sync + 'static) -> Error {
    let error = run(body).expect_err("the task cannot end");
    step(&error);
    assert_eq!((error.kind(), error.task()), (ErrorKind::Deadlock, Some("bad")), "{error}");
    let attempt = error.attempt().expect("a number");
    assert_eq!((attempt.number, attempt.of), (1, 1), "not tried again: {error}");
    assert_eq!(children(std::process::id()), [] as [u32; 0], "{error}");
    error
}

/// The message, with the name of this binary, which has a hash in it, cut.
fn text(error: &Error) -> String {
    let me = std::env::current_exe().expect("a path");
    let me = me.file_name().expect("a name").to_string_lossy().into_owned();
    error.message().replace(&me, "PROGRAM")
}

const FORK: &str = "A fork copies the locks that other threads hold, and the pools that they serve, \
    but not the threads. Ways out: make the lock, the pool or the runtime inside of the task; or \
    call `tine::init()` first in `main`, and keep to tasks that are plain functions of serde \
    values; or take the scheduler `threads` (TINE_SCHEDULER=threads)";

/// Starts a thread with this name, that does this and then stays.
fn resident(name: &str, first: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let live = move || {
        first();
        tell.send(()).expect("somebody waits");
        loop {
            std::thread::park();
        }
    };
    std::thread::Builder::new().name(name.into()).spawn(live).expect("a thread");
    told.recv().expect("the thread is there");
}

/// Has a thread hold the lock for good.
fn hold() {
    resident("holder", || std::mem::forget(LOCK.lock()));
}

pub(crate) fn on_a_pool_of_rayon() {
    let name = |i| format!("pool {i}");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).thread_name(name);
    pool.build_global().expect("the first");
    assert_eq!(rayon::join(|| 1, || 2), (1, 2));
    let error = proof(|| rayon::join(|| 1, || 2).0);
    let message = text(&error);
    assert!(message.starts_with("it can never go on: its only thread waits in a futex in "));
    let crowd =
        " When the worker was forked, the program had 2 other threads: `pool 0`, `pool 1`. ";
    assert!(message.ends_with(&format!(", without a timeout.{crowd}{FORK}")), "{message}");
}

pub(crate) fn on_a_runtime_of_tokio() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = Arc::new(runtime.expect("a runtime"));
    let work = |runtime: &tokio::runtime::Runtime| {
        let task = runtime.spawn(async { 3 });
        runtime.block_on(task).expect("no panic")
    };
    assert_eq!(work(&runtime), 3);
    let error = proof(move || work(&runtime));
    let crowd = "the program had 2 other threads: 2 x `tokio-rt-worker`. ";
    assert!(text(&error).contains(crowd), "{error}");
}

pub(crate) fn on_a_mutex() {
    hold();
    let error = proof(locked);
    let expected = format!(
        "it can never go on: its only thread waits in a futex in a static of `PROGRAM`, without a \
         timeout. When the worker was forked, the program had one other thread: `holder`. {FORK}"
    );
    assert_eq!(text(&error), expected);
}

/// A thread of the parent that printed at the fork had the lock of the output.
pub(crate) fn on_the_standard_output() {
    let (give, taken) = mpsc::channel();
    resident("printer", move || {
        let lock = std::io::stdout().lock();
        give.send(()).expect("somebody waits");
        std::mem::forget(lock);
    });
    taken.recv().expect("it has the lock");
    #[expect(clippy::print_stdout, reason = "what the task does")]
    let error = proof(|| {
        println!("a line that nobody will read");
        1
    });
    assert!(text(&error).contains("the program had one other thread: `printer`."), "{error}");
}

/// All threads of the task wait: for the lock, and for one another's end.
pub(crate) fn of_threads_of_the_task() {
    hold();
    let error = proof(|| {
        let threads: Vec<_> = (0..3).map(|_| std::thread::spawn(locked)).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).sum()
    });
    let all = "all 4 threads of its process wait: in a futex in the heap, without a timeout, 3 x a \
               futex in a static of `PROGRAM`, without a timeout.";
    assert!(text(&error).contains(all), "{error}");
}

/// No other thread is to blame.
pub(crate) fn by_the_task_itself() {
    let error = proof(|| {
        let (tell, told) = mpsc::channel();
        let got = told.recv().unwrap_or(0);
        drop::<mpsc::Sender<u64>>(tell);
        got
    });
    let expected = "There was no other thread when the worker was forked, so that it has locked \
                    itself out: a lock that it takes twice, threads that wait for each other, or a \
                    message that nobody sends";
    assert!(text(&error).ends_with(expected), "{error}");
}

/// A worker whose parent forked off its main thread has a thread that does nothing.
pub(crate) fn of_a_run_off_the_main_thread() {
    hold();
    let error = std::thread::spawn(|| proof(locked)).join().expect("no panic");
    assert!(text(&error).contains("all 2 threads of its process wait: in "), "{error}");
}

/// A panic that came before is not lost: it may have been the reason.
pub(crate) fn behind_a_panic() {
    hold();
    let error = proof(|| {
        let _ = std::panic::catch_unwind(|| panic!("on purpose"));
        locked()
    });
    assert!(text(&error).contains(". It had panicked before: on purpose, at "), "{error}");
}

/// What is caught fails alone: the pool lives on, and other tasks have their results.
pub(crate) fn leave_the_others_alone() {
    hold();
    let mut g = Graph::builder();
    let bad = g.task("bad", [] as [&str; 0], locked);
    let good: Vec<_> =
        (0..50u64).map(|i| g.task(("good", i as u32), [] as [&str; 0], move || i)).collect();
    let graph = {
        use tine_scheduler::Dependency::{Catch, Task};
        let inputs = [Catch(bad)].into_iter().chain(good.into_iter().map(Task));
        g.define(&"all".into(), inputs, Arc::new(Sum), std::panic::Location::caller());
        g.build().expect("a graph")
    };
    let out = get(&graph, ["all"], &Processes::new().workers(2)).expect("what fails is caught");
    assert_eq!(out.get::<u64>(0).expect("a number"), 49 * 50 / 2);
}

/// Sums up, where the first input has failed by a dead-lock.
struct Sum;

impl tine_scheduler::TaskBody for Sum {
    fn run(&self, task: &tine_scheduler::TaskContext<'_>) -> Result<tine_scheduler::Finished> {
        let error = task.caught::<u64>(0)?.expect_err("it cannot end");
        assert_eq!(error.kind(), ErrorKind::Deadlock);
        task.finish(task.inputs_in::<u64>(1, task.len()).map(|v| *v).sum::<u64>())
    }

    fn output_type(&self) -> tine_scheduler::TypeTag {
        tine_scheduler::TypeTag::of::<u64>()
    }
}
