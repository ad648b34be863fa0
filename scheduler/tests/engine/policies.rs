//! Retries, backoff, timeouts and cancelling: what a task may do before it is given up.
//! It does not kill workers from outside: see `deaths`.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tine_scheduler::{
    CancelToken, Error, ErrorKind, Graph, GraphBuilder, Observer, Processes, RunView, Scheduler,
    Serial, TaskResult, Threads, annotate, config, get, should_stop,
};

use crate::watchdog::Watchdog;

const NONE: [&str; 0] = [];

/// A counter that tasks in other processes move too: the length of a file.
#[derive(Clone)]
struct Count(Arc<tempfile::NamedTempFile>);

impl Count {
    fn new() -> Self {
        Count(Arc::new(tempfile::NamedTempFile::new().unwrap()))
    }

    /// Adds one; returns how often that was done before.
    fn add(&self) -> u64 {
        use std::io::Write;
        let mut file = std::fs::OpenOptions::new().append(true).open(self.0.path()).unwrap();
        file.write_all(b"x").unwrap();
        self.get() - 1
    }

    fn get(&self) -> u64 {
        std::fs::metadata(self.0.path()).unwrap().len()
    }
}

/// A graph of `good`, `bad`, which fails `times` times, and `after`, which adds them.
fn flaky(times: u64, how: fn() -> TaskResult<u64>) -> (Graph, Count) {
    let count = Count::new();
    let mut g = Graph::builder();
    g.task("good", NONE, || 1u64);
    let seen = count.clone();
    g.try_task("bad", ["good"], move |x: &u64| -> TaskResult<u64> {
        if seen.add() < times { how() } else { Ok(x + 1) }
    });
    g.task("after", ["good", "bad"], |x: &u64, y: &u64| x + y);
    (g.build().unwrap(), count)
}

fn an_error() -> TaskResult<u64> {
    Err("not now".into())
}

fn a_panic() -> TaskResult<u64> {
    panic!("not now")
}

fn run(graph: &Graph, key: &str, scheduler: &dyn Scheduler) -> Result<u64, Error> {
    get(graph, [key], scheduler)?.get(0)
}

fn all(of: impl Fn(Box<dyn Scheduler>)) {
    of(Box::new(Serial::new().retries(2)));
    of(Box::new(Threads::new().workers(2).retries(2)));
    of(Box::new(Processes::new().workers(2).retries(2)));
}

#[test]
fn a_task_that_fails_is_tried_again() {
    let _company = crate::in_company();
    let dog = Watchdog::new("a_task_that_fails_is_tried_again");
    all(|scheduler| {
        for how in [an_error as fn() -> TaskResult<u64>, a_panic] {
            dog.step(scheduler.name());
            let (graph, count) = flaky(2, how);
            assert_eq!(run(&graph, "after", &*scheduler).unwrap(), 3, "{scheduler:?}");
            assert_eq!(count.get(), 3, "{scheduler:?}");
            let (graph, count) = flaky(9, how);
            let e = run(&graph, "after", &*scheduler).unwrap_err();
            assert_eq!((e.task(), count.get()), (Some("bad"), 3), "{e}");
            assert_eq!(e.attempt().map(|a| (a.number, a.of)), Some((3, 3)), "{e}");
        }
    });
}

#[test]
fn a_backoff_doubles() {
    let _company = crate::in_company();
    let dog = Watchdog::new("a_backoff_doubles");
    let first = Duration::from_millis(40);
    let schedulers: [Box<dyn Scheduler>; 3] = [
        Box::new(Serial::new().retries(2).backoff(first)),
        Box::new(Threads::new().workers(2).retries(2).backoff(first)),
        Box::new(Processes::new().workers(2).retries(2).backoff(first)),
    ];
    for scheduler in schedulers {
        dog.step(scheduler.name());
        let (graph, _) = flaky(2, an_error);
        let began = Instant::now();
        assert_eq!(run(&graph, "after", &*scheduler).unwrap(), 3);
        assert!(began.elapsed() >= 3 * first, "{scheduler:?}: {:?}", began.elapsed());
    }
}

