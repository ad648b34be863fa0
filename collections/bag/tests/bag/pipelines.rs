//! Random pipelines against plain iterators: every scheduler, with any number of workers, gives
//! the same, and what an iterator gives.
//! They do not test speed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tine::bag::Bag;
use tine::prelude::*;
use tine::{Processes, Scheduler, Serial, Threads};

/// A step of a pipeline.
#[derive(Clone, Debug)]
enum Step {
    Map(i64),
    Filter(i64),
    FlatMap(u64),
    Distinct,
    Repartition(usize),
    GroupSums(i64),
    FoldBy(i64),
    ZipSelf,
    Scan,
    ConcatSelf,
    Persist,
    Sorted,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (-5i64..5).prop_map(Step::Map),
        3 => (1i64..5).prop_map(Step::Filter),
        2 => (0u64..4).prop_map(Step::FlatMap),
        1 => Just(Step::Distinct),
        2 => (1usize..9).prop_map(Step::Repartition),
        1 => (1i64..9).prop_map(Step::GroupSums),
        1 => (1i64..9).prop_map(Step::FoldBy),
        1 => Just(Step::ZipSelf),
        1 => Just(Step::Scan),
        1 => Just(Step::ConcatSelf),
        1 => Just(Step::Persist),
        1 => Just(Step::Sorted),
    ]
}

/// Sums of the elements with equal remainder, in order of the remainders.
fn sums(all: &[i64], n: i64) -> Vec<i64> {
    let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
    all.iter().for_each(|x| *sums.entry(x.rem_euclid(n)).or_default() += x);
    sums.into_iter().map(|(k, sum)| k * 1000 + sum % 1000).collect()
}

fn sorted(b: &Bag<i64>) -> Bag<i64> {
    b.repartition(1).map_partitions(|mut all| {
        all.sort_unstable();
        all
    })
}

fn apply(b: &Bag<i64>, step: &Step) -> Bag<i64> {
    match *step {
        Step::Map(n) => b.map(move |x| x.wrapping_mul(3) + n),
        Step::Filter(n) => b.filter(move |x| x.rem_euclid(n + 1) != 0),
        Step::FlatMap(n) => b.flat_map(move |x| (0..n as i64).map(move |i| x + i)),
        Step::Distinct => sorted(&b.distinct()),
        Step::Repartition(n) => b.repartition(n),
        Step::GroupSums(n) => {
            let groups = b.group_by(move |x| x.rem_euclid(n));
            sorted(&groups.map(|(k, all)| k * 1000 + all.iter().sum::<i64>() % 1000))
        }
        Step::FoldBy(n) => {
            let sums = b.fold_by(move |x| x.rem_euclid(n), 0, |a, x| a + x, |a, b| a + b);
            sorted(&sums.map(|(k, sum)| k * 1000 + sum % 1000))
        }
        Step::ZipSelf => b.zip_with(&b.map(|x| x / 2), |x, y| x - y),
        Step::Scan => b.scan(0, |a, x| (a + x) % 1009),
        Step::ConcatSelf => b.concat(b),
        Step::Persist => b.persist().expect("it was computed before"),
        Step::Sorted => sorted(b),
    }
}

fn model(all: Vec<i64>, step: &Step) -> Vec<i64> {
    match *step {
        Step::Map(n) => all.into_iter().map(|x| x.wrapping_mul(3) + n).collect(),
        Step::Filter(n) => all.into_iter().filter(|x| x.rem_euclid(n + 1) != 0).collect(),
        Step::FlatMap(n) => {
            all.into_iter().flat_map(|x| (0..n as i64).map(move |i| x + i)).collect()
        }
        Step::Distinct => {
            let mut all = all;
            all.sort_unstable();
            all.dedup();
            all
        }
        Step::Repartition(_) | Step::Persist => all,
        Step::GroupSums(n) | Step::FoldBy(n) => {
            let mut all = sums(&all, n);
            all.sort_unstable();
            all
        }
        Step::ZipSelf => all.into_iter().map(|x| x - x / 2).collect(),
        Step::Scan => {
            let mut a = 0;
            all.into_iter()
                .map(|x| {
                    a = (a + x) % 1009;
                    a
                })
                .collect()
        }
        Step::ConcatSelf => [all.clone(), all].concat(),
        Step::Sorted => {
            let mut all = all;
            all.sort_unstable();
            all
        }
    }
}

