//! Random graphs: all schedulers agree with an evaluation that knows no engine.
//! It does not kill workers: see `deaths`.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tine_scheduler::{Processes, Scheduler, Serial, Threads};

use crate::spec::{Node, Op, Outcome, Spec};

/// Operations, the frequent ones first.
fn any_op(failing: bool) -> impl Strategy<Value = Op> {
    let any = prop_oneof![
        12 => Just(Op::Num),
        6 => Just(Op::Text),
        6 => Just(Op::Bytes(100)),
        1 => Just(Op::Bytes(1 << 20)),
        2 => Just(Op::Fresh(3)),
        4 => Just(Op::Fresh(600)),
        1 => Just(Op::Fresh(200_000)),
        4 => Just(Op::Pass),
        4 => Just(Op::Slice),
        3 => Just(Op::Pair),
        3 => Just(Op::Gather),
        2 => Just(Op::Change),
        1 => Just(Op::Given),
        1 => Just(Op::Fail),
        1 => Just(Op::Panic),
    ];
    any.prop_map(move |op| match op {
        Op::Fail | Op::Panic if !failing => Op::Num,
        op => op,
    })
}

/// Tasks with up to eight inputs among the earlier ones, most of them near; some twice.
fn any_node(at: usize, failing: bool) -> impl Strategy<Value = Node> {
    let near = (0..=at.min(8)).prop_map(move |back| at - back);
    let input = prop_oneof![3 => near, 1 => 0..=at];
    let caught = prop::bool::weighted(if failing { 0.4 } else { 0.1 });
    let inputs = prop::collection::vec((input, caught), 0..=8);
    (any_op(failing), inputs).prop_map(move |(op, mut inputs)| {
        inputs.retain(|i| i.0 < at);
        Node { op, inputs }
    })
}

pub(crate) fn any_spec(largest: usize, failing: bool) -> impl Strategy<Value = Spec> {
    (1..largest).prop_flat_map(move |n| {
        let nodes: Vec<_> = (0..n).map(|i| any_node(i, failing)).collect();
        let outputs = prop::collection::vec(0..n, 1..4);
        (nodes, outputs).prop_map(|(nodes, outputs)| Spec { nodes, outputs })
    })
}

fn schedulers() -> Vec<(String, Box<dyn Scheduler>)> {
    let mut all: Vec<(String, Box<dyn Scheduler>)> =
        vec![("serial".into(), Box::new(Serial::new()))];
    for n in [1, 2, 4] {
        all.push((format!("threads({n})"), Box::new(Threads::new().workers(n))));
    }
    for n in [1, 2, 3, 8] {
        all.push((format!("processes({n})"), Box::new(Processes::new().workers(n))));
    }
    all
}

/// Runs a spec everywhere.
pub(crate) fn agree(spec: &Spec) -> std::result::Result<(), TestCaseError> {
    let graph = spec.build(None).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let expected: Outcome = spec.expected(&graph);
    for (name, scheduler) in schedulers() {
        let got = spec.run(&graph, &*scheduler);
        prop_assert_eq!(&got, &expected, "{} differs", name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn schedulers_agree_on_values(spec in any_spec(60, false)) {
        let _company = crate::in_company();
        agree(&spec)?;
    }

    #[test]
    fn schedulers_agree_on_failures(spec in any_spec(40, true)) {
        let _company = crate::in_company();
        agree(&spec)?;
    }
}

#[test]
fn a_skipped_task_names_a_failure_that_it_did_not_catch() {
    let _company = crate::in_company();
    let node = |op, inputs: &[(usize, bool)]| Node { op, inputs: inputs.to_vec() };
    let spec = Spec {
        nodes: vec![
            node(Op::Fail, &[]),
            node(Op::Panic, &[]),
            // Skipped because of 1, although 0 failed before it.
            node(Op::Num, &[(0, true), (1, false)]),
            node(Op::Num, &[(2, true)]),
        ],
        outputs: vec![3],
    };
    agree(&spec).unwrap();
}