/// Many tasks that wait, while others run, on any number of workers.
#[test]
fn many_tasks_wait_for_their_time() {
    let _company = crate::in_company();
    let dog = Watchdog::new("many_tasks_wait_for_their_time");
    for workers in [1, 2, 4] {
        dog.step(workers.to_string());
        let count = Count::new();
        let mut g = Graph::builder();
        let keys: Vec<_> = (0..200u32).map(|i| ("t", i)).collect();
        for &key in &keys {
            let tried = Arc::new(Count::new());
            let seen = count.clone();
            g.try_task(key, NONE, move || -> TaskResult<u32> {
                seen.add();
                if tried.add() < u64::from(key.1 % 3) { Err("not now".into()) } else { Ok(key.1) }
            });
        }
        let scheduler =
            Processes::new().workers(workers).retries(2).backoff(Duration::from_millis(1));
        let out = get(&g.build().unwrap(), keys, &scheduler).unwrap();
        let got: Vec<u32> = (0..200).map(|i| out.get(i).unwrap()).collect();
        assert_eq!(got, (0..200).collect::<Vec<_>>());
        assert_eq!(count.get(), (0..200).map(|i| 1 + i % 3).sum::<u64>());
    }
}

#[test]
fn a_tag_wins_over_the_run_and_the_run_over_settings() {
    let _company = crate::in_company();
    let _dog = Watchdog::new("a_tag_wins_over_the_run_and_the_run_over_settings");
    let tries = |tag: Option<&str>, scheduler: &dyn Scheduler| {
        let count = Count::new();
        let seen = count.clone();
        let mut g = Graph::builder();
        let add = || {
            g.try_task("bad", NONE, move || -> TaskResult<u64> {
                seen.add();
                an_error()
            });
        };
        match tag {
            Some(n) => annotate([("retries", n)], add),
            None => add(),
        }
        run(&g.build().unwrap(), "bad", scheduler).unwrap_err();
        count.get()
    };
    let plain = Processes::new().workers(1);
    assert_eq!(tries(None, &plain), 1);
    assert_eq!(config::set("retries", 1, || tries(None, &plain)).unwrap(), 2);
    assert_eq!(config::set("retries", 1, || tries(None, &plain.clone().retries(2))).unwrap(), 3);
    assert_eq!(tries(Some("3"), &plain.clone().retries(2)), 4);
    assert_eq!(tries(Some("0"), &plain.retries(2)), 1);
}

#[test]
fn a_bad_tag_is_an_error_with_key_and_place() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    g.task("fine", NONE, || 1u64);
    annotate([("timeout", "soon")], || g.task("bad", ["fine"], |x: &u64| *x));
    let e = run(&g.build().unwrap(), "fine", &Serial::new()).unwrap_err();
    assert_eq!((e.kind(), e.task()), (ErrorKind::Config, Some("bad")));
    assert!(e.message().contains("the tag `timeout`: \"soon\" is no duration"), "{e}");
    assert!(e.created_at().is_some_and(|p| p.file.ends_with("policies.rs")), "{e}");
}

/// A graph of `stuck`, which never ends, and others.
fn stuck(g: &mut GraphBuilder) {
    g.task("good", NONE, || 1u64);
    g.task("stuck", ["good"], |_: &u64| -> u64 {
        while !should_stop() {
            std::thread::yield_now();
        }
        7
    });
    g.task("after", ["stuck", "good"], |x: &u64, y: &u64| x + y);
}

fn stuck_graph() -> Graph {
    let mut g = Graph::builder();
    stuck(&mut g);
    g.build().unwrap()
}

/// Short for a task that never ends, and long for one that does nothing, also on a busy machine.
const SHORT: Duration = Duration::from_millis(500);

