//! Properties that hold for every graph.

use proptest::prelude::*;
use tine_scheduler::{Fusion, Graph, Key, TaskId, max_pressure};

use crate::fixture::{Sketch, values};

/// Inputs of each task, as distances to tasks before it; and for each whether it is asked for.
fn shapes() -> impl Strategy<Value = Vec<(Vec<usize>, bool, bool)>> {
    let task = (prop::collection::vec(1usize..20, 0..4), prop::bool::weighted(0.2), any::<bool>());
    prop::collection::vec(task, 1..60)
}

/// A graph of this shape with numbered tasks, named in this order or in the reverse one; and the
/// keys that are asked for, at least one.
fn build(shape: &[(Vec<usize>, bool, bool)], reverse: bool) -> (Graph, Vec<Key>) {
    let mut tasks = Vec::new();
    for (i, (back, _, _)) in shape.iter().enumerate() {
        let inputs: Vec<String> =
            back.iter().filter(|&&b| b <= i).map(|b| format!("t{}", i - b)).collect();
        tasks.push((format!("t{i}"), inputs));
    }
    let asked = shape.iter().enumerate().filter(|(i, s)| s.1 || i + 1 == shape.len());
    let keys = asked.map(|(i, _)| Key::from(format!("t{i}"))).collect();
    if reverse {
        tasks.reverse();
    }
    let mut sketch = Sketch::default();
    for (name, inputs) in tasks {
        sketch.task(name, inputs);
    }
    (sketch.graph().expect("no cycle"), keys)
}

fn needed(graph: &Graph, outputs: &[TaskId]) -> Vec<TaskId> {
    let mut seen = vec![false; graph.len()];
    let mut stack = outputs.to_vec();
    while let Some(t) = stack.pop() {
        if !std::mem::replace(&mut seen[t.index()], true) {
            stack.extend(graph.inputs(t).iter().map(|e| e.task()));
        }
    }
    graph.tasks().filter(|t| seen[t.index()]).collect()
}

proptest! {
    #[test]
    fn orders_are_topological_culled_and_the_same_again(shape in shapes(), reverse: bool) {
        let (graph, keys) = build(&shape, reverse);
        let outputs = graph.find_all(&keys).expect("just built");
        let order = graph.order(&outputs).expect("no cycle");
        prop_assert!(graph.is_topological(&order));
        let mut sorted = order.clone();
        sorted.sort();
        prop_assert_eq!(sorted, needed(&graph, &outputs));
        prop_assert_eq!(graph.order(&outputs).expect("no cycle"), order);
    }

    #[test]
    fn pressure_equals_age_on_average(shape in shapes()) {
        let (graph, keys) = build(&shape, false);
        let outputs = graph.find_all(&keys).expect("just built");
        let metrics = graph.diagnostics(&graph.order(&outputs).expect("no cycle"));
        let ages: usize = metrics.iter().map(|m| m.age).sum();
        let pressures: usize = metrics.iter().map(|m| m.num_data_when_run).sum();
        prop_assert_eq!(ages, pressures);
        prop_assert!(max_pressure(&metrics) < metrics.len());
    }

    #[test]
    fn passes_keep_values(shape in shapes(), reverse: bool, width in 1.0f64..6.0) {
        let (graph, keys) = build(&shape, reverse);
        let keep = graph.find_all(&keys).expect("just built");
        let expected = values(&graph, &keys).expect("runs");
        let chosen: Vec<bool> = shape.iter().map(|s| s.2).collect();
        let inline = |t: TaskId| chosen[t.index()] && t.index().is_multiple_of(3);
        let all_kept = [
            graph.cull(&keep),
            graph.fuse(&keep, Fusion::Chains),
            graph.fuse(&keep, Fusion::Blocks),
            graph.fuse(&keep, Fusion::Width(width)),
            graph.inline(&keep, inline),
        ];
        for pass in &all_kept {
            prop_assert!(pass.len() <= graph.len());
            prop_assert_eq!(&values(pass, &keys).expect("runs"), &expected);
        }
        // One after the other, in the way an optimiser applies them.
        let culled = graph.cull(&keep);
        let kept = |g: &Graph| g.find_all(&keys).expect("kept");
        let chains = culled.fuse(&kept(&culled), Fusion::Chains);
        let wide = chains.fuse(&kept(&chains), Fusion::Width(width));
        let inlined = wide.inline(&kept(&wide), |t| t.index().is_multiple_of(5));
        prop_assert_eq!(&values(&inlined, &keys).expect("runs"), &expected);
    }

    #[test]
    fn dependents_are_inputs_the_other_way_round(shape in shapes(), reverse: bool) {
        let (graph, _) = build(&shape, reverse);
        let users = graph.dependents();
        for t in graph.tasks() {
            let expected: Vec<TaskId> = graph
                .tasks()
                .filter(|&u| graph.inputs(u).iter().any(|e| e.task() == t))
                .collect();
            prop_assert_eq!(users.of(t), expected);
        }
    }
}
