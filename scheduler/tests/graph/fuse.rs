//! Fusion: what is put together, what never is, and what a fused task holds and says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use tine_scheduler::{
    Dependency, ErrorKind, Finished, Fusion, Graph, GraphBuilder, Inputs, Key, Port, Result,
    Serial, TaskBody, TaskContext, TaskId, TypeTag, annotate, get,
};

use crate::fixture::{Sketch, inputs, keys, values};

fn fused(sketch: &Sketch, keep: &[&str], fusion: Fusion) -> Result<Graph> {
    let graph = sketch.graph()?;
    let kept: Vec<Key> = keep.iter().map(|&k| k.into()).collect();
    let fused = graph.fuse(&graph.find_all(&kept)?, fusion);
    assert_eq!(values(&fused, &kept)?, values(&graph, &kept)?, "fusing changes no value");
    Ok(fused)
}

#[test]
fn g4_fuse_keeps_what_is_asked_for() -> Result<()> {
    let chain = Sketch::parse("one = value\na: one\nb: a\nc: b");
    assert_eq!(keys(&fused(&chain, &["c"], Fusion::Chains)?), ["c", "one"]);
    let graph = fused(&chain, &["b", "c"], Fusion::Chains)?;
    assert_eq!(keys(&graph), ["b", "c", "one"]);
    assert_eq!((inputs(&graph, "b"), inputs(&graph, "c")), (vec!["one".into()], vec!["b".into()]));
    Ok(())
}

#[test]
fn g5_fuse_reductions_by_average_width() -> Result<()> {
    let diamond = Sketch::parse("a:\nb1: a\nb2: a a\nc: b1 b2");
    assert_eq!(fused(&diamond, &["c"], Fusion::Width(1.9))?.len(), 4);
    assert_eq!(keys(&fused(&diamond, &["c"], Fusion::Width(2.0))?), ["a", "c"]);

    let three = Sketch::parse("a:\nb1: a\nb2: a a\nb3: a a a\nc: b1 b2 b3");
    assert_eq!(fused(&three, &["c"], Fusion::Width(2.9))?.len(), 5);
    assert_eq!(keys(&fused(&three, &["c"], Fusion::Width(3.0))?), ["a", "c"]);

    let direct = Sketch::parse("a:\nb1: a\nb2: a\nc: a b1 b2");
    assert_eq!(fused(&direct, &["c"], Fusion::Width(1.9))?.len(), 4);
    assert_eq!(keys(&fused(&direct, &["c"], Fusion::Width(2.0))?), ["a", "c"]);

    let two = Sketch::parse("a:\nb1: a\nb2: a\nc: b1 b2\nd1: c\nd2: c\ne: d1 d2");
    assert_eq!(fused(&two, &["e"], Fusion::Width(1.9))?.len(), 7);
    assert_eq!(fused(&two, &["e", "c"], Fusion::Width(2.0))?.len(), 3);

    let tree = Sketch::parse(
        "a:\nb1: a\nb2: a\nb3: a\nb4: a\nb5: a\nb6: a\nb7: a\nb8: a\nc1: b1 b2\nc2: b3 b4
         c3: b5 b6\nc4: b7 b8\nd1: c1 c2\nd2: c3 c4\ne: d1 d2",
    );
    for (average, tasks) in [(1.9, 16), (2.0, 8), (2.9, 8), (3.0, 4), (4.6, 4), (4.7, 2)] {
        let graph = fused(&tree, &["e"], Fusion::Width(average))?;
        assert_eq!(graph.len(), tasks, "at {average}: {graph:?}");
    }
    Ok(())
}

#[test]
fn g6_an_input_that_stands_twice_runs_once() -> Result<()> {
    let runs = Arc::new(AtomicUsize::new(0));
    let mut g = Graph::builder();
    let count = runs.clone();
    g.task("B", None::<&str>, move || count.fetch_add(1, Ordering::Relaxed) as u64 + 20);
    g.task("C", ["B", "B"], |x: &u64, y: &u64| x + y);
    let graph = g.build()?;
    for fusion in [Fusion::Chains, Fusion::Width(1.0), Fusion::Blocks] {
        runs.store(0, Ordering::Relaxed);
        let fused = graph.fuse(&graph.find_all(["C"])?, fusion);
        assert_eq!(fused.len(), 1);
        assert_eq!(values(&fused, &["C".into()])?, [40]);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }
    Ok(())
}

