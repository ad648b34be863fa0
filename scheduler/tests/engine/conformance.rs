//! The local-scheduler cases of the conformance list, under their names.
//! It does not cover L10 to L14 (settings) and L16, L17 (progress bar, drawing): other crates do.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use tine_scheduler::{
    ErrorKind, Graph, Plan, Processes, Result, Scheduler, Serial, TaskResult, Threads, get,
};

pub(crate) fn all() -> [Box<dyn Scheduler>; 5] {
    [
        Box::new(Serial::new()),
        Box::new(Threads::new().workers(1)),
        Box::new(Threads::new().workers(3)),
        Box::new(Processes::new().workers(1)),
        Box::new(Processes::new().workers(3)),
    ]
}

/// `{x: 1, y: 2, z: inc x, w: add z y}`
fn diamond() -> Result<Graph> {
    let mut g = Graph::builder();
    g.value("x", 1i64);
    g.value("y", 2i64);
    g.task("w", ["z", "y"], |z: &i64, y: &i64| z + y);
    g.task("z", ["x"], |x: &i64| x + 1);
    g.build()
}

#[test]
fn l1_values_need_no_run_and_what_is_ready_comes_first() {
    let _company = crate::in_company();
    let graph = diamond().unwrap();
    let [w, z] = ["w", "z"].map(|k| graph.find(&k.into()).unwrap());
    let plan = Plan::new(&graph, &[w]).unwrap();
    assert_eq!((plan.len(), plan.task(0), plan.task(1)), (2, z, w));
}

#[test]
fn l2_get_returns_what_was_asked_for_in_that_order() {
    let _company = crate::in_company();
    let graph = diamond().unwrap();
    for scheduler in all() {
        let out = get(&graph, ["w", "z", "x", "w"], &*scheduler).unwrap();
        let got: Vec<i64> = (0..4).map(|i| out.get(i).unwrap()).collect();
        assert_eq!(got, [4, 2, 1, 4], "{scheduler:?}");
    }
}

#[test]
fn l2_serial_runs_in_exactly_the_static_order() {
    let _company = crate::in_company();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let mut g = Graph::builder();
    let mut layer: Vec<_> = (0..64u32)
        .map(|i| {
            let ran = ran.clone();
            g.task(("leaf", i), [] as [&str; 0], move || {
                ran.lock().unwrap().push(format!("leaf({i})"));
                u64::from(i)
            })
        })
        .collect();
    let mut n = 0u32;
    while layer.len() > 1 {
        let pairs = layer.chunks(2).map(|pair| {
            let (ran, me) = (ran.clone(), n);
            n += 1;
            g.gather(("sum", me), pair.to_vec(), move |xs: tine_scheduler::Inputs<'_, u64>| {
                ran.lock().unwrap().push(format!("sum({me})"));
                xs.map(|x| *x).sum::<u64>()
            })
        });
        layer = pairs.collect();
    }
    let graph = g.build().unwrap();
    let plan = Plan::new(&graph, &layer).unwrap();
    let out = Serial::new().run(&plan, &[]).unwrap();
    assert_eq!(out.get::<u64>(0).unwrap(), 63 * 64 / 2);
    let order: Vec<_> = (0..plan.len()).map(|r| graph.key(plan.task(r)).to_string()).collect();
    assert_eq!(*ran.lock().unwrap(), order);
}

#[test]
fn l4_a_missing_dependency_is_an_error() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    g.task("y", ["x"], |x: &i64| x + 1);
    let error = g.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingDependency);
    assert!(error.to_string().contains("missing dependency `x`"), "{error}");
    // `cache`: values are supplied to the builder here, so that part is Python-only.
}

#[derive(Debug)]
struct Custom {
    code: i32,
}

impl std::fmt::Display for Custom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "custom {}", self.code)
    }
}

impl std::error::Error for Custom {}

#[test]
fn l5_l8_an_error_keeps_its_message_and_names_its_task() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    g.task("x", [] as [&str; 0], || 1i64);
    g.try_task("y", ["x"], |_: &i64| -> TaskResult<i64> { Err(Custom { code: 12345 }.into()) });
    let line = line!() - 1;
    g.task("z", ["y"], |y: &i64| y + 1);
    let graph = g.build().unwrap();
    for scheduler in all() {
        let e = get(&graph, ["z"], &*scheduler).unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Task, Some("y")), "{scheduler:?}");
        assert_eq!(e.message(), "custom 12345");
        let place = e.created_at().unwrap();
        assert_eq!((place.line, place.file.ends_with("conformance.rs")), (line, true));
    }
}

