//! Tags of scopes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tine_scheduler::{Fusion, Graph, GraphBuilder, Result, TaskId, annotate, annotations};

fn tags(graph: &Graph, task: TaskId) -> Vec<(&str, &str)> {
    graph.tags(task).iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

fn task(g: &mut GraphBuilder, name: &str) -> TaskId {
    g.task(name, None::<&str>, || 1u64)
}

#[test]
fn g15_nested_tags_merge_and_end() -> Result<()> {
    let mut g = Graph::builder();
    let plain = task(&mut g, "plain");
    let (outer, inner, after) = annotate([("block", "outer"), ("priority", "1")], || {
        let outer = task(&mut g, "outer");
        let inner = annotate([("priority", "2"), ("retries", "3")], || task(&mut g, "inner"));
        (outer, inner, task(&mut g, "after"))
    });
    let last = task(&mut g, "last");
    let graph = g.build()?;
    assert!(tags(&graph, plain).is_empty());
    assert_eq!(tags(&graph, outer), [("block", "outer"), ("priority", "1")]);
    assert_eq!(tags(&graph, inner), [("block", "outer"), ("priority", "2"), ("retries", "3")]);
    assert_eq!(tags(&graph, after), tags(&graph, outer));
    assert!(tags(&graph, last).is_empty());
    Ok(())
}

#[test]
fn g15_tags_are_restored_after_a_panic() {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        annotate([("block", "outer")], || {
            annotate([("block", "inner")], || panic!("on purpose"));
        });
    }));
    assert!(panicked.is_err());
    assert!(annotations().is_empty());
}

#[test]
fn g15_many_scopes_one_after_the_other() -> Result<()> {
    let mut g = Graph::builder();
    let tasks: Vec<TaskId> = (0..50)
        .map(|i| annotate([("n", i.to_string())], || task(&mut g, &format!("t{i}"))))
        .collect();
    let graph = g.build()?;
    for (i, &t) in tasks.iter().enumerate() {
        assert_eq!(tags(&graph, t), [("n", i.to_string().as_str())]);
    }
    Ok(())
}

#[test]
fn tags_of_the_builder_win_over_the_scope() -> Result<()> {
    let mut g = Graph::builder();
    let own = Arc::new(vec![("stage".to_owned(), "recorded".to_owned())]);
    let task = annotate([("block", "outer"), ("stage", "now")], || {
        let before = g.set_tags(own);
        let task = task(&mut g, "a");
        g.set_tags(before);
        task
    });
    assert_eq!(tags(&g.build()?, task), [("block", "outer"), ("stage", "recorded")]);
    Ok(())
}

#[test]
fn passes_keep_tags() -> Result<()> {
    let mut g = Graph::builder();
    let end = annotate([("stage", "load")], || {
        task(&mut g, "a");
        g.task("b", ["a"], |a: &u64| a + 1)
    });
    let fused = g.build()?.fuse(&[end], Fusion::Chains);
    assert_eq!(fused.len(), 1);
    assert_eq!(tags(&fused, fused.find_all(["b"])?[0]), [("stage", "load")]);
    Ok(())
}
