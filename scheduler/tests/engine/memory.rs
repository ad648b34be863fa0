//! Runs that have less memory than their results: right answers, or an error that says why not.
//! It does not measure how much memory they take: see `examples/spill.rs`.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tine_scheduler::{
    Buffer, ErrorKind, Graph, GraphBuilder, Inputs, MemoryUse, Observer, Plan, Processes, Result,
    RunView, Scheduler, TaskId, memory_in_use,
};

use crate::agree::any_spec;
use crate::deaths::{Campaign, WORKERS, node, settled, tree};
use crate::spec::{Op, Spec, known};
use crate::watchdog::Watchdog;

/// What a run was told of its memory.
#[derive(Default)]
struct Told(Mutex<Vec<MemoryUse>>);

impl Observer for Told {
    fn memory_changed(&self, _: &RunView<'_>, memory: &MemoryUse) {
        self.0.lock().unwrap().push(memory.clone());
    }
}

/// Runs `graph` for `output`; returns the number, and what was told of memory.
fn run(graph: &Graph, output: TaskId, processes: Processes) -> (Result<u64>, Vec<MemoryUse>) {
    let told = Arc::new(Told::default());
    let plan = Plan::new(graph, &[output]).unwrap();
    let outputs = processes.run(&plan, &[told.clone() as Arc<dyn Observer>]);
    let told = std::mem::take(&mut *told.0.lock().unwrap());
    (outputs.and_then(|o| o.get(0)), told)
}

/// 4 MB of numbers.
const LEN: usize = 1 << 19;

fn array(i: usize) -> Buffer<u64> {
    Buffer::from_fn(LEN, |k| (i * LEN + k) as u64)
}

fn sum(x: &[u64]) -> u64 {
    x.iter().fold(0, |a, b| a.wrapping_add(*b))
}

/// The sum of the numbers of `n` arrays.
fn sum_of(n: usize) -> u64 {
    (0..(n * LEN) as u64).sum()
}

fn arrays(g: &mut GraphBuilder, n: usize) -> Vec<TaskId> {
    (0..n).map(|i| g.task(("array", i as u32), [] as [&str; 0], move || array(i))).collect()
}

#[test]
fn one_task_may_need_all_sources() {
    let _dog = Watchdog::new("one_task_may_need_all_sources");
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let all = arrays(&mut g, 30);
    let total = g.gather("total", &all, |all: Inputs<'_, Buffer<u64>>| {
        all.fold(0u64, |a, x| a.wrapping_add(sum(&x)))
    });
    let graph = g.build().unwrap();
    for workers in WORKERS {
        let (got, told) = run(&graph, total, Processes::new().workers(workers).memory("40MiB"));
        assert_eq!(got.unwrap(), sum_of(30));
        let end = told.last().unwrap();
        assert!(end.spilled >= 60 << 20, "{told:?}");
        // One message for each change: first nothing, then held back, and so on.
        let changes = &told[..told.len() - 1];
        let state = |m: &MemoryUse| (m.held_back, m.spilled > 0);
        assert!(changes.windows(2).all(|w| state(&w[0]) != state(&w[1])), "{told:?}");
        assert!(told.iter().any(|m| m.held_back), "{told:?}");
    }
}

#[test]
fn every_array_is_needed_twice() {
    let _dog = Watchdog::new("every_array_is_needed_twice");
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let all = arrays(&mut g, 24);
    let mean = g.gather("mean", &all, |all: Inputs<'_, Buffer<u64>>| {
        all.fold(0u64, |a, x| a.wrapping_add(sum(&x))) / (24 * LEN) as u64
    });
    let less: Vec<_> = (0u32..)
        .zip(&all)
        .map(|(i, x)| {
            g.task(("less", i), [x, &mean], |x: &Buffer<u64>, mean: &u64| {
                Buffer::from_fn(x.len(), |k| x[k].wrapping_sub(*mean))
            })
        })
        .collect();
    let total = g.gather("total", &less, |all: Inputs<'_, Buffer<u64>>| {
        all.fold(0u64, |a, x| a.wrapping_add(sum(&x)))
    });
    let graph = g.build().unwrap();
    let mean = sum_of(24) / (24 * LEN) as u64;
    let expected = sum_of(24).wrapping_sub(mean.wrapping_mul((24 * LEN) as u64));
    for workers in [1, 2, 4] {
        let (got, told) = run(&graph, total, Processes::new().workers(workers).memory("48MiB"));
        assert_eq!(got.unwrap(), expected);
        assert!(told.last().unwrap().spilled > 0, "{told:?}");
    }
}

