//! Observers that panic, and values that panic when dropped: the run ends, and nothing hangs.
//! It does not test what observers are told.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tine_scheduler::{
    Graph, Observer, Plan, Processes, Progress, RunEnd, RunView, Scheduler, Serial, Threads,
    Wanted, get, memory_in_use,
};

use crate::conformance::all;
use crate::repeat::{children, descriptors};
use crate::watchdog::Watchdog;

/// Panics when it is told of this.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Broken {
    Start,
    Tick,
    End,
}

impl Observer for Broken {
    fn wanted(&self) -> Wanted {
        Wanted { ticks: true, ..Wanted::NOTHING }
    }

    fn run_started(&self, _: &RunView<'_>) {
        assert!(*self != Broken::Start, "broken at start");
    }

    fn tick(&self, _: &RunView<'_>, _: &Progress<'_>) {
        assert!(*self != Broken::Tick, "broken at tick");
    }

    fn run_finished(&self, _: &RunView<'_>, _: &RunEnd<'_>) {
        assert!(*self != Broken::End, "broken at end");
    }
}

/// A chain that takes some ticks.
fn long(tasks: u32) -> Graph {
    let mut g = Graph::builder();
    let mut before = None;
    for i in 0..tasks {
        let work = || {
            // A tick comes every tenth of a second, while these run.
            std::thread::sleep(std::time::Duration::from_millis(5));
            vec![1u64; 100]
        };
        before = Some(match before {
            None => g.task(("t", i), [] as [&str; 0], work),
            Some(b) => g.task(("t", i), [b], move |_: &Vec<u64>| work()),
        });
    }
    g.build().unwrap()
}

fn scheduler_settles(plan: &Plan<'_>) {
    Processes::new().workers(1).run(plan, &[]).unwrap();
}

/// L6: a panic of an observer reaches the caller, and takes no worker with it.
#[test]
fn l6_a_broken_observer_is_the_callers_affair() {
    let _alone = crate::alone();
    let dog = Watchdog::new("l6_a_broken_observer_is_the_callers_affair");
    let graph = long(40);
    let last = graph.find(&("t", 39).into()).unwrap();
    let plan = Plan::new(&graph, &[last]).unwrap();
    // The first run of a process opens what stays open.
    scheduler_settles(&plan);
    let before = (descriptors(), memory_in_use());
    for broken in [Broken::Start, Broken::Tick, Broken::End] {
        for scheduler in all() {
            dog.step(format!("{broken:?} {scheduler:?}"));
            let observer: Arc<dyn Observer> = Arc::new(broken);
            let ran =
                catch_unwind(AssertUnwindSafe(|| scheduler.run(&plan, &[observer]).map(drop)));
            let payload = ran.unwrap_err();
            let text = payload.downcast_ref::<&str>().copied().unwrap_or_default();
            assert_eq!(text, format!("broken at {broken:?}").to_lowercase(), "{scheduler:?}");
            assert_eq!(children(), [] as [String; 0], "{broken:?} {scheduler:?}");
            assert_eq!((descriptors(), memory_in_use()), before, "{broken:?} {scheduler:?}");
        }
    }
    // The thread is not taken for the inside of a task afterwards.
    let mut g = Graph::builder();
    g.task("pid", [] as [&str; 0], std::process::id);
    let out = get(&g.build().unwrap(), ["pid"], &Processes::new().workers(1)).unwrap();
    assert_ne!(out.get::<u32>(0).unwrap(), std::process::id());
}

/// Panics when it is dropped, but for the copies that decoding makes.
#[derive(Debug, Serialize, Deserialize)]
struct Grenade {
    #[serde(skip)]
    armed: bool,
    n: u64,
}

impl Drop for Grenade {
    fn drop(&mut self) {
        if self.armed && !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

/// Under threads and serially the result is dropped when its last consumer has ended.
#[test]
fn a_result_that_panics_when_dropped_stops_nobody() {
    let _company = crate::in_company();
    let dog = Watchdog::new("a_result_that_panics_when_dropped_stops_nobody");
    let schedulers: [Box<dyn Scheduler>; 3] = [
        Box::new(Serial::new()),
        Box::new(Threads::new().workers(1)),
        Box::new(Threads::new().workers(2)),
    ];
    for scheduler in schedulers {
        dog.step(format!("{scheduler:?}"));
        let mut g = Graph::builder();
        g.task("x", [] as [&str; 0], || Grenade { armed: true, n: 3 });
        g.task("y", ["x"], |x: &Grenade| x.n + 1);
        g.task("z", ["y"], |y: &u64| y + 1);
        let graph = g.build().unwrap();
        let out = get(&graph, ["z"], &*scheduler).unwrap();
        assert_eq!(out.get::<u64>(0).unwrap(), 5, "{scheduler:?}");
    }
}

/// Under processes the value is dropped where it was made, and the task fails.
#[test]
fn a_value_that_panics_when_dropped_fails_its_process() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    g.task("x", [] as [&str; 0], || Grenade { armed: true, n: 3 });
    g.task("y", ["x"], |x: &Grenade| x.n + 1);
    let e = get(&g.build().unwrap(), ["y"], &Processes::new().workers(2)).unwrap_err();
    assert_eq!((e.task(), e.message()), (Some("x"), "dropped"));
}
