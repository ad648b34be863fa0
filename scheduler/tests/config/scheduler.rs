//! L10: the call beats the scope, the scope beats what settings say.
//! Left out: any callable as a scheduler (a trait here), and the `get=` keyword (Python's past).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tine_scheduler::{
    Graph, Observer, Outputs, Plan, Result, Scheduler, Serial, config, current, get, with,
};

/// Counts its runs, and leaves them to `Serial`.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<AtomicUsize>);

impl Scheduler for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn run(&self, plan: &Plan<'_>, observers: &[Arc<dyn Observer>]) -> Result<Outputs> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Serial::new().run(plan, observers)
    }
}

#[test]
fn l10_call_beats_scope_beats_config() {
    let mut graph = Graph::builder();
    graph.value("x", 1i64);
    graph.task("y", ["x"], |x: &i64| x + 1);
    let graph = graph.build().unwrap();
    let (scope, call) = (Counting::default(), Counting::default());

    config::set("scheduler", "serial", || {
        with(scope.clone(), || {
            assert_eq!(current().unwrap().name(), "counting");
            with(Serial::new(), || assert_eq!(current().unwrap().name(), "serial"));
            assert_eq!(current().unwrap().name(), "counting");
            get(&graph, ["y"], &*current().unwrap()).unwrap();
            let got = get(&graph, ["y"], &call).unwrap();
            assert_eq!(got.get::<i64>(0).unwrap(), 2);
        });
        assert_eq!(current().unwrap().name(), "serial");
    })
    .unwrap();
    assert_eq!(scope.0.load(Ordering::Relaxed), 1);
    assert_eq!(call.0.load(Ordering::Relaxed), 1);
}