#[test]
fn slices_of_spilled_results_are_read_where_they_lie() {
    let _dog = Watchdog::new("slices_of_spilled_results_are_read_where_they_lie");
    let _company = crate::in_company();
    let parts = 12;
    let mut g = Graph::builder();
    let whole = arrays(&mut g, parts);
    let cuts: Vec<_> = (0u32..)
        .zip(&whole)
        .map(|(i, x)| {
            // Refers to the block of its input, which it does not own.
            g.task(("cut", i), [x], move |x: &Buffer<u64>| {
                let len = x.len() / parts;
                (0..parts).map(|j| x.slice(j * len..(j + 1) * len)).collect::<Vec<_>>()
            })
        })
        .collect();
    let joins: Vec<_> = (0..parts)
        .map(|j| {
            g.gather(("join", j as u32), &cuts, move |cuts: Inputs<'_, Vec<Buffer<u64>>>| {
                cuts.fold(0u64, |a, cut| a.wrapping_add(sum(&cut[j])))
            })
        })
        .collect();
    let total = g.gather("total", &joins, |all: Inputs<'_, u64>| all.fold(0, |a, b| a + *b));
    let graph = g.build().unwrap();
    let used: u64 = (0..parts as u64)
        .flat_map(|i| (0..(LEN / parts * parts) as u64).map(move |k| i * LEN as u64 + k))
        .sum();
    for workers in [1, 2, 4] {
        let (got, told) = run(&graph, total, Processes::new().workers(workers).memory("32MiB"));
        assert_eq!(got.unwrap(), used);
        assert!(told.last().unwrap().spilled > 0, "{told:?}");
    }
}

#[test]
fn outputs_may_be_larger_than_memory_and_outlive_the_run() {
    let _dog = Watchdog::new("outputs_may_be_larger_than_memory_and_outlive_the_run");
    let _alone = crate::alone();
    let before = memory_in_use();
    let mut g = Graph::builder();
    let all = arrays(&mut g, 16);
    let graph = g.build().unwrap();
    let plan = Plan::new(&graph, &all).unwrap();
    let outputs = Processes::new().workers(2).memory("32MiB").run(&plan, &[]).unwrap();
    let total: u64 = (0..16).map(|i| sum(&outputs.get::<Buffer<u64>>(i).unwrap())).sum();
    assert_eq!(total, sum_of(16));
    // What was moved to the file takes no memory.
    assert!(memory_in_use() - before <= 32 << 20, "{} bytes", memory_in_use() - before);
    drop(outputs);
    assert_eq!(memory_in_use(), before);
}

#[test]
fn a_result_that_cannot_fit_names_its_task() {
    let _dog = Watchdog::new("a_result_that_cannot_fit_names_its_task");
    let _company = crate::in_company();
    let mut g = Graph::builder();
    let small = arrays(&mut g, 4);
    let large = g.gather(("large", 7), &small, |all: Inputs<'_, Buffer<u64>>| {
        let n = all.count();
        Buffer::<u64>::zeroed(n * 4 * LEN)
    });
    let len = g.task("len", [large], |x: &Buffer<u64>| x.len() as u64);
    let graph = g.build().unwrap();
    for workers in [1, 3] {
        let (got, _) = run(&graph, len, Processes::new().workers(workers).memory("32MiB"));
        let e = got.unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::MemoryBudget, Some("large(7)")), "{e}");
        assert!(e.message().contains("64.00 MiB") && e.message().contains("`memory`"), "{e}");
    }
    let (got, _) = run(&graph, len, Processes::new().workers(2).memory("128MiB"));
    assert_eq!(got.unwrap(), 16 * LEN as u64);
}

#[test]
fn a_worker_over_its_own_limit_is_ended_and_its_task_runs_alone() {
    let _dog = Watchdog::new("a_worker_over_its_own_limit_is_ended_and_its_task_runs_alone");
    let _alone = crate::alone();
    let mut g = Graph::builder();
    let hungry = g.task("hungry", [] as [&str; 0], || {
        let mut held: Vec<Vec<u8>> = Vec::new();
        loop {
            held.push(vec![1; 1 << 20]);
            if held.len() > 4096 {
                return held.iter().map(|v| u64::from(v[7])).sum::<u64>();
            }
            std::thread::yield_now();
        }
    });
    let others: Vec<_> =
        (0..8).map(|i| g.task(("other", i), [] as [&str; 0], move || u64::from(i))).collect();
    let graph = g.build().unwrap();
    let outputs: Vec<_> = others.into_iter().chain([hungry]).collect();
    let plan = Plan::new(&graph, &outputs).unwrap();
    let e = Processes::new().workers(2).worker_memory("64MiB").run(&plan, &[]).unwrap_err();
    assert_eq!((e.kind(), e.task()), (ErrorKind::MemoryLimit, Some("hungry")), "{e}");
    assert!(e.message().contains("64.00 MiB"), "{e}");
}

