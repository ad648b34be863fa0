//! How many results live at once: never more than the static order asks for, and a little a worker.
//! It counts results from the times of tasks, and does not look at bytes.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::{Arc, Mutex};

use tine_scheduler::{
    Graph, GraphBuilder, Inputs, Observer, Plan, Processes, RunEnd, RunView, Scheduler, TaskId,
    TaskTimes, Threads, Wanted,
};

#[derive(Default)]
struct Times(Mutex<Vec<TaskTimes>>);

impl Observer for Times {
    fn wanted(&self) -> Wanted {
        Wanted { times: true, ..Wanted::NOTHING }
    }

    fn run_finished(&self, _: &RunView<'_>, end: &RunEnd<'_>) {
        *self.0.lock().unwrap() = end.times.to_vec();
    }
}

/// The most results alive at once, if tasks end in this order.
fn peak(plan: &Plan<'_>, ends: impl Iterator<Item = usize>) -> usize {
    let inputs = |rank: usize| {
        let mut own: Vec<usize> = plan
            .graph()
            .inputs(plan.task(rank))
            .iter()
            .filter_map(|e| plan.rank(e.task()))
            .collect();
        own.sort_unstable();
        own.dedup();
        own
    };
    let mut consumers = vec![0; plan.len()];
    (0..plan.len()).flat_map(inputs).for_each(|p| consumers[p] += 1);
    let (mut live, mut most) = (0, 0);
    for rank in ends {
        live += 1;
        most = most.max(live);
        for producer in inputs(rank) {
            consumers[producer] -= 1;
            live -= usize::from(consumers[producer] == 0);
        }
    }
    most
}

/// A task that takes its time without a processor: the bound is for tasks of about equal length, and
/// a machine with fewer free processors than workers holds one up in the middle of a short one.
fn work(seed: u64) -> Vec<u64> {
    std::thread::sleep(std::time::Duration::from_micros(250));
    vec![seed; 5]
}

fn reduce(g: &mut GraphBuilder, name: &str, mut layer: Vec<TaskId>, fan_in: usize) -> TaskId {
    let mut n = 0u32;
    while layer.len() > 1 {
        let next = layer.chunks(fan_in).map(|part| {
            n += 1;
            g.gather((name, n - 1), part.to_vec(), |v: Inputs<'_, Vec<u64>>| {
                work(v.map(|v| v[1]).sum())
            })
        });
        layer = next.collect();
    }
    layer[0]
}

fn leaves(g: &mut GraphBuilder, n: u32) -> Vec<TaskId> {
    (0..n).map(|i| g.task(("leaf", i), [] as [&str; 0], move || work(i.into()))).collect()
}

/// How often a run may be held up by a busy machine before the bound counts as broken. An engine that
/// does not keep to it is over it each time.
const TRIES: usize = 30;

/// Runs it with 1, 2 and 4 workers, processes and threads, and compares with the order's own peak.
///
/// A worker that is held up keeps one path to the root from collapsing while the others go on: no
/// run may need more than an order's peak a worker, and one of a few keeps to the bound.
fn check(name: &str, g: GraphBuilder, outputs: &[TaskId]) {
    let graph: Graph = g.build().unwrap();
    let plan = Plan::new(&graph, outputs).unwrap();
    let order = peak(&plan, 0..plan.len());
    let widest = (0..plan.len()).map(|r| graph.inputs(plan.task(r)).len()).max().unwrap();
    for workers in [1, 2, 4] {
        let both: [Box<dyn Scheduler>; 2] = [
            Box::new(Processes::new().workers(workers)),
            Box::new(Threads::new().workers(workers)),
        ];
        for scheduler in both {
            let bound = order + workers * widest;
            let got = (0..TRIES).map(|_| measure(&plan, &*scheduler)).find(|&got| {
                assert!(got <= workers * (order + widest), "{name} on {scheduler:?}: {got} live");
                got <= bound
            });
            assert!(got.is_some(), "{name} on {scheduler:?}: over {bound} live, {order} in order");
        }
    }
}

/// The most results alive at once in a run.
fn measure(plan: &Plan<'_>, scheduler: &dyn Scheduler) -> usize {
    let times = Arc::new(Times::default());
    let observer: Arc<dyn Observer> = times.clone();
    scheduler.run(plan, std::slice::from_ref(&observer)).unwrap();
    let times = times.0.lock().unwrap();
    let mut ends: Vec<usize> = (0..plan.len()).collect();
    ends.sort_by_key(|&r| times[r].ended);
    peak(plan, ends.into_iter())
}

#[test]
fn binary_tree() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let layer = leaves(&mut g, 4096);
    let root = reduce(&mut g, "sum", layer, 2);
    check("binary tree", g, &[root]);
}

#[test]
fn tree_of_sixteen() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let layer = leaves(&mut g, 4096);
    let root = reduce(&mut g, "sum", layer, 16);
    check("tree of sixteen", g, &[root]);
}

#[test]
fn two_reductions_of_one_source() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let layer = leaves(&mut g, 1024);
    let roots = ["sum", "max"].map(|name| reduce(&mut g, name, layer.clone(), 16));
    check("two reductions", g, &roots);
}

#[test]
fn a_thousand_reads_behind_one_open() {
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let open = g.task("open", [] as [&str; 0], || work(7));
    let reads: Vec<_> = (0..1000u32)
        .map(|i| g.task(("read", i), [open], move |v: &Vec<u64>| work(v[1] + u64::from(i))))
        .collect();
    let root = reduce(&mut g, "sum", reads, 4);
    check("reads behind open", g, &[root]);
}
