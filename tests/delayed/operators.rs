//! Operators: lazy or constant on either side, by value or by reference.
//! They do not know what the numbers mean.

use tine::prelude::*;

#[test]
fn every_operator_on_every_side() -> tine::Result<()> {
    let (x, y) = (tine::delayed(10i64), tine::delayed(3i64));
    let with_lazy = (&x + &y, &x - &y, &x * &y, &x / &y, &x % &y);
    assert_eq!(compute(with_lazy)?, (13, 7, 30, 3, 1));
    assert_eq!(compute((&x & &y, &x | &y, &x ^ &y, &x << &y, &x >> 1))?, (2, 11, 9, 80, 5));
    assert_eq!(
        compute((&x + 1, 1 + &x, &x - 1, 1 - &x, 2 * &x, 100 / &x))?,
        (11, 11, 9, -9, 20, 10)
    );
    assert_eq!(compute((-&x, !&x))?, (-10, !10));
    assert_eq!((2 * x.clone() + y.clone() * 2 - x).compute()?, 16);
    assert_eq!((-y).compute()?, -3);
    Ok(())
}

#[test]
fn any_type_that_has_the_operator() -> tine::Result<()> {
    let half = tine::delayed(0.5f32);
    assert_eq!((1.0 - &half * half.clone()).compute()?, 0.75);
    let (yes, no) = (tine::delayed(true), tine::delayed(false));
    assert_eq!(compute((&yes & &no, &yes | &no, !&yes, true ^ yes))?, (false, true, false, false));
    let wrapping = tine::delayed(std::num::Wrapping(250u8));
    assert_eq!((wrapping + std::num::Wrapping(10)).compute()?.0, 4);
    Ok(())
}

#[test]
fn equal_operations_are_one_task() -> tine::Result<()> {
    let x = tine::delayed(3i64);
    let twice = (&x + 1) * (&x + 1);
    assert_eq!(twice.graph()?.len(), 3); // x, x + 1, the product
    assert_eq!(twice.compute()?, 16);
    let differ = (&x + 1) * (&x + 2);
    assert_eq!(differ.graph()?.len(), 4);
    assert_eq!(differ.compute()?, 20);
    let other_way = (&x - 1) * (1 - &x);
    assert_eq!(other_way.compute()?, -4);
    Ok(())
}

#[test]
fn sums_are_one_task() -> tine::Result<()> {
    let xs: Vec<_> = (1..=4).map(tine::delayed).collect();
    let sum: Delayed<i64> = xs.iter().sum();
    assert_eq!(sum.graph()?.len(), 5);
    assert_eq!(sum.compute()?, 10);
    assert_eq!(xs.into_iter().sum::<Delayed<i64>>().compute()?, 10);
    Ok(())
}