fn schedulers() -> Vec<Box<dyn Scheduler>> {
    let mut all: Vec<Box<dyn Scheduler>> = vec![Box::new(Serial::new()), Box::new(Threads::new())];
    for workers in 1..4 {
        all.push(Box::new(Processes::new().workers(workers)));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_pipelines_are_iterators(
        values in proptest::collection::vec(-50i64..50, 0..60),
        parts in 1usize..6,
        steps in proptest::collection::vec(step(), 0..5),
    ) {
        let mut b = bag::from_sequence(values.clone()).repartition(parts);
        let mut want = values;
        for step in &steps {
            b = apply(&b, step);
            want = model(want, step);
        }
        let largest = want.iter().max().copied();
        for scheduler in schedulers() {
            let asked = (&b, b.sum(), b.count(), b.any(|x| *x == 7));
            let (got, sum, count, any) = tine::compute_with(asked, &*scheduler)?;
            prop_assert_eq!(&got, &want);
            prop_assert_eq!(sum, want.iter().sum::<i64>());
            prop_assert_eq!(count, want.len() as u64);
            prop_assert_eq!(any, want.contains(&7));
            prop_assert_eq!(b.max().compute_with(&*scheduler).ok(), largest);
        }
    }
}

#[test]
fn floating_point_sums_have_the_same_bits_by_all_schedulers() -> tine::Result<()> {
    let b = bag::range(10_000, 37).map(|n| 1.0 / (n + 1) as f64);
    let asked = || (b.sum(), b.mean(), b.var(1), b.fold(0.0, |a, x| a + x.sqrt(), |a, b| a + b));
    let bits = |(a, b, c, d): (f64, f64, f64, f64)| [a, b, c, d].map(f64::to_bits);
    let first = bits(tine::compute_with(asked(), &Serial::new())?);
    for scheduler in schedulers() {
        assert_eq!(bits(tine::compute_with(asked(), &*scheduler)?), first);
    }
    Ok(())
}

#[test]
fn unordered_results_come_in_the_same_order_by_all_schedulers() -> tine::Result<()> {
    let b = bag::range(1000, 20).map(|n| format!("{}", n * n % 97));
    let asked = || (b.frequencies(), b.distinct(), b.group_by(String::len), b.sample(5, 1));
    let first = tine::compute_with(asked(), &Serial::new())?;
    for scheduler in schedulers() {
        assert_eq!(tine::compute_with(asked(), &*scheduler)?, first);
    }
    Ok(())
}

#[test]
fn joins_and_products_are_what_loops_make() -> tine::Result<()> {
    let (a, b) = (bag::range(30, 4), bag::range(20, 3).map(|n| n * 2));
    let join = a.join(&b, |x| x % 5, |y| y % 5);
    let product = a.cartesian_product(&b);
    let (mut joined, mut pairs) = compute((join, product))?;
    joined.sort_unstable();
    pairs.sort_unstable();
    let all: Vec<(u64, u64)> = (0..30).flat_map(|x| (0..20).map(move |y| (x, y * 2))).collect();
    assert_eq!(pairs, all);
    let equal: Vec<_> = all.into_iter().filter(|(x, y)| x % 5 == y % 5).collect();
    assert_eq!(joined, equal);
    Ok(())
}

#[test]
fn choices_are_even() -> tine::Result<()> {
    let b = bag::from_delayed([vec![0], (1..9).collect(), vec![], vec![9]].map(tine::delayed));
    let mut counts = [0u32; 10];
    for draw in b.choices(20_000, 5).compute()? {
        counts[draw as usize] += 1;
    }
    // Ten standard deviations around 2000.
    assert!(counts.iter().all(|n| (1575..2425).contains(n)), "{counts:?}");
    let mut counts = [0u32; 10];
    for seed in 0..400 {
        b.sample(3, seed)
            .compute_with(&Serial::new())?
            .iter()
            .for_each(|n| counts[*n as usize] += 1);
    }
    assert!(counts.iter().all(|n| (30..210).contains(n)), "{counts:?}");
    Ok(())
}
