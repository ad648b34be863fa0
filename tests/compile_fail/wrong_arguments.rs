//! `tine::call` takes a tuple with one part a parameter.
use tine::prelude::*;

fn main() {
    let x = delayed(1i64);
    let _ = tine::call(i64::abs, x);
    let _ = tine::call(i64::max, (x,));
}