#[test]
fn a_budget_that_is_none_is_an_error() {
    let mut g = Graph::builder();
    let x = g.value("x", 1u64);
    let graph = g.build().unwrap();
    for (text, part) in [("much", "much"), ("1MiB", "at least"), ("", "")] {
        let (got, _) = run(&graph, x, Processes::new().memory(text));
        let e = got.unwrap_err();
        assert!(e.kind() == ErrorKind::Config && e.message().contains(part), "{text}: {e}");
    }
}

/// Budgets from the least that there is up to what these graphs hold at most.
fn any_budget() -> impl Strategy<Value = usize> {
    16usize..48
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_end_within_random_budgets(
        spec in any_spec(60, true),
        budget in any_budget(),
        workers in 1usize..5,
    ) {
        let _dog = Watchdog::new("random_graphs_end_within_random_budgets");
        let _company = crate::in_company();
        let graph = spec.build(None).unwrap();
        let plan = Plan::new(&graph, &spec.output_ids()).unwrap();
        let processes = Processes::new().workers(workers).memory(format!("{budget}MiB"));
        let got = processes.run(&plan, &[]);
        match got {
            Err(e) if e.kind() == ErrorKind::MemoryBudget => {
                prop_assert!(e.task().is_some_and(|t| t.starts_with("n(")), "{}", e);
            }
            Err(e) => prop_assert_eq!(Err(known(&e)), spec.expected(&graph)),
            Ok(_) => prop_assert_eq!(spec.run(&graph, &processes), spec.expected(&graph)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// No task of these graphs needs half as much: whatever else lies around must give way.
    #[test]
    fn a_budget_with_room_for_any_task_is_enough(
        spec in any_spec(60, false),
        budget in 48usize..80,
        workers in 1usize..5,
    ) {
        let _dog = Watchdog::new("a_budget_with_room_for_any_task_is_enough");
        let _company = crate::in_company();
        let graph = spec.build(None).unwrap();
        let processes = Processes::new().workers(workers).memory(format!("{budget}MiB"));
        prop_assert_eq!(spec.run(&graph, &processes), spec.expected(&graph));
    }
}

/// Workers that die while they move results, wait for memory, or give way.
#[test]
fn deaths_while_memory_is_short() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("deaths_while_memory_is_short");
    campaign.memory = "24MiB";
    for round in 0..12 {
        for workers in WORKERS {
            let inner = [Op::Slice, Op::Pair, Op::Gather, Op::Num][round % 4];
            let mut spec = tree(40, 40, Op::Fresh(200_000), inner);
            spec.nodes.push(node(Op::Gather, &(0..20).collect::<Vec<_>>()));
            spec.outputs.push(spec.nodes.len() - 1);
            campaign.run(&spec, workers, [60, 300, 1000][round % 3]);
        }
    }
    campaign.end(50, before);
}

#[test]
fn deaths_in_random_graphs_while_memory_is_short() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("deaths_in_random_graphs_while_memory_is_short");
    campaign.memory = "20MiB";
    let mut runner = TestRunner::deterministic();
    for round in 0..40 {
        let mut spec: Spec = any_spec(60, false).new_tree(&mut runner).unwrap().current();
        for node in &mut spec.nodes {
            if node.op == Op::Fresh(600) {
                node.op = Op::Fresh(150_000);
            }
        }
        campaign.run(&spec, WORKERS[round % 4], [80, 400][round % 2]);
    }
    campaign.end(20, before);
}

/// All steps of the protocol, allocator, moves and give-backs included, for 1, 2, 4 and 8 workers:
/// `cargo test --release -p tine-scheduler --test engine hundred_thousand -- --ignored`.
#[test]
#[ignore = "takes minutes, and is meant for release builds"]
fn a_hundred_thousand_deaths() {
    let _alone = crate::alone();
    let before = settled();
    let mut campaign = Campaign::new("a_hundred_thousand_deaths");
    let mut runner = TestRunner::deterministic();
    for round in 0usize.. {
        if campaign.deaths() >= 100_000 {
            break;
        }
        campaign.memory = ["1GiB", "24MiB"][round % 2];
        let spec = match round / 2 % 4 {
            0 => tree(200, [2, 16, 200][round % 3], Op::Num, Op::Num),
            1 => tree(24, 3, [Op::Fresh(200_000), Op::Fresh(600)][round / 8 % 2], Op::Gather),
            2 => tree(60, 60, Op::Fresh(150_000), [Op::Slice, Op::Pair][round / 8 % 2]),
            _ => any_spec(80, round / 8 % 2 == 1).new_tree(&mut runner).unwrap().current(),
        };
        let reach = [10, 40, 100, 300][round / 32 % 4];
        campaign.run(&spec, WORKERS[round / 8 % 4], reach);
    }
    let (deaths, runs, given_up) = campaign.figures();
    campaign.end(100_000, before);
    let text = format!("{deaths} deaths in {runs} runs, {given_up} of them given up\n");
    std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes()).unwrap();
}