/// L7, first part.
#[test]
fn l7_twenty_threads_get_at_once() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    g.value("x", 0i64);
    g.task("y", ["x"], |x: &i64| x + 1);
    g.task("z", ["y"], |y: &i64| vec![*y; 1000]);
    let graph = g.build().unwrap();
    for scheduler in all() {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..5 {
                            let out = get(&graph, ["y", "z"], &*scheduler)?;
                            assert_eq!(out.get::<i64>(0)?, 1);
                            assert_eq!(out.get::<Vec<i64>>(1)?, vec![1; 1000]);
                        }
                        Ok::<(), tine_scheduler::Error>(())
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
        });
    }
}

/// L7, second part: own pools are Python-only.
#[test]
fn l7_twenty_runs_leave_no_thread() {
    let _alone = crate::alone();
    let graph = diamond().unwrap();
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    get(&graph, ["w"], &Threads::new().workers(4)).unwrap();
    let before = threads();
    for _ in 0..20 {
        get(&graph, ["w"], &Threads::new().workers(4)).unwrap();
    }
    // A thread that was joined may stay listed for a moment.
    assert!(threads() <= before + 4, "{} threads, {before} before", threads());
}

/// Encodes, and cannot be decoded.
#[derive(Clone, Debug, Serialize)]
struct OneWay(u64);

impl<'de> Deserialize<'de> for OneWay {
    fn deserialize<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Err(D::Error::custom("no way back"))
    }
}

#[test]
fn l8_an_argument_that_cannot_be_rebuilt_is_an_error() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    g.task("x", [] as [&str; 0], || OneWay(1));
    g.task("y", ["x"], |x: &OneWay| x.0);
    let graph = g.build().unwrap();
    let e = get(&graph, ["y"], &Processes::new().workers(2)).unwrap_err();
    assert_eq!((e.kind(), e.task()), (ErrorKind::Codec, Some("y")));
    assert!(e.message().contains("no way back"), "{e}");
}

#[test]
fn l9_requested_intermediates_are_there() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    g.value("x", 1i64);
    g.task("y", ["x"], |x: &i64| x + 1);
    g.task("z", ["y"], |y: &i64| y + 10);
    let graph = g.build().unwrap();
    for scheduler in all() {
        let out = get(&graph, ["y", "z"], &*scheduler).unwrap();
        assert_eq!((out.get::<i64>(0).unwrap(), out.get::<i64>(1).unwrap()), (2, 12));
    }
}

/// Randomness of tasks is their own affair here: std's hash seeds stand for it.
#[test]
fn l9_ten_tasks_of_ten_processes_may_differ() {
    let _company = crate::in_company();
    use std::hash::BuildHasher;
    let mut g = Graph::builder();
    let tasks: Vec<_> = (0..10u32)
        .map(|i| {
            g.task(("random", i), [] as [&str; 0], move || {
                std::hash::RandomState::new().hash_one(i)
            })
        })
        .collect();
    let graph = g.build().unwrap();
    let plan = Plan::new(&graph, &tasks).unwrap();
    let out = Processes::new().workers(4).run(&plan, &[]).unwrap();
    let different: BTreeSet<u64> = (0..10).map(|i| out.get(i).unwrap()).collect();
    assert_eq!(different.len(), 10);
}

#[test]
fn a_run_inside_of_a_task_is_serial_and_right() {
    let _company = crate::in_company();
    for scheduler in all() {
        let mut g = Graph::builder();
        let tasks: Vec<_> = (0..20u32)
            .map(|i| {
                g.try_task(("outer", i), [] as [&str; 0], move || -> TaskResult<(u32, u64)> {
                    let mut inner = Graph::builder();
                    inner.task("x", [] as [&str; 0], move || u64::from(i));
                    inner.task("y", ["x"], |x: &u64| (std::process::id(), vec![*x; 5000]));
                    let out = get(&inner.build()?, ["y"], &Processes::new().workers(4))?;
                    let (pid, values) = out.get::<(u32, Vec<u64>)>(0)?;
                    assert_eq!(pid, std::process::id());
                    Ok((pid, values.iter().sum()))
                })
            })
            .collect();
        let graph = g.build().unwrap();
        let out = scheduler.run(&Plan::new(&graph, &tasks).unwrap(), &[]).unwrap();
        for i in 0..20 {
            assert_eq!(out.get::<(u32, u64)>(i).unwrap().1, 5000 * i as u64, "{scheduler:?}");
        }
    }
}

#[test]
fn a_failure_inside_of_a_nested_run_is_the_tasks_own() {
    let _company = crate::in_company();
    for scheduler in all() {
        let mut g = Graph::builder();
        g.try_task("outer", [] as [&str; 0], || -> TaskResult<u64> {
            let mut inner = Graph::builder();
            inner.task("x", [] as [&str; 0], || -> u64 { panic!("deep") });
            let out = get(&inner.build()?, ["x"], &Processes::new().workers(2))?;
            Ok(out.get(0)?)
        });
        let e = get(&g.build().unwrap(), ["outer"], &*scheduler).unwrap_err();
        assert_eq!((e.kind(), e.message()), (ErrorKind::Panic, "deep"), "{scheduler:?}");
    }
}
