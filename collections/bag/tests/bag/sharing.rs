//! Which work is done once, and what is not done at all.
//! It does not look at results beyond that they are right.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tine::prelude::*;
use tine::{Processes, Result, Serial};

/// Counts how often it is called: only in one process.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicU64>);

impl Calls {
    fn counted<T, U, F: Fn(T) -> U>(&self, f: F) -> impl Fn(T) -> U + use<T, U, F> {
        let calls = self.0.clone();
        move |x| {
            calls.fetch_add(1, Ordering::Relaxed);
            f(x)
        }
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn groups(graph: &tine::Graph) -> Vec<String> {
    graph.groups().iter().map(|g| g.name().to_owned()).collect()
}

#[test]
fn chains_over_one_source_are_one_pass() -> Result<()> {
    let calls = Calls::default();
    let b = bag::range(100, 5).map(calls.counted(|n| n * 2));
    let by_last = b.fold_by(|n| n % 10, 0, |a, n| a + n, |a, b| a + b);
    let lists = b.group_by(|n| n % 3).count();
    let (mean, sums, three, all) =
        tine::compute_with((b.mean(), by_last, lists, &b), &Serial::new())?;
    assert_eq!(calls.take(), 100);
    assert_eq!((mean, sums.len(), three), (99.0, 5, 3));
    assert_eq!(all, (0..100).map(|n| n * 2).collect::<Vec<_>>());
    assert_eq!(tine::compute_with((b.sum(), b.sum()), &Serial::new())?, (9900, 9900));
    assert_eq!(calls.take(), 100);
    Ok(())
}

#[test]
fn what_needs_a_result_of_a_pass_is_another_pass() -> Result<()> {
    let calls = Calls::default();
    let b = bag::range(10, 2).map(calls.counted(|n| n));
    let rest = b.map_with(&b.mean(), |n, mean| (n as f64 - mean).abs());
    assert_eq!(rest.sum().compute_with(&Serial::new())?, 25.0);
    assert_eq!(calls.take(), 20);
    // Persisted, it is made once.
    let kept = b.persist_with(&Serial::new())?;
    let rest = kept.map_with(&kept.mean(), |n, mean| (n as f64 - mean).abs());
    assert_eq!(rest.sum().compute_with(&Processes::new().workers(2))?, 25.0);
    assert_eq!(calls.take(), 10);
    Ok(())
}

#[test]
fn a_chain_is_one_task_a_partition() -> Result<()> {
    let b = bag::range(100, 4).map(|n| n + 1).filter(|n| n % 2 == 0).map(|n| vec![n]).flatten();
    let graph = b.sum().graph()?;
    assert_eq!(graph.len(), 4 + 1);
    assert_eq!(groups(&graph), ["range-map-filter-map-flatten-sum-partial", "sum"]);
    let graph = tine::collection::Request::default();
    assert!(graph.roots().is_empty());
    Ok(())
}

#[test]
fn one_pass_is_named_by_what_is_shared_and_by_the_ends() -> Result<()> {
    let b = bag::range(100, 4).map(|n| n + 1);
    let pair = b.sum().zip(b.filter(|n| n % 2 == 0).count());
    let names = groups(&pair.graph()?);
    let want =
        ["range-map-sum-partial+count-partial", "sum-partial", "count-partial", "sum", "count"];
    assert!(want.iter().all(|w| names.contains(&(*w).to_owned())), "{names:?}");
    Ok(())
}

#[test]
fn tags_keep_passes_apart() -> Result<()> {
    let b = bag::range(100, 4);
    let tagged = tine::annotate([("retries", "2")], || b.sum());
    let graph = tagged.zip(b.count()).graph()?;
    assert_eq!(graph.len(), 4 + 4 + 1 + 1 + 1);
    Ok(())
}

#[test]
fn reading_stops_early() -> Result<()> {
    let calls = Calls::default();
    let b = bag::range(1 << 40, 2).map(calls.counted(|n| n));
    let serial = Serial::new();
    assert_eq!(tine::with(serial.clone(), || b.head(3, 2))?, [0, 1, 2]);
    assert_eq!(calls.take(), 3 + 3);
    assert!(b.any(|n| n % 100 == 99).compute_with(&serial)?);
    assert!(!b.all(|n| n % 100 != 99).compute_with(&serial)?);
    assert!(calls.take() <= 400);
    // Through steps and other bags.
    let odd = b.concat(&b).filter(|n| n % 2 == 1).flat_map(|n| vec![n; 3]);
    assert_eq!(tine::with(serial, || odd.head(4, 1))?, [1, 1, 1, 3]);
    assert_eq!(calls.take(), 4);
    Ok(())
}

#[test]
fn head_stops_while_others_go_on() -> Result<()> {
    let b = bag::range(1000, 2);
    let lists = b.top_k_by(2, |n| std::cmp::Reverse(*n));
    let first = b.any(|n| *n == 0);
    assert_eq!(compute((first, b.sum(), lists))?, (true, 499_500, vec![0, 1]));
    Ok(())
}

#[test]
fn values_in_a_chain_need_no_serde() -> Result<()> {
    #[derive(Clone)]
    struct Opaque(u64);
    let b = bag::range(10, 2).map(Opaque);
    assert_eq!(b.filter(|o| o.0 > 4).map(|o| o.0).sum().compute()?, 35);
    assert_eq!(b.count().compute()?, 10);
    Ok(())
}

#[test]
fn long_chains_run_and_longer_ones_are_refused() -> Result<()> {
    let mut b = bag::range(10, 2);
    for _ in 0..1500 {
        b = b.map(|n| n + 1);
    }
    assert_eq!(b.sum().compute()?, 45 + 15_000);
    for _ in 0..1000 {
        b = b.map(|n| n + 1);
    }
    assert!(b.sum().check().unwrap_err().message().contains("persist"));
    Ok(())
}