#[test]
fn a_task_over_its_time_is_ended() {
    let _company = crate::in_company();
    let dog = Watchdog::new("a_task_over_its_time_is_ended");
    let schedulers: [Box<dyn Scheduler>; 5] = [
        Box::new(Serial::new().task_timeout(SHORT).cooperative(true)),
        Box::new(Threads::new().workers(2).task_timeout(SHORT).cooperative(true)),
        Box::new(Processes::new().workers(1).task_timeout(SHORT)),
        Box::new(Processes::new().workers(2).task_timeout(SHORT)),
        Box::new(Processes::new().workers(2).task_timeout(SHORT).retries(1)),
    ];
    for scheduler in schedulers {
        dog.step(format!("{scheduler:?}"));
        let e = run(&stuck_graph(), "after", &*scheduler).unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Timeout, Some("stuck")), "{e}");
        assert!(e.message().starts_with("ran longer than its timeout of 500.00 ms: for "), "{e}");
        let tries = if format!("{scheduler:?}").contains("retries: Some(1)") { 2 } else { 1 };
        assert_eq!(e.attempt().map(|a| (a.number, a.of)), Some((tries, tries)), "{e}");
    }
}

/// Of a tag: the others may take as long as they like, and the failure can be caught.
#[test]
fn a_timeout_of_one_task_is_caught() {
    let _company = crate::in_company();
    let _dog = Watchdog::new("a_timeout_of_one_task_is_caught");
    let mut g = Graph::builder();
    annotate([("timeout", "50ms")], || stuck(&mut g));
    let task = g.find(&"stuck".into()).unwrap();
    g.task("caught", [tine_scheduler::Dependency::Catch(task)], |x: &u64| *x);
    let e = run(&g.build().unwrap(), "caught", &Processes::new().workers(2)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Timeout, "{e}");
}

#[test]
fn a_run_over_its_time_names_what_was_running() {
    let _company = crate::in_company();
    let dog = Watchdog::new("a_run_over_its_time_names_what_was_running");
    let schedulers: [Box<dyn Scheduler>; 2] = [
        Box::new(Processes::new().workers(2).timeout(SHORT)),
        Box::new(Threads::new().workers(2).timeout(SHORT).cooperative(true)),
    ];
    for scheduler in schedulers {
        dog.step(scheduler.name());
        let e = run(&stuck_graph(), "after", &*scheduler).unwrap_err();
        let text = "the run took longer than its timeout of 500.00 ms: 1 of 3 tasks had ended; \
                    still running: stuck";
        assert_eq!((e.kind(), e.message()), (ErrorKind::Timeout, text));
    }
}

#[test]
fn timeouts_of_what_cannot_be_killed_are_refused() {
    let _company = crate::in_company();
    let scheduler = Threads::new().task_timeout(SHORT);
    let e = run(&stuck_graph(), "good", &scheduler).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
    assert!(e.message().contains("`threads`"), "{e}");
    let e = run(&stuck_graph(), "good", &Serial::new().timeout(SHORT)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
}

/// Does something when the run is under way: a task of it has ended.
struct OnceUnderWay(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl OnceUnderWay {
    fn observer(act: impl FnOnce() + Send + 'static) -> Arc<dyn Observer> {
        Arc::new(OnceUnderWay(Mutex::new(Some(Box::new(act)))))
    }
}

impl Observer for OnceUnderWay {
    fn wanted(&self) -> tine_scheduler::Wanted {
        tine_scheduler::Wanted { ticks: true, ..tine_scheduler::Wanted::NOTHING }
    }

    fn tick(&self, _: &RunView<'_>, progress: &tine_scheduler::Progress<'_>) {
        let ended = progress.groups().iter().map(|g| g.ended).sum::<usize>();
        if ended > 0
            && let Some(act) = self.0.lock().unwrap().take()
        {
            act();
        }
    }
}

#[test]
fn a_run_is_cancelled() {
    let _company = crate::in_company();
    let dog = Watchdog::new("a_run_is_cancelled");
    let token = CancelToken::new;
    type Build = fn(&CancelToken) -> Box<dyn Scheduler>;
    let build: [Build; 2] = [
        |t| Box::new(Processes::new().workers(2).cancel_token(t)),
        |t| Box::new(Threads::new().workers(2).cancel_token(t)),
    ];
    for build in build {
        let token = token();
        let scheduler = build(&token);
        dog.step(scheduler.name());
        let act = OnceUnderWay::observer(move || token.cancel());
        let e = tine_scheduler::observe(act, || run(&stuck_graph(), "after", &*scheduler));
        let e = e.unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Cancelled, None), "{e}");
    }
    let token = token();
    token.cancel();
    let e = run(&stuck_graph(), "after", &Serial::new().cancel_token(&token)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Cancelled);
}

