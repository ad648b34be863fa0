//! A million calls: nothing is recursive, and building is quick.
//! It does not know how tasks are run.

use tine::prelude::*;

const MANY: i64 = 1_000_000;

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[test]
fn a_chain_is_built_and_dropped_on_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(64 * 1024);
    let work = || {
        let end = (0..MANY).fold(tine::delayed(0), |x, _| inc(x));
        assert_eq!(end.graph().unwrap().len(), 1_000_001);
    };
    small.spawn(work).expect("a thread").join().expect("no overflow");
}

#[test]
fn a_chain_held_twice_is_dropped_by_two_threads() {
    let end = (0..MANY).fold(tine::delayed(0), |x, _| inc(x));
    let (a, b) = (&end + 1, &end + 2);
    drop(end);
    let threads = [a, b].map(|x| std::thread::spawn(move || drop(x)));
    for t in threads {
        t.join().expect("no overflow");
    }
}

#[test]
fn independent_calls_are_numbered_by_creation() {
    let all: Vec<_> = (0..MANY).map(inc).collect();
    let list: Delayed<Vec<i64>> = all.iter().rev().collect();
    let graph = list.graph().unwrap();
    assert_eq!(graph.len(), 1_000_001);
    let last = graph.inputs(graph.tasks().last().expect("the list"))[0].task();
    assert_eq!(graph.key(last).to_string(), "inc(999999)");
}