#[test]
fn g7_fused_names_stay_short() -> Result<()> {
    let mut s = Sketch::default();
    let names: Vec<String> = ('a'..='f').map(|c| c.to_string().repeat(80)).collect();
    s.task(names[0].clone(), None::<&str>);
    for pair in names.windows(2) {
        s.task(pair[1].clone(), [pair[0].clone()]);
    }
    s.task("end", [names[5].clone(), names[5].clone(), "other".into()]);
    s.task("other", None::<&str>);
    let graph = fused(&s, &["end"], Fusion::Chains)?;
    assert_eq!(graph.len(), 3);
    let long = keys(&graph).into_iter().find(|k| k.starts_with("aaa")).expect("named after all");
    assert!(long.len() < 150, "{long}");
    Ok(())
}

#[test]
fn fused_names_tell_what_is_inside() -> Result<()> {
    let mut g = Graph::builder();
    g.value("read-parse", 7u64); // a name that the pass would like to have
    let mut ends = Vec::new();
    for i in 0..3u32 {
        g.task(("read", i), None::<&str>, move || u64::from(i));
        ends.push(g.task(("parse", i), [("read", i)], |x: &u64| x * 2));
    }
    g.gather("sum", &ends, |inputs: Inputs<'_, u64>| inputs.map(|x| *x).sum::<u64>());
    g.task("end", ["sum", "read-parse"], |sum: &u64, seven: &u64| sum + seven);
    let graph = g.build()?;
    let fused = graph.fuse(&graph.find_all(["end"])?, Fusion::Chains);
    let expected =
        ["read-parse", "read-parse-2(0)", "read-parse-2(1)", "read-parse-2(2)", "sum", "end"];
    let mut names = keys(&fused);
    names.sort_by_key(|n| expected.iter().position(|e| e == n));
    assert_eq!(
        names,
        ["read-parse", "read-parse-2(0)", "read-parse-2(1)", "read-parse-2(2)", "end"]
    );
    assert_eq!(values(&fused, &["end".into()])?, [13]);
    Ok(())
}

static LIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Counts how many of it are alive.
#[derive(Serialize, Deserialize)]
struct Counted(u64);

impl Counted {
    fn new(n: u64) -> Self {
        MOST.fetch_max(LIVE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Counted(n)
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Counted::new(self.0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A step that takes its input whole.
struct Owning;

impl TaskBody for Owning {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let mut value: Counted = task.take(0)?;
        value.0 += 100;
        task.finish(value)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<Counted>()
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<Counted>())
    }
}

#[test]
fn g11_a_fused_chain_holds_two_objects() -> Result<()> {
    let mut g = Graph::builder();
    g.task(("step", 0), None::<&str>, || Counted::new(0));
    for i in 1..10u32 {
        g.task(("step", i), [("step", i - 1)], |x: &Counted| Counted::new(x.0 + 1));
    }
    let owning = g.group("owning");
    let last = g.push(owning, [Dependency::from(("step", 9))], Arc::new(Owning));
    g.task("end", [last], |x: &Counted| x.0);
    let graph = g.build()?;
    let fused = graph.fuse(&graph.find_all(["end"])?, Fusion::Chains);
    assert_eq!(fused.len(), 1);
    assert_eq!(values(&fused, &["end".into()])?, [109]);
    assert_eq!(MOST.load(Ordering::SeqCst), 2, "one result, and the one that is made from it");
    assert_eq!(LIVE.load(Ordering::SeqCst), 0);
    Ok(())
}

#[test]
fn g11_a_shared_inner_task_runs_once() -> Result<()> {
    let runs = Arc::new(AtomicUsize::new(0));
    let mut g = Graph::builder();
    let count = runs.clone();
    g.task("shared", None::<&str>, move || count.fetch_add(1, Ordering::Relaxed) as u64 + 1);
    g.task("left", ["shared"], |x: &u64| x + 1);
    g.task("right", ["shared"], |x: &u64| x + 2);
    g.task("end", ["left", "right"], |x: &u64, y: &u64| x * y);
    let graph = g.build()?;
    let end = graph.find_all(["end"])?;
    let inlined = graph.inline(&end, |_| true);
    assert_eq!((inlined.len(), values(&inlined, &["end".into()])?), (1, vec![6]));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    Ok(())
}

fn layer(
    g: &mut GraphBuilder,
    name: &str,
    below: &[&[TaskId]],
    body: &Arc<dyn TaskBody>,
) -> Vec<TaskId> {
    let group = g.grid(name, &[3, 4]);
    (0..12)
        .map(|i| g.push(group, below.iter().map(|l| Dependency::from(l[i])), body.clone()))
        .collect()
}

/// Adds its position to the sum of its inputs.
struct Add(u64);

impl TaskBody for Add {
    fn run(&self, task: &TaskContext<'_>) -> Result<Finished> {
        let sum: u64 = task.inputs::<u64>().map(|x| *x).sum();
        task.finish(sum + self.0 + task.position() as u64)
    }

    fn output_type(&self) -> TypeTag {
        TypeTag::of::<u64>()
    }

    fn port(&self) -> Option<Port> {
        Some(Port::of::<u64>())
    }
}

#[test]
fn g12_blockwise_layers_become_one_task_a_block() -> Result<()> {
    let mut g = Graph::builder();
    let bodies: Vec<Arc<dyn TaskBody>> = (0..5).map(|n| Arc::new(Add(n)) as _).collect();
    let ones = layer(&mut g, "ones", &[], &bodies[0]);
    let zeros = layer(&mut g, "zeros", &[], &bodies[1]);
    let full = layer(&mut g, "full", &[], &bodies[2]);
    let first = layer(&mut g, "add", &[&ones, &zeros], &bodies[3]);
    let last = layer(&mut g, "add-2", &[&first, &full], &bodies[4]);
    let graph = g.build()?;
    assert_eq!(graph.len(), 60);
    let fused = graph.fuse(&last, Fusion::Blocks);
    assert_eq!(fused.len(), 12);
    let wanted: Vec<Key> = last.iter().map(|&t| graph.key(t)).collect();
    assert_eq!(wanted[5].to_string(), "add-2(1, 1)");
    assert_eq!(values(&fused, &wanted)?, values(&graph, &wanted)?);
    let tasks = fused.find_all(&wanted)?;
    let same = |t: &TaskId| Arc::ptr_eq(fused.body(*t), fused.body(tasks[0]));
    assert!(tasks.iter().all(same), "all blocks share one body");
    assert_eq!(graph.fuse(&last, Fusion::Chains).len(), 60, "no linear chain among them");
    Ok(())
}

#[test]
fn blocks_that_cross_or_are_shared_stay() -> Result<()> {
    let mut g = Graph::builder();
    let body: Arc<dyn TaskBody> = Arc::new(Add(1));
    let a = layer(&mut g, "a", &[], &body);
    let turned: Vec<TaskId> = a.iter().rev().copied().collect();
    let b = layer(&mut g, "b", &[&turned], &body);
    let c = layer(&mut g, "c", &[&b], &body);
    let d = layer(&mut g, "d", &[&b], &body);
    let graph = g.build()?;
    let keep: Vec<TaskId> = c.into_iter().chain(d).collect();
    assert_eq!(graph.fuse(&keep, Fusion::Blocks).len(), 48);
    Ok(())
}

#[test]
fn an_error_inside_names_the_inner_task() -> Result<()> {
    let mut g = Graph::builder();
    g.task(("load", 3), None::<&str>, || 0u64);
    let line = line!() + 1;
    g.try_task(("ratio", 3), [("load", 3)], |b: &u64| match b {
        0 => Err("b is 0".into()),
        b => Ok(1 / b),
    });
    g.task(("double", 3), [("ratio", 3)], |x: &u64| x * 2);
    let graph = g.build()?;
    let fused = graph.fuse(&graph.find_all([("double", 3)])?, Fusion::Chains);
    assert_eq!(fused.len(), 1);
    let error = get(&fused, [("double", 3)], &Serial::new()).expect_err("b is 0");
    assert_eq!((error.kind(), error.task()), (ErrorKind::Task, Some("ratio(3)")));
    assert_eq!(error.created_at().map(|p| p.line), Some(line));
    Ok(())
}

#[test]
fn other_tags_caught_failures_and_wide_tasks_are_not_fused() -> Result<()> {
    let mut g = Graph::builder();
    annotate([("retries", "3")], || g.task("a", None::<&str>, || 1u64));
    g.task("b", ["a"], |a: &u64| a + 1);
    let fragile = g.task("fragile", None::<&str>, || 1u64);
    g.gather("careful", [Dependency::Catch(fragile)], |i: Inputs<'_, u64>| i.count() as u64);
    let many: Vec<TaskId> = (0..65u32).map(|i| g.task(("m", i), None::<&str>, || 1u64)).collect();
    g.gather("sum", &many, |i: Inputs<'_, u64>| i.map(|x| *x).sum::<u64>());
    g.task("half", ["sum"], |x: &u64| x / 2);
    let graph = g.build()?;
    let keep = graph.find_all(["b", "careful", "half"])?;
    for fusion in [Fusion::Chains, Fusion::Blocks, Fusion::Width(100.0)] {
        assert_eq!(graph.fuse(&keep, fusion).len(), graph.len());
    }
    Ok(())
}

#[test]
fn values_beside_a_chain_do_not_break_it() -> Result<()> {
    let chain = Sketch::parse("k = value\na:\nb: a k\nc: k b k");
    let graph = fused(&chain, &["c"], Fusion::Chains)?;
    assert_eq!(keys(&graph), ["c", "k"]);
    assert_eq!(inputs(&graph, "c"), ["k"]);
    Ok(())
}
