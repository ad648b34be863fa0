//! The prelude beside those of std (which is always there), ndarray, rayon and anyhow, with `T: Send + Sync` in scope.
//! It does not know what they are for.

use anyhow::*;
use ndarray::prelude::*;
use rayon::prelude::*;
use tine::prelude::*;

fn shared<T: Send + Sync>(x: T) -> T {
    x
}

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[test]
fn nothing_is_ambiguous() -> Result<()> {
    let sizes: Vec<i64> = (0..4).into_par_iter().map(|x| x * x).collect();
    let a: Array1<i64> = arr1(&sizes);
    let x = shared(inc(a.sum()));
    let y = x.map(|v| v * 2).zip(tine::delayed(1));
    let all: Delayed<Vec<i64>> = [&x].into_iter().collect();
    ensure!(y.compute()? == (30, 1), "wrong");
    ensure!(compute((&x, &all))? == (15, vec![15]), "wrong");
    let _: Option<Error> = None;
    Ok(())
}