/// A running task, and one that waits for it; what others need goes on.
#[test]
fn a_key_is_cancelled_while_it_runs() {
    let _company = crate::in_company();
    let dog = Watchdog::new("a_key_is_cancelled_while_it_runs");
    for threads in [false, true] {
        dog.step(threads.to_string());
        let mut g = Graph::builder();
        stuck(&mut g);
        g.task("other", ["good"], |x: &u64| x + 41);
        let graph = g.build().unwrap();
        let token = CancelToken::new();
        let scheduler: Box<dyn Scheduler> = if threads {
            Box::new(Threads::new().workers(2).cancel_token(&token))
        } else {
            Box::new(Processes::new().workers(2).cancel_token(&token))
        };
        let again = token.clone();
        let act = OnceUnderWay::observer(move || again.cancel_key("stuck"));
        let e = tine_scheduler::observe(act, || run(&graph, "after", &*scheduler)).unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Cancelled, Some("stuck")), "{e}");
        assert_eq!(run(&graph, "other", &*scheduler).unwrap(), 42);
    }
}

/// The task has ended: what depends on it is cancelled, and nobody else.
#[test]
fn what_depends_on_a_cancelled_key_ends_too() {
    let _company = crate::in_company();
    let _dog = Watchdog::new("what_depends_on_a_cancelled_key_ends_too");
    let graph = stuck_graph();
    let token = CancelToken::new();
    let again = token.clone();
    let act = OnceUnderWay::observer(move || again.cancel_key("good"));
    let scheduler = Processes::new().workers(2).cancel_token(&token);
    let e = tine_scheduler::observe(act, || run(&graph, "after", &scheduler)).unwrap_err();
    assert_eq!((e.kind(), e.task()), (ErrorKind::Cancelled, Some("stuck")), "{e}");
}

/// Nothing is left of runs that ended in these ways.
#[test]
fn cancelled_and_late_runs_leave_nothing() {
    let _alone = crate::alone();
    let dog = Watchdog::new("cancelled_and_late_runs_leave_nothing");
    assert!(run(&stuck_graph(), "good", &Processes::new().workers(2)).is_ok());
    let held = || (tine_scheduler::memory_in_use(), crate::repeat::descriptors());
    let before = held();
    for turn in 0..10 {
        dog.step(turn.to_string());
        let token = CancelToken::new();
        let scheduler = Processes::new().workers(2).cancel_token(&token);
        let scheduler = if turn % 2 == 0 {
            token.cancel_key("stuck");
            scheduler
        } else {
            scheduler.timeout(SHORT / 25)
        };
        let mut g = Graph::builder();
        let ran = AtomicUsize::new(0);
        g.task("big", NONE, || vec![1u64; 100_000]);
        g.task("stuck", ["big"], move |x: &Vec<u64>| -> u64 {
            ran.fetch_add(1, Ordering::SeqCst);
            while !should_stop() {
                std::thread::yield_now();
            }
            x[0]
        });
        assert!(run(&g.build().unwrap(), "stuck", &scheduler).is_err());
        drop((scheduler, token));
        assert_eq!(held(), before);
    }
    assert_eq!(crate::repeat::children(), [] as [String; 0]);
}
